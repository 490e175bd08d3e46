CREATE ROLE winch_state_reader NOLOGIN;
CREATE TABLE state_log (step text, fired boolean NOT NULL DEFAULT false);
CREATE FUNCTION state_fire() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.fired := true;
    RETURN NEW;
END
$$;
CREATE TRIGGER state_fire BEFORE INSERT ON state_log FOR EACH ROW EXECUTE FUNCTION state_fire();
