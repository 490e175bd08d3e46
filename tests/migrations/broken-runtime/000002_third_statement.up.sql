ALTER TABLE items ADD COLUMN price numeric;
INSERT INTO items (id, price) VALUES (1, 0);
UPDATE items SET price = 100 / price;
ALTER TABLE items ADD COLUMN weight numeric;
