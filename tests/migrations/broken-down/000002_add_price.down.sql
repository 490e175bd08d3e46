ALTER TABLE items DROP COLUMN price;
DROP TABLE no_such_table;
