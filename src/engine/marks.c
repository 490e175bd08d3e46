/* Marks: what they name, and setting them. Approvals of plans, which are marks of another kind. */
#include "engine/marks.h"

#include "base/duration.h"

#include "engine/gate.h"
#include "engine/internal.h"

#include <string.h>

struct version_context marks_context(const struct migration_set *set, gint64 current,
                                     const GArray *marks)
{
    struct version_context context = {set, current, VERSION_NONE, VERSION_NONE};
    if (marks == NULL)
        return context;
    context.last_stable = marks_last(marks, MARK_STABLE, current);
    context.last_known_good = marks_last(marks, MARK_KNOWN_GOOD, current);
    return context;
}

gboolean marks_are_needed(const struct version_name *name)
{
    return name->kind == VERSION_NAME_LAST_STABLE || name->kind == VERSION_NAME_LAST_KNOWN_GOOD;
}

GArray *engine_marks(struct engine *engine, GError **error)
{
    return database_marks_read(engine->database, error);
}

gboolean engine_resolve(struct engine *engine, const struct version_name *name, gint64 *version,
                        GError **error)
{
    struct version_state state;
    g_autoptr(GArray) marks = NULL;
    if (!database_version_read(engine->database, &state, error))
        return FALSE;
    if (marks_are_needed(name) && (marks = engine_marks(engine, error)) == NULL)
        return FALSE;
    struct version_context context = marks_context(engine->set, state.version, marks);
    return version_name_resolve(name, &context, version, error);
}

/* ---- marking --------------------------------------------------------------------------------- */

static gboolean has_mark(const GArray *marks, const struct version_mark *wanted)
{
    for (guint i = 0; i < marks->len; i++) {
        const struct version_mark *mark = &g_array_index(marks, struct version_mark, i);
        if (mark->version == wanted->version && mark->kind == wanted->kind)
            return TRUE;
    }
    return FALSE;
}

/* A version is only good where it was seen to be. */
static gboolean was_reached(struct engine *engine, const struct version_mark *mark, GError **error)
{
    struct version_state state;
    AUTOPTR(ledger) *ledger = engine_ledger(engine, &state, error);
    if (ledger == NULL)
        return FALSE;
    enum ledger_standing standing = ledger_standing(ledger, mark->version);
    gboolean is_dirty = state.is_dirty && state.version == mark->version;
    if ((standing == LEDGER_APPLIED || standing == LEDGER_ASSUMED) && !is_dirty)
        return TRUE;
    g_autofree char *version = change_version_text(engine, mark->version);
    g_autofree char *here = change_version_text(engine, state.version);
    error_set(error, ERROR_REFUSED, "%s cannot be %s: %s", version, mark_kind_name(mark->kind),
              is_dirty ? "it is dirty" : "it is not applied here");
    error_advise(error, "the database is at %s%s; mark a version once it has proved itself", here,
                 state.is_dirty ? " (dirty)" : "");
    return FALSE;
}

static gboolean is_marked(struct engine *engine, const struct version_mark *mark, GError **error)
{
    g_autoptr(GArray) marks = engine_marks(engine, error);
    if (marks == NULL)
        return FALSE;
    if (has_mark(marks, mark))
        return TRUE;
    g_autofree char *version = change_version_text(engine, mark->version);
    error_set(error, ERROR_REFUSED, "%s is not marked %s", version, mark_kind_name(mark->kind));
    error_advise(error, "'winch status' shows the marks");
    return FALSE;
}

static gboolean mark_locked(struct engine *engine, const struct version_mark *mark,
                            gboolean is_removed, const struct change_options *options,
                            GError **error)
{
    struct version_mark written = *mark;
    char run_id[17];
    struct gate_wish wish = {.action = is_removed ? GATE_UNMARK : GATE_MARK,
                             .target = "mark",
                             .from = VERSION_NONE,
                             .to = VERSION_NONE};
    gboolean may = gate_pass(engine, &wish, options, NULL, error) &&
                   database_install(engine->database, error) &&
                   history_must_be_writable(engine, error) &&
                   (is_removed ? is_marked(engine, mark, error) : was_reached(engine, mark, error));
    if (!may)
        return FALSE;
    run_id_make(run_id);
    AUTOPTR(history_record) *record = recording_new(engine, run_id, HISTORY_MARK, OUTCOME_DONE);
    const struct migration *migration = migration_set_find(engine->set, mark->version);
    record->version = mark->version;
    record->title = g_strdup(migration != NULL ? migration->title : NULL);
    record->message =
        g_strdup_printf("%s %s", is_removed ? "no longer" : "marked", mark_kind_name(mark->kind));
    record->reason = g_strdup(change_reason(options));
    written.reason = record->reason;
    return database_mark_write(engine->database, &written, is_removed, record, error);
}

gboolean engine_mark(struct engine *engine, const struct version_mark *mark, gboolean is_removed,
                     const struct change_options *options, GError **error)
{
    if (!engine_exists(engine, error) || !engine_change_begin(engine, error))
        return FALSE;
    gboolean is_done = mark_locked(engine, mark, is_removed, options, error);
    engine_change_end(engine);
    return is_done;
}

/* ---- approving ------------------------------------------------------------------------------- */

/* Without the migration lock, which the run that waits for the approval may want at any moment. */
gboolean engine_approve(struct engine *engine, const char *plan_id, gint64 lifetime,
                        const struct change_options *options, GError **error)
{
    char run_id[17];
    struct gate_wish wish = {
        .action = GATE_APPROVE, .target = plan_id, .from = VERSION_NONE, .to = VERSION_NONE};
    if (!engine_exists(engine, error) || !engine_may_write(engine, error) ||
        !gate_pass(engine, &wish, options, NULL, error) || !history_must_be_writable(engine, error))
        return FALSE;
    run_id_make(run_id);
    AUTOPTR(history_record) *record = recording_new(engine, run_id, HISTORY_APPROVAL, OUTCOME_DONE);
    g_autofree char *until = duration_format(lifetime * 1000);
    record->plan_id = g_strdup(plan_id);
    record->message = g_strdup_printf("approved for %s", until);
    record->reason = g_strdup(change_reason(options));
    return database_approve(engine->database, lifetime, record, error);
}
