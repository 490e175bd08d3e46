ALTER TABLE parcels ADD COLUMN lost_at timestamptz;
ALTER TYPE parcel_state ADD VALUE 'lost' AFTER 'sent';
