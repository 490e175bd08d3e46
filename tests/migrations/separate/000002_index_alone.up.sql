CREATE INDEX CONCURRENTLY parcels_code_idx ON parcels (code);
