SET statement_timeout TO '20ms';
SET standard_conforming_strings TO off;
