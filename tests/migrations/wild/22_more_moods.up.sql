ALTER TABLE wild_users ADD COLUMN mood wild_mood;
ALTER TYPE wild_mood ADD VALUE IF NOT EXISTS 'happy';
