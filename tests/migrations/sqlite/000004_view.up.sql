CREATE VIEW tagged AS SELECT n.title, t.name FROM notes AS n JOIN tags AS t ON t.note_id = n.id;
