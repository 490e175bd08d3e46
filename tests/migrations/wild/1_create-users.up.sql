create table wild_users (id serial primary key, name varchar(255) not null);
