INSERT INTO state_log (step) VALUES ('replication role');

DO $$
BEGIN
    IF EXISTS (SELECT FROM state_log WHERE NOT fired) THEN
        RAISE EXCEPTION 'triggers are off, as in the file before';
    END IF;
END
$$;
