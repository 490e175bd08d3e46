/* A SQLite file as a database: opening, the version table's flavours, history, the lock. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <sqlite3.h>

#include "database/activity.h"
#include "database/mark.h"
#include "sqlite_fixture.h"

#define PATIENCE 20000 /* milliseconds */

/* ---- opening -------------------------------------------------------------------------------- */

static void sqlite_open__looking__creates_nothing(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct version_state found;
    g_autoptr(GError) error = NULL;
    fixture->database = fixture_open(fixture, "");
    assert_true(database_version_read(fixture->database, &found, &error));
    assert_int_equal(found.kind, VERSION_TABLE_ABSENT);
    assert_int_equal(found.version, -1);
    assert_int_equal(database_history_presence(fixture->database), HISTORY_ABSENT);
    g_autoptr(GPtrArray) records = database_history_read(fixture->database, 0, &error);
    assert_int_equal(records->len, 0);
    AUTOPTR(history_record) *record = history_record_new(HISTORY_STARTED, OUTCOME_DONE);
    assert_true(database_history_append(fixture->database, record, &error));
    struct lock_holder holder;
    assert_int_equal(database_lock_holder(fixture->database, &holder, &error), 0);
    g_autoptr(GDir) dir = g_dir_open(fixture->directory, 0, NULL);
    assert_null(g_dir_read_name(dir));
    g_autofree char *label = g_strdup_printf("%s (SQLite)", fixture->path);
    assert_string_equal(database_label(fixture->database), label);
    assert_true(database_facts(fixture->database)->can_write_version_table);
}

static void sqlite_open__refuses_what_cannot_be_meant(void **state)
{
    struct sqlite_fixture *fixture = *state;
    static const struct {
        const char *suffix, *version_table, *message;
    } rows[] = {
        {"?mode=ro", NULL, "'mode' is not known"},
        {"?x-no-tx-wrap=perhaps", NULL, "'perhaps' is not a value"},
        {"", "app.versions", "another schema"},
        {"?x-migrations-table=app.versions", NULL, "another schema"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *url = g_strconcat(fixture->url, rows[i].suffix, NULL);
        const struct database_options options = {.url = url,
                                                 .version_table = rows[i].version_table};
        g_autoptr(GError) error = NULL;
        assert_null(database_open(&options, &error));
        assert_true(error_is(error, ERROR_CONFIG));
        if (strstr(error->message, rows[i].message) == NULL)
            fail_msg("%s", error->message);
    }
}

static void sqlite_open__refuses_other_files(void **state)
{
    struct sqlite_fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    const struct database_options options = {.url = fixture->url};
    g_autofree char *junk = g_strnfill(4096, 'x');
    assert_true(g_file_set_contents(fixture->path, junk, 4096, NULL));
    assert_null(database_open(&options, &error));
    assert_true(error_is(error, ERROR_CONFIG));
    g_clear_error(&error);
    g_autofree char *url = g_strconcat("sqlite3://", fixture->directory, NULL);
    const struct database_options directory = {.url = url};
    assert_null(database_open(&directory, &error));
    assert_non_null(strstr(error->message, "is a directory"));
}

static void sqlite_open__scheme_chooses_the_driver(void **state)
{
    struct sqlite_fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    const struct database_options unknown = {.url = "sqlite4://x"};
    assert_true(database_url_is_known("sqlite3://x"));
    assert_true(database_url_is_known("SQLITE://x"));
    assert_false(database_url_is_known("sqlite3:x"));
    assert_false(database_url_is_known("://x"));
    assert_false(database_url_is_known("mysql://x"));
    assert_null(database_open(&unknown, &error));
    assert_true(error_is(error, ERROR_CONFIG));
    assert_non_null(strstr(error_detail(error)->advice, "did you mean 'sqlite3'"));
    const struct database_options named = {.driver = "sqlite", .name = fixture->path};
    fixture->database = database_open(&named, NULL);
    assert_non_null(fixture->database);
    assert_string_equal(database_facts(fixture->database)->product, "SQLite");
}

static void sqlite_open__read_only__refuses_to_write(void **state)
{
    struct sqlite_fixture *fixture = *state;
    const struct database_options options = {.url = fixture->url, .is_read_only = TRUE};
    g_autoptr(GError) error = NULL;
    fixture_install(fixture);
    database_close(fixture->database);
    fixture->database = database_open(&options, &error);
    assert_int_equal(database_history_presence(fixture->database), HISTORY_READ_ONLY);
    assert_false(database_facts(fixture->database)->can_write_version_table);
    assert_false(database_lock(fixture->database, 0, NULL, NULL, &error));
    assert_true(error_is(error, ERROR_REFUSED));
    assert_false(database_force(fixture->database, 1, NULL, NULL));
    assert_false(database_install(fixture->database, NULL));
}

static void sqlite_open__memory__works(void **state)
{
    struct sqlite_fixture *fixture = *state;
    const struct database_options options = {.url = "sqlite3://:memory:"};
    struct version_state found;
    fixture->database = database_open(&options, NULL);
    assert_true(database_lock(fixture->database, 0, NULL, NULL, NULL));
    assert_true(database_install(fixture->database, NULL));
    assert_true(database_force(fixture->database, 3, NULL, NULL));
    assert_true(database_version_read(fixture->database, &found, NULL));
    assert_int_equal(found.version, 3);
    database_unlock(fixture->database);
}

/* ---- the version table ---------------------------------------------------------------------- */

#define GOLANG_TABLE                                                                               \
    "CREATE TABLE schema_migrations (version uint64,dirty bool);"                                  \
    "CREATE UNIQUE INDEX version_unique ON schema_migrations (version);"

static void sqlite_version__flavours__are_told_apart(void **state)
{
    static const struct {
        const char *sql;
        enum version_table_kind kind;
        gint64 version;
        gboolean is_dirty;
        const char *problem;
    } rows[] = {
        {GOLANG_TABLE, VERSION_TABLE_GOLANG_MIGRATE, -1, FALSE, NULL},
        {GOLANG_TABLE "INSERT INTO schema_migrations VALUES (7, 1)", VERSION_TABLE_GOLANG_MIGRATE,
         7, TRUE, NULL},
        {GOLANG_TABLE "INSERT INTO schema_migrations VALUES (7, false)",
         VERSION_TABLE_GOLANG_MIGRATE, 7, FALSE, NULL},
        {GOLANG_TABLE "INSERT INTO schema_migrations VALUES (-1, true)",
         VERSION_TABLE_GOLANG_MIGRATE, -1, TRUE, NULL},
        {GOLANG_TABLE "INSERT INTO schema_migrations VALUES (7, NULL)",
         VERSION_TABLE_GOLANG_MIGRATE, 7, TRUE, NULL},
        {GOLANG_TABLE "INSERT INTO schema_migrations VALUES (1, 0), (2, 0)", VERSION_TABLE_FOREIGN,
         -1, FALSE, "several rows"},
        {GOLANG_TABLE "INSERT INTO schema_migrations VALUES ('one', 0)", VERSION_TABLE_FOREIGN, -1,
         FALSE, "'one'"},
        {"CREATE TABLE schema_migrations (version varchar NOT NULL PRIMARY KEY)",
         VERSION_TABLE_FOREIGN, -1, FALSE, "no column 'dirty'"},
        {"CREATE VIEW schema_migrations AS SELECT 1 AS version, 0 AS dirty", VERSION_TABLE_FOREIGN,
         -1, FALSE, "view"},
        {"CREATE TABLE schema_migrations (version, dirty, who text NOT NULL)",
         VERSION_TABLE_FOREIGN, -1, FALSE, "'who' has no default"},
        {"CREATE TABLE Schema_Migrations (Version, Dirty, applied_at DEFAULT '1970-01-01 "
         "00:00:01.5'); INSERT INTO schema_migrations (version, dirty) VALUES (4, 0)",
         VERSION_TABLE_WINCH, 4, FALSE, NULL},
    };
    struct sqlite_fixture *fixture = *state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct version_state found;
        g_autoptr(GError) error = NULL;
        g_remove(fixture->path);
        fixture_exec(fixture, rows[i].sql);
        fixture->database = fixture_open(fixture, "");
        assert_true(database_version_read(fixture->database, &found, &error));
        if (found.kind != rows[i].kind || found.version != rows[i].version ||
            found.is_dirty != rows[i].is_dirty)
            fail_msg("%s: kind %d version %d dirty %d", rows[i].sql, (int)found.kind,
                     (int)found.version, found.is_dirty);
        if (rows[i].problem != NULL && strstr(found.problem, rows[i].problem) == NULL)
            fail_msg("%s", found.problem);
        if (rows[i].kind == VERSION_TABLE_WINCH)
            assert_int_equal(found.applied_at, 1500000);
        g_clear_pointer(&fixture->database, database_close);
    }
}

static void sqlite_install__keeps_a_table_of_golang_migrate(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct version_state found;
    fixture_exec(fixture, GOLANG_TABLE "INSERT INTO schema_migrations VALUES (7, 0)");
    fixture_install(fixture);
    assert_true(database_install(fixture->database, NULL));
    assert_true(database_version_read(fixture->database, &found, NULL));
    assert_int_equal(found.kind, VERSION_TABLE_GOLANG_MIGRATE);
    assert_int_equal(found.version, 7);
    assert_int_equal(database_history_presence(fixture->database), HISTORY_PRESENT);
}

static void sqlite_install__makes_a_table_golang_migrate_can_use(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct version_state found;
    fixture_install(fixture);
    fixture_exec(fixture, "CREATE TABLE IF NOT EXISTS schema_migrations (version uint64,dirty "
                          "bool); CREATE UNIQUE INDEX IF NOT EXISTS version_unique ON "
                          "schema_migrations (version); BEGIN; DELETE FROM schema_migrations; "
                          "INSERT INTO schema_migrations (version, dirty) VALUES (12, 1); COMMIT");
    gint64 now = g_get_real_time();
    assert_true(database_version_read(fixture->database, &found, NULL));
    assert_int_equal(found.kind, VERSION_TABLE_WINCH);
    assert_int_equal(found.version, 12);
    assert_true(found.is_dirty);
    assert_true(ABS(found.applied_at - now) < 60 * G_USEC_PER_SEC);
}

static void sqlite_install__refuses_a_foreign_table(void **state)
{
    struct sqlite_fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    fixture_exec(fixture, "CREATE TABLE schema_migrations (version varchar)");
    fixture->database = fixture_open(fixture, "");
    assert_false(database_install(fixture->database, &error));
    assert_true(error_is(error, ERROR_REFUSED));
    g_clear_error(&error);
    assert_false(database_force(fixture->database, 1, NULL, &error));
    assert_true(error_is(error, ERROR_REFUSED));
}

static void sqlite_install__script__does_the_same(void **state)
{
    struct sqlite_fixture *fixture = *state;
    fixture->database = fixture_open(fixture, "?x-migrations-table=my%22table");
    g_autofree char *script = database_install_script(fixture->database);
    fixture_exec(fixture, script);
    fixture_exec(fixture, script);
    g_clear_pointer(&fixture->database, database_close);
    fixture->database = fixture_open(fixture, "?x-migrations-table=my%22table");
    struct version_state found;
    assert_true(database_version_read(fixture->database, &found, NULL));
    assert_int_equal(found.kind, VERSION_TABLE_WINCH);
    assert_int_equal(database_history_presence(fixture->database), HISTORY_PRESENT);
}

static void sqlite_force__writes_and_empties_the_row(void **state)
{
    struct sqlite_fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    fixture->database = fixture_open(fixture, "");
    assert_false(database_force(fixture->database, 3, NULL, &error));
    g_clear_pointer(&fixture->database, database_close);
    fixture_install(fixture);
    fixture_exec(fixture, "INSERT INTO schema_migrations (version, dirty) VALUES (1, 1), (2, 0)");
    AUTOPTR(history_record) *record = history_record_new(HISTORY_FORCE, OUTCOME_DONE);
    assert_true(database_force(fixture->database, 3, record, NULL));
    assert_int_equal(record->id, 1);
    assert_true(record->finished_at >= record->started_at && record->started_at > 0);
    fixture_expect(fixture, "SELECT group_concat(version || dirty) FROM schema_migrations", "30");
    assert_true(database_force(fixture->database, -1, record, NULL));
    fixture_expect(fixture, "SELECT count(*) FROM schema_migrations", "0");
    assert_int_equal(record->id, 2);
}

static void sqlite_marks__are_kept_and_come_to_an_older_file(void **state)
{
    struct sqlite_fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    struct version_mark mark = {.version = 3, .kind = MARK_KNOWN_GOOD};
    AUTOPTR(history_record) *record = history_record_new(HISTORY_MARK, OUTCOME_DONE);
    fixture->database = fixture_open(fixture, "");
    assert_true(database_install(fixture->database, NULL));
    fixture_exec(fixture, "DROP TABLE winch_marks");
    database_close(fixture->database);
    fixture->database = fixture_open(fixture, "");
    assert_int_equal(database_history_presence(fixture->database), HISTORY_PRESENT);
    assert_false(database_mark_write(fixture->database, &mark, FALSE, record, &error));
    assert_non_null(strstr(error_detail(error)->advice, "winch init"));
    assert_true(database_install(fixture->database, NULL));
    assert_true(database_mark_write(fixture->database, &mark, FALSE, record, NULL));
    assert_true(database_mark_write(fixture->database, &mark, FALSE, record, NULL));
    g_autoptr(GArray) marks = database_marks_read(fixture->database, NULL);
    assert_int_equal(marks->len, 1);
    assert_int_equal(marks_last(marks, MARK_KNOWN_GOOD, 9), 3);
    assert_true(database_drop(fixture->database, NULL, NULL, NULL)); /* ours stay */
    assert_true(database_mark_write(fixture->database, &mark, TRUE, record, NULL));
    g_autoptr(GArray) none = database_marks_read(fixture->database, NULL);
    assert_int_equal(none->len, 0);
    assert_int_equal(record->id, 3);
    assert_false(database_has_approvals(fixture->database));
}

static void sqlite_environment__is_not_a_copys(void **state)
{
    struct sqlite_fixture *fixture = *state;
    fixture_install(fixture);
    assert_true(database_environment_record(fixture->database, "staging", NULL));
    assert_true(database_environment_record(fixture->database, "production", NULL));
    assert_string_equal(database_facts(fixture->database)->environment_recorded, "production");
    g_clear_pointer(&fixture->database, database_close);
    g_autofree char *copy = g_build_filename(fixture->directory, "copy.db", NULL);
    assert_int_equal(g_rename(fixture->path, copy), 0);
    g_autofree char *url = g_strconcat("sqlite3://", copy, NULL);
    const struct database_options options = {.url = url};
    fixture->database = database_open(&options, NULL);
    assert_true(database_facts(fixture->database)->is_clone);
    assert_null(database_facts(fixture->database)->environment_recorded);
}

/* ---- history -------------------------------------------------------------------------------- */

static void append(struct sqlite_fixture *fixture, struct database *database, const char *title)
{
    AUTOPTR(history_record) *record = history_record_new(HISTORY_UP, OUTCOME_DONE);
    g_autoptr(GError) error = NULL;
    (void)fixture;
    record->title = g_strdup(title);
    record->line = G_MAXINT64;
    if (!database_history_append(database, record, &error))
        fail_msg("%s", error->message);
}

static gboolean is_whole(struct database *database, GError **error)
{
    gint64 rows = 0;
    g_autofree char *hash = NULL;
    g_autoptr(GPtrArray) records = database_history_read(database, 0, error);
    return records != NULL && database_history_head(database, &rows, &hash, error) &&
           history_verify(records, rows, hash, error);
}

static void sqlite_history__chain__is_one_per_version_table(void **state)
{
    struct sqlite_fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    fixture_install(fixture);
    struct database *other = fixture_open(fixture, "?x-migrations-table=others");
    assert_true(database_install(other, NULL));
    append(fixture, fixture->database, "it's; \"\xc3\xa9\"");
    append(fixture, other, "theirs");
    append(fixture, fixture->database, NULL);
    append(fixture, fixture->database, "");
    gboolean both = is_whole(fixture->database, &error) && is_whole(other, &error);
    g_autoptr(GPtrArray) newest = database_history_read(fixture->database, 2, &error);
    database_close(other);
    assert_null(error);
    assert_true(both);
    assert_int_equal(newest->len, 2);
    const struct history_record *first = g_ptr_array_index(newest, 0);
    assert_int_equal(first->id, 2);
    assert_null(first->title);
    assert_string_equal(first->version_table, "main.schema_migrations");
}

static void sqlite_history__triggers__refuse_changes(void **state)
{
    static const char *const changes[] = {
        "UPDATE winch_history SET title = 'x'",
        "DELETE FROM winch_history",
        "INSERT OR REPLACE INTO winch_history SELECT * FROM winch_history",
        "DELETE FROM winch_chain",
        "UPDATE winch_chain SET hash = 'x'",
        "INSERT OR REPLACE INTO winch_chain SELECT version_table, 0, '' FROM winch_chain",
        "UPDATE winch_files SET bytes = 'x'",
        "DELETE FROM winch_files",
        "REPLACE INTO winch_files VALUES ('abc', 'x')",
    };
    struct sqlite_fixture *fixture = *state;
    sqlite3 *db = NULL;
    fixture_install(fixture);
    append(fixture, fixture->database, "a");
    fixture_exec(fixture, "INSERT INTO winch_files VALUES ('abc', 'text')");
    assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        int code = sqlite3_exec(db, changes[i], NULL, NULL, NULL);
        if (code != SQLITE_CONSTRAINT || strstr(sqlite3_errmsg(db), "only added") == NULL)
            fail_msg("%s: %s", changes[i], sqlite3_errmsg(db));
    }
    sqlite3_close(db);
    assert_true(is_whole(fixture->database, NULL));
}

static void sqlite_history__verify__finds_what_triggers_did_not_stop(void **state)
{
    struct sqlite_fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    fixture_install(fixture);
    append(fixture, fixture->database, "a");
    append(fixture, fixture->database, "b");
    fixture_exec(fixture, "DROP TRIGGER winch_history_no_update;"
                          "UPDATE winch_history SET title = 'x' WHERE id = 1");
    assert_false(is_whole(fixture->database, &error));
    assert_non_null(strstr(error->message, "row 1 was changed"));
    g_clear_error(&error);
    fixture_exec(fixture, "UPDATE winch_history SET kind = 'levitated' WHERE id = 1");
    assert_false(is_whole(fixture->database, &error));
    assert_non_null(strstr(error->message, "row 1 was changed"));
}

/* ---- the lock ------------------------------------------------------------------------------- */

/* A process that takes the lock, says so, and holds it until it is killed. */
static pid_t start_holder(struct sqlite_fixture *fixture)
{
    int ends[2];
    char said = '\0';
    assert_int_equal(pipe(ends), 0);
    pid_t holder = fork();
    if (holder == 0) {
        close(ends[0]);
        struct database *database = fixture_open(fixture, "");
        said = database_lock(database, PATIENCE, NULL, NULL, NULL) ? '+' : '-';
        if (write(ends[1], &said, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    close(ends[1]);
    assert_int_equal(read(ends[0], &said, 1), 1);
    close(ends[0]);
    assert_int_equal(said, '+');
    return holder;
}

static void end_holder(pid_t holder)
{
    int status = 0;
    kill(holder, SIGKILL);
    waitpid(holder, &status, 0);
}

struct waiting {
    pid_t holder;
    int seen_pid;
};

/* The holder dies while somebody waits for it. */
static void kill_while_waiting(const struct lock_holder *holder, gint64 waited_us, void *data)
{
    struct waiting *waiting = data;
    (void)waited_us;
    waiting->seen_pid = holder != NULL ? holder->pid : 0;
    end_holder(waiting->holder);
}

static void sqlite_lock__excludes_another_process_until_it_dies(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct lock_holder holder;
    g_autoptr(GError) error = NULL;
    pid_t pid = start_holder(fixture);
    fixture->database = fixture_open(fixture, "");
    gboolean is_free = database_lock(fixture->database, 0, NULL, NULL, &error);
    int holders = database_lock_holder(fixture->database, &holder, NULL);
    struct waiting waiting = {pid, 0};
    gboolean is_taken =
        database_lock(fixture->database, PATIENCE, kill_while_waiting, &waiting, NULL);
    assert_false(is_free);
    assert_true(error_is(error, ERROR_LOCKED));
    g_autofree char *number = g_strdup_printf("process %d ", (int)pid);
    assert_non_null(strstr(error->message, number));
    assert_int_equal(holders, 1);
    assert_int_equal(holder.pid, pid);
    assert_int_equal(waiting.seen_pid, pid);
    assert_true(is_taken);
    assert_int_equal(database_lock_holder(fixture->database, &holder, NULL), 1);
    assert_int_equal(holder.pid, getpid());
    database_unlock(fixture->database);
    assert_int_equal(database_lock_holder(fixture->database, &holder, NULL), 0);
}

static void sqlite_lock__left_behind__is_free(void **state)
{
    struct sqlite_fixture *fixture = *state;
    struct lock_holder holder;
    pid_t pid = start_holder(fixture);
    end_holder(pid);
    fixture->database = fixture_open(fixture, "");
    assert_int_equal(database_lock_holder(fixture->database, &holder, NULL), 0);
    assert_true(database_lock(fixture->database, 0, NULL, NULL, NULL));
}

static void sqlite_lock__every_name_of_the_file_has_the_same(void **state)
{
    struct sqlite_fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    fixture_install(fixture);
    g_autofree char *link = g_build_filename(fixture->directory, "link.db", NULL);
    assert_int_equal(symlink("app.db", link), 0);
    g_autofree char *url = g_strconcat("sqlite://", link, NULL);
    const struct database_options options = {.url = url};
    struct database *other = database_open(&options, NULL);
    assert_true(database_lock(fixture->database, 0, NULL, NULL, NULL));
    gboolean is_taken = database_lock(other, 0, NULL, NULL, &error);
    database_unlock(fixture->database);
    gboolean is_taken_later = database_lock(other, 0, NULL, NULL, NULL);
    database_close(other);
    assert_false(is_taken);
    assert_true(is_taken_later);
    g_autofree char *lock = g_strconcat(fixture->path, ".winch-lock", NULL);
    assert_false(g_file_test(lock, G_FILE_TEST_EXISTS));
}

static void sqlite_lock__cancel__ends_the_wait(void **state)
{
    struct sqlite_fixture *fixture = *state;
    const struct database_options options = {.url = fixture->url,
                                             .cancellation = fixture->cancellation};
    g_autoptr(GError) error = NULL;
    fixture_install(fixture);
    assert_true(database_lock(fixture->database, 0, NULL, NULL, NULL));
    struct database *other = database_open(&options, NULL);
    cancellation_raise(fixture->cancellation, CANCEL_AFTER, ERROR_HANGUP);
    gboolean is_taken = database_lock(other, PATIENCE, NULL, NULL, &error);
    database_close(other);
    assert_false(is_taken);
    assert_true(error_is(error, ERROR_HANGUP));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)

/* ---- watching ---------------------------------------------------------------------------------
 */

static void sqlite_pulse__take__tells_row_history_and_holder(void **state)
{
    struct sqlite_fixture *fixture = *state;
    g_autoptr(GError) error = NULL;
    fixture_install(fixture);
    AUTOPTR(pulse) *quiet = database_pulse(fixture->database, &error);
    assert_non_null(quiet);
    assert_int_equal(quiet->version.version, -1);
    assert_int_equal(quiet->history_rows, 0);
    assert_int_equal(quiet->holder, -1);
    assert_true(database_lock(fixture->database, 0, NULL, NULL, &error));
    AUTOPTR(history_record) *record = history_record_new(HISTORY_STARTED, OUTCOME_DONE);
    assert_true(database_history_append(fixture->database, record, &error));
    AUTOPTR(pulse) *busy = database_pulse(fixture->database, &error);
    assert_int_equal(busy->history_rows, 1);
    assert_int_equal(busy->holder, 0);
    assert_int_equal(busy->runs[0].pid, getpid());
    AUTOPTR(activity) *activity = database_activity(fixture->database, &error);
    assert_int_equal(activity->session_count, 1);
    assert_int_equal(activity->forest_count, 0);
    database_unlock(fixture->database);
}

static void count_statement(const struct statement_trace *statement, void *data)
{
    if (strstr(statement->text, "SELECT") != NULL && statement->elapsed_us >= 0)
        ++*(guint *)data;
}

static void sqlite_trace__count__grows_with_each_look(void **state)
{
    struct sqlite_fixture *fixture = *state;
    guint told = 0;
    fixture_install(fixture);
    struct database_options options = {
        .url = fixture->url, .on_statement = count_statement, .statement_data = &told};
    struct version_state version;
    AUTOPTR(database) *database = database_open(&options, NULL);
    assert_non_null(database);
    guint opened = told;
    assert_true(database_version_read(database, &version, NULL));
    assert_true(told > opened);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sqlite_pulse__take__tells_row_history_and_holder),
        TEST(sqlite_trace__count__grows_with_each_look),
        TEST(sqlite_open__looking__creates_nothing),
        TEST(sqlite_open__refuses_what_cannot_be_meant),
        TEST(sqlite_open__refuses_other_files),
        TEST(sqlite_open__scheme_chooses_the_driver),
        TEST(sqlite_open__read_only__refuses_to_write),
        TEST(sqlite_open__memory__works),
        TEST(sqlite_version__flavours__are_told_apart),
        TEST(sqlite_install__keeps_a_table_of_golang_migrate),
        TEST(sqlite_install__makes_a_table_golang_migrate_can_use),
        TEST(sqlite_install__refuses_a_foreign_table),
        TEST(sqlite_install__script__does_the_same),
        TEST(sqlite_force__writes_and_empties_the_row),
        TEST(sqlite_marks__are_kept_and_come_to_an_older_file),
        TEST(sqlite_environment__is_not_a_copys),
        TEST(sqlite_history__chain__is_one_per_version_table),
        TEST(sqlite_history__triggers__refuse_changes),
        TEST(sqlite_history__verify__finds_what_triggers_did_not_stop),
        TEST(sqlite_lock__excludes_another_process_until_it_dies),
        TEST(sqlite_lock__left_behind__is_free),
        TEST(sqlite_lock__every_name_of_the_file_has_the_same),
        TEST(sqlite_lock__cancel__ends_the_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
