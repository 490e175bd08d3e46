DROP VIEW tagged;
