COMMENT ON COLUMN users.email IS 'x';
