DROP TABLE wild_scripts;
