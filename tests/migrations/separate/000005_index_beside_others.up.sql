ALTER TABLE parcels ADD COLUMN weight int;
CREATE INDEX CONCURRENTLY parcels_weight_idx ON parcels (weight);
ALTER TABLE parcels ADD COLUMN height int;
