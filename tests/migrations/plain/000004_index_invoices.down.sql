DROP INDEX invoices_account_id_idx;
