CREATE TABLE after_search_path ();

DO $$
BEGIN
    IF to_regclass('public.after_search_path') IS NULL THEN
        RAISE EXCEPTION 'the search_path of the file before is in force';
    END IF;
END
$$;
