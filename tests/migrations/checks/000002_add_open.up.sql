-- Adds what is still to be paid.
-- winch: check none_is_overpaid: SELECT id FROM orders WHERE paid > total
-- winch: check open_is_right: WITH wrong AS (SELECT id FROM orders WHERE "open" <> total - paid) SELECT id FROM wrong
/* Notes may go on behind any comment. */
-- winch: check open_is_set: SELECT id, 'a:b;' AS why FROM orders WHERE "open" IS NULL;
ALTER TABLE orders ADD COLUMN "open" int;
UPDATE orders SET "open" = total - paid;
