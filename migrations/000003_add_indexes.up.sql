-- The index behind the incident page: what is not healthy, newest first.
-- winch: release 1.1.0
-- winch: requires 000002
-- winch: lock_timeout 30min
-- winch: timeout 2h
-- winch: check index_is_valid: SELECT 'health_status_incidents_idx' WHERE NOT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass('health_status_incidents_idx') AND indisvalid)
--
-- CONCURRENTLY, because health_status came with 1.0.0 and by now is filled without a pause: a plain
-- CREATE INDEX would stop every health check for as long as it builds. The price: it cannot run in
-- a transaction, so it is alone in its file (a second index gets a file of its own). It has to wait
-- for every transaction older than itself, hence the long lock_timeout; meanwhile nobody waits for
-- it. If it fails, an invalid index is left: DROP INDEX CONCURRENTLY it, then run this again.
-- No IF NOT EXISTS: that would take the invalid index for a good one.

CREATE INDEX CONCURRENTLY health_status_incidents_idx
    ON health_status (checked_at DESC) WHERE status <> 'healthy';
