DO $$
BEGIN
    IF session_user = 'winch_state_reader' THEN
        RAISE EXCEPTION 'the session user of the file before is in force';
    END IF;
END
$$;
CREATE TABLE after_session_authorization ();
