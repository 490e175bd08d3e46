DROP TABLE after_role;
