DROP TABLE after_discard_all;
