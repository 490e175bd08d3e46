-- The whole audit log is lost, which may be against the law where you are: keep the backup.

DROP TABLE audit_logs;
