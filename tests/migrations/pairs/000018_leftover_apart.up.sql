-- winch: requires 000017
CREATE INDEX CONCURRENTLY IF NOT EXISTS orders_id_idx ON orders (id);
