-- Takes ACCESS EXCLUSIVE on services too, for the foreign key that goes with the table.

DROP TABLE health_status;
