DROP TABLE wild_last;
