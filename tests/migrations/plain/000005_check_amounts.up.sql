-- winch: requires 000003
-- winch: check no_negative_amount: SELECT id FROM invoices WHERE amount < 0
ALTER TABLE invoices ADD CONSTRAINT invoices_amount_check CHECK (amount >= 0);
