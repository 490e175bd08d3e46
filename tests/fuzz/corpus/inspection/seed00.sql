CREATE TABLE users (id bigserial PRIMARY KEY, email text NOT NULL UNIQUE, created timestamptz(3) DEFAULT now(), k uuid DEFAULT gen_random_uuid(),
  owner_id bigint REFERENCES app.owners (id) ON DELETE CASCADE, mood mood DEFAULT 'x'::mood, CHECK (email <> ''), CONSTRAINT u2 UNIQUE (email, k));
