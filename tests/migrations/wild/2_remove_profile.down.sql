ALTER TABLE wild_users DROP COLUMN profile;
