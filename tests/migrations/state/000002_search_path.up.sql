CREATE SCHEMA state_other;
SET search_path TO state_other;
