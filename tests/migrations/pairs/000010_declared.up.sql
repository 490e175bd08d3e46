-- winch: irreversible the old system is gone
CREATE TABLE moved (id integer);
