ALTER TABLE wild_nine ADD COLUMN ten int;
