/* A migration file cut into statements by a lexer of our own, and how it therefore has to be run.
 * It knows every PostgreSQL version's quoting (manual, section 4.1) and no grammar beyond a
 * statement's first words: what it is unsure of it says, and such a file is sent whole, as
 * golang-migrate does. */
#ifndef WINCH_ANALYSIS_SCRIPT_H
#define WINCH_ANALYSIS_SCRIPT_H

#include <glib.h>

#include "base/autofree.h"
#include "base/error.h"

enum sql_dialect { SQL_POSTGRESQL, SQL_SQLITE };

/* What matters about a statement for running it. */
enum statement_kind {
    STATEMENT_ORDINARY,
    STATEMENT_BEGIN,     /* BEGIN, START TRANSACTION */
    STATEMENT_COMMIT,    /* COMMIT, END (without AND CHAIN) */
    STATEMENT_ROLLBACK,  /* ROLLBACK, ABORT (not TO SAVEPOINT) */
    STATEMENT_CHAIN,     /* COMMIT or ROLLBACK AND CHAIN */
    STATEMENT_SAVEPOINT, /* SAVEPOINT, RELEASE, ROLLBACK TO: harmless inside one block */
    STATEMENT_PREPARED,  /* PREPARE TRANSACTION, COMMIT PREPARED, ROLLBACK PREPARED */
    STATEMENT_OUTSIDE,   /* refused in a transaction block: VACUUM, CREATE INDEX CONCURRENTLY,
                          * a DO that commits ...; for SQLite also what does nothing in one */
    STATEMENT_CALL,      /* CALL: its procedure may commit */
    STATEMENT_DO,        /* DO that does not commit */
    STATEMENT_COPY_IN,   /* COPY ... FROM STDIN: an error, but for RUN_WHOLE */
    STATEMENT_COPY_OUT,  /* COPY ... TO STDOUT: rows are read and thrown away */
};

struct script_statement {
    gsize offset;    /* bytes from the start of the text, comments before it left out */
    gsize length;    /* bytes, without the final semicolon */
    unsigned line;   /* where it begins, from 1 */
    unsigned column; /* in characters, from 1 */
    enum statement_kind kind;
    char verb[32]; /* first words in upper case, for people: "CREATE INDEX", "ALTER TABLE" */
    const char *outside_reason; /* for STATEMENT_OUTSIDE: "CREATE INDEX CONCURRENTLY". Static */
};

/* How the file has to be run (DESIGN of the runner: docs/decisions/). */
enum run_mode {
    RUN_EMPTY,       /* no statement in it: blank or comments only */
    RUN_TRANSACTION, /* statement by statement in one transaction with the version row */
    RUN_OWN_BLOCK,   /* the same; its own BEGIN and COMMIT are replaced by ours */
    RUN_SEPARATE,    /* not transactional: one by one, the version row dirty meanwhile */
    RUN_WHOLE,       /* not to be told apart with certainty: sent whole, dirty meanwhile */
};

struct script {
    GArray *statements; /* of struct script_statement, in file order, BEGIN and COMMIT included */
    enum run_mode mode;
    char *mode_reason;    /* never NULL, for people: "CREATE INDEX CONCURRENTLY cannot run in a
                             transaction" */
    unsigned reason_line; /* the line that decided, or 0 */
    char *begin_modes;    /* RUN_OWN_BLOCK: "ISOLATION LEVEL SERIALIZABLE", or NULL */
    guint depth;          /* deepest nesting of parentheses, for whoever parses further */
};

/* Cuts up length bytes (valid UTF-8, no NUL, no byte order mark; anything else is survived).
 * transaction_off is `-- winch: transaction off`. Fails, with file, line and column, on what no
 * server could take (an unterminated quote, comment, dollar quote, parenthesis or body; a psql
 * meta-command; COPY FROM STDIN) and on BEGIN without COMMIT. file names the text in errors. In
 * RUN_WHOLE the last statement is all that could not be told apart. Linear in length; no
 * recursion; thread-safe. */
struct script *script_parse(const char *text, gsize length, enum sql_dialect dialect,
                            gboolean transaction_off, const char *file, GError **error);
void script_free(struct script *script);
DEFINE_AUTOPTR(script, script_free);

/* "one transaction", "one transaction (its own BEGIN and COMMIT replaced)", "statement by
 * statement, not transactional", "sent whole", "nothing to run". Static. */
const char *run_mode_text(enum run_mode mode);

/* Machine word: "transaction", "own-block", "separate", "whole", "empty". Static. */
const char *run_mode_name(enum run_mode mode);

/* True when a failure leaves the database exactly as it was. */
gboolean run_mode_is_transactional(enum run_mode mode);

/* Line and column (characters, from 1) of a byte offset in text. */
void script_locate(const char *text, gsize length, gsize offset, unsigned *line, unsigned *column);

#endif
