-- Demonstration data: 147,650 rows for migrations 000001 to 000005, which have to be applied;
-- whether 000006 is as well makes no difference. Its own rows are in seed_audit_logs.sql.
--
-- Plain SQL with its own transaction: for psql -f, or one PQexec(). The same rows every time, made
-- from row numbers alone: no random(), no now(). Refuses a database that has organizations already.
-- Names, hashes and addresses (RFC 2606, RFC 5737) belong to nobody.

BEGIN;

DO $$
BEGIN
    IF EXISTS (SELECT FROM organizations) THEN
        RAISE EXCEPTION 'demonstration data goes into an empty database only'
            USING DETAIL = 'The table organizations has rows.';
    END IF;
END
$$;

-- 100 organizations
INSERT INTO organizations (id, slug, name, created_at, updated_at)
OVERRIDING SYSTEM VALUE
SELECT n, format('org-%s', n), format('Organization %s', n), t, t
FROM generate_series(1, 100) AS n,
    LATERAL (SELECT timestamptz '2025-01-01 00:00Z' + n * interval '1 hour' AS t) AS at;

-- 500 services, five to each organization
INSERT INTO services (id, organization_id, name, endpoint, created_at, updated_at)
OVERRIDING SYSTEM VALUE
SELECT n, 1 + (n - 1) / 5, kind,
    format('https://%s.org-%s.example.com/healthz', kind, 1 + (n - 1) / 5), t, t
FROM generate_series(1, 500) AS n,
    LATERAL (SELECT (ARRAY['web', 'api', 'worker', 'search', 'mail'])[1 + n % 5] AS kind,
        timestamptz '2025-01-08 00:00Z' + n * interval '1 hour' AS t) AS its;

-- 15,000 users; every tenth has never signed in (matches user_sessions below)
INSERT INTO users (id, organization_id, email, display_name, status, created_at, updated_at,
    last_login_at)
OVERRIDING SYSTEM VALUE
SELECT n, 1 + n % 100,
    lower(format('%s.%s.%s@example.com', given, family, n)), format('%s %s', given, family),
    CASE WHEN n % 10 = 0 THEN 'invited' WHEN n % 53 = 0 THEN 'disabled' ELSE 'active' END,
    t, t,
    CASE WHEN n % 10 > 0
        THEN timestamptz '2026-06-30 00:00Z' - n * 7919 % 86400 * interval '1 minute' END
FROM generate_series(1, 15000) AS n,
    LATERAL (SELECT
        (ARRAY['Ada', 'Barbara', 'Charles', 'Dennis', 'Edsger', 'Frances', 'Grace', 'Hedy', 'Ivan',
            'Jean', 'Katherine', 'Lynn', 'Margaret'])[1 + n % 13] AS given,
        (ARRAY['Abel', 'Baker', 'Carter', 'Draper', 'Ellis', 'Fisher', 'Garner', 'Hunter', 'Ingram',
            'Joiner', 'Keeler'])[1 + n % 11] AS family,
        timestamptz '2025-02-01 00:00Z' + n * interval '30 minutes' AS t) AS their;

-- 75,000 health checks: every service every ten minutes, 150 times, in order of time
INSERT INTO health_status (id, service_id, status, latency_ms, message, checked_at)
OVERRIDING SYSTEM VALUE
SELECT (c - 1) * 500 + s, s, status,
    CASE status
        WHEN 'healthy' THEN 5 + luck % 150
        WHEN 'degraded' THEN 1000 + luck % 4000
    END,
    CASE status WHEN 'degraded' THEN 'slow answer' WHEN 'unhealthy' THEN 'connection refused' END,
    timestamptz '2026-06-29 00:00Z' + c * interval '10 minutes' + s * interval '1 second'
FROM generate_series(1, 150) AS c, generate_series(1, 500) AS s,
    -- A service fails for an hour and a half at a time: nine checks in a row.
    LATERAL (SELECT (s * 7919 + c * 104729) % 10007 AS luck,
        (s * 31 + c / 9 * 17) % 100 AS spell) AS its,
    LATERAL (SELECT CASE WHEN spell = 0 THEN 'unhealthy' WHEN spell < 4 THEN 'degraded'
        ELSE 'healthy' END AS status) AS seen
ORDER BY c, s;

-- 13,500 passwords that match nothing
INSERT INTO user_credentials (user_id, password_hash, password_changed_at, failed_attempts,
    locked_until)
SELECT id, '$argon2id$v=19$m=65536,t=3,p=4$ZGVtb25zdHJhdGlvbg$' || md5('demo ' || id), created_at,
    CASE WHEN id % 97 = 0 THEN 5 ELSE id % 2 END,
    CASE WHEN id % 97 = 0 THEN timestamptz '2026-06-30 01:00Z' END
FROM users
WHERE status <> 'invited';

-- 40,500 sessions: three for each who has ever signed in, the last of them at last_login_at
INSERT INTO user_sessions (id, user_id, token_hash, client_address, user_agent, created_at,
    expires_at, revoked_at)
OVERRIDING SYSTEM VALUE
SELECT u.id * 3 - k, u.id, sha256(convert_to(format('demo session %s/%s', u.id, k), 'UTF8')),
    inet '198.51.100.0' + u.id % 256,
    (ARRAY['Mozilla/5.0 (X11; Linux x86_64)', 'Mozilla/5.0 (Macintosh)', 'curl/8.5.0'])
        [1 + (u.id + k) % 3],
    t, t + interval '12 hours', CASE WHEN (u.id + k) % 4 = 0 THEN t + interval '1 hour' END
FROM users AS u, generate_series(0, 2) AS k,
    LATERAL (SELECT u.last_login_at - k * (1 + u.id % 5) * interval '24 hours' AS t) AS at
WHERE u.last_login_at IS NOT NULL;

-- 3,050 roles held: admins and operators, the first admin granted all of it
INSERT INTO user_roles (user_id, role_id, granted_by, granted_at)
SELECT u.id, r.id, 1, u.created_at + interval '24 hours'
FROM users AS u
JOIN roles AS r
    ON (r.name = 'admin' AND u.id % 300 = 1) OR (r.name = 'operator' AND u.id % 5 = 2);

SELECT setval(pg_get_serial_sequence('organizations', 'id'), (SELECT max(id) FROM organizations)),
    setval(pg_get_serial_sequence('services', 'id'), (SELECT max(id) FROM services)),
    setval(pg_get_serial_sequence('users', 'id'), (SELECT max(id) FROM users)),
    setval(pg_get_serial_sequence('health_status', 'id'), (SELECT max(id) FROM health_status)),
    setval(pg_get_serial_sequence('user_sessions', 'id'), (SELECT max(id) FROM user_sessions));

-- Row estimates on screen come from here; autovacuum would take a minute.
ANALYZE organizations, services, users, health_status, user_credentials, user_sessions, user_roles;

COMMIT;
