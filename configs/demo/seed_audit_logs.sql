-- Demonstration data: 120,000 rows for migrations/000006. Load after seed.sql, once 000006 is
-- applied. Otherwise like seed.sql: plain SQL with its own transaction, the same rows every time.

BEGIN;

DO $$
BEGIN
    IF EXISTS (SELECT FROM audit_logs) THEN
        RAISE EXCEPTION 'demonstration data goes into an empty audit log only';
    END IF;
END
$$;

-- A session of its actor to each entry; where the actor has none, the system did it.
INSERT INTO audit_logs (id, occurred_at, actor_id, session_id, action, entity_type, entity_id,
    outcome, details)
OVERRIDING SYSTEM VALUE
SELECT n, timestamptz '2026-06-01 00:00Z' + n * interval '20 seconds',
    s.user_id, s.id, a.action, a.entity_type, 1 + n::bigint * 104729 % a.entities,
    CASE WHEN n % 61 = 0 THEN 'denied' WHEN n % 211 = 0 THEN 'failure' ELSE 'success' END,
    jsonb_build_object('request', md5('demo request ' || n))
FROM generate_series(1, 120000) AS n
JOIN (VALUES
    (0, 'session.started', 'user_session', 45000), (1, 'session.ended', 'user_session', 45000),
    (2, 'user.changed', 'user', 15000), (3, 'user.invited', 'user', 15000),
    (4, 'service.changed', 'service', 500), (5, 'role.granted', 'user', 15000),
    (6, 'health.reported', 'service', 500)
) AS a (number, action, entity_type, entities) ON a.number = n % 7
LEFT JOIN user_sessions AS s ON s.id = 1 + n::bigint * 7919 % 45000
ORDER BY n;

SELECT setval(pg_get_serial_sequence('audit_logs', 'id'), (SELECT max(id) FROM audit_logs));

ANALYZE audit_logs;

COMMIT;
