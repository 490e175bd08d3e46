-- Organizations, the people in them, and the services they run.
-- winch: release 1.0.0

CREATE TABLE organizations (
    id bigint GENERATED ALWAYS AS IDENTITY,
    slug text NOT NULL,
    name text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT organizations_pkey PRIMARY KEY (id),
    CONSTRAINT organizations_slug_key UNIQUE (slug),
    CONSTRAINT organizations_slug_check CHECK (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
    CONSTRAINT organizations_name_check CHECK (length(name) BETWEEN 1 AND 200)
);

COMMENT ON TABLE organizations IS 'Customers. Every user and every service belongs to one.';
COMMENT ON COLUMN organizations.slug IS 'The name in URLs: lower case, digits, hyphens.';

CREATE TABLE users (
    id bigint GENERATED ALWAYS AS IDENTITY,
    organization_id bigint NOT NULL,
    email text NOT NULL,
    display_name text NOT NULL,
    status text NOT NULL DEFAULT 'active',
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_organization_id_fkey FOREIGN KEY (organization_id)
        REFERENCES organizations (id) ON DELETE RESTRICT,
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_email_check
        CHECK (email = lower(email) AND email LIKE '_%@_%' AND length(email) <= 254),
    CONSTRAINT users_display_name_check CHECK (length(display_name) BETWEEN 1 AND 200),
    CONSTRAINT users_status_check CHECK (status IN ('invited', 'active', 'disabled'))
);

CREATE INDEX users_organization_id_idx ON users (organization_id);

COMMENT ON TABLE users IS 'People. Disabled rather than deleted: other tables point here.';
COMMENT ON COLUMN users.email IS 'In lower case, so that the unique key ignores case.';

CREATE TABLE services (
    id bigint GENERATED ALWAYS AS IDENTITY,
    organization_id bigint NOT NULL,
    name text NOT NULL,
    endpoint text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT services_pkey PRIMARY KEY (id),
    CONSTRAINT services_organization_id_fkey FOREIGN KEY (organization_id)
        REFERENCES organizations (id) ON DELETE RESTRICT,
    -- organization_id leads: this is the foreign key's index as well.
    CONSTRAINT services_organization_id_name_key UNIQUE (organization_id, name),
    CONSTRAINT services_name_check CHECK (length(name) BETWEEN 1 AND 100),
    CONSTRAINT services_endpoint_check CHECK (endpoint ~ '^https?://[^[:space:]]+$')
);

COMMENT ON TABLE services IS 'What an organization runs and wants watched.';

CREATE FUNCTION set_updated_at() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;

COMMENT ON FUNCTION set_updated_at() IS 'BEFORE UPDATE: sets updated_at, whatever the client sent.';

CREATE TRIGGER organizations_set_updated_at BEFORE UPDATE ON organizations
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER users_set_updated_at BEFORE UPDATE ON users
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
CREATE TRIGGER services_set_updated_at BEFORE UPDATE ON services
    FOR EACH ROW WHEN (OLD.* IS DISTINCT FROM NEW.*) EXECUTE FUNCTION set_updated_at();
