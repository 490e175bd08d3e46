CREATE TYPE mood AS ENUM ('good');
CREATE TABLE moods (mood mood);
