ALTER TABLE half ADD COLUMN x integer;
