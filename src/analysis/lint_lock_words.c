/* What is expected of an action, from sql_effects.h, put into words. */
#include "analysis/lint_census.h"
#include "analysis/lint_memory.h"
#include "analysis/lint_private.h"
#include "analysis/sql_effects.h"

static void expect(const struct lint_run *run, const struct sql_action *action,
                   struct sql_effects *effects)
{
    sql_action_effects(action, run->options->server_version, lint_memory_schema(run->memory),
                       effects);
}

/* ---- locks -------------------------------------------------------------------------------------
 */

/* What somebody else may be waiting for. */
static gboolean is_felt(const struct lint_run *run, const struct sql_locked *lock)
{
    return !lock->is_new && lint_is_in_use(run, &lock->relation);
}

/* Index and table are locked together, and people know the table. */
static gboolean has_table(const struct lint_run *run, const struct sql_effects *effects)
{
    for (guint i = 0; i < effects->lock_count; i++)
        if (effects->locks[i].relation.kind != SQL_OBJECT_INDEX && is_felt(run, &effects->locks[i]))
            return TRUE;
    return FALSE;
}

static enum lock_mode strongest(const struct lint_run *run, const struct sql_effects *effects)
{
    enum lock_mode mode = LOCK_MODE_NONE;
    for (guint i = 0; i < effects->lock_count; i++)
        if (is_felt(run, &effects->locks[i]))
            mode = MAX(mode, effects->locks[i].mode);
    return mode;
}

gboolean lint_blocks(const struct lint_run *run)
{
    struct sql_effects effects;
    expect(run, run->action, &effects);
    return strongest(run, &effects) >= LOCK_MODE_SHARE;
}

gboolean lint_shuts_out(const struct lint_run *run)
{
    struct sql_effects effects;
    expect(run, run->action, &effects);
    return strongest(run, &effects) >= LOCK_MODE_ACCESS_EXCLUSIVE;
}

const char *lint_lock_name(const struct lint_run *run, const struct sql_action *action,
                           const struct sql_object *table)
{
    struct sql_effects effects;
    enum lock_mode mode = LOCK_MODE_NONE;
    expect(run, action, &effects);
    for (guint i = 0; i < effects.lock_count; i++)
        if (sql_object_matches(&effects.locks[i].relation, table))
            mode = MAX(mode, effects.locks[i].mode);
    return lock_mode_text(mode != LOCK_MODE_NONE ? mode : sql_effects_strongest(&effects));
}

/* ---- rewrites, scans ---------------------------------------------------------------------------
 */

enum sql_answer lint_rewrites(const struct lint_run *run)
{
    struct sql_effects effects;
    expect(run, run->action, &effects);
    return strongest(run, &effects) != LOCK_MODE_NONE ? effects.rewrites : SQL_NO;
}

gboolean lint_reads_whole(const struct lint_run *run)
{
    struct sql_effects effects;
    expect(run, run->action, &effects);
    return strongest(run, &effects) != LOCK_MODE_NONE &&
           (effects.rewrites == SQL_YES || effects.scans == SQL_YES ||
            effects.builds_index == SQL_YES);
}

/* ---- words -------------------------------------------------------------------------------------
 */

/* "SHARE ROW EXCLUSIVE on t and p", the strongest first; in general words where no relation is
 * known. */
static char *locks_text(const struct lint_run *run, const struct sql_effects *effects)
{
    GString *text = g_string_new(NULL);
    gboolean tables_only = has_table(run, effects);
    for (int mode = LOCK_MODE_ACCESS_EXCLUSIVE; mode > LOCK_MODE_ROW_EXCLUSIVE; mode--) {
        gboolean is_first = TRUE;
        for (guint i = 0; i < effects->lock_count; i++) {
            const struct sql_locked *lock = &effects->locks[i];
            if (lock->mode != (enum lock_mode)mode || !is_felt(run, lock) ||
                (tables_only && lock->relation.kind == SQL_OBJECT_INDEX))
                continue;
            g_autofree char *name = lint_name(&lock->relation);
            if (is_first)
                g_string_append_printf(text, "%s%s on %s", text->len > 0 ? ", " : "",
                                       lock_mode_text((enum lock_mode)mode), name);
            else
                g_string_append_printf(text, " and %s", name);
            is_first = FALSE;
        }
    }
    if (text->len == 0 && effects->has_more_locks)
        g_string_append_printf(text, "locks on %s", effects->more_locks);
    return g_string_free(text, FALSE);
}

/* " and rewrites it", " and may read all of it, depending on ..." */
static char *work_text(const struct sql_effects *effects)
{
    if (effects->rewrites == SQL_YES)
        return g_strdup(" and rewrites it");
    if (effects->rewrites == SQL_MAYBE)
        return g_strdup_printf(" and may rewrite it, depending %s", effects->rewrite_why);
    if (effects->builds_index == SQL_YES)
        return g_strdup(" while it builds the index");
    if (effects->scans == SQL_YES)
        return g_strdup(" and reads all of it");
    if (effects->scans == SQL_MAYBE)
        return g_strdup_printf(" and may read all of it, depending %s", effects->scan_why);
    return g_strdup("");
}

char *lint_locks_text(const struct lint_run *run)
{
    struct sql_effects effects;
    expect(run, run->action, &effects);
    return locks_text(run, &effects);
}

void lint_report_locks(struct lint_run *run, gboolean is_sure)
{
    struct sql_effects effects;
    expect(run, run->action, &effects);
    g_autofree char *what = lint_describe(run->action);
    g_autofree char *locks = locks_text(run, &effects);
    g_autofree char *work = work_text(&effects);
    lint_report_lower(run, is_sure ? LINT_LEVELS : LINT_NOTICE, "%s takes %s%s", what, locks, work);
}
