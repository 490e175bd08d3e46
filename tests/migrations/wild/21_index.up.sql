CREATE INDEX CONCURRENTLY IF NOT EXISTS wild_users_name_idx ON wild_users (name);
