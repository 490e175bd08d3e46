CREATE VIEW wild_names AS SELECT id, name FROM wild_users;
