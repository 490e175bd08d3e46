/* A directory, a SQLite database in it, and jobs to run there. */
#ifndef WINCH_TESTS_UNIT_DATABASE_SQLITE_FIXTURE_H
#define WINCH_TESTS_UNIT_DATABASE_SQLITE_FIXTURE_H

#include "database/database.h"

struct sqlite_fixture {
    char *directory;
    char *path;
    char *url;
    struct database *database; /* opened and installed by fixture_install() */
    GPtrArray *events;         /* texts: "leftover temporary table t" */
    struct cancellation *cancellation;
};

/* For cmocka_unit_test_setup_teardown(); *state is the fixture. Nothing is opened yet. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* Opens the database by the fixture's URL with parameters ("" or "?..."); fails the test. */
struct database *fixture_open(struct sqlite_fixture *fixture, const char *parameters);

/* Opens and installs into fixture->database. */
void fixture_install(struct sqlite_fixture *fixture);

/* By a connection of its own, as another program would. */
void fixture_exec(struct sqlite_fixture *fixture, const char *sql);
char *fixture_value(struct sqlite_fixture *fixture, const char *sql); /* free with g_free() */
void fixture_expect(struct sqlite_fixture *fixture, const char *sql, const char *value);

/* A job of these statements, one a line, ended by NULL; it owns what it points to. */
struct fixture_job {
    struct run_job job;
    char *text;
    struct run_statement *statements;
    struct history_record *record;
};
struct fixture_job *fixture_job_new(struct sqlite_fixture *fixture, enum run_protocol protocol,
                                    gint64 before, gint64 after, const char *const *statements);
void fixture_job_free(struct fixture_job *job);
DEFINE_AUTOPTR(fixture_job, fixture_job_free);

/* TRUE when an event's text contains this. */
gboolean fixture_heard(const struct sqlite_fixture *fixture, const char *text);

#endif
