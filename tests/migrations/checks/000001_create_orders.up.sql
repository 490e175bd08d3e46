-- winch: release 2.0
CREATE TABLE orders (id int PRIMARY KEY, total int NOT NULL, paid int NOT NULL DEFAULT 0);
INSERT INTO orders VALUES (1, 10, 10), (2, 20, 5);
