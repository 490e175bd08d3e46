-- Children before parents, and no CASCADE: what a later migration or a person has hung on these
-- tables must stop this, not vanish with them. The function goes last, its triggers use it.

DROP TABLE services;
DROP TABLE users;
DROP TABLE organizations;
DROP FUNCTION set_updated_at();
