/* Marks and approvals: rows beside their records, in installations old and new, by roles with and
 * without rights. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "database/mark.h"
#include "support/cluster.h"

#define PLAN "0123456789abcdef"

static struct database *open_as(const char *user)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *url = cluster_url("app"); /* the superuser's */
    struct database_options options = {.url = url};
    if (user != NULL)
        options = (struct database_options){
            .host = scratch_server_directory(cluster_server()), .name = "app", .user = user};
    struct database *database = database_open(&options, &error);
    if (database == NULL)
        fail_msg("%s", error->message);
    return database;
}

static struct database *open_installed(const char *user)
{
    g_autoptr(GError) error = NULL;
    struct database *database = open_as(user);
    if (!database_install(database, &error))
        fail_msg("%s", error->message);
    return database;
}

static gboolean set_mark(struct database *database, gint64 version, enum mark_kind kind,
                         gboolean is_removed, GError **error)
{
    struct version_mark mark = {
        .version = version, .kind = kind, .reason = (char *)(gsize) "it's 'good'"};
    AUTOPTR(history_record) *record = history_record_new(HISTORY_MARK, OUTCOME_DONE);
    record->version = version;
    return database_mark_write(database, &mark, is_removed, record, error);
}

static gboolean approve(struct database *database, gint64 lifetime, GError **error)
{
    AUTOPTR(history_record) *record = history_record_new(HISTORY_APPROVAL, OUTCOME_DONE);
    record->plan_id = g_strdup(PLAN);
    return database_approve(database, lifetime, record, error);
}

static void assert_value(const char *sql, const char *expected)
{
    g_autofree char *value = cluster_value("app", sql);
    if (g_strcmp0(value, expected) != 0)
        fail_msg("%s: %s, not %s", sql, value, expected);
}

static int setup(void **state)
{
    (void)state;
    g_free(cluster_create_database("app"));
    cluster_exec(NULL, "DROP ROLE IF EXISTS owner; DROP ROLE IF EXISTS clerk;"
                       "DROP ROLE IF EXISTS second; CREATE ROLE owner LOGIN;"
                       "CREATE ROLE clerk LOGIN; CREATE ROLE second LOGIN;"
                       "GRANT CREATE ON DATABASE app TO owner");
    cluster_exec("app", "GRANT CREATE ON SCHEMA public TO owner");
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    cluster_exec(NULL, "DROP DATABASE app");
    cluster_exec(NULL, "DROP ROLE owner; DROP ROLE clerk; DROP ROLE second");
    return 0;
}

/* ---- marks ----------------------------------------------------------------------------------- */

static void marks__set__are_read_back_and_recorded(void **state)
{
    AUTOPTR(database) *database = open_installed("owner");
    (void)state;
    assert_true(set_mark(database, 7, MARK_STABLE, FALSE, NULL));
    assert_true(set_mark(database, 3, MARK_KNOWN_GOOD, FALSE, NULL));
    assert_true(set_mark(database, 3, MARK_STABLE, FALSE, NULL));
    assert_true(set_mark(database, 3, MARK_STABLE, FALSE, NULL)); /* again */
    g_autoptr(GArray) marks = database_marks_read(database, NULL);
    assert_int_equal(marks->len, 3);
    const struct version_mark *first = &g_array_index(marks, struct version_mark, 0);
    assert_int_equal(first->version, 3);
    assert_string_equal(first->marked_by, "owner");
    assert_string_equal(first->reason, "it's 'good'");
    assert_true(ABS(g_get_real_time() - first->marked_at) < 60 * G_USEC_PER_SEC);
    g_autofree char *text = marks_text(marks, 3);
    assert_string_equal(text, "stable, known-good");
    assert_null(marks_text(marks, 4));
    assert_int_equal(marks_last(marks, MARK_STABLE, G_MAXINT64), 7);
    assert_int_equal(marks_last(marks, MARK_STABLE, 7), 7);
    assert_int_equal(marks_last(marks, MARK_STABLE, 6), 3);
    assert_int_equal(marks_last(marks, MARK_STABLE, 2), -1);
    assert_int_equal(marks_last(marks, MARK_KNOWN_GOOD, G_MAXINT64), 3);
    assert_true(set_mark(database, 7, MARK_STABLE, TRUE, NULL));
    g_autoptr(GArray) left = database_marks_read(database, NULL);
    assert_int_equal(left->len, 2);
    assert_value("SELECT string_agg(kind || version, ' ' ORDER BY id) FROM winch.history",
                 "mark7 mark3 mark3 mark3 mark7");
}

/* As an installation of before the marks: what is missing comes by whoever owns the history, and
 * belongs to that one. */
static void marks__older_installation__gets_them_in_place(void **state)
{
    static const char *const installers[] = {"owner", NULL}; /* and the superuser */
    (void)state;
    {
        AUTOPTR(database) *database = open_installed("owner");
        assert_true(set_mark(database, 1, MARK_STABLE, FALSE, NULL));
    }
    for (gsize i = 0; i < G_N_ELEMENTS(installers); i++) {
        g_autoptr(GError) error = NULL;
        cluster_exec("app", "DROP TABLE winch.marks, winch.approvals;"
                            "DROP FUNCTION winch.approval_stamp()");
        AUTOPTR(database) *before = open_as(installers[i]);
        g_autoptr(GArray) none = database_marks_read(before, &error);
        assert_int_equal(none->len, 0);
        assert_false(set_mark(before, 1, MARK_STABLE, FALSE, &error));
        assert_non_null(strstr(error_detail(error)->advice, "winch init"));
        assert_true(database_install(before, NULL));
        assert_true(set_mark(before, 2, MARK_STABLE, FALSE, NULL));
        assert_value("SELECT string_agg(DISTINCT tableowner, ' ') FROM pg_tables WHERE schemaname ="
                     " 'winch'",
                     "owner");
        assert_value("SELECT count(*) FROM winch.history WHERE kind = 'mark'", i == 0 ? "2" : "3");
    }
    AUTOPTR(database) *database = open_as("owner");
    assert_true(approve(database, 60000, NULL));
}

static void marks__without_rights__say_which(void **state)
{
    g_autoptr(GError) error = NULL;
    (void)state;
    {
        AUTOPTR(database) *database = open_installed("owner");
        assert_true(set_mark(database, 1, MARK_STABLE, FALSE, NULL));
    }
    cluster_exec("app", "GRANT USAGE ON SCHEMA winch TO clerk;"
                        "GRANT SELECT, INSERT ON winch.history TO clerk");
    {
        AUTOPTR(database) *database = open_as("clerk");
        g_autoptr(GArray) hidden = database_marks_read(database, &error);
        assert_int_equal(hidden->len, 0);
        assert_false(set_mark(database, 2, MARK_STABLE, FALSE, &error));
        assert_non_null(
            strstr(error_detail(error)->advice, "GRANT SELECT, INSERT, UPDATE ON \"winch\".marks"));
    }
    cluster_exec("app", "GRANT SELECT, INSERT, UPDATE ON winch.marks TO clerk");
    AUTOPTR(database) *database = open_as("clerk");
    assert_true(set_mark(database, 2, MARK_STABLE, FALSE, NULL));
    g_clear_error(&error);
    assert_false(set_mark(database, 2, MARK_STABLE, TRUE, &error));
    assert_non_null(strstr(error_detail(error)->advice, "GRANT SELECT, DELETE"));
}

/* ---- approvals ------------------------------------------------------------------------------- */

static void approvals__tell__who_it_was_and_until_when(void **state)
{
    (void)state;
    AUTOPTR(database) *owner = open_installed("owner");
    cluster_exec("app", "GRANT USAGE ON SCHEMA winch TO second;"
                        "GRANT SELECT, INSERT ON winch.history, winch.approvals TO second");
    AUTOPTR(database) *second = open_as("second");
    assert_true(approve(second, 3600000, NULL));
    assert_true(approve(owner, 60000, NULL));
    g_autoptr(GArray) approvals = database_approvals_read(owner, PLAN, NULL);
    assert_int_equal(approvals->len, 2);
    const struct approval *first = &g_array_index(approvals, struct approval, 0);
    assert_string_equal(first->approver, "second");
    assert_false(first->is_own);
    assert_false(first->is_expired);
    assert_true(ABS(first->expires_at - first->approved_at - (gint64)3600 * G_USEC_PER_SEC) <
                10000);
    assert_true(g_array_index(approvals, struct approval, 1).is_own);
    g_autoptr(GArray) others = database_approvals_read(owner, "another", NULL);
    assert_int_equal(others->len, 0);
    assert_value("SELECT database_user FROM winch.history WHERE kind = 'approval' AND id = 1",
                 "second");
}

static void approvals__forged__are_stamped_or_refused(void **state)
{
    (void)state;
    AUTOPTR(database) *database = open_installed("owner");
    /* as a client that means to pass for somebody else, who has the table's rights */
    cluster_exec("app", "SET SESSION AUTHORIZATION owner;"
                        "INSERT INTO winch.approvals VALUES ('public.schema_migrations', '" PLAN
                        "', 'second', now() - interval '1 day', now() - interval '1 day'"
                        " + interval '1 hour');"
                        "RESET SESSION AUTHORIZATION");
    assert_value("SELECT approver || (approved_at > now() - interval '1 minute')"
                 " FROM winch.approvals",
                 "ownertrue");
    static const char *const refused[] = {
        "UPDATE winch.approvals SET approver = 'second'",
        "DELETE FROM winch.approvals",
        "TRUNCATE winch.approvals",
        "INSERT INTO winch.approvals VALUES ('t', 'p', 'x', now(), now() + interval '8 days')",
        "INSERT INTO winch.approvals VALUES ('t', 'p', 'x', now(), now())",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(refused); i++) {
        g_autofree char *sql =
            g_strdup_printf("SET session_replication_role = replica; DO $do$ BEGIN %s; RAISE "
                            "'was not refused' USING ERRCODE = 'ZZ000'; EXCEPTION WHEN "
                            "restrict_violation OR check_violation THEN NULL; END $do$",
                            refused[i]);
        cluster_exec("app", sql);
    }
    assert_value("SELECT count(*) FROM winch.approvals", "1");
}

static void approvals__expired__are_told_as_such(void **state)
{
    (void)state;
    AUTOPTR(database) *database = open_installed("owner");
    assert_true(approve(database, 1, NULL));
    gboolean is_expired = FALSE;
    for (int i = 0; i < 1000 && !is_expired; i++) {
        g_autoptr(GArray) approvals = database_approvals_read(database, PLAN, NULL);
        is_expired = g_array_index(approvals, struct approval, 0).is_expired;
    }
    assert_true(is_expired);
}

#define MARK_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        MARK_TEST(marks__set__are_read_back_and_recorded),
        MARK_TEST(marks__older_installation__gets_them_in_place),
        MARK_TEST(marks__without_rights__say_which),
        MARK_TEST(approvals__tell__who_it_was_and_until_when),
        MARK_TEST(approvals__forged__are_stamped_or_refused),
        MARK_TEST(approvals__expired__are_told_as_such),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
