;;
CREATE TABLE wild_last (id int);;

