-- winch: check one_note: SELECT 1 FROM notes WHERE title <> 'a; b'
INSERT INTO notes (id, title) VALUES (1, 'a; b');
INSERT INTO tags (id, note_id, name) VALUES (1, 1, 'it''s "quoted"');
