DROP TYPE wild_mood;
DROP TRIGGER wild_touch ON wild_users;
DROP FUNCTION wild_touch();
