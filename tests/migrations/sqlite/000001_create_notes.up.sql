-- winch: release 1.0.0
CREATE TABLE notes (id INTEGER PRIMARY KEY, title TEXT NOT NULL);
