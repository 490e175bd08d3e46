ALTER TABLE wild_users DROP COLUMN mood;
DROP TYPE wild_mood;
CREATE TYPE wild_mood AS ENUM ('sad', 'ok');
