ALTER TABLE items ADD COLUMN price numeric;

ALTER TABEL items ADD COLUMN weight numeric;
