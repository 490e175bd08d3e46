/* What a preview is made of: words, references, parts. */
#include "engine/preview_internal.h"

#include "base/duration.h"
#include "base/text.h"

#include <string.h>

/* ---- words ----------------------------------------------------------------------------------- */

static const char *const level_words[] = {
    [PREVIEW_LEVEL_DEFAULT] = "default",
    [PREVIEW_LEVEL_CATALOG] = "catalog",
    [PREVIEW_LEVEL_SCRATCH] = "scratch",
    [PREVIEW_LEVEL_DATABASE] = "database",
};

const char *preview_level_word(enum preview_level level)
{
    return level_words[level];
}

gboolean preview_level_parse(const char *word, enum preview_level *level)
{
    for (guint i = PREVIEW_LEVEL_CATALOG; i < G_N_ELEMENTS(level_words); i++)
        if (strcmp(level_words[i], word) == 0) {
            *level = (enum preview_level)i;
            return TRUE;
        }
    return FALSE;
}

const char *preview_basis_word(enum preview_basis basis)
{
    static const char *const words[] = {
        [PREVIEW_UNKNOWN] = "unknown",
        [PREVIEW_PREDICTED] = "predicted",
        [PREVIEW_ESTIMATED] = "estimated",
        [PREVIEW_MEASURED] = "measured",
    };
    return words[basis];
}

const char *preview_work_word(enum preview_work_kind kind)
{
    static const char *const words[] = {
        [PREVIEW_SCANS] = "scan",
        [PREVIEW_BUILDS] = "build",
        [PREVIEW_REWRITES] = "rewrite",
        [PREVIEW_EMPTIES] = "empty",
    };
    return words[kind];
}

const char *preview_risk_word(enum preview_risk risk)
{
    static const char *const words[] = {
        [PREVIEW_HARMLESS] = "harmless",
        [PREVIEW_BRIEF] = "brief",
        [PREVIEW_BLOCKS_WRITES] = "blocks-writes",
        [PREVIEW_BLOCKS_ALL] = "blocks-all",
    };
    return words[risk];
}

const char *preview_outcome_word(enum preview_outcome outcome)
{
    static const char *const words[] = {
        [PREVIEW_RUNS] = "runs",           [PREVIEW_FAILS] = "fails",
        [PREVIEW_NOT_TRIED] = "not-tried", [PREVIEW_NOT_REACHED] = "not-reached",
        [PREVIEW_READ] = "read",
    };
    return words[outcome];
}

/* ---- parts ----------------------------------------------------------------------------------- */

const struct preview_step *preview_step_at(const struct preview *preview, guint index)
{
    return &g_array_index(preview->steps, struct preview_step, index);
}

const struct preview_statement *preview_statement_at(const struct preview_step *step, guint index)
{
    return &g_array_index(step->statements, struct preview_statement, index);
}

struct preview_step *preview_step_edit(struct preview *preview, guint index)
{
    return &g_array_index(preview->steps, struct preview_step, index);
}

struct preview_statement *preview_statement_edit(struct preview_step *step, guint index)
{
    return index < step->statements->len
               ? &g_array_index(step->statements, struct preview_statement, index)
               : NULL;
}

const char *preview_keep(struct preview *preview, const char *text)
{
    return g_string_chunk_insert_const(preview->strings, text);
}

void preview_not_covered(struct preview *preview, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_ptr_array_add(preview->uncovered, g_strdup(text));
}

/* ---- references ------------------------------------------------------------------------------ */

static void statement_clear(gpointer data)
{
    struct preview_statement *statement = data;
    if (statement->evidence != NULL)
        evidence_unref(statement->evidence);
    g_array_unref(statement->locks);
    g_array_unref(statement->works);
    g_ptr_array_unref(statement->notices);
}

static void step_clear(gpointer data)
{
    struct preview_step *step = data;
    g_array_unref(step->statements);
    if (step->commit != NULL)
        evidence_unref(step->commit);
    g_clear_pointer(&step->differences, g_ptr_array_unref);
    g_clear_error(&step->error);
}

static void add_statement(struct preview_step *step, guint index,
                          const struct script_statement *from)
{
    struct preview_statement statement = {
        .index = index,
        .line = from->line,
        .verb = from->verb,
        .elapsed_us = -1,
        .rows = -1,
        .wal_bytes = -1,
        .locks = g_array_new(FALSE, TRUE, sizeof(struct preview_lock)),
        .works = g_array_new(FALSE, TRUE, sizeof(struct preview_work)),
        .estimated_us = -1,
        .estimated_wal = -1,
        .estimate_why = "",
        .verdict = "",
        .notices = g_ptr_array_new_with_free_func(g_free),
    };
    g_array_append_val(step->statements, statement);
}

static void add_step(struct preview *preview, guint index)
{
    const struct script *script = plan_step_at(preview->plan, index)->script;
    guint edge = script->mode == RUN_OWN_BLOCK ? 1 : 0;
    struct preview_step step = {
        .index = index,
        .outcome = PREVIEW_NOT_REACHED,
        .why = "",
        .statements = g_array_new(FALSE, TRUE, sizeof(struct preview_statement)),
        .wal_bytes = -1,
        .exclusive = "",
        .differences_why = "",
    };
    g_array_set_clear_func(step.statements, statement_clear);
    for (guint i = edge; i + edge < script->statements->len; i++)
        add_statement(&step, i - edge,
                      &g_array_index(script->statements, struct script_statement, i));
    g_array_append_val(preview->steps, step);
}

struct preview *preview_new(struct engine *engine, struct plan *plan, enum preview_level level)
{
    struct preview *preview = g_new0(struct preview, 1);
    g_atomic_ref_count_init(&preview->references);
    preview->strings = g_string_chunk_new(1024);
    preview->plan = plan_ref(plan);
    preview->level = level;
    preview->database = preview_keep(preview, engine_label(engine));
    preview->environment = preview_keep(preview, engine->environment.name);
    preview->on = "";
    preview->taken_at = g_get_real_time();
    preview->steps = g_array_new(FALSE, TRUE, sizeof(struct preview_step));
    g_array_set_clear_func(preview->steps, step_clear);
    preview->uncovered = g_ptr_array_new_with_free_func(g_free);
    preview->differences_why = "";
    for (guint i = 0; i < plan->steps->len; i++)
        add_step(preview, i);
    return preview;
}

struct preview *preview_ref(struct preview *preview)
{
    g_atomic_ref_count_inc(&preview->references);
    return preview;
}

void preview_unref(struct preview *preview)
{
    if (!g_atomic_ref_count_dec(&preview->references))
        return;
    g_array_unref(preview->steps);
    g_ptr_array_unref(preview->uncovered);
    g_clear_pointer(&preview->differences, g_ptr_array_unref);
    if (preview->weather != NULL)
        weather_free(preview->weather);
    plan_unref(preview->plan);
    g_string_chunk_free(preview->strings);
    g_free(preview);
}

/* ---- a sentence ------------------------------------------------------------------------------ */

static guint count_outcome(const struct preview *preview, enum preview_outcome outcome)
{
    guint count = 0;
    for (guint i = 0; i < preview->steps->len; i++)
        count += preview_step_at(preview, i)->outcome == outcome;
    return count;
}

char *preview_text(const struct preview *preview)
{
    guint ran = count_outcome(preview, PREVIEW_RUNS), steps = preview->steps->len;
    g_autofree char *elapsed = duration_format(preview->elapsed_us);
    g_autofree char *count = text_plural(ran, "migration", "migrations");
    const char *where = preview->level == PREVIEW_LEVEL_SCRATCH ? "on a scratch copy, which is gone"
                                                                : "and rolled back";
    if (steps == 0)
        return g_strdup("no change: there is nothing to preview");
    if (preview->level == PREVIEW_LEVEL_CATALOG)
        return g_strdup_printf("preview: %u of %u migrations read in %s; nothing was run", steps,
                               steps, elapsed);
    if (preview->outcome == PREVIEW_FAILS)
        return g_strdup_printf("preview: %u of %u migrations ran %s; the next one fails", ran,
                               steps, where);
    if (ran == steps)
        return g_strdup_printf("preview: %s ran %s, in %s", count, where, elapsed);
    return g_strdup_printf("preview: %u of %u migrations ran %s, in %s; the others were not tried",
                           ran, steps, where, elapsed);
}
