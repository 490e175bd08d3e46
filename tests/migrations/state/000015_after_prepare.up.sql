PREPARE state_plan AS SELECT 2;
DEALLOCATE state_plan;
