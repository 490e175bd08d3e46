DROP INDEX CONCURRENTLY parcels_code_idx;
