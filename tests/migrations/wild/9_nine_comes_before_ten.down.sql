DROP TABLE wild_nine;
