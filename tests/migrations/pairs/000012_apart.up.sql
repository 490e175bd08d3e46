CREATE INDEX CONCURRENTLY orders_price_idx ON orders (price);
