-- Who may do what: permissions, roles that bundle them, users who hold roles.
-- winch: release 1.1.0
-- winch: requires 000004
-- winch: phase expand
-- winch: lock_timeout 2s
-- winch: ticket OPS-118
-- winch: allow hidden-parent-lock writes to users wait for a few rows of built-in roles, no more
-- winch: check a_default_role: SELECT 'no default role' WHERE NOT EXISTS (SELECT FROM roles WHERE is_default)
-- winch: check admin_may_everything: SELECT p.name FROM permissions p WHERE NOT EXISTS (SELECT FROM role_permissions g JOIN roles r ON r.id = g.role_id WHERE r.name = 'admin' AND g.permission = p.name)
--
-- A user without a row in user_roles has the default role. So nothing is backfilled, and users whom
-- the previous release still creates during a blue-green switch are in no different state.

CREATE TABLE permissions (
    name text NOT NULL,
    description text NOT NULL,
    CONSTRAINT permissions_pkey PRIMARY KEY (name),
    CONSTRAINT permissions_name_check CHECK (name ~ '^[a-z]+\.[a-z]+$'),
    CONSTRAINT permissions_description_check CHECK (description <> '')
);

COMMENT ON TABLE permissions IS 'What the application asks about, as thing.action.';

CREATE TABLE roles (
    id bigint GENERATED ALWAYS AS IDENTITY,
    name text NOT NULL,
    description text NOT NULL,
    is_default boolean NOT NULL DEFAULT false,
    CONSTRAINT roles_pkey PRIMARY KEY (id),
    CONSTRAINT roles_name_key UNIQUE (name),
    CONSTRAINT roles_name_check CHECK (name ~ '^[a-z][a-z0-9_]{0,62}$'),
    CONSTRAINT roles_description_check CHECK (description <> '')
);

-- One default at most; that there is one at all is checked above.
CREATE UNIQUE INDEX roles_is_default_idx ON roles (is_default) WHERE is_default;

COMMENT ON TABLE roles IS 'Named bundles of permissions.';
COMMENT ON COLUMN roles.is_default IS 'The role of users who hold none.';

CREATE TABLE role_permissions (
    role_id bigint NOT NULL,
    permission text NOT NULL,
    CONSTRAINT role_permissions_pkey PRIMARY KEY (role_id, permission),
    CONSTRAINT role_permissions_role_id_fkey FOREIGN KEY (role_id)
        REFERENCES roles (id) ON DELETE CASCADE,
    CONSTRAINT role_permissions_permission_fkey FOREIGN KEY (permission)
        REFERENCES permissions (name) ON UPDATE CASCADE ON DELETE CASCADE
);

CREATE INDEX role_permissions_permission_idx ON role_permissions (permission);

COMMENT ON TABLE role_permissions IS 'Which role may do what.';

CREATE TABLE user_roles (
    user_id bigint NOT NULL,
    role_id bigint NOT NULL,
    granted_by bigint,
    granted_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT user_roles_pkey PRIMARY KEY (user_id, role_id),
    CONSTRAINT user_roles_user_id_fkey FOREIGN KEY (user_id)
        REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT user_roles_role_id_fkey FOREIGN KEY (role_id)
        REFERENCES roles (id) ON DELETE RESTRICT,
    CONSTRAINT user_roles_granted_by_fkey FOREIGN KEY (granted_by)
        REFERENCES users (id) ON DELETE SET NULL
);

CREATE INDEX user_roles_role_id_idx ON user_roles (role_id);
CREATE INDEX user_roles_granted_by_idx ON user_roles (granted_by);

COMMENT ON TABLE user_roles IS 'Which user holds which role. No row: the default role.';
COMMENT ON COLUMN user_roles.granted_by IS
    'NULL: granted by the system, or by a user since deleted.';

INSERT INTO permissions (name, description) VALUES
    ('audit.read', 'Read the audit log'),
    ('health.read', 'See health status'),
    ('health.write', 'Report health status'),
    ('roles.grant', 'Grant and revoke roles'),
    ('services.read', 'See services'),
    ('services.write', 'Add, change and remove services'),
    ('sessions.revoke', 'End the sessions of others'),
    ('users.read', 'See users'),
    ('users.write', 'Invite, change and disable users');

INSERT INTO roles (name, description, is_default) VALUES
    ('admin', 'May do everything', false),
    ('operator', 'Looks after services', false),
    ('member', 'Looks on', true);

INSERT INTO role_permissions (role_id, permission)
SELECT r.id, p.name
FROM roles r
JOIN permissions p
    ON r.name = 'admin'
    OR (r.name = 'operator' AND p.name ~ '^(health|services)\.')
    OR (r.name IN ('operator', 'member')
        AND p.name IN ('health.read', 'services.read', 'users.read'));
