/* What the tests of running share: a database with winch in it, jobs from statements, and what was
 * heard while they ran. */
#ifndef WINCH_TESTS_POSTGRES_RUN_SUPPORT_H
#define WINCH_TESTS_POSTGRES_RUN_SUPPORT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "database/database.h"

/* The database of one test, locked, at version 1. */
struct run_test {
    struct database *database;
    struct cancellation *cancellation;
    GString *events; /* a line for each */
    struct run_result result;
    GError *error;
    const char *trigger_event;          /* an event line that begins so calls trigger once */
    void (*trigger)(struct run_test *); /* on the running thread */
    GThread *helper;
};

int run_test_setup(void **state);
int run_test_teardown(void **state);
/* Closes the connection and opens another, as a new process would. */
void run_test_reopen(struct run_test *test);

/* A job from statements, NULL-terminated, joined by ";\n". Version 2 after 1, recorded. */
struct job {
    struct run_job job;
    GString *text;
    GArray *statements;
    GPtrArray *verbs;
    struct history_record *record;
};
struct job *job_new(struct run_test *test, enum run_protocol protocol,
                    const char *const *statements);
void job_free(struct job *job);
DEFINE_AUTOPTR(job, job_free);
#define JOB(test, protocol, ...) job_new(test, protocol, (const char *const[]){__VA_ARGS__, NULL})

/* Runs it; error and result are the test's. */
gboolean job_run(struct run_test *test, struct job *job);

/* The database's answer equals expected. */
#define assert_value(expected, sql)                                                                \
    do {                                                                                           \
        g_autofree char *value_ = cluster_value("run", sql);                                       \
        assert_string_equal(value_ != NULL ? value_ : "(none)", expected);                         \
    } while (0)

#define assert_contains(text, part)                                                                \
    do {                                                                                           \
        if (strstr(text, part) == NULL)                                                            \
            fail_msg("\"%s\" is not in \"%s\"", part, text);                                       \
    } while (0)

#define assert_run(test, job_)                                                                     \
    do {                                                                                           \
        if (!job_run(test, job_))                                                                  \
            fail_msg("%s", (test)->error->message);                                                \
        assert_int_equal((test)->result.outcome, RUN_OUTCOME_COMMITTED);                           \
    } while (0)

/* It failed, with this outcome and part of a message. */
#define assert_fails(test, job_, outcome_, part)                                                   \
    do {                                                                                           \
        assert_false(job_run(test, job_));                                                         \
        assert_contains((test)->error->message, part);                                             \
        assert_int_equal((test)->result.outcome, outcome_);                                        \
    } while (0)

#define VERSION_SQL "SELECT version || ' ' || dirty FROM schema_migrations"
#define HISTORY_SQL "SELECT string_agg(kind || ' ' || outcome, ', ' ORDER BY id) FROM winch.history"

#endif
