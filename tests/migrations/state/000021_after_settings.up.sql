SELECT pg_sleep(0.1);

DO $$
BEGIN
    IF current_setting('standard_conforming_strings') = 'off' THEN
        RAISE EXCEPTION 'the settings of the file before are in force';
    END IF;
END
$$;
