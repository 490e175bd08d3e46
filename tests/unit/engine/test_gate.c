/* The policies as one table: environment, action, target and evidence, and what comes of it. Each
 * row is done for real, on a SQLite file of its own, and the picture of the gate has to agree. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "engine/gate.h"
#include "engine/internal.h"
#include "engine/receipt.h"

/* ---- a database at version 3 of 3 ------------------------------------------------------------ */

struct place {
    char *folder, *file;
    struct engine_settings *settings;
    struct engine *engine;
    char *template; /* the file with everything up, to be copied: made anew it waits for the disk */
    gsize template_size;
};

static void put(const struct place *place, const char *name, const char *text)
{
    g_autofree char *path = g_build_filename(place->folder, name, NULL);
    assert_true(g_file_set_contents(path, text, -1, NULL));
}

static int setup(void **state)
{
    struct place *place = g_new0(struct place, 1);
    place->folder = g_dir_make_tmp("winch-gate-XXXXXX", NULL);
    place->file = g_build_filename(place->folder, "app.db", NULL);
    for (int i = 1; i <= 3; i++) {
        g_autofree char *up = g_strdup_printf("%d_t.up.sql", i);
        g_autofree char *down = g_strdup_printf("%d_t.down.sql", i);
        g_autofree char *create = g_strdup_printf("CREATE TABLE t%d (i int);\n", i);
        g_autofree char *drop = g_strdup_printf("DROP TABLE t%d;\n", i);
        put(place, up, create);
        put(place, down, drop);
    }
    *state = place;
    return 0;
}

static void settle(struct place *place)
{
    g_clear_pointer(&place->engine, engine_close);
    g_clear_pointer(&place->settings, engine_settings_free);
}

static int teardown(void **state)
{
    struct place *place = *state;
    settle(place);
    g_autoptr(GDir) dir = g_dir_open(place->folder, 0, NULL);
    for (const char *name; (name = g_dir_read_name(dir)) != NULL;) {
        g_autofree char *path = g_build_filename(place->folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(place->folder);
    g_free(place->folder);
    g_free(place->file);
    g_free(place->template);
    g_free(place);
    return 0;
}

/* declared may be NULL: nobody says. */
static void open_as(struct place *place, const char *declared)
{
    g_autoptr(GError) error = NULL;
    settle(place);
    place->settings = engine_settings_new();
    place->settings->url = g_strconcat("sqlite3://", place->file, NULL);
    g_free(place->settings->migrations_path);
    place->settings->migrations_path = g_strdup(place->folder);
    place->settings->environment = g_strdup(declared);
    place->settings->environment_origin = g_strdup("--environment");
    place->engine = engine_open(place->settings, NULL, &error);
    if (place->engine == NULL)
        fail_msg("%s", error->message);
}

static gboolean run_goal(struct place *place, const struct goal *goal,
                         const struct change_options *options, GError **error)
{
    struct change_report report;
    gboolean is_done = engine_migrate(place->engine, goal, options, &report, error);
    change_report_clear(&report);
    return is_done;
}

static void make_template(struct place *place)
{
    g_autoptr(GError) error = NULL;
    open_as(place, "development");
    if (!run_goal(place, &(struct goal){.kind = GOAL_UP}, &(struct change_options){0}, &error))
        fail_msg("%s", error->message);
    settle(place);
    assert_true(g_file_get_contents(place->file, &place->template, &place->template_size, NULL));
}

/* A new file, all up. */
static void begin(struct place *place)
{
    settle(place);
    if (place->template == NULL)
        make_template(place);
    assert_true(g_file_set_contents_full(place->file, place->template, (gssize)place->template_size,
                                         G_FILE_SET_CONTENTS_NONE, 0600, NULL));
    open_as(place, "development");
}

/* ---- the table ------------------------------------------------------------------------------- */

enum deed { UP, DOWN, DOWN_TO_1, DOWN_ALL, ROLLBACK, EMERGENCY, FORCE_3, FORCE_1, DROP };

static const struct goal goals[] = {
    [UP] = {.kind = GOAL_UP},
    [DOWN] = {.kind = GOAL_DOWN, .count = 1},
    [DOWN_TO_1] = {.kind = GOAL_GOTO, .target = {.kind = VERSION_NAME_NUMBER, .number = 1}},
    [DOWN_ALL] = {.kind = GOAL_DOWN_ALL},
    [ROLLBACK] = {.kind = GOAL_ROLLBACK},
    [EMERGENCY] = {.kind = GOAL_EMERGENCY},
};

enum given {
    STABLE = 1,  /* version 2 is marked stable */
    GOOD = 2,    /* version 2 is marked known good */
    SEEN = 4,    /* the plan was previewed just now */
    OLD = 8,     /* ... an hour ago */
    REASON = 16, /* --reason */
    SPITE = 32,  /* --override */
    YES = 64,    /* --yes */
    WORDS = 128, /* --confirm with the right words */
    WRONG = 256, /* --confirm with the words of another database */
};

#define OPEN "open" /* it is done */

static const struct row {
    const char *environment;
    enum deed deed;
    guint evidence;
    const char *outcome; /* OPEN, "yes" or "words" asked for; else the checks that fail */
} rows[] = {
    {"development", UP, 0, OPEN},
    {"development", DOWN, 0, OPEN},
    {"development", DOWN_TO_1, 0, OPEN},
    {"development", DOWN_ALL, 0, "words"},
    {"development", DOWN_ALL, YES, "words"},
    {"development", DOWN_ALL, WORDS, OPEN},
    {"development", ROLLBACK, 0, OPEN},
    {"development", EMERGENCY, 0, "none"}, /* nothing is marked */
    {"development", EMERGENCY, STABLE, "reason"},
    {"development", EMERGENCY, STABLE | REASON, "words"},
    {"development", EMERGENCY, STABLE | REASON | WORDS, OPEN},
    {"development", FORCE_1, 0, OPEN},
    {"development", DROP, 0, OPEN},

    {"staging", UP, 0, OPEN},
    {"staging", DOWN, 0, "target"},
    {"staging", DOWN, YES, "target"},
    {"staging", DOWN, STABLE, "yes"},
    {"staging", DOWN, STABLE | YES, OPEN},
    {"staging", DOWN, STABLE | WORDS, OPEN},
    {"staging", DOWN, STABLE | WRONG, "yes"},
    {"staging", DOWN, GOOD | YES, "target"},
    {"staging", DOWN_TO_1, STABLE | YES, "target"},
    {"staging", DOWN_TO_1, STABLE | YES | REASON, "target"},
    {"staging", DOWN_TO_1, STABLE | YES | SPITE, OPEN},
    {"staging", DOWN_TO_1, YES | SPITE, OPEN},
    {"staging", DOWN_ALL, STABLE | YES | SPITE, "words"},
    {"staging", ROLLBACK, 0, "none"},
    {"staging", ROLLBACK, STABLE, "yes"},
    {"staging", ROLLBACK, STABLE | YES, OPEN},
    {"staging", EMERGENCY, GOOD | REASON | YES, "words"},
    {"staging", EMERGENCY, STABLE | REASON | WORDS, OPEN},
    {"staging", FORCE_3, 0, "yes"},
    {"staging", FORCE_3, YES, OPEN},
    {"staging", FORCE_1, STABLE | YES, "target"},
    {"staging", FORCE_1, STABLE | YES | SPITE, OPEN},
    {"staging", DROP, STABLE | YES, "target"},
    {"staging", DROP, STABLE | YES | SPITE, OPEN},

    {"production", UP, 0, "yes"},
    {"production", UP, YES, OPEN},
    {"production", UP, WORDS, OPEN},
    {"production", DOWN, YES, "target preview reason backup"},
    {"production", DOWN, WORDS, "target preview reason backup"},
    {"production", DOWN, WORDS | REASON, "target preview backup"},
    {"production", DOWN, WORDS | GOOD, "preview reason backup"},
    {"production", DOWN, WORDS | STABLE | REASON, "target preview backup"},
    {"production", DOWN, WORDS | GOOD | REASON, "preview backup"},
    {"production", DOWN, WORDS | GOOD | REASON | OLD, "preview backup"},
    {"production", DOWN, WORDS | GOOD | REASON | SEEN, "backup"},
    {"production", DOWN, GOOD | REASON | SEEN | SPITE, "words"},
    {"production", DOWN, GOOD | REASON | SEEN | SPITE | YES, "words"},
    {"production", DOWN, WRONG | GOOD | REASON | SEEN | SPITE, "words"},
    {"production", DOWN, WORDS | GOOD | SEEN | SPITE, OPEN},
    {"production", DOWN, WORDS | SPITE, OPEN},
    {"production", DOWN_TO_1, WORDS | GOOD | REASON | SEEN, "target backup"},
    {"production", ROLLBACK, WORDS | GOOD | SEEN | SPITE, OPEN},
    {"production", ROLLBACK, WORDS | SEEN | SPITE, "none"},
    {"production", EMERGENCY, GOOD | WORDS, "reason"},
    {"production", EMERGENCY, GOOD | REASON, "words"},
    {"production", EMERGENCY, GOOD | REASON | YES, "words"},
    {"production", EMERGENCY, GOOD | REASON | WORDS, OPEN},
    {"production", EMERGENCY, STABLE | REASON | WORDS, OPEN},
    {"production", EMERGENCY, REASON | WORDS, "none"},
    {"production", FORCE_3, WORDS, "reason"},
    {"production", FORCE_3, REASON, "words"},
    {"production", FORCE_3, REASON | WORDS, OPEN},
    {"production", FORCE_1, GOOD | REASON | WORDS, "target"},
    {"production", FORCE_1, SPITE | WORDS, OPEN},
    {"production", DROP, REASON | WORDS, "target backup"},
    {"production", DROP, SPITE | WORDS, OPEN},

    {NULL, UP, 0, OPEN},
    {NULL, DOWN, 0, "words"},
    {NULL, DOWN, YES, "words"},
    {NULL, DOWN, WRONG, "words"},
    {NULL, DOWN, WORDS, OPEN},
    {NULL, DOWN_TO_1, WORDS, OPEN},
    {NULL, DOWN_ALL, WORDS, OPEN},
    {NULL, ROLLBACK, WORDS, OPEN},
    {NULL, EMERGENCY, STABLE | WORDS, "reason"},
    {NULL, FORCE_1, 0, "words"},
    {NULL, FORCE_1, WORDS, OPEN},
    {NULL, DROP, YES, "words"},
    {NULL, DROP, WORDS, OPEN},
};

static void put_mark(struct place *place, gint64 version, enum mark_kind kind)
{
    struct version_mark mark = {.version = version, .kind = kind};
    assert_true(engine_mark(place->engine, &mark, FALSE, &(struct change_options){0}, NULL));
}

/* As 'winch preview' leaves it. */
static void put_preview(struct place *place, const char *plan_id)
{
    AUTOPTR(history_record) *record = history_record_new(HISTORY_OTHER, OUTCOME_DONE);
    record->other_kind = g_strdup("preview");
    record->plan_id = g_strdup(plan_id);
    assert_true(database_history_append(place->engine->database, record, NULL));
}

/* NULL when there is no plan: a mark is missing. */
static struct plan *plan_of(struct place *place, enum deed deed)
{
    return deed <= EMERGENCY ? engine_plan(place->engine, &goals[deed], NULL) : NULL;
}

static struct gate_wish wish_of(enum deed deed, struct plan *plan)
{
    if (deed <= EMERGENCY)
        return gate_wish_of_plan(plan, &goals[deed]);
    if (deed == DROP)
        return (struct gate_wish){
            .action = GATE_DROP, .target = "drop", .from = 3, .to = VERSION_NONE};
    return (struct gate_wish){.action = GATE_FORCE,
                              .target = deed == FORCE_3 ? "3" : "1",
                              .from = 3,
                              .to = deed == FORCE_3 ? 3 : 1};
}

static gboolean perform(struct place *place, enum deed deed, const struct change_options *options,
                        GError **error)
{
    if (deed == DROP)
        return engine_drop(place->engine, options, NULL, error);
    if (deed == FORCE_1 || deed == FORCE_3)
        return engine_force(place->engine, deed == FORCE_3 ? 3 : 1, options, error);
    return run_goal(place, &goals[deed], options, error);
}

/* The picture in the words of the table. */
static char *outcome_of(const struct gate *gate, const struct change_options *options)
{
    g_autoptr(GString) failed = g_string_new(NULL);
    for (guint i = 0; i < gate->checks->len; i++)
        if (gate_check_at(gate, i)->verdict == GATE_FAILED)
            g_string_append_printf(failed, "%s%s", failed->len > 0 ? " " : "",
                                   gate_check_at(gate, i)->name);
    gboolean is_typed = g_strcmp0(options->confirm, gate->words) == 0;
    if (failed->len > 0)
        return g_strdup(failed->str);
    if (gate->question == GATE_ASKS_NOTHING || is_typed ||
        (gate->question == GATE_ASKS_YES && options->is_confirmed))
        return g_strdup(OPEN);
    return g_strdup(gate_question_name(gate->question));
}

static void assert_row(struct place *place, const struct row *row, guint index)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *outcome = g_strdup("none"), *confirm = NULL;
    AUTOPTR(plan) *plan = plan_of(place, row->deed);
    struct change_options options = {
        .reason = (row->evidence & REASON) != 0 ? "it broke" : NULL,
        .override = (row->evidence & SPITE) != 0 ? "it has to be" : NULL,
        .is_confirmed = (row->evidence & YES) != 0,
    };
    if (plan != NULL && (row->evidence & (SEEN | OLD)) != 0)
        put_preview(place, plan->id);
    if ((row->evidence & OLD) != 0)
        place->settings->preview_max_age = 0;
    if (plan != NULL || row->deed > EMERGENCY) {
        struct gate_wish wish = wish_of(row->deed, plan);
        AUTOPTR(gate) *first = engine_gate(place->engine, &wish, &options, NULL);
        confirm = (row->evidence & WORDS) != 0   ? g_strdup(first->words)
                  : (row->evidence & WRONG) != 0 ? g_strdup("other.db 000002")
                                                 : NULL;
        options.confirm = confirm;
        AUTOPTR(gate) *gate = engine_gate(place->engine, &wish, &options, NULL);
        g_free(outcome);
        outcome = outcome_of(gate, &options);
    }
    gboolean is_done = perform(place, row->deed, &options, &error);
    if (strcmp(outcome, row->outcome) != 0 || is_done != (strcmp(row->outcome, OPEN) == 0) ||
        (!is_done && !error_is(error, ERROR_REFUSED) && strcmp(outcome, "none") != 0))
        fail_msg("row %u, %s: '%s', not '%s' (%s)", index, row->environment, outcome, row->outcome,
                 error != NULL ? error->message : "done");
}

/* TRUE when the last record says what became of it. */
static gboolean is_recorded(struct place *place, const struct row *row)
{
    g_autoptr(GPtrArray) history = engine_history(place->engine, 0, NULL);
    if (strcmp(row->outcome, "none") == 0)
        return TRUE; /* there was no plan */
    for (guint i = history->len; i-- > 0;) {
        const struct history_record *record = history->pdata[i];
        if (strcmp(row->outcome, OPEN) != 0)
            return record->kind == HISTORY_REFUSED && record->outcome == OUTCOME_REFUSED &&
                   record->plan_id != NULL;
        if ((row->evidence & SPITE) == 0)
            return TRUE;
        if (record->message != NULL && g_str_has_prefix(record->message, "in spite of "))
            return g_strcmp0(record->reason, "it has to be") == 0;
    }
    return FALSE;
}

static void gate__policies__allow_ask_or_refuse(void **state)
{
    struct place *place = *state;
    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        begin(place);
        if ((rows[i].evidence & STABLE) != 0)
            put_mark(place, 2, MARK_STABLE);
        if ((rows[i].evidence & GOOD) != 0)
            put_mark(place, 2, MARK_KNOWN_GOOD);
        if (rows[i].deed == UP)
            assert_true(run_goal(place, &goals[DOWN], &(struct change_options){0}, NULL));
        open_as(place, rows[i].environment);
        assert_row(place, &rows[i], i);
        if (!is_recorded(place, &rows[i]))
            fail_msg("row %u is not recorded as it should be", i);
    }
}

static void gate__newcomer__goes_up_unasked(void **state)
{
    struct place *place = *state;
    g_autoptr(GError) error = NULL;
    open_as(place, NULL);
    if (!run_goal(place, &goals[UP], &(struct change_options){0}, &error))
        fail_msg("%s", error->message);
}

/* ---- what is destroyed ----------------------------------------------------------------------- */

static const struct receipt_options rehearsed = {.way = RECEIPT_REHEARSED};

static struct gate *gate_of(struct place *place, enum deed deed,
                            const struct receipt_options *receipt)
{
    AUTOPTR(plan) *plan = plan_of(place, deed);
    struct gate_wish wish = wish_of(deed, plan);
    wish.receipt = receipt;
    return engine_gate(place->engine, &wish, &(struct change_options){0}, NULL);
}

static void assert_says(const struct gate *gate, const char *name, enum gate_verdict verdict,
                        const char *found)
{
    const struct gate_check *check = gate_check_find(gate, name);
    assert_non_null(check);
    if (check->verdict != verdict || strstr(check->found, found) == NULL)
        fail_msg("%s is %s: %s", name, gate_verdict_name(check->verdict), check->found);
}

static void gate__receipt__tells_rows_and_warns_of_them(void **state)
{
    struct place *place = *state;
    begin(place);
    {
        AUTOPTR(gate) *gate = gate_of(place, DOWN, &rehearsed);
        assert_says(gate, "receipt", GATE_OK, "0 rows (exact)");
        assert_says(gate, "dependents", GATE_OK, "nothing else depends");
        assert_non_null(gate->receipt);
    }
    put(place, "4_t.up.sql", "CREATE TABLE t4 (i int);\nINSERT INTO t4 VALUES (1), (2);\n");
    put(place, "4_t.down.sql", "DROP TABLE t4;\n");
    open_as(place, "development");
    assert_true(run_goal(place, &goals[UP], &(struct change_options){0}, NULL));
    AUTOPTR(gate) *gate = gate_of(place, DOWN, &rehearsed);
    assert_says(gate, "receipt", GATE_WARNING, "drops table t4: 2 rows");
    assert_int_equal(gate->failed, 0);
    put(place, "4_t.down.sql", "DROP TABLE t5;\n");
    open_as(place, "development");
    AUTOPTR(gate) *broken = gate_of(place, DOWN, &rehearsed);
    assert_says(broken, "receipt", GATE_WARNING, "would fail");
    assert_says(broken, "dependents", GATE_WARNING, "4 would fail: ");
}

static void gate__receipt__is_told_where_it_is_wished_for(void **state)
{
    struct place *place = *state;
    begin(place);
    AUTOPTR(gate) *plain = gate_of(place, DOWN, NULL);
    assert_null(gate_check_find(plain, "receipt"));
    assert_null(gate_check_find(plain, "dependents"));
    assert_null(plain->receipt);
    AUTOPTR(gate) *up = gate_of(place, UP, &rehearsed);
    assert_says(up, "receipt", GATE_NOT_NEEDED, "no data is touched");
    AUTOPTR(gate) *force = gate_of(place, FORCE_1, &rehearsed);
    assert_says(force, "receipt", GATE_NOT_NEEDED, "no data is touched");
    AUTOPTR(gate) *drop = gate_of(place, DROP, &rehearsed);
    assert_says(drop, "receipt", GATE_WARNING, "a drop is not counted");
}

/* ---- the wrong database ---------------------------------------------------------------------- */

static gboolean try_init(struct engine *engine, const struct change_options *options,
                         GError **error)
{
    return engine_init(engine, NULL, options, error);
}

static gboolean try_adopt(struct engine *engine, const struct change_options *options,
                          GError **error)
{
    guint adopted;
    return engine_adopt(engine, options, &adopted, error);
}

static gboolean try_mark(struct engine *engine, const struct change_options *options,
                         GError **error)
{
    struct version_mark mark = {.version = 2, .kind = MARK_STABLE};
    return engine_mark(engine, &mark, FALSE, options, error);
}

static gboolean try_force(struct engine *engine, const struct change_options *options,
                          GError **error)
{
    return engine_force(engine, 1, options, error);
}

static gboolean try_drop(struct engine *engine, const struct change_options *options,
                         GError **error)
{
    return engine_drop(engine, options, NULL, error);
}

static gboolean try_goal(struct engine *engine, enum deed deed,
                         const struct change_options *options, GError **error)
{
    struct change_report report;
    gboolean is_done = engine_migrate(engine, &goals[deed], options, &report, error);
    change_report_clear(&report);
    return is_done;
}

#define GOAL_TRY(name, deed)                                                                       \
    static gboolean name(struct engine *engine, const struct change_options *options,              \
                         GError **error)                                                           \
    {                                                                                              \
        return try_goal(engine, deed, options, error);                                             \
    }
GOAL_TRY(try_up, UP)
GOAL_TRY(try_down, DOWN)
GOAL_TRY(try_goto, DOWN_TO_1)
GOAL_TRY(try_all, DOWN_ALL)
GOAL_TRY(try_rollback, ROLLBACK)
GOAL_TRY(try_emergency, EMERGENCY)

typedef gboolean (*try_fn)(struct engine *engine, const struct change_options *options,
                           GError **error);

/* Everything that writes, with everything said that could be said but the environment. */
static void gate__wrong_database__is_refused_on_every_way(void **state)
{
    static const try_fn ways[] = {try_init,  try_up,   try_down,     try_goto,
                                  try_all,   try_mark, try_rollback, try_emergency,
                                  try_force, try_drop, try_adopt};
    static const char *const targets[] = {"2", "1", "none", "3", "drop"};
    static const char *const declared[] = {"development", "staging"};
    struct place *place = *state;
    begin(place);
    put_mark(place, 1, MARK_KNOWN_GOOD);
    assert_true(run_goal(place, &goals[DOWN], &(struct change_options){0}, NULL));
    assert_true(engine_init(place->engine, "production", &(struct change_options){0}, NULL));
    for (gsize d = 0; d < G_N_ELEMENTS(declared); d++) {
        open_as(place, declared[d]);
        for (gsize i = 0; i < G_N_ELEMENTS(ways); i++)
            for (gsize j = 0; j < G_N_ELEMENTS(targets); j++) {
                g_autoptr(GError) error = NULL;
                g_autofree char *words = g_strdup_printf("app.db %s", targets[j]);
                const struct change_options options = {
                    .confirm = words, .reason = "r", .override = "o", .is_confirmed = TRUE};
                gboolean is_done = ways[i](place->engine, &options, &error);
                if (is_done || !error_is(error, ERROR_REFUSED) ||
                    strstr(error->message, "this database says that it is production") == NULL)
                    fail_msg("way %u as %s: %s", (guint)i, declared[d],
                             error != NULL ? error->message : "done");
            }
    }
    open_as(place, "production");
    assert_true(run_goal(place, &goals[UP], &(struct change_options){.is_confirmed = TRUE}, NULL));
    AUTOPTR(status) *status = engine_status(place->engine, NULL);
    assert_int_equal(status->version.version, 3);
}

/* ---- less is asked for from then on ---------------------------------------------------------- */

static void gate__lower_environment__asks_for_words_and_a_reason(void **state)
{
    static const struct {
        const char *from, *to;
        gboolean is_lower;
    } changes[] = {
        {"development", "staging", FALSE},   {"development", "production", FALSE},
        {"staging", "production", FALSE},    {"production", "production", FALSE},
        {"production", "staging", TRUE},     {"production", "development", TRUE},
        {"staging", "development", TRUE},    {"unknown", "development", TRUE},
        {"production", "somewhere", TRUE}, /* of which nothing is known */
        {"development", "somewhere", FALSE},
    };
    struct place *place = *state;
    for (gsize i = 0; i < G_N_ELEMENTS(changes); i++) {
        g_autofree char *words = g_strdup_printf("app.db %s", changes[i].to);
        struct change_options said = {.confirm = words, .reason = "moved"};
        struct change_options typed = {.confirm = words};
        g_autoptr(GError) error = NULL;
        begin(place);
        assert_true(engine_init(place->engine, changes[i].from, &(struct change_options){0}, NULL));
        open_as(place, changes[i].to);
        assert_int_equal(engine_lowers(place->engine, changes[i].to), changes[i].is_lower);
        struct change_options yes = {.is_confirmed = TRUE, .reason = "moved"};
        gboolean is_done = engine_init(place->engine, changes[i].to, &yes, &error);
        assert_int_equal(is_done, !changes[i].is_lower);
        if (changes[i].is_lower) {
            assert_true(error_is(error, ERROR_REFUSED));
            assert_false(engine_init(place->engine, changes[i].to, &typed, NULL));
            assert_true(engine_init(place->engine, changes[i].to, &said, NULL));
        }
        g_autoptr(GPtrArray) history = engine_history(place->engine, 1, NULL);
        const struct history_record *last = history->pdata[0];
        assert_int_equal(last->kind, HISTORY_ENVIRONMENT);
        assert_string_equal(last->reason, "moved");
    }
}

/* ---- voices ---------------------------------------------------------------------------------- */

static void environment__policy__is_the_strictest_of_all_voices(void **state)
{
    struct place *place = *state;
    begin(place);
    assert_true(engine_init(place->engine, "staging", &(struct change_options){0}, NULL));
    open_as(place, "development");
    const struct policy *policy = &engine_environment(place->engine)->policy;
    assert_string_equal(policy->name, "staging");
    assert_int_equal(policy->rollback_to, ROLLBACK_LAST_STABLE);
    assert_int_equal(policy->confirm, CONFIRM_YES);
    open_as(place, "nowhere"); /* counts as unknown, beside staging */
    policy = &engine_environment(place->engine)->policy;
    assert_string_equal(policy->name, "nowhere");
    assert_int_equal(policy->rollback_to, ROLLBACK_LAST_STABLE);
    assert_int_equal(policy->confirm, CONFIRM_TYPED);
    struct policy own = *policy_builtin(0);
    own.name = "nowhere";
    own.approval = RULE_REQUIRED;
    g_clear_pointer(&place->engine, engine_close);
    engine_settings_take_policy(place->settings, &own);
    place->engine = engine_open(place->settings, NULL, NULL);
    policy = &engine_environment(place->engine)->policy;
    assert_int_equal(policy->approval, RULE_REQUIRED);
    assert_int_equal(policy->confirm, CONFIRM_YES);
    g_autoptr(GError) error = NULL;
    put_mark(place, 2, MARK_STABLE);
    assert_false(run_goal(place, &goals[DOWN],
                          &(struct change_options){.is_confirmed = TRUE, .override = "o"}, &error));
    assert_non_null(strstr(error->message, "SQLite has no users"));
}

/* A mark that goes lets a rollback go further back. */
static void gate__mark_taken_away__asks_for_a_reason(void **state)
{
    struct place *place = *state;
    struct version_mark mark = {.version = 2, .kind = MARK_STABLE};
    g_autoptr(GError) error = NULL;
    begin(place);
    open_as(place, "production");
    put_mark(place, 2, MARK_STABLE);
    assert_false(engine_mark(place->engine, &mark, TRUE, &(struct change_options){0}, &error));
    assert_true(error_is(error, ERROR_REFUSED));
    assert_non_null(strstr(error->message, "no reason given"));
    const struct change_options said = {.reason = "it was not"};
    assert_true(engine_mark(place->engine, &mark, TRUE, &said, NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(gate__policies__allow_ask_or_refuse, setup, teardown),
        cmocka_unit_test_setup_teardown(gate__newcomer__goes_up_unasked, setup, teardown),
        cmocka_unit_test_setup_teardown(gate__receipt__tells_rows_and_warns_of_them, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(gate__receipt__is_told_where_it_is_wished_for, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(gate__wrong_database__is_refused_on_every_way, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(gate__mark_taken_away__asks_for_a_reason, setup, teardown),
        cmocka_unit_test_setup_teardown(gate__lower_environment__asks_for_words_and_a_reason, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(environment__policy__is_the_strictest_of_all_voices, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
