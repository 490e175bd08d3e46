DROP INDEX tags_note_id_idx;
DROP TABLE tags;
