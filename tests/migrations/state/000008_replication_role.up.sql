SET session_replication_role TO replica;
