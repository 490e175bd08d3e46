ALTER TABLE parcels DROP COLUMN height;
DROP INDEX CONCURRENTLY parcels_weight_idx;
ALTER TABLE parcels DROP COLUMN weight;
