-- CONCURRENTLY for the reason given in the up file: a plain DROP INDEX takes ACCESS EXCLUSIVE on
-- health_status and queues every check behind whatever query is reading it.

DROP INDEX CONCURRENTLY health_status_incidents_idx;
