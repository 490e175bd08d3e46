DROP INDEX CONCURRENTLY orders_price_idx;
