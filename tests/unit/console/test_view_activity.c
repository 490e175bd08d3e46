/* The activity screen. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "console/session_words.h"
#include "console/views.h"
#include "database/activity_build.h"
#include "fake_frame.h"
#include "fake_model.h"

struct stage {
    struct console *console;
    struct view *view;
};

static int setup(void **state)
{
    struct stage *stage = g_new0(struct stage, 1);
    stage->console = fake_frame_new();
    stage->view = activity_view_ops.open(stage->console);
    *state = stage;
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;
    activity_view_ops.close(stage->view);
    fake_frame_free(stage->console);
    g_free(stage);
    return 0;
}

/* ---- people -----------------------------------------------------------------------------------
 */

static struct session *add(struct activity_builder *builder, int pid, const char *application,
                           const char *state, const char *query)
{
    struct session *session = activity_builder_session(builder, pid);
    session->user = "billing";
    session->database = "billing";
    session->client = "10.0.0.7";
    session->application = activity_builder_text(builder, application);
    session->state = activity_builder_text(builder, state);
    session->query = activity_builder_text(builder, query);
    session->backend_type = "client backend";
    session->began = FAKE_TIME(-3600);
    session->state_since = FAKE_TIME(-221);
    return session;
}

static void add_waiting(struct activity_builder *builder, int pid, const char *application,
                        const char *blocked_by, int seconds)
{
    struct session *session =
        add(builder, pid, application, "active", "SELECT id, total FROM invoices");
    session->wait_type = "Lock";
    session->wait_event = "relation";
    session->transaction_since = session->waiting_since = FAKE_TIME(-seconds);
    activity_builder_blocked_by(builder, session, blocked_by);
    const struct relation_lock lock = {pid, "billing.invoices", "AccessShareLock", FALSE,
                                       FAKE_TIME(-seconds)};
    g_array_append_val(builder->locks, lock);
}

static void add_run(struct activity_builder *builder)
{
    struct session *run =
        add(builder, 28811, "winch 7c1e09 up 000045 3/7", "active", "CREATE INDEX i ON invoices");
    run_name_parse(run->application, &run->run);
    run->transaction_since = FAKE_TIME(-221);
    run->migration_lock = MIGRATION_LOCK_HELD;
    run->progress = (struct session_progress){"CREATE INDEX: building index: scanning table",
                                              "blocks", 602112, 1433600};
    run->blocks = 3;
    run->blocks_since = FAKE_TIME(-220);
    const struct relation_lock lock = {28811, "billing.invoices", "ShareLock", TRUE, 0};
    g_array_append_val(builder->locks, lock);
}

static struct activity *sample(void)
{
    struct activity_builder builder;
    activity_builder_init(&builder);
    add_run(&builder);
    add_waiting(&builder, 28102, "api", "28811", 220);
    add_waiting(&builder, 28119, "api", "28811", 219);
    add_waiting(&builder, 28340, "report", "28102", 62);
    add_waiting(&builder, 28400, "worker", "0", 5);
    struct session *migrate = add(&builder, 29000, "", "active", "SELECT pg_advisory_lock(1)");
    migrate->migration_lock = MIGRATION_LOCK_WAITS;
    add(&builder, 27710, "report-worker", "idle in transaction", "SELECT 1")->transaction_since =
        FAKE_TIME(-842);
    add(&builder, 27000, "psql", "", "")->is_hidden = TRUE;
    add(&builder, 28001, "winch console", "idle", "SELECT 1")->is_own = TRUE;
    const struct prepared_transaction prepared = {"gid-1", "billing", FAKE_TIME(-86400)};
    g_array_append_val(builder.prepared, prepared);
    struct activity *activity = activity_builder_activity(&builder);
    activity->taken_at = FAKE_NOW;
    return activity;
}

/* Takes over activity. */
static void take(struct stage *stage, struct activity *activity)
{
    struct model *model = model_new();
    model_take_server(model, fake_server(HISTORY_PRESENT));
    model_take_activity(model, activity);
    fake_frame_take_model(stage->console, model);
}

static void assert_shows(struct stage *stage, const char *words)
{
    g_autofree char *text = fake_frame_draw(stage->view, 37, 140, FALSE);
    if (strstr(text, words) == NULL)
        fail_msg("\"%s\" is not in:\n%s", words, text);
}

static void find(struct stage *stage, int pid)
{
    g_autofree char *wanted = g_strdup_printf("%d ", pid);
    g_free(fake_frame_draw(stage->view, 37, 140, FALSE));
    struct list *list = activity_view_ops.list(stage->view);
    for (guint row = 0; row < list->count; row++) {
        g_autofree char *text = activity_view_ops.row_text(stage->view, row);
        if (g_str_has_prefix(g_strchug(text), wanted)) {
            list_select(list, row);
            return;
        }
    }
    fail_msg("%d is not there", pid);
}

/* ---- tests ------------------------------------------------------------------------------------
 */

static void view_activity__draw__is_as_agreed(void **state)
{
    struct stage *stage = *state;
    take(stage, sample());
    fake_frame_act(stage->view, ACTION_DOWN, 0);
    fake_frame_assert_golden(stage->view, 21, 80, FALSE, "activity-80x24.txt");
    fake_frame_assert_golden(stage->view, 21, 80, TRUE, "activity-80x24-ascii.txt");
    fake_frame_assert_golden(stage->view, 37, 140, FALSE, "activity-140x40.txt");
    fake_frame_assert_golden(stage->view, 13, 60, TRUE, "activity-60x16.txt");
}

static void view_activity__draw__knows_runs_and_holders(void **state)
{
    struct stage *stage = *state;
    take(stage, sample());
    assert_shows(stage,
                 "held by pid 28811 billing, 1 waiting for it: winch run 7c1e09 up 45, step 3/7");
    assert_shows(stage, "CREATE INDEX: building index: scanning table 42% of 1,433,600 blocks");
    assert_shows(stage, "9 sessions, 4 blocked, 1 prepared  at 12:00:00 UTC");
    find(stage, 29000);
    assert_shows(stage, "golang-migrate or a tool like it");
    find(stage, 27000);
    assert_shows(stage, "hidden (needs pg_monitor)");
    find(stage, 28102);
    assert_shows(stage, "waits for AccessShareLock on");
    struct activity_builder builder;
    activity_builder_init(&builder);
    add(&builder, 1, "psql", "idle", "");
    take(stage, activity_builder_activity(&builder));
    g_autofree char *text = fake_frame_draw(stage->view, 21, 80, FALSE);
    assert_non_null(strstr(text, "migration lock free"));
}

static void assert_refuses(struct stage *stage, const char *words)
{
    int pid;
    g_autofree char *why = activity_view_ops.why_not(stage->view, ACTION_TERMINATE);
    assert_false(activity_view_session(stage->view, &pid));
    assert_non_null(why);
    if (strstr(why, words) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", words, why);
}

static void view_activity__session__is_what_may_be_ended(void **state)
{
    struct stage *stage = *state;
    int pid = 0;
    assert_refuses(stage, "no session under the cursor");
    take(stage, sample());
    find(stage, 28340);
    assert_true(activity_view_session(stage->view, &pid));
    assert_int_equal(pid, 28340);
    assert_null(activity_view_ops.why_not(stage->view, ACTION_TERMINATE));
    find(stage, 28001);
    assert_refuses(stage, "this console needs");
    assert_null(activity_view_ops.why_not(stage->view, ACTION_OPEN));
    fake_frame_act(stage->view, ACTION_LAST, 0);
    assert_refuses(stage, "ROLLBACK PREPARED");
    assert_shows(stage, "COMMIT PREPARED");
}

static void view_activity__update__keeps_the_pid_selected(void **state)
{
    struct stage *stage = *state;
    int pid = 0;
    take(stage, sample());
    find(stage, 28119);
    struct activity_builder builder;
    activity_builder_init(&builder);
    add(&builder, 5, "psql", "active", "");
    add(&builder, 6, "psql", "active", "");
    add(&builder, 28119, "api", "active", "");
    take(stage, activity_builder_activity(&builder));
    assert_true(activity_view_session(stage->view, &pid));
    assert_int_equal(pid, 28119);
    activity_builder_init(&builder);
    add(&builder, 5, "psql", "active", "");
    take(stage, activity_builder_activity(&builder));
    assert_true(activity_view_session(stage->view, &pid));
    assert_int_equal(pid, 5);
}

static void view_activity__draw__ends_in_a_circle(void **state)
{
    struct stage *stage = *state;
    struct activity_builder builder;
    activity_builder_init(&builder);
    add_waiting(&builder, 1, "a", "2", 3);
    add_waiting(&builder, 2, "b", "3", 3);
    add_waiting(&builder, 3, "c", "1", 3);
    add_waiting(&builder, 4, "d", "99", 3);
    take(stage, activity_builder_activity(&builder));
    assert_shows(stage, "This session is of another database");
    assert_int_equal(activity_view_ops.list(stage->view)->count, 5);
    fake_frame_draw_all_sizes(stage->view);
}

static void view_activity__draw__shows_runs_before_sessions_are_known(void **state)
{
    struct stage *stage = *state;
    struct activity_builder builder;
    const struct version_state row = {.version = 44};
    assert_shows(stage, "connecting");
    take(stage, NULL);
    assert_shows(stage, "reading sessions");
    activity_builder_init(&builder);
    add_run(&builder);
    struct model *model = model_copy(stage->console->model);
    model_take_pulse(model, activity_builder_pulse(&builder, &row));
    fake_frame_take_model(stage->console, model);
    assert_shows(stage, "winch run 7c1e09 up 45");
    fake_frame_draw_all_sizes(stage->view);
}

static guint shown(struct stage *stage, const char *filter)
{
    assert_true(activity_view_ops.filter(stage->view, filter, NULL));
    return activity_view_ops.list(stage->view)->count;
}

static void view_activity__filter__shows_what_matches(void **state)
{
    struct stage *stage = *state;
    take(stage, sample());
    /* nine sessions, the prepared transaction, and the one that stands in the way */
    assert_int_equal(shown(stage, ""), 11);
    assert_int_equal(shown(stage, "application:api"), 2);
    assert_int_equal(shown(stage, "state:\"idle in transaction\""), 1);
    assert_int_equal(shown(stage, "wait~lock"), 4);
    assert_int_equal(shown(stage, "pid:28811"), 1);
    assert_int_equal(shown(stage, "state:prepared"), 1);
    assert_int_equal(shown(stage, "text~hidden"), 1);
    assert_int_equal(shown(stage, "user:nobody"), 0);
    assert_shows(stage, "nothing matches the filter");
    assert_false(activity_view_ops.filter(stage->view, "colour:red", NULL));
    g_autofree char *saved = NULL;
    assert_int_equal(shown(stage, ""), 11);
    saved = activity_view_ops.save(stage->view);
    assert_non_null(strstr(saved, "gid-1"));
    assert_non_null(strstr(saved, "28340"));
}

static void view_activity__draw__survives_hostile_text_at_every_size(void **state)
{
    struct stage *stage = *state;
    struct activity_builder builder;
    activity_builder_init(&builder);
    struct session *session =
        add(&builder, 2147483647, "\x1b[2J\xff", "\x9b", "\x1b]0;x\x07\n\xe6");
    session->user = "\xe6\xbc\xa2\xe5\xad\x97\xe2\x80\xae";
    activity_builder_blocked_by(&builder, session, "0,1,2");
    take(stage, activity_builder_activity(&builder));
    fake_frame_draw_all_sizes(stage->view);
    fake_frame_act(stage->view, ACTION_LAST, 0);
    fake_frame_act(stage->view, ACTION_OPEN, 0);
    fake_frame_draw_all_sizes(stage->view);
}

static void session_progress__text__says_what_is_known(void **state)
{
    static const struct {
        struct session_progress progress;
        const char *text;
    } rows[] = {
        {{NULL, NULL, 0, 0}, NULL},
        {{"VACUUM: scanning heap", "blocks", 0, 0}, "VACUUM: scanning heap"},
        {{"COPY", "bytes", 1234, 0}, "COPY 1,234 bytes"},
        {{"COPY", "bytes", 500, 1000}, "COPY 50% of 1,000 bytes"},
        {{"COPY", NULL, 0, 1000}, "COPY 0% of 1,000 "},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = session_progress_text(&rows[i].progress);
        if (g_strcmp0(text, rows[i].text) != 0)
            fail_msg("%s, not %s", text, rows[i].text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(view_activity__draw__is_as_agreed, setup, teardown),
        cmocka_unit_test_setup_teardown(view_activity__draw__knows_runs_and_holders, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(view_activity__session__is_what_may_be_ended, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(view_activity__update__keeps_the_pid_selected, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(view_activity__draw__ends_in_a_circle, setup, teardown),
        cmocka_unit_test_setup_teardown(view_activity__draw__shows_runs_before_sessions_are_known,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(view_activity__filter__shows_what_matches, setup, teardown),
        cmocka_unit_test_setup_teardown(view_activity__draw__survives_hostile_text_at_every_size,
                                        setup, teardown),
        cmocka_unit_test(session_progress__text__says_what_is_known),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
