INSERT INTO wild_settings VALUES ('way back', 'none') ON CONFLICT DO NOTHING;
