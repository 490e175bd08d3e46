DROP VIEW wild_names;
