drop table wild_users;
