CREATE TABLE tags (id INTEGER PRIMARY KEY, note_id INTEGER NOT NULL REFERENCES notes (id), name TEXT);
CREATE INDEX tags_note_id_idx ON tags (note_id);
