-- Passwords and sessions.
-- winch: release 1.1.0
-- winch: requires 000001
-- winch: phase expand
-- winch: lock_timeout 2s
-- winch: ticket OPS-117
-- winch: allow hidden-parent-lock users is locked by the ALTER TABLE anyway

-- First, because the foreign keys below lock users too (SHARE ROW EXCLUSIVE): raising that lock to
-- ACCESS EXCLUSIVE afterwards could deadlock with a transaction that has read users and then writes
-- it. Nullable and without a default, so nothing is rewritten or scanned.
ALTER TABLE users ADD COLUMN last_login_at timestamptz;

COMMENT ON COLUMN users.last_login_at IS 'Start of the latest session. NULL: never signed in.';

CREATE TABLE user_credentials (
    user_id bigint NOT NULL,
    password_hash text NOT NULL,
    password_changed_at timestamptz NOT NULL DEFAULT now(),
    failed_attempts bigint NOT NULL DEFAULT 0,
    locked_until timestamptz,
    CONSTRAINT user_credentials_pkey PRIMARY KEY (user_id),
    CONSTRAINT user_credentials_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT user_credentials_password_hash_check
        CHECK (password_hash ~ '^\$(argon2id|2[aby])\$' AND length(password_hash) >= 60),
    CONSTRAINT user_credentials_failed_attempts_check CHECK (failed_attempts >= 0)
);

COMMENT ON TABLE user_credentials IS
    'Apart from users, so that the right to read people is not the right to read hashes.';
COMMENT ON COLUMN user_credentials.password_hash IS
    'argon2id or bcrypt, in crypt form. The check keeps plain text out.';

CREATE TABLE user_sessions (
    id bigint GENERATED ALWAYS AS IDENTITY,
    user_id bigint NOT NULL,
    token_hash bytea NOT NULL,
    client_address inet,
    user_agent text,
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT user_sessions_pkey PRIMARY KEY (id),
    CONSTRAINT user_sessions_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT user_sessions_token_hash_key UNIQUE (token_hash),
    CONSTRAINT user_sessions_token_hash_check CHECK (octet_length(token_hash) = 32),
    CONSTRAINT user_sessions_user_agent_check CHECK (length(user_agent) <= 1000),
    CONSTRAINT user_sessions_expires_at_check CHECK (expires_at > created_at),
    CONSTRAINT user_sessions_revoked_at_check CHECK (revoked_at >= created_at)
);

CREATE INDEX user_sessions_user_id_idx ON user_sessions (user_id);
CREATE INDEX user_sessions_expires_at_idx ON user_sessions (expires_at);

COMMENT ON TABLE user_sessions IS 'Sessions, live and ended. Purged some time after expires_at.';
COMMENT ON COLUMN user_sessions.token_hash IS
    'SHA-256 of the token; the token itself is nowhere but with the client.';
