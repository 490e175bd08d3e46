CREATE TABLE wild_nine (id int);
