/* The SQL screen: up and down side by side, in step, whatever the files are. */
#include "console/views.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

#include "fake_answers.h"
#include "fake_frame.h"
#include "unit/source/folder.h"

#define NAME "000045_add_invoice_currency"

static const char up_text[] = "-- winch: release 1.1\n"
                              "-- winch: requires 000039\n"
                              "-- winch: lock_timeout 5s\n"
                              "-- winch: ticket BILL-7\n"
                              "ALTER TABLE billing.invoices\n"
                              "\tADD COLUMN currency char(3);\n"
                              "\n"
                              "UPDATE billing.invoices\n"
                              "  SET currency = 'EUR' WHERE id < 1.5e3; -- all of them\n"
                              "\n"
                              "ALTER TABLE billing.invoices\n"
                              "  ALTER COLUMN currency SET DEFAULT 'EUR';\n";
static const char down_text[] = "ALTER TABLE billing.invoices\n"
                                "  DROP COLUMN currency;\n"
                                "SELECT 1;\n";
static const char concurrent_text[] = "CREATE INDEX CONCURRENTLY i ON t (a);\n";

/* ---- fixture --------------------------------------------------------------------------------- */

struct fixture {
    char *folder;
    struct console *console;
    struct view *view;
};

static int setup(void **state)
{
    struct fixture *fixture = g_new0(struct fixture, 1);
    void *folder = NULL;
    assert_int_equal(folder_setup(&folder), 0);
    fake_answers_reset();
    fixture->folder = folder;
    fixture->console = fake_frame_new();
    fixture->view = sql_view_ops.open(fixture->console);
    fixture->console->views[SCREEN_SQL] = fixture->view;
    *state = fixture;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *fixture = *state;
    void *folder = fixture->folder;
    sql_view_ops.close(fixture->view);
    fake_answers_reset();
    fake_frame_free(fixture->console);
    g_free(fixture);
    return folder_teardown(&folder);
}

static void write_pair(const struct fixture *fixture, const char *up, const char *down)
{
    folder_write(fixture->folder, "000039_create_invoices.up.sql", "SELECT 39;\n", -1);
    if (up != NULL)
        folder_write(fixture->folder, NAME ".up.sql", up, -1);
    if (down != NULL)
        folder_write(fixture->folder, NAME ".down.sql", down, -1);
}

static void free_record(gpointer record)
{
    history_record_free(record);
}

/* A model of the folder, the version row standing at version. */
static void look(const struct fixture *fixture, gint64 version, GPtrArray *history)
{
    g_autoptr(GError) error = NULL;
    const struct version_state row = {.kind = VERSION_TABLE_WINCH, .version = version};
    struct model *model = model_new();
    struct model_state *read = g_new0(struct model_state, 1);
    struct migration_set *set = migration_set_load(fixture->folder, &error);
    if (set == NULL)
        fail_msg("%s", error->message);
    g_atomic_ref_count_init(&read->references);
    read->history = history != NULL ? history : g_ptr_array_new_with_free_func(free_record);
    read->status = status_build(set, ledger_new(read->history, &row), &row, TRUE, &error);
    assert_null(error);
    model_take_set(model, set, NULL);
    model_take_state(model, read, NULL);
    fake_frame_take_model(fixture->console, model);
}

static void show(const struct fixture *fixture, const char *up, const char *down)
{
    write_pair(fixture, up, down);
    look(fixture, 44, NULL);
    console_version_select(fixture->console, 45);
}

static void assert_drawn(struct view *view, int columns, const char *part)
{
    g_autofree char *drawn = fake_frame_draw(view, 21, columns, FALSE);
    if (strstr(drawn, part) == NULL)
        fail_msg("\"%s\" is not in\n%s", part, drawn);
}

static void assert_not_drawn(struct view *view, int columns, const char *part)
{
    g_autofree char *drawn = fake_frame_draw(view, 21, columns, FALSE);
    if (strstr(drawn, part) != NULL)
        fail_msg("\"%s\" is in\n%s", part, drawn);
}

/* Where the cursors are: "1/12" in the heading of a pane. */
static void assert_lines(const struct fixture *fixture, const char *up, const char *down)
{
    g_autofree char *drawn = fake_frame_draw(fixture->view, 21, 80, TRUE);
    g_auto(GStrv) rows = g_strsplit(drawn, "\n", 3);
    const char *half = strstr(rows[1], "DOWN");
    g_autofree char *first = g_strdup_printf(" %s ", up);
    g_autofree char *second = g_strdup_printf(" %s ", down);
    assert_non_null(half);
    if (strstr(rows[1], first) == NULL || strstr(rows[1], first) > half ||
        strstr(half, second) == NULL)
        fail_msg("not at %s and %s: %s", up, down, rows[1]);
}

static void do_times(const struct fixture *fixture, enum action_id action, guint times)
{
    for (guint i = 0; i < times; i++)
        assert_true(fake_frame_act(fixture->view, action, 0));
}

/* ---- as it looks ----------------------------------------------------------------------------- */

static void sql__draw__as_agreed(void **state)
{
    struct fixture *fixture = *state;
    show(fixture, up_text, down_text);
    fake_frame_assert_golden(fixture->view, 21, 80, FALSE, "sql-80x24.txt");
    fake_frame_assert_golden(fixture->view, 21, 80, TRUE, "sql-80x24-ascii.txt");
    fake_frame_assert_golden(fixture->view, 37, 140, FALSE, "sql-140x40.txt");
    fake_frame_assert_golden(fixture->view, 13, 60, FALSE, "sql-60x16.txt");
}

static void sql__draw__every_size(void **state)
{
    struct fixture *fixture = *state;
    show(fixture, up_text, "");
    fake_frame_draw_all_sizes(fixture->view);
    do_times(fixture, ACTION_WRAP, 1);
    fake_frame_draw_all_sizes(fixture->view);
}

static void sql__draw__nothing_known_yet(void **state)
{
    struct fixture *fixture = *state;
    assert_drawn(fixture->view, 80, "No migration is selected");
    console_version_select(fixture->console, 45);
    assert_drawn(fixture->view, 80, "reading the files");
    fake_frame_draw_all_sizes(fixture->view);
    struct model *model = model_new();
    model_take_set(model, NULL, g_strdup("migrations: no such directory"));
    fake_frame_take_model(fixture->console, model);
    assert_drawn(fixture->view, 80, "migrations: no such directory");
}

static void sql__draw__one_pane_when_narrow_or_asked(void **state)
{
    struct fixture *fixture = *state;
    show(fixture, up_text, down_text);
    assert_not_drawn(fixture->view, 79, "DOWN");
    assert_drawn(fixture->view, 80, "DOWN");
    do_times(fixture, ACTION_ONE_PANE, 1);
    assert_not_drawn(fixture->view, 80, "DOWN");
    do_times(fixture, ACTION_NEXT_PANE, 1);
    assert_drawn(fixture->view, 80, "DOWN");
    assert_not_drawn(fixture->view, 80, "UP  ");
    do_times(fixture, ACTION_ONE_PANE, 1);
    assert_drawn(fixture->view, 80, "UP  ");
    assert_drawn(fixture->view, 80, "lock ");
    fake_answers.is_zoomed = TRUE;
    assert_not_drawn(fixture->view, 80, "UP  ");
    assert_not_drawn(fixture->view, 80, "lock ");
}

static void sql__draw__missing_empty_and_broken_halves(void **state)
{
    struct fixture *fixture = *state;
    show(fixture, "SELECT 'a", NULL);
    assert_drawn(fixture->view, 80, "There is no down file");
    assert_drawn(fixture->view, 80, "SELECT 'a");
    assert_drawn(fixture->view, 140, "unterminated quoted string");
    write_pair(fixture, "a\xff", "");
    look(fixture, 44, NULL);
    assert_drawn(fixture->view, 120, "is not valid UTF-8");
    assert_drawn(fixture->view, 120, "(the file is empty)");
    assert_drawn(fixture->view, 120, "nothing to run");
}

static void sql__draw__why_there_is_no_down(void **state)
{
    struct fixture *fixture = *state;
    show(fixture, "-- winch: irreversible the column is gone\nSELECT 1;\n", NULL);
    assert_drawn(fixture->view, 140, "It is irreversible: the column is gone");
    assert_drawn(fixture->view, 140, "notes     irreversible: the column is gone");
}

static void sql__draw__a_down_alone(void **state)
{
    struct fixture *fixture = *state;
    show(fixture, NULL, down_text);
    assert_drawn(fixture->view, 140, "There is no up file");
    assert_drawn(fixture->view, 140, "> DOWN  ");
    assert_drawn(fixture->view, 79, "DROP COLUMN");
}

static void sql__draw__a_sqlite_file_as_sqlite_reads_it(void **state)
{
    struct fixture *fixture = *state;
    struct engine_settings settings = {.driver = (char[]){"sqlite3"}};
    fixture->console->options.settings = &settings;
    show(fixture, "SELECT [a;b];\nSELECT `c;d`;\n", down_text);
    assert_drawn(fixture->view, 140, "statement 1 of 2 up");
    fixture->console->options.settings = NULL;
    assert_drawn(fixture->view, 140, "statement 1 of 4 up");
    assert_drawn(fixture->view, 140, "SELECT  line 1, with 1 more");
    do_times(fixture, ACTION_NEXT_STATEMENT, 1);
    assert_drawn(fixture->view, 140, "statement 3 of 4 up");
    do_times(fixture, ACTION_NEXT_STATEMENT, 1);
    assert_drawn(fixture->view, 140, "statement 3 of 4 up");
    do_times(fixture, ACTION_PREVIOUS_STATEMENT, 1);
    assert_drawn(fixture->view, 140, "statement 1 of 4 up");
}

static void sql__draw__how_a_file_runs(void **state)
{
    struct fixture *fixture = *state;
    show(fixture, concurrent_text, down_text);
    assert_drawn(fixture->view, 140, "refused in a transaction: CREATE INDEX CONCURRENTLY");
    assert_drawn(fixture->view, 140, "statement by statement, not transactional");
}

/* ---- files that came and went ---------------------------------------------------------------- */

static GPtrArray *history_of(const char *up_sha256)
{
    GPtrArray *history = g_ptr_array_new_with_free_func(free_record);
    struct history_record *record = history_record_new(HISTORY_UP, OUTCOME_DONE);
    record->id = 1;
    record->run_id = g_strdup("00000000000000aa");
    record->version = record->to_version = 45;
    record->from_version = VERSION_NONE;
    record->title = g_strdup("gone");
    record->up_sha256 = g_strdup(up_sha256);
    g_ptr_array_add(history, record);
    return history;
}

static void sql__draw__says_that_a_file_has_changed(void **state)
{
    struct fixture *fixture = *state;
    g_autofree char *other = g_strnfill(64, 'a');
    write_pair(fixture, up_text, down_text);
    console_version_select(fixture->console, 45);
    look(fixture, 45, history_of(other));
    assert_drawn(fixture->view, 80, "MODIFIED: not the text that ran");
}

static void sql__draw__says_that_a_file_is_gone(void **state)
{
    struct fixture *fixture = *state;
    g_autofree char *sha256 = g_strnfill(64, 'a');
    folder_write(fixture->folder, "000001_a.up.sql", "SELECT 1;", -1);
    console_version_select(fixture->console, 45);
    look(fixture, 45, history_of(sha256));
    assert_drawn(fixture->view, 80, "45 gone");
    assert_drawn(fixture->view, 80, "NO FILE");
    assert_drawn(fixture->view, 140, "The database may keep its text");
    assert_drawn(fixture->view, 140, "the history names no text of it");
}

/* Runs what lies in the folder in a SQLite file beside it, and leaves the engine open. */
static struct engine *run_all(const struct engine_settings *settings)
{
    g_autoptr(GError) error = NULL;
    const struct goal goal = {.kind = GOAL_UP};
    const struct change_options options = {0};
    const struct engine_callbacks callbacks = {0};
    struct change_report report = {0};
    struct engine *engine = engine_open(settings, &callbacks, &error);
    if (engine == NULL || !engine_migrate(engine, &goal, &options, &report, &error))
        fail_msg("%s", error->message);
    change_report_clear(&report);
    return engine;
}

static void sql__draw__the_stored_text_of_a_file_that_is_gone(void **state)
{
    struct fixture *fixture = *state;
    AUTOPTR(engine_settings) *settings = engine_settings_new();
    g_autofree char *path = folder_path(fixture->folder, "data.db");
    g_autofree char *up = folder_path(fixture->folder, NAME ".up.sql");
    g_autofree char *down = folder_path(fixture->folder, NAME ".down.sql");
    g_autoptr(GError) error = NULL;
    settings->url = g_strdup_printf("sqlite3://%s", path);
    g_free(settings->migrations_path);
    settings->migrations_path = g_strdup(fixture->folder);
    settings->environment = g_strdup("development");
    settings->environment_origin = g_strdup("test");
    write_pair(fixture, "CREATE TABLE kept (a int);\n", "DROP TABLE kept;\n");
    AUTOPTR(engine) *engine = run_all(settings);
    g_autoptr(GPtrArray) history = engine_history(engine, 0, &error);
    assert_int_equal(g_unlink(up) + g_unlink(down), 0);
    console_version_select(fixture->console, 45);
    look(fixture, 45, g_steal_pointer(&history));
    fake_answers.engine = engine;
    assert_drawn(fixture->view, 140, "CREATE TABLE kept (a int);");
    assert_drawn(fixture->view, 140, "DROP TABLE kept;");
    assert_drawn(fixture->view, 140, "UP  up text that ran");
    assert_drawn(fixture->view, 140, "DOWN  down text at that time");
    assert_drawn(fixture->view, 140, "NO FILE");
}

static void sql__update__reads_again_what_has_changed_and_keeps_the_line(void **state)
{
    struct fixture *fixture = *state;
    show(fixture, up_text, down_text);
    assert_lines(fixture, "1/12", "1/3");
    do_times(fixture, ACTION_DOWN, 8);
    g_autofree char *longer = g_strconcat(up_text, "SELECT 2;\n", NULL);
    write_pair(fixture, longer, down_text);
    assert_drawn(fixture->view, 80, "8/12");
    look(fixture, 44, NULL);
    assert_drawn(fixture->view, 80, "8/13");
}

static void sql__update__forgets_an_answer_that_comes_too_late(void **state)
{
    struct fixture *fixture = *state;
    folder_write(fixture->folder, "000046_other.up.sql", "SELECT 46;\n", -1);
    fake_answers.holds_work = TRUE;
    show(fixture, up_text, down_text);
    assert_drawn(fixture->view, 80, "reading ...");
    console_version_select(fixture->console, 46);
    assert_drawn(fixture->view, 80, "reading ...");
    assert_int_equal(fake_answers_work(fixture->console), 2);
    assert_drawn(fixture->view, 80, "SELECT 46;");
    assert_not_drawn(fixture->view, 80, "ALTER");
}

static void sql__close__with_an_answer_outstanding(void **state)
{
    struct fixture *fixture = *state;
    fake_answers.holds_work = TRUE;
    show(fixture, up_text, down_text);
    assert_drawn(fixture->view, 80, "reading ...");
}

/* ---- moving ---------------------------------------------------------------------------------- */

static void sql__act__steps_by_statement(void **state)
{
    struct fixture *fixture = *state;
    show(fixture, up_text, down_text);
    do_times(fixture, ACTION_SYNC, 2);
    do_times(fixture, ACTION_NEXT_STATEMENT, 1);
    assert_lines(fixture, "5/12", "1/3");
    assert_true(fake_frame_act(fixture->view, ACTION_NEXT_STATEMENT, 2));
    assert_lines(fixture, "11/12", "1/3");
    do_times(fixture, ACTION_NEXT_STATEMENT, 1);
    assert_lines(fixture, "11/12", "1/3");
    do_times(fixture, ACTION_UP, 2);
    do_times(fixture, ACTION_PREVIOUS_STATEMENT, 1);
    assert_lines(fixture, "8/12", "1/3");
    do_times(fixture, ACTION_PREVIOUS_STATEMENT, 5);
    assert_lines(fixture, "5/12", "1/3");
}

static void sql__act__keeps_in_step_by_number_where_both_have_as_many(void **state)
{
    struct fixture *fixture = *state;
    show(fixture, "SELECT 1;\n\n\nSELECT 2;\nSELECT 3;\n", "SELECT 3;\nSELECT 2;\n\nSELECT 1;\n");
    assert_drawn(fixture->view, 80, "sync:statement");
    do_times(fixture, ACTION_DOWN, 3);
    assert_lines(fixture, "4/5", "2/4");
    do_times(fixture, ACTION_NEXT_PANE, 1);
    assert_lines(fixture, "4/5", "2/4");
    do_times(fixture, ACTION_NEXT_STATEMENT, 1);
    assert_lines(fixture, "5/5", "4/4");
}

static void sql__act__keeps_in_step_by_proportion_line_or_not_at_all(void **state)
{
    struct fixture *fixture = *state;
    show(fixture, up_text, "SELECT 1;\n\nSELECT 2;\n");
    assert_drawn(fixture->view, 80, "sync:proportion");
    do_times(fixture, ACTION_LAST, 1);
    assert_lines(fixture, "12/12", "3/3");
    do_times(fixture, ACTION_SYNC, 1);
    do_times(fixture, ACTION_FIRST, 1);
    do_times(fixture, ACTION_DOWN, 1);
    assert_drawn(fixture->view, 80, "sync:line");
    assert_lines(fixture, "2/12", "2/3");
    do_times(fixture, ACTION_SYNC, 1);
    do_times(fixture, ACTION_DOWN, 1);
    assert_drawn(fixture->view, 80, "sync:off");
    assert_lines(fixture, "3/12", "2/3");
}

/* By object and inverse kind, whatever the order; what nothing undoes moves nothing. */
static void sql__act__keeps_in_step_by_pairs(void **state)
{
    struct fixture *fixture = *state;
    show(fixture, "CREATE TABLE a (x int);\nCREATE TABLE b (y int);\nDROP TABLE c;\n",
         "DROP TABLE b;\n\nDROP TABLE a;\nDROP TABLE d;\n");
    if (inspection_parser_version() == 0)
        return;
    assert_drawn(fixture->view, 140, "2 pairs 1 not undone  sync:pairs");
    assert_lines(fixture, "1/3", "3/4");
    do_times(fixture, ACTION_NEXT_STATEMENT, 1);
    assert_lines(fixture, "2/3", "1/4");
    do_times(fixture, ACTION_NEXT_STATEMENT, 1);
    assert_lines(fixture, "3/3", "1/4");
    assert_drawn(fixture->view, 140, " 3? DROP TABLE c;");
    assert_drawn(fixture->view, 140, "nothing in the down undoes it");
    do_times(fixture, ACTION_NEXT_PANE, 1);
    do_times(fixture, ACTION_NEXT_STATEMENT, 2);
    assert_drawn(fixture->view, 140, "LOSES every row of d; undoes nothing that this up did");
}

static void sql__act__scrolls_cut_lines_alone(void **state)
{
    struct fixture *fixture = *state;
    g_autofree char *zeros = g_strnfill(6000, '0');
    g_autofree char *text = g_strdup_printf("SELECT '%s', 'LAST';\n", zeros);
    show(fixture, text, down_text);
    do_times(fixture, ACTION_RIGHT, 1);
    assert_non_null(strstr(fixture->console->said, "wrapped"));
    do_times(fixture, ACTION_WRAP, 1);
    assert_drawn(fixture->view, 80, "SELECT");
    assert_not_drawn(fixture->view, 80, "LAST");
    assert_true(fake_frame_act(fixture->view, ACTION_RIGHT, 352));
    assert_drawn(fixture->view, 80, "LAST");
    assert_true(fake_frame_act(fixture->view, ACTION_LEFT, 1000));
    assert_drawn(fixture->view, 80, "SELECT");
}

static void sql__why_not__says_why(void **state)
{
    struct fixture *fixture = *state;
    show(fixture, "-- nothing\n", NULL);
    sql_view_ops.update(fixture->view);
    g_autofree char *statement = sql_view_ops.why_not(fixture->view, ACTION_NEXT_STATEMENT);
    g_autofree char *sync = sql_view_ops.why_not(fixture->view, ACTION_SYNC);
    assert_non_null(statement);
    assert_non_null(sync);
    write_pair(fixture, up_text, down_text);
    look(fixture, 44, NULL);
    sql_view_ops.update(fixture->view);
    assert_null(sql_view_ops.why_not(fixture->view, ACTION_NEXT_STATEMENT));
    assert_null(sql_view_ops.why_not(fixture->view, ACTION_SYNC));
}

/* ---- copying --------------------------------------------------------------------------------- */

static void sql__copy__takes_the_statement_and_save_both_files(void **state)
{
    struct fixture *fixture = *state;
    show(fixture, up_text, down_text);
    do_times(fixture, ACTION_SYNC, 1);
    sql_view_ops.update(fixture->view);
    do_times(fixture, ACTION_NEXT_STATEMENT, 2);
    g_autofree char *copy = sql_view_ops.copy(fixture->view);
    assert_string_equal(copy,
                        "UPDATE billing.invoices\n  SET currency = 'EUR' WHERE id < 1.5e3;\n");
    g_autofree char *saved = sql_view_ops.save(fixture->view);
    g_autofree char *expected = g_strconcat("-- up: " NAME ".up.sql\n", up_text,
                                            "-- down: " NAME ".down.sql\n", down_text, NULL);
    assert_string_equal(saved, expected);
}

/* ---- hostile and huge ------------------------------------------------------------------------ */

static void sql__draw__hostile_text_harmlessly(void **state)
{
    struct fixture *fixture = *state;
    show(fixture,
         "\xef\xbb\xbfSELECT '\x1b[31m\xe2\x80\xae \xc2\x9b';\r\n"
         "SELECT '\xe5\xad\x97\xf0\x9f\x98\x80', 'e\xcc\x81';\r\n\tSELECT\x07;\r\n",
         "-- \r lone\n");
    assert_drawn(fixture->view, 80, "SELECT '^[[31m\\u{202E} \\u{9B}';");
    assert_drawn(fixture->view, 80, "\xe5\xad\x97\xf0\x9f\x98\x80', 'e\xcc\x81';");
    assert_drawn(fixture->view, 80, "       SELECT^G;");
    assert_drawn(fixture->view, 80, "-- ^M lone");
    fake_frame_draw_all_sizes(fixture->view);
}

static void sql__draw__the_beginning_of_a_huge_file(void **state)
{
    struct fixture *fixture = *state;
    GString *text = g_string_new(NULL);
    for (guint i = 0; text->len < (3u << 20); i++)
        g_string_append_printf(text, "INSERT INTO t VALUES (%u, 'x'); -- row\n", i);
    show(fixture, text->str, down_text);
    g_string_free(text, TRUE);
    assert_drawn(fixture->view, 140, "first 2 MiB  1/");
    do_times(fixture, ACTION_LAST, 1);
    assert_drawn(fixture->view, 140, "first 2 MiB shown");
    do_times(fixture, ACTION_PREVIOUS_STATEMENT, 1);
    assert_drawn(fixture->view, 140, "INSERT INTO t VALUES (");
}

static void sql__draw__marks_what_was_searched(void **state)
{
    struct fixture *fixture = *state;
    AUTOPTR(grid) *grid = grid_new(21, 80, FALSE);
    guint marked = 0;
    show(fixture, up_text, down_text);
    fake_answers.search = "currency";
    sql_view_ops.update(fixture->view);
    sql_view_ops.draw(fixture->view, grid, &(struct area){0, 0, 21, 80});
    for (int row = 2; row < 13; row++)
        for (int column = 0; column < 80; column++)
            marked += grid->cells[row * 80 + column].style == STYLE_MATCH;
    assert_int_equal(marked, 3 * strlen("currency"));
    g_autofree char *found = sql_view_ops.row_text(fixture->view, 5);
    assert_non_null(strstr(found, "currency"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(sql__draw__as_agreed),
        TEST(sql__draw__every_size),
        TEST(sql__draw__nothing_known_yet),
        TEST(sql__draw__one_pane_when_narrow_or_asked),
        TEST(sql__draw__missing_empty_and_broken_halves),
        TEST(sql__draw__why_there_is_no_down),
        TEST(sql__draw__a_down_alone),
        TEST(sql__draw__a_sqlite_file_as_sqlite_reads_it),
        TEST(sql__draw__how_a_file_runs),
        TEST(sql__draw__says_that_a_file_has_changed),
        TEST(sql__draw__says_that_a_file_is_gone),
        TEST(sql__draw__the_stored_text_of_a_file_that_is_gone),
        TEST(sql__update__reads_again_what_has_changed_and_keeps_the_line),
        TEST(sql__update__forgets_an_answer_that_comes_too_late),
        TEST(sql__close__with_an_answer_outstanding),
        TEST(sql__act__steps_by_statement),
        TEST(sql__act__keeps_in_step_by_number_where_both_have_as_many),
        TEST(sql__act__keeps_in_step_by_proportion_line_or_not_at_all),
        TEST(sql__act__keeps_in_step_by_pairs),
        TEST(sql__act__scrolls_cut_lines_alone),
        TEST(sql__why_not__says_why),
        TEST(sql__copy__takes_the_statement_and_save_both_files),
        TEST(sql__draw__hostile_text_harmlessly),
        TEST(sql__draw__the_beginning_of_a_huge_file),
        TEST(sql__draw__marks_what_was_searched),
    };
#undef TEST
    return cmocka_run_group_tests(tests, NULL, NULL);
}
