PREPARE state_plan AS SELECT 1;
