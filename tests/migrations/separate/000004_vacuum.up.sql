VACUUM parcels;
