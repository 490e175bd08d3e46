DO $$
BEGIN
    IF current_user <> session_user THEN
        RAISE EXCEPTION 'the role of the file before is in force';
    END IF;
END
$$;
CREATE TABLE after_role ();
