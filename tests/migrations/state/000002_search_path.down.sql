DROP SCHEMA state_other;
