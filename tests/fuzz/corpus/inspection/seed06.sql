CREATE VIEW v AS SELECT u.* FROM users u JOIN x.y USING (id);
