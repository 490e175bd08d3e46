DROP TABLE after_unlock_all;
