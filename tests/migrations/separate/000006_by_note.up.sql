-- winch: transaction off
ALTER TABLE parcels ADD COLUMN depth int;
UPDATE parcels SET depth = 1;
