CREATE FUNCTION f(a int, OUT b text) RETURNS text AS $$ BEGIN INSERT INTO log VALUES (a); b := (SELECT name FROM names); END $$ LANGUAGE plpgsql;
