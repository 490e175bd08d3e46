BEGIN;
ALTER TABLE items ADD COLUMN price numeric;
ALTER TABLE no_such_table ADD COLUMN price numeric;
COMMIT;
