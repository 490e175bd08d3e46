INSERT INTO items VALUES (1, 'rope'), (2, 'rope');
