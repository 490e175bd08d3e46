-- The result of every health check of every service.
-- winch: release 1.0.0
-- winch: requires 000001
-- winch: lock_timeout 2s
-- winch: allow hidden-parent-lock writes to services wait for one CREATE TABLE, 2 s at most

CREATE TABLE health_status (
    id bigint GENERATED ALWAYS AS IDENTITY,
    service_id bigint NOT NULL,
    status text NOT NULL,
    latency_ms bigint,
    message text,
    checked_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT health_status_pkey PRIMARY KEY (id),
    CONSTRAINT health_status_service_id_fkey FOREIGN KEY (service_id)
        REFERENCES services (id) ON DELETE CASCADE,
    CONSTRAINT health_status_status_check CHECK (status IN ('healthy', 'degraded', 'unhealthy')),
    CONSTRAINT health_status_latency_ms_check CHECK (latency_ms >= 0),
    CONSTRAINT health_status_message_check CHECK (status = 'healthy' OR message IS NOT NULL)
);

-- For the latest state of a service; service_id leads, so the foreign key is served as well.
CREATE INDEX health_status_service_id_checked_at_idx
    ON health_status (service_id, checked_at DESC);

COMMENT ON TABLE health_status IS 'One row a check. Append-only; old rows are purged by age.';
COMMENT ON COLUMN health_status.latency_ms IS 'Time to the answer. NULL: there was none.';
COMMENT ON COLUMN health_status.message IS 'What was wrong; required unless healthy.';
