CREATE TABLE state_shadow (step text);
CREATE TEMPORARY TABLE state_shadow (step text);
