DROP TABLE wild_crlf;
