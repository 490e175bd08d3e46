ALTER TABLE wild_users ADD COLUMN profile jsonb NOT NULL DEFAULT '{}';
