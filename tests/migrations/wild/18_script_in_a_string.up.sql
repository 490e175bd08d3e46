CREATE TABLE wild_scripts (name text PRIMARY KEY, body text NOT NULL);
INSERT INTO wild_scripts VALUES ('deploy', E'#!/bin/sh\nset -eu\nfor f in "$@"; do\n  case $f in\n    *.sql) psql -c "\\i $f"; ;;\n    *) echo \'skipped: $f\' >&2 ;;\n  esac\ndone\n# $1 $$ ${HOME} -- not a comment; /* nor this */\n');
INSERT INTO wild_scripts VALUES ('price', 'costs $$ and $body$, it''s; fine');
