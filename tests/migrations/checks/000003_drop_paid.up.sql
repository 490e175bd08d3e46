-- winch: requires 000002
-- winch: phase contract
-- winch: irreversible what was paid is not kept
-- winch: allow ban-drop-column the application reads "open" since 2.0
-- winch: check open_is_set: SELECT id FROM orders WHERE "open" IS NULL
ALTER TABLE orders DROP COLUMN paid;
