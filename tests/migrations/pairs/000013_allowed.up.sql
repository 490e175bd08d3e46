-- winch: allow down-incomplete other teams use the schema by now
CREATE SCHEMA IF NOT EXISTS shared;
