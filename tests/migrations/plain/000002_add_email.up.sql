ALTER TABLE accounts ADD COLUMN email text;
ALTER TABLE accounts ADD CONSTRAINT accounts_email_key UNIQUE (email);
