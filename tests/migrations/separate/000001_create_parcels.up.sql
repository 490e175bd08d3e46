CREATE TYPE parcel_state AS ENUM ('packed', 'sent');
CREATE TABLE parcels (id int PRIMARY KEY, code text, state parcel_state);
INSERT INTO parcels SELECT n, 'P' || n, 'packed' FROM generate_series(1, 100) AS n;
