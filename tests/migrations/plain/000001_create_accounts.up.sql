-- winch: release 1.0.0
-- winch: ticket SHOP-1
CREATE TABLE accounts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL
);
