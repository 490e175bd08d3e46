-- winch: release 1.1.0
-- winch: requires 000003
-- winch: lock_timeout 2s
-- winch: timeout 5min
CREATE INDEX invoices_account_id_idx ON invoices (account_id);
