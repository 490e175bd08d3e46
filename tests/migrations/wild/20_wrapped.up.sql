BEGIN;

CREATE TABLE wild_wrapped (id int PRIMARY KEY);
INSERT INTO wild_wrapped VALUES (1), (2);

COMMIT;
