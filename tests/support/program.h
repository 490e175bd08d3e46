/* Running the real program, as its users do. Whatever goes wrong in here fails the running test. */
#ifndef WINCH_TESTS_SUPPORT_PROGRAM_H
#define WINCH_TESTS_SUPPORT_PROGRAM_H

#include <glib.h>

/* What came of it. */
struct program_result {
    int status; /* exit status, or 128 + the signal that killed it */
    char *out;
    char *err;
};
void program_result_clear(struct program_result *result);

/* A run that is going on. */
struct program;

/* Path of the program under test: $WINCH_PROGRAM, else winch in the build directory. Static. */
const char *program_path(void);

/* Starts winch with these words (NULL-terminated), standard input empty, in a clean environment: no
 * WINCH_*, no PG*, LC_ALL=C.UTF-8, TZ=UTC. */
struct program *program_start(const char *const *words);
GPid program_pid(const struct program *program);

gboolean program_has_ended(const struct program *program);

/* Waits for its end (a minute at most, then it is killed and the test fails) and frees it. */
struct program_result program_finish(struct program *program);

/* Both in one. */
struct program_result program_run(const char *first_word, ...) G_GNUC_NULL_TERMINATED;

/* A directory of its own for a test, and files in it. */
char *workspace_make(void);
void workspace_put(const char *directory, const char *name, const char *text);
void workspace_remove(char *directory); /* frees it too */

#endif
