CREATE TABLE orders (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state text NOT NULL DEFAULT 'open',
    price integer NOT NULL DEFAULT 0,
    twice integer GENERATED ALWAYS AS (price * 2) STORED,
    note text
);
CREATE INDEX orders_state_idx ON orders (state);
GRANT SELECT ON orders TO PUBLIC;
CREATE TABLE sizes (name text PRIMARY KEY);
INSERT INTO sizes VALUES ('Small'), ('Large');
