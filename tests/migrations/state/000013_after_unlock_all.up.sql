CREATE TABLE after_unlock_all ();
