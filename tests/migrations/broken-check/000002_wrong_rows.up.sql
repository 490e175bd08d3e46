-- winch: check every_item_has_a_name: SELECT id FROM items WHERE name IS NULL
INSERT INTO items (id) VALUES (1);
