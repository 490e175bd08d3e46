/* The gate on a real server: a second person, looked for under the lock; and what goes on in the
 * database, as people are shown it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <libpq-fe.h>
#include <string.h>
#include <time.h>

#include "analysis/inspection.h"
#include "engine/gate.h"
#include "engine/preview.h"
#include "engine/receipt.h"
#include "support/cluster.h"
#include "support/program.h"

/* This machine's clock, in place of GLib's: it may be wrong. */
static gint64 clock_error;

gint64 g_get_real_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return now.tv_sec * G_USEC_PER_SEC + now.tv_nsec / 1000 + clock_error;
}

struct place {
    char *folder;
    struct engine_settings *settings[2]; /* of those who run, and approve */
    struct engine *engine[2];
};

static char *url_of(const char *user)
{
    g_autofree char *url = cluster_url("app");
    const char *query = strchr(url, '?');
    assert_non_null(query);
    return g_strdup_printf("postgres://%s@/app%s", user, query);
}

static struct engine *open_as(struct place *place, guint index, const char *user,
                              enum policy_rule preview)
{
    g_autoptr(GError) error = NULL;
    struct engine_settings *settings = engine_settings_new();
    struct policy policy = *policy_builtin(1); /* staging's */
    policy.approval = RULE_REQUIRED;
    policy.rollback_to = ROLLBACK_ANY;
    policy.backup = RULE_OFF;
    policy.preview = preview;
    engine_settings_take_policy(settings, &policy);
    settings->url = url_of(user);
    settings->environment = g_strdup("staging");
    settings->environment_origin = g_strdup("test");
    g_free(settings->migrations_path);
    settings->migrations_path = g_strdup(place->folder);
    place->settings[index] = settings;
    place->engine[index] = engine_open(settings, NULL, &error);
    if (place->engine[index] == NULL)
        fail_msg("%s", error->message);
    return place->engine[index];
}

static gboolean run(struct engine *engine, const struct goal *goal,
                    const struct change_options *options, GError **error)
{
    struct change_report report;
    gboolean is_done = engine_migrate(engine, goal, options, &report, error);
    change_report_clear(&report);
    return is_done;
}

static int setup(void **state)
{
    struct place *place = g_new0(struct place, 1);
    g_autoptr(GError) error = NULL;
    *state = place;
    place->folder = workspace_make();
    workspace_put(place->folder, "1_a.up.sql", "CREATE TABLE a (i int);");
    workspace_put(place->folder, "1_a.down.sql", "DROP TABLE a;");
    workspace_put(place->folder, "2_b.up.sql", "CREATE TABLE b (i int);");
    workspace_put(place->folder, "2_b.down.sql", "DROP TABLE b; DROP TABLE IF EXISTS \"B.2\";");
    g_free(cluster_create_database("app"));
    cluster_exec(NULL, "DROP ROLE IF EXISTS owner; DROP ROLE IF EXISTS second;"
                       "CREATE ROLE owner LOGIN; CREATE ROLE second LOGIN;"
                       "GRANT CREATE ON DATABASE app TO owner");
    cluster_exec("app", "GRANT CREATE ON SCHEMA public TO owner");
    struct engine *engine = open_as(place, 0, "owner", RULE_OFF);
    if (!run(engine, &(struct goal){.kind = GOAL_UP}, &(struct change_options){0}, &error))
        fail_msg("%s", error->message);
    cluster_exec("app", "GRANT USAGE ON SCHEMA winch TO second;"
                        "GRANT SELECT, INSERT ON winch.history, winch.approvals TO second;"
                        "GRANT SELECT ON schema_migrations TO second");
    open_as(place, 1, "second", RULE_OFF);
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    for (guint i = 0; i < 2; i++) {
        if (place->engine[i] != NULL)
            engine_close(place->engine[i]);
        if (place->settings[i] != NULL)
            engine_settings_free(place->settings[i]);
    }
    cluster_exec(NULL, "DROP DATABASE app");
    cluster_exec(NULL, "DROP ROLE owner; DROP ROLE second");
    workspace_remove(place->folder);
    g_free(place);
    clock_error = 0;
    return 0;
}

static const struct goal down = {.kind = GOAL_DOWN, .count = 1};

/* The plan's id, and the approval row of its gate. */
static char *look(struct engine *engine, enum gate_verdict *verdict)
{
    AUTOPTR(plan) *plan = engine_plan(engine, &down, NULL);
    assert_non_null(plan);
    struct gate_wish wish = gate_wish_of_plan(plan, &down);
    AUTOPTR(gate) *gate =
        engine_gate(engine, &wish, &(struct change_options){.is_confirmed = TRUE}, NULL);
    *verdict = gate_check_find(gate, "approval")->verdict;
    assert_int_equal(gate->failed, *verdict == GATE_FAILED);
    return g_strdup(plan->id);
}

static void assert_refused(struct engine *engine, const char *why)
{
    g_autoptr(GError) error = NULL;
    const struct change_options options = {.is_confirmed = TRUE, .override = "I say so"};
    assert_false(run(engine, &down, &options, &error));
    assert_true(error_is(error, ERROR_REFUSED));
    if (strstr(error->message, why) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", why, error->message);
}

static void approval__second_person__opens_the_gate(void **state)
{
    struct place *place = *state;
    struct engine *owner = place->engine[0], *second = place->engine[1];
    const struct change_options none = {0};
    enum gate_verdict verdict;
    g_autofree char *id = look(owner, &verdict);
    assert_int_equal(verdict, GATE_FAILED);
    assert_refused(owner, "nobody has approved");
    assert_true(engine_approve(owner, id, 60000, &none, NULL));
    assert_refused(owner, "but you, which does not count");
    assert_true(engine_approve(second, "0123456789abcdef", 60000, &none, NULL)); /* another plan */
    assert_refused(owner, "but you, which does not count");
    assert_true(engine_approve(second, id, 60000, &none, NULL));
    workspace_put(place->folder, "2_b.down.sql", "DROP TABLE b; SELECT 1;");
    assert_refused(owner, "nobody has approved"); /* it is another plan now */
    workspace_put(place->folder, "2_b.down.sql", "DROP TABLE b; DROP TABLE IF EXISTS \"B.2\";");
    g_free(look(owner, &verdict));
    assert_int_equal(verdict, GATE_OK);
    g_autoptr(GError) error = NULL;
    if (!run(owner, &down, &(struct change_options){.is_confirmed = TRUE}, &error))
        fail_msg("%s", error->message);
    g_autofree char *recorded = cluster_value(
        "app", "SELECT string_agg(database_user || ' ' || outcome, ', ' ORDER BY id) FROM"
               " winch.history WHERE kind = 'approval'");
    assert_string_equal(recorded, "owner done, second done, second done");
    g_autofree char *refused = cluster_value(
        "app", "SELECT count(DISTINCT plan_id) FROM winch.history WHERE kind = 'refused'");
    assert_string_equal(refused, "2");
}

static void approval__expired__does_not(void **state)
{
    struct place *place = *state;
    enum gate_verdict verdict;
    g_autofree char *id = look(place->engine[0], &verdict);
    assert_true(engine_approve(place->engine[1], id, 1, &(struct change_options){0}, NULL));
    cluster_exec("app", "SELECT pg_sleep(0.01)");
    assert_refused(place->engine[0], "the approval by second has expired");
}

/* Its reason stands for the second person too, but only where a marked version is the target. */
static void approval__emergency__goes_without(void **state)
{
    struct place *place = *state;
    struct version_mark mark = {.version = 1, .kind = MARK_STABLE};
    const struct change_options options = {.reason = "the shop is down", .confirm = "app 1"};
    const struct goal emergency = {.kind = GOAL_EMERGENCY};
    g_autoptr(GError) error = NULL;
    assert_false(run(place->engine[0], &emergency, &options, &error));
    assert_non_null(strstr(error->message, "none that is known to be safe"));
    g_clear_error(&error);
    assert_true(engine_mark(place->engine[0], &mark, FALSE, &(struct change_options){0}, NULL));
    if (!run(place->engine[0], &emergency, &options, &error))
        fail_msg("%s", error->message);
    g_autofree char *started = cluster_value(
        "app", "SELECT reason || ': ' || message FROM winch.history WHERE kind = 'started' AND"
               " message IS NOT NULL");
    g_autofree char *start = g_strndup(started, strlen("the shop is down: in spite of approval"));
    assert_string_equal(start, "the shop is down: in spite of approval");
}

static void approval__readonly__writes_nothing(void **state)
{
    struct place *place = *state;
    g_autoptr(GError) error = NULL;
    place->settings[1]->is_read_only = TRUE;
    assert_false(engine_approve(place->engine[1], "0123456789abcdef", 60000,
                                &(struct change_options){0}, &error));
    assert_true(error_is(error, ERROR_REFUSED));
}

/* ---- what the database is -------------------------------------------------------------------- */

/* Since the engine was opened, or while the lock was waited for. */
static void environment__said_meanwhile__is_heard_under_the_lock(void **state)
{
    struct place *place = *state;
    cluster_exec(NULL, "ALTER DATABASE app SET winch.environment = 'production'");
    assert_refused(place->engine[0], "this database says that it is production");
    assert_string_equal(engine_environment(place->engine[0])->name, "production");
}

static void environment__hidden__is_not_what_the_caller_says(void **state)
{
    struct place *place = *state;
    const struct environment *environment = engine_environment(place->engine[1]);
    assert_int_equal(environment->class_, ENVIRONMENT_UNKNOWN);
    assert_non_null(strstr(environment->said_by, "a record that this user may not read"));
    assert_int_equal(engine_environment(place->engine[0])->class_, ENVIRONMENT_STAGING);
}

/* ---- what is told ---------------------------------------------------------------------------- */

static const struct gate_check *told(struct engine *engine, const char *name, struct gate **gate)
{
    AUTOPTR(plan) *plan = engine_plan(engine, &down, NULL);
    struct gate_wish wish = gate_wish_of_plan(plan, &down);
    *gate = engine_gate(engine, &wish, &(struct change_options){0}, NULL);
    return gate_check_find(*gate, name);
}

static void gate__told__who_is_in_the_way_and_whose_tables_they_are(void **state)
{
    struct place *place = *state;
    struct engine *owner = place->engine[0];
    {
        AUTOPTR(gate) *gate = NULL;
        assert_int_equal(told(owner, "blockers", &gate)->verdict, GATE_OK);
        assert_int_equal(gate_check_find(gate, "rights")->verdict, GATE_OK);
        assert_int_equal(gate_check_find(gate, "replicas")->verdict, GATE_NOT_NEEDED);
        assert_int_equal(gate_check_find(gate, "lock")->verdict, GATE_OK);
    }
    cluster_exec(NULL, "GRANT pg_monitor TO owner");
    g_autofree char *url = cluster_url("app");
    PGconn *other = PQconnectdb(url);
    PQclear(PQexec(other, "BEGIN; SELECT * FROM b"));
    cluster_exec("app", "CREATE TABLE theirs (i int)");
    AUTOPTR(gate) *gate = NULL;
    const struct gate_check *blockers = told(owner, "blockers", &gate);
    g_autofree char *pid = g_strdup_printf("pid %d ", PQbackendPID(other));
    const struct gate_check *rights = gate_check_find(gate, "rights");
    assert_int_equal(rights->verdict, GATE_WARNING);
    assert_non_null(strstr(rights->found, "1 of 4 tables"));
    if (strstr(blockers->found, pid) == NULL || strstr(blockers->found, "holds public.b") == NULL)
        fail_msg("%s", blockers->found);
    assert_int_equal(blockers->verdict, GATE_WARNING);
    PQfinish(other);
    assert_int_equal(strstr(blockers->found, "holds public.b, which this needs") != NULL,
                     inspection_parser_version() != 0);
    if (inspection_parser_version() == 0)
        return; /* what a statement needs is not known then */
    cluster_exec("app", "ALTER TABLE b OWNER TO second");
    AUTOPTR(gate) *foreign = NULL;
    rights = told(owner, "rights", &foreign);
    assert_int_equal(rights->verdict, GATE_WARNING);
    assert_true(g_str_has_prefix(rights->found, "b belongs to a role that owner is no member of"));
}

/* ---- what is destroyed ----------------------------------------------------------------------- */

static struct gate *look_back(struct engine *engine)
{
    const struct receipt_options counting = {.way = RECEIPT_READ};
    AUTOPTR(plan) *plan = engine_plan(engine, &down, NULL);
    struct gate_wish wish = gate_wish_of_plan(plan, &down);
    wish.receipt = &counting;
    return engine_gate(engine, &wish, &(struct change_options){0}, NULL);
}

static void assert_told(struct engine *engine, const char *name, enum gate_verdict verdict,
                        const char *found)
{
    AUTOPTR(gate) *gate = look_back(engine);
    const struct gate_check *check = gate_check_find(gate, name);
    if (check->verdict != verdict || strstr(check->found, found) == NULL)
        fail_msg("%s is %s, without \"%s\": %s", name, gate_verdict_name(check->verdict), found,
                 check->found);
}

static void gate__receipt__counts_what_goes(void **state)
{
    struct place *place = *state;
    struct engine *owner = place->engine[0];
    if (inspection_parser_version() == 0) {
        assert_told(owner, "receipt", GATE_WARNING, "left open: 2 line 1: not analysed");
        return;
    }
    assert_told(owner, "receipt", GATE_OK, "0 rows (exact)");
    cluster_exec("app", "INSERT INTO b SELECT generate_series(1, 3)");
    assert_told(owner, "receipt", GATE_WARNING, "drops table b: 3 rows");
    assert_told(owner, "receipt", GATE_WARNING, "(exact)");
    cluster_exec("app", "REVOKE ALL ON b FROM owner");
    assert_told(owner, "receipt", GATE_WARNING, "drops table b (this role may not read all of it");
    workspace_put(place->folder, "2_b.down.sql", "DELETE FROM a;");
    assert_told(owner, "receipt", GATE_WARNING, "left open: 2 line 1: DELETE");
    assert_told(owner, "dependents", GATE_OK, "as far as it can be told");
}

static void gate__dependents__stop_a_down_or_go_along(void **state)
{
    struct place *place = *state;
    struct engine *owner = place->engine[0];
    if (inspection_parser_version() == 0)
        skip();
    assert_told(owner, "dependents", GATE_OK, "nothing else depends on what is dropped");
    cluster_exec("app", "CREATE VIEW v AS SELECT * FROM b; ALTER TABLE b ADD PRIMARY KEY (i);"
                        "CREATE TABLE c (i int REFERENCES b); ALTER TABLE c OWNER TO owner");
    assert_told(owner, "dependents", GATE_WARNING,
                "2 line 1: DROP TABLE public.b would fail: in its way is view public.v");
    workspace_put(place->folder, "2_b.down.sql", "DROP TABLE b CASCADE;");
    assert_told(owner, "dependents", GATE_WARNING,
                "no file names these, and they go along: view public.v");
    workspace_put(place->folder, "2_b.down.sql", "DROP VIEW v; DROP TABLE b;");
    assert_told(owner, "dependents", GATE_WARNING, "in its way is constraint public.c.c_i_fkey");
    workspace_put(place->folder, "2_b.down.sql", "DROP VIEW v; DROP TABLE b, c;");
    assert_told(owner, "dependents", GATE_OK, "nothing else depends on what is dropped");
}

/* ---- how old evidence is --------------------------------------------------------------------- */

static void preview__age__is_told_by_the_servers_clock(void **state)
{
    struct place *place = *state;
    g_autoptr(GError) error = NULL;
    AUTOPTR(preview) *preview = NULL;
    const struct preview_options here = {.level = PREVIEW_LEVEL_DATABASE};
    engine_close(place->engine[1]);
    engine_settings_free(place->settings[1]);
    struct engine *owner = open_as(place, 1, "owner", RULE_REQUIRED);
    assert_told(owner, "preview", GATE_FAILED, "was never previewed");
    if (!engine_preview(owner, &down, &here, &preview, &error))
        fail_msg("%s", error->message);
    clock_error = G_TIME_SPAN_DAY;
    assert_told(owner, "preview", GATE_OK, "of exactly this plan");
    clock_error = -G_TIME_SPAN_DAY;
    assert_told(owner, "preview", GATE_OK, "of exactly this plan");
    place->settings[1]->preview_max_age = 1;
    cluster_exec("app", "SELECT pg_sleep(0.01)");
    assert_told(owner, "preview", GATE_FAILED, "and preview_max_age is 1");
}

/* What has to be quoted is known by its name all the same; and who sees nothing says so. */
static void gate__told__of_a_quoted_name_and_of_what_is_hidden(void **state)
{
    struct place *place = *state;
    cluster_exec("app", "CREATE TABLE \"B.2\" (i int); ALTER TABLE \"B.2\" OWNER TO owner");
    struct engine *owner = place->engine[0];
    g_autofree char *url = cluster_url("app");
    PGconn *other = PQconnectdb(url);
    AUTOPTR(gate) *blind = NULL;
    AUTOPTR(gate) *gate = NULL;
    PQclear(PQexec(other, "BEGIN; SELECT * FROM a"));
    const struct gate_check *blockers = told(owner, "blockers", &blind);
    assert_int_equal(blockers->verdict, GATE_WARNING);
    assert_non_null(strstr(blockers->found, "cannot be seen"));
    PQclear(PQexec(other, "SELECT * FROM \"B.2\""));
    blockers = told(owner, "blockers", &gate);
    PQfinish(other);
    assert_int_equal(strstr(blockers->found, "holds public.B.2, which this needs") != NULL,
                     inspection_parser_version() != 0);
}

#define GATE_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        GATE_TEST(approval__second_person__opens_the_gate),
        GATE_TEST(approval__expired__does_not),
        GATE_TEST(approval__emergency__goes_without),
        GATE_TEST(approval__readonly__writes_nothing),
        GATE_TEST(environment__said_meanwhile__is_heard_under_the_lock),
        GATE_TEST(environment__hidden__is_not_what_the_caller_says),
        GATE_TEST(gate__told__who_is_in_the_way_and_whose_tables_they_are),
        GATE_TEST(gate__receipt__counts_what_goes),
        GATE_TEST(gate__dependents__stop_a_down_or_go_along),
        GATE_TEST(preview__age__is_told_by_the_servers_clock),
        GATE_TEST(gate__told__of_a_quoted_name_and_of_what_is_hidden),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
