-- Written on another system.
CREATE TABLE wild_crlf (
    note text DEFAULT 'one
two'
);
