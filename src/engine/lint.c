/* Runs the rules over each migration with what the ones before it have made, and with what all of
 * them make. For that the ups are read twice: one migration at a time is in memory, however long
 * the set is. */
#include "engine/lint.h"

#include "analysis/dependencies.h"
#include "analysis/lint_memory.h"
#include "engine/inspect.h"
#include "engine/verify.h"
#include "source/graph.h"

#include <string.h>

struct pair_of_files {
    struct inspected_half up, down;
};

struct lint_picture {
    gatomicrefcount references;
    struct migration_set *set;
    unsigned server_version;
    GArray *findings; /* of struct lint_finding, by migration */
    GArray *rows;     /* of struct lint_row */
};

/* ---- reading ----------------------------------------------------------------------------------
 */

static void pair_clear(struct pair_of_files *pair)
{
    inspected_half_clear(&pair->up);
    inspected_half_clear(&pair->down);
}

/* Is it the BEGIN that no COMMIT ends? Then a COMMIT would mend it. */
static gboolean lacks_commit(const struct inspected_half *half)
{
    if (half->text == NULL || half->script != NULL)
        return FALSE;
    g_autofree char *mended =
        g_strdup_printf("%.*s\n;\nCOMMIT;", (int)half->body_length, half->body);
    AUTOPTR(script) *script = script_parse(mended, strlen(mended), SQL_POSTGRESQL, FALSE, "", NULL);
    return script != NULL;
}

static gboolean half_load(struct inspected_half *half, const struct migration_half *file,
                          const struct migration *migration, GError **error)
{
    const struct inspection_context context = {SQL_POSTGRESQL, NULL};
    inspected_half_load(half, file, migration->notes.transaction == TRANSACTION_OFF, &context);
    if (half->text != NULL || half->error == NULL)
        return TRUE;
    g_propagate_error(error, g_steal_pointer(&half->error));
    return FALSE;
}

static gboolean is_stopped(struct cancellation *cancellation, GError **error)
{
    if (cancellation == NULL || cancellation_level(cancellation) == CANCEL_NONE)
        return FALSE;
    error_set(error, cancellation_why(cancellation), "stopped before every file was looked at");
    return TRUE;
}

/* ---- judging ----------------------------------------------------------------------------------
 */

static struct lint_half half_of(const struct inspected_half *half)
{
    return (struct lint_half){.exists = half->text != NULL,
                              .text = half->body,
                              .length = half->body_length,
                              .script = half->script,
                              .inspection = half->inspection,
                              .failure = half->error,
                              .is_uncommitted = lacks_commit(half)};
}

static GArray *allows_of(const struct migration *migration)
{
    GArray *allows = g_array_new(FALSE, FALSE, sizeof(struct lint_allow));
    const GArray *notes = migration->notes.allows;
    for (guint i = 0; notes != NULL && i < notes->len; i++) {
        const struct migration_allow *note = &g_array_index(notes, struct migration_allow, i);
        struct lint_allow allow = {note->rule, note->line};
        g_array_append_val(allows, allow);
    }
    return allows;
}

/* What stands before, between and behind the halves while the rules go up through the set. */
struct ladder {
    struct lint_memory *before, *between, *final;
    struct dependencies *dependencies;
    struct graph *graph; /* NULL where no note requires anything: then all need all before them */
};

static gboolean has_requires(const struct migration_set *set)
{
    for (guint i = 0; i < migration_set_count(set); i++)
        if (migration_set_at(set, i)->notes.has_requires)
            return TRUE;
    return FALSE;
}

/* Takes every up to the top. */
static gboolean ladder_build(struct ladder *ladder, struct migration_set *set,
                             struct cancellation *cancellation, GError **error)
{
    *ladder = (struct ladder){.before = lint_memory_new(),
                              .between = lint_memory_new(),
                              .final = lint_memory_new(),
                              .dependencies = dependencies_new(),
                              .graph = has_requires(set) ? graph_new(set) : NULL};
    for (guint i = 0; i < migration_set_count(set); i++) {
        const struct migration *migration = migration_set_at(set, i);
        struct inspected_half up;
        if (is_stopped(cancellation, error) || !half_load(&up, &migration->up, migration, error))
            return FALSE;
        struct lint_half half = half_of(&up);
        lint_memory_take(ladder->final, &half);
        inspected_half_clear(&up);
    }
    return TRUE;
}

static void ladder_clear(struct ladder *ladder)
{
    lint_memory_free(ladder->before);
    lint_memory_free(ladder->between);
    lint_memory_free(ladder->final);
    dependencies_free(ladder->dependencies);
    g_clear_pointer(&ladder->graph, graph_unref);
}

static gboolean is_among(const GArray *positions, guint position)
{
    for (guint i = 0; i < positions->len; i++)
        if (g_array_index(positions, guint, i) == position)
            return TRUE;
    return FALSE;
}

/* Of struct lint_need; strings are borrowed until the next migration. */
static GArray *undeclared_of(struct ladder *ladder, struct migration_set *set, guint index,
                             const struct inspected_half *up)
{
    GArray *undeclared = g_array_new(FALSE, FALSE, sizeof(struct lint_need));
    if (ladder->graph == NULL || up->inspection == NULL)
        return undeclared;
    const GArray *needs = dependencies_add(ladder->dependencies, up->inspection, index);
    g_autoptr(GArray) declared = needs->len > 0 ? graph_all_needs(ladder->graph, index) : NULL;
    for (guint i = 0; i < needs->len; i++) {
        const struct dependency *need = &g_array_index(needs, struct dependency, i);
        struct lint_need row = {need->object, migration_set_at(set, need->to)->digits};
        if (!is_among(declared, need->to))
            g_array_append_val(undeclared, row);
    }
    return undeclared;
}

static void judge(struct lint_picture *picture, guint index, const struct pair_of_files *pair,
                  struct ladder *ladder, const struct lint_options *options)
{
    const struct migration *migration = migration_set_at(picture->set, index);
    g_autoptr(GArray) allows = allows_of(migration);
    g_autoptr(GArray) undeclared = undeclared_of(ladder, picture->set, index, &pair->up);
    guint before = picture->findings->len;
    struct lint_subject subject = {
        .version = migration->version,
        .up = half_of(&pair->up),
        .down = half_of(&pair->down),
        .allows = (const struct lint_allow *)(void *)allows->data,
        .allow_count = allows->len,
        .other_allows = verify_allow_names(),
        .undeclared = (const struct lint_need *)(void *)undeclared->data,
        .undeclared_count = undeclared->len,
        .requires_line = migration->notes.requires_line,
        .is_expand = migration->notes.phase == PHASE_EXPAND,
        .is_irreversible = migration->notes.irreversible != NULL,
        .is_transaction_off = migration->notes.transaction == TRANSACTION_OFF,
        .before = ladder->before,
        .between = ladder->between,
        .final = ladder->final,
    };
    lint_memory_take(ladder->between, &subject.up);
    lint_migration(&subject, options, picture->findings);
    lint_memory_take(ladder->before, &subject.up);
    struct lint_row row = {.finding_count = picture->findings->len - before,
                           .risks_up = lint_risks(&subject, options, FALSE),
                           .risks_down = lint_risks(&subject, options, TRUE)};
    g_array_append_val(picture->rows, row);
}

/* The findings have moved while they were gathered. */
static void rows_fill(struct lint_picture *picture)
{
    const struct lint_finding *at = (const struct lint_finding *)(void *)picture->findings->data;
    for (guint i = 0; i < picture->rows->len; i++) {
        struct lint_row *row = &g_array_index(picture->rows, struct lint_row, i);
        row->findings = at;
        for (guint j = 0; j < row->finding_count; j++)
            row->worst = MAX(row->worst, at[j].level);
        at += row->finding_count;
    }
}

/* ---- the picture ------------------------------------------------------------------------------
 */

struct lint_picture *lint_picture_ref(struct lint_picture *picture)
{
    g_atomic_ref_count_inc(&picture->references);
    return picture;
}

void lint_picture_unref(struct lint_picture *picture)
{
    if (!g_atomic_ref_count_dec(&picture->references))
        return;
    migration_set_unref(picture->set);
    g_array_unref(picture->findings);
    g_array_unref(picture->rows);
    g_free(picture);
}

struct migration_set *lint_picture_set(const struct lint_picture *picture)
{
    return picture->set;
}

unsigned lint_picture_server_version(const struct lint_picture *picture)
{
    return picture->server_version;
}

const struct lint_row *lint_picture_row(const struct lint_picture *picture, guint index)
{
    return &g_array_index(picture->rows, struct lint_row, index);
}

static struct lint_picture *picture_new(struct migration_set *set,
                                        const struct lint_settings *settings)
{
    struct lint_picture *picture = g_new0(struct lint_picture, 1);
    g_atomic_ref_count_init(&picture->references);
    picture->set = migration_set_ref(set);
    picture->server_version =
        settings->server_version != 0 ? settings->server_version : lint_newest_version();
    picture->findings = lint_findings_new();
    picture->rows = g_array_new(FALSE, FALSE, sizeof(struct lint_row));
    return picture;
}

/* One step up. */
static gboolean climb(struct lint_picture *picture, guint index, struct ladder *ladder,
                      const struct lint_options *options, GError **error)
{
    const struct migration *migration = migration_set_at(picture->set, index);
    struct pair_of_files pair = {0};
    gboolean is_read = half_load(&pair.up, &migration->up, migration, error) &&
                       half_load(&pair.down, &migration->down, migration, error);
    if (is_read)
        judge(picture, index, &pair, ladder, options);
    pair_clear(&pair);
    return is_read;
}

struct lint_picture *engine_lint(struct migration_set *set, const struct lint_settings *settings,
                                 struct cancellation *cancellation, GError **error)
{
    AUTOPTR(lint_picture) *picture = picture_new(set, settings);
    const struct lint_options options = {picture->server_version, settings->levels};
    struct ladder ladder;
    gboolean is_done = ladder_build(&ladder, set, cancellation, error);
    for (guint i = 0; is_done && i < migration_set_count(set); i++)
        is_done = !is_stopped(cancellation, error) && climb(picture, i, &ladder, &options, error);
    ladder_clear(&ladder);
    if (!is_done)
        return NULL;
    rows_fill(picture);
    return g_steal_pointer(&picture);
}
