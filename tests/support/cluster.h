/* One throwaway PostgreSQL for a test program, started by its group setup.
 *
 * Whatever goes wrong in here fails the running test. */
#ifndef WINCH_TESTS_SUPPORT_CLUSTER_H
#define WINCH_TESTS_SUPPORT_CLUSTER_H

#include "database/scratch.h"

/* For cmocka_run_group_tests(tests, cluster_setup, cluster_teardown). */
int cluster_setup(void **state);
int cluster_teardown(void **state);

/* The server, for killing and restarting it. */
struct scratch_server *cluster_server(void);

/* Creates a database with this name, dropping one that is there. Returns its URL, which is
 * g_free()d by the caller. */
char *cluster_create_database(const char *name);

/* URL of a database, "postgres" when NULL. Free with g_free(). */
char *cluster_url(const char *database);

/* Runs SQL in a database ("postgres" when NULL). */
void cluster_exec(const char *database, const char *sql);

/* The first column of the first row, "" when it is NULL; NULL without a row. Free with g_free(). */
char *cluster_value(const char *database, const char *sql);

#endif
