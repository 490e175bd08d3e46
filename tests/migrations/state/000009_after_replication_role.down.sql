DELETE FROM state_log WHERE step = 'replication role';
