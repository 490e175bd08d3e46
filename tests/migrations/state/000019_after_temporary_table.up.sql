INSERT INTO state_shadow VALUES ('seen');

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.state_shadow) THEN
        RAISE EXCEPTION 'the temporary table of the file before was written to';
    END IF;
END
$$;
