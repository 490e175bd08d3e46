-- Who held which role is lost; another up brings back the built-in roles alone. No CASCADE: a
-- view or a table that somebody has built on these must stop this.

DROP TABLE user_roles;
DROP TABLE role_permissions;
DROP TABLE roles;
DROP TABLE permissions;
