SET search_path TO public;
CREATE TABLE wild_settings (name text PRIMARY KEY, value text);
