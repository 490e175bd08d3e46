CREATE TABLE after_discard_all ();
