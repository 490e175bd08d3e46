-- Who did what to what, and when.
-- winch: release 1.2.0
-- winch: requires 000004
-- winch: lock_timeout 2s
-- winch: ticket OPS-131
-- winch: allow hidden-parent-lock writes to both parents wait for one CREATE TABLE, 2 s at most

CREATE TABLE audit_logs (
    id bigint GENERATED ALWAYS AS IDENTITY,
    occurred_at timestamptz NOT NULL DEFAULT now(),
    actor_id bigint,
    session_id bigint,
    action text NOT NULL,
    entity_type text NOT NULL,
    entity_id bigint,
    outcome text NOT NULL DEFAULT 'success',
    details jsonb NOT NULL DEFAULT '{}',
    CONSTRAINT audit_logs_pkey PRIMARY KEY (id),
    CONSTRAINT audit_logs_actor_id_fkey FOREIGN KEY (actor_id)
        REFERENCES users (id) ON DELETE RESTRICT,
    CONSTRAINT audit_logs_session_id_fkey FOREIGN KEY (session_id)
        REFERENCES user_sessions (id) ON DELETE SET NULL,
    CONSTRAINT audit_logs_action_check CHECK (action ~ '^[a-z_]+\.[a-z_]+$'),
    CONSTRAINT audit_logs_entity_type_check CHECK (entity_type ~ '^[a-z_]{1,63}$'),
    CONSTRAINT audit_logs_outcome_check CHECK (outcome IN ('success', 'denied', 'failure')),
    CONSTRAINT audit_logs_details_check CHECK (jsonb_typeof(details) = 'object')
);

CREATE INDEX audit_logs_actor_id_occurred_at_idx ON audit_logs (actor_id, occurred_at DESC);
CREATE INDEX audit_logs_session_id_idx ON audit_logs (session_id);
CREATE INDEX audit_logs_entity_idx ON audit_logs (entity_type, entity_id, occurred_at DESC);
-- Rows arrive in order of time: a few kilobytes serve every purge and every report by date.
CREATE INDEX audit_logs_occurred_at_idx ON audit_logs USING brin (occurred_at);

COMMENT ON TABLE audit_logs IS
    'Append-only: give the application INSERT and SELECT, never UPDATE, DELETE or TRUNCATE.';
COMMENT ON COLUMN audit_logs.actor_id IS
    'NULL: the system itself. A user with entries here is disabled, never deleted.';
COMMENT ON COLUMN audit_logs.session_id IS 'NULL: none, or purged since.';
COMMENT ON COLUMN audit_logs.entity_id IS
    'No foreign key: the trail outlives what it speaks of. NULL: a whole kind of thing.';
