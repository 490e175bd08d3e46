-- Every password and session is lost, and when each user last signed in: everybody is signed out,
-- and after another up everybody needs a new password, unless a backup is restored.

DROP TABLE user_sessions;
DROP TABLE user_credentials;
ALTER TABLE users DROP COLUMN last_login_at;
