/* The checks of the gate: a row each, and what it looks at. */
#include "base/duration.h"
#include "base/text.h"
#include "database/circumstances.h"
#include "engine/gate_internal.h"
#include "engine/marks.h"

#include <string.h>

/* ---- what was wished, and how ---------------------------------------------------------------- */

static void look_plan(struct gate_look *look, struct gate_check *check)
{
    const char *seen = look->options->plan_id;
    if (seen == NULL)
        gate_answer(check, GATE_NOT_NEEDED, NULL, "no plan was named");
    else if (strcmp(seen, look->gate->id) == 0)
        gate_answer(check, GATE_OK, NULL, "%s, as it was seen", seen);
    else
        gate_answer(check, GATE_FAILED, "look at 'winch plan' again",
                    "the plan is now %s, not %s: files or database have changed", look->gate->id,
                    seen);
}

static void look_environment(struct gate_look *look, struct gate_check *check)
{
    const struct environment *environment = &look->engine->environment;
    if (environment->contradiction != NULL && look->wish->action != GATE_LOWER)
        gate_answer(check, GATE_FAILED,
                    "look whether this is the database that is meant; if so, say --environment "
                    "production",
                    "%s", environment->contradiction);
    else
        gate_answer(check, GATE_OK, NULL, "%s (%s)", environment->name, environment->said_by);
}

static gint64 limit_of(const struct gate_look *look)
{
    enum mark_kind kind =
        look->gate->policy.rollback_to == ROLLBACK_LAST_STABLE ? MARK_STABLE : MARK_KNOWN_GOOD;
    return marks_last(look->marks, kind, look->wish->from);
}

static void look_target(struct gate_look *look, struct gate_check *check)
{
    const struct gate_wish *wish = look->wish;
    enum policy_rollback rule = look->gate->policy.rollback_to;
    const char *word = rule == ROLLBACK_LAST_STABLE ? "stable" : "known good";
    g_autoptr(GError) failure = NULL;
    if (!gate_goes_back(wish) || wish->action == GATE_LOWER || wish->to >= wish->from) {
        gate_answer(check, GATE_NOT_NEEDED, NULL, "nothing goes back");
        return;
    }
    if (rule == ROLLBACK_ANY) {
        gate_answer(check, GATE_OK, NULL, "%s lets any version be gone back to",
                    look->gate->environment);
        return;
    }
    if (look->marks == NULL && (look->marks = engine_marks(look->engine, &failure)) == NULL) {
        gate_answer_unknown(check, GATE_FAILED, g_steal_pointer(&failure));
        return;
    }
    gint64 limit = limit_of(look);
    g_autofree char *last = change_version_text(look->engine, limit);
    g_autofree char *target = change_version_text(look->engine, wish->to);
    if (limit == VERSION_NONE)
        gate_answer(check, GATE_FAILED, "mark the version that is, with 'winch mark'",
                    "no version is marked %s, and %s goes back no further than the last that is",
                    word, look->gate->environment);
    else if (wish->to < limit)
        gate_answer(check, GATE_FAILED, "'winch rollback' stops there",
                    "%s lies below %s, the last %s version, and %s goes back no further", target,
                    last, word, look->gate->environment);
    else
        gate_answer(check, GATE_OK, NULL, "%s is not below the last %s version, %s", target, word,
                    last);
}

/* What is missing or irreversible is no plan at all. */
static void look_downs(struct gate_look *look, struct gate_check *check)
{
    const struct plan *plan = look->wish->plan;
    g_autoptr(GString) empty = g_string_new(NULL);
    if (look->wish->action != GATE_DOWN) {
        gate_answer(check, GATE_NOT_NEEDED, NULL, "no migration goes down");
        return;
    }
    for (guint i = 0; i < plan->steps->len; i++) {
        const struct plan_step *step = plan_step_at(plan, i);
        if (step->script->mode == RUN_EMPTY)
            g_string_append_printf(empty, "%s%s", empty->len > 0 ? ", " : "",
                                   step->migration->digits);
    }
    if (empty->len > 0)
        gate_answer(check, GATE_WARNING, NULL, "nothing is undone by the down of %s", empty->str);
    else
        gate_answer(check, GATE_OK, NULL, "all there, none irreversible");
}

/* ---- evidence -------------------------------------------------------------------------------- */

/* The newest preview of this plan that ran to its end; NULL. */
static const struct history_record *last_preview(const struct gate_look *look)
{
    for (guint i = look->history->len; i-- > 0;) {
        const struct history_record *record = look->history->pdata[i];
        if (strcmp(history_record_kind(record), "preview") == 0 &&
            record->outcome == OUTCOME_DONE && g_strcmp0(record->plan_id, look->gate->id) == 0)
            return record;
    }
    return NULL;
}

#define PREVIEW_ADVICE "preview it first: the same command with --dry-run"

static void look_preview(struct gate_look *look, struct gate_check *check)
{
    g_autoptr(GError) failure = NULL;
    if (look->wish->action != GATE_DOWN || look->gate->policy.preview == RULE_OFF) {
        gate_answer(check, GATE_NOT_NEEDED, NULL, "not asked for");
        return;
    }
    if (look->history == NULL &&
        (look->history = engine_history(look->engine, 0, &failure)) == NULL) {
        gate_answer_unknown(check, GATE_FAILED, g_steal_pointer(&failure));
        return;
    }
    const struct history_record *preview = last_preview(look);
    if (preview == NULL) {
        gate_answer(check, GATE_FAILED, PREVIEW_ADVICE, "%s was never previewed", look->gate->id);
        return;
    }
    gint64 now;
    if (!database_clock(look->engine->database, &now, &failure)) {
        gate_answer_unknown(check, GATE_FAILED, g_steal_pointer(&failure));
        return;
    }
    gint64 age = MAX(now - preview->finished_at, 0);
    gint64 limit = look->engine->settings->preview_max_age * 1000;
    g_autofree char *old = duration_format(age);
    g_autofree char *most = duration_format(limit);
    if (age > limit)
        gate_answer(check, GATE_FAILED, PREVIEW_ADVICE,
                    "the last preview of %s is %s old, and preview_max_age is %s", look->gate->id,
                    old, most);
    else
        gate_answer(check, GATE_OK, NULL, "of exactly this plan, %s ago", old);
}

/* ---- what is recorded, and who stands for it ------------------------------------------------- */

static void look_history(struct gate_look *look, struct gate_check *check)
{
    const struct engine *engine = look->engine;
    enum history_presence presence = database_history_presence(engine->database);
    gboolean can_be_made =
        presence == HISTORY_ABSENT && database_facts(engine->database)->can_create_own_schema;
    gboolean is_asked = look->wish->action == GATE_LOWER ||
                        (gate_goes_back(look->wish) && look->gate->policy.history == RULE_REQUIRED);
    if (presence == HISTORY_PRESENT || can_be_made)
        gate_answer(check, GATE_OK, NULL, "will be written");
    else
        gate_answer(check, is_asked ? GATE_FAILED : GATE_WARNING,
                    "'winch init --print-sql' prints what somebody who may has to run",
                    "%s may not write the history in schema %s",
                    database_facts(engine->database)->user, engine->settings->own_schema);
}

static gboolean is_said(const char *text)
{
    return text != NULL && text[strspn(text, " \t\r\n")] != '\0';
}

static void look_reason(struct gate_look *look, struct gate_check *check)
{
    const struct gate_wish *wish = look->wish;
    const char *reason = look->options->reason;
    gboolean is_asked = wish->action == GATE_LOWER || wish->is_emergency ||
                        ((gate_goes_back(wish) || wish->action == GATE_UNMARK) &&
                         look->gate->policy.reason == RULE_REQUIRED);
    if (is_said(look->options->override))
        gate_answer(check, GATE_OK, NULL, "%s", look->options->override);
    else if (is_said(reason))
        gate_answer(check, GATE_OK, NULL, "%s", reason);
    else if (!is_asked)
        gate_answer(check, GATE_NOT_NEEDED, NULL, "not asked for");
    else
        gate_answer(check, GATE_FAILED, "give --reason TEXT: it is recorded",
                    "there is no reason given");
}

static void look_approval(struct gate_look *look, struct gate_check *check)
{
    const struct approval *good = NULL, *own = NULL, *late = NULL;
    g_autoptr(GError) failure = NULL;
    if (!gate_goes_back(look->wish) || look->gate->policy.approval == RULE_OFF) {
        gate_answer(check, GATE_NOT_NEEDED, NULL, "not asked for");
        return;
    }
    g_autoptr(GArray) approvals =
        database_approvals_read(look->engine->database, look->gate->id, &failure);
    if (approvals == NULL) {
        gate_answer_unknown(check, GATE_FAILED, g_steal_pointer(&failure));
        return;
    }
    for (guint i = 0; i < approvals->len; i++) {
        const struct approval *approval = &g_array_index(approvals, struct approval, i);
        *(approval->is_own ? &own : approval->is_expired ? &late : &good) = approval;
    }
    g_autofree char *advice =
        g_strdup_printf("'winch approve %s', by another database user", look->gate->id);
    if (good != NULL)
        gate_answer(check, GATE_OK, NULL, "by %s", good->approver);
    else if (!database_has_approvals(look->engine->database))
        gate_answer(check, GATE_FAILED, "set approval: off for this environment",
                    "%s has no users, so nobody can be told to be a second person",
                    database_facts(look->engine->database)->product);
    else if (late != NULL)
        gate_answer(check, GATE_FAILED, advice, "the approval by %s has expired", late->approver);
    else
        gate_answer(check, GATE_FAILED, advice, "nobody has approved %s%s", look->gate->id,
                    own != NULL ? " but you, which does not count" : "");
}

#define BACKUP_ADVICE "take one yourself (pg_dump)"

static void look_backup(struct gate_look *look, struct gate_check *check)
{
    gboolean destroys = look->wish->action == GATE_DOWN || look->wish->action == GATE_DROP;
    if (!destroys || look->gate->policy.backup == RULE_OFF)
        gate_answer(check, GATE_NOT_NEEDED, NULL,
                    destroys ? "not asked for" : "no data is touched");
    else if (look->gate->policy.backup == RULE_ON)
        gate_answer(check, GATE_WARNING, BACKUP_ADVICE,
                    "none is taken: this version of winch takes no backup");
    else
        gate_answer(check, GATE_FAILED, BACKUP_ADVICE " and say so",
                    "%s requires a backup, and this version of winch takes none",
                    look->gate->environment);
}

/* In the order in which people are told. */
const struct gate_row gate_rows[] = {
    {"plan", FALSE, FALSE, look_plan},
    {"environment", FALSE, FALSE, look_environment},
    {"lock", TRUE, FALSE, gate_look_lock},
    {"target", FALSE, TRUE, look_target},
    {"downs", TRUE, FALSE, look_downs},
    {"dependents", TRUE, FALSE, gate_look_dependents},
    {"receipt", TRUE, FALSE, gate_look_receipt},
    {"preview", FALSE, TRUE, look_preview},
    {"blockers", TRUE, FALSE, gate_look_blockers},
    {"rights", TRUE, FALSE, gate_look_rights},
    {"replicas", TRUE, FALSE, gate_look_replicas},
    {"history", FALSE, FALSE, look_history},
    {"reason", FALSE, FALSE, look_reason},
    {"approval", FALSE, FALSE, look_approval},
    {"backup", FALSE, TRUE, look_backup},
    {NULL, FALSE, FALSE, NULL},
};
