CREATE FUNCTION wild_touch() RETURNS trigger LANGUAGE plpgsql AS $function$
DECLARE
    statement text := $q$SELECT 'a;b', $$c$$ -- d$q$;
BEGIN
    IF NEW.name IS NULL THEN
        NEW.name := format('%s; %L', statement, 'x');
    END IF;
    RETURN NEW;
END;
$function$;
CREATE TRIGGER wild_touch BEFORE INSERT ON wild_users
    FOR EACH ROW EXECUTE FUNCTION wild_touch();

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_type WHERE typname = 'wild_mood') THEN
        CREATE TYPE wild_mood AS ENUM ('sad', 'ok');
    END IF;
END
$$;
