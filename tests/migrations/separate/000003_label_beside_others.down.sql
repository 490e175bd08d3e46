ALTER TABLE parcels DROP COLUMN lost_at;
ALTER TYPE parcel_state RENAME TO parcel_state_old;
CREATE TYPE parcel_state AS ENUM ('packed', 'sent');
ALTER TABLE parcels ALTER COLUMN state TYPE parcel_state USING state::text::parcel_state;
DROP TYPE parcel_state_old;
