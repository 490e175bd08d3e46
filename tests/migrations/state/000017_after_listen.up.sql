DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_listening_channels()) THEN
        RAISE EXCEPTION 'the session listens, as told by the file before';
    END IF;
END
$$;
