/* Goes over the actions of a half once. */
#include "analysis/lint_risk.h"

#include "analysis/lint_census.h"
#include "analysis/lint_private.h"

static const struct {
    const char *word, *text;
} risks[LINT_RISKS] = {
    [RISK_DATA] = {"DATA", "destroys rows or values"},
    [RISK_REWRITE] = {"REWRITE", "writes a table in use anew"},
    [RISK_LOCK] = {"LOCK", "those who use a table wait"},
    [RISK_DML] = {"DML", "changes rows of a table in use"},
    [RISK_NO_DOWN] = {"NO-DOWN", "nothing takes it back"},
    [RISK_NO_TX] = {"noTX", "does not run in one transaction"},
    [RISK_UNKNOWN] = {"?", "something in it could not be looked into"},
};

const char *lint_risk_word(enum lint_risk risk)
{
    return risks[risk].word;
}

const char *lint_risk_text(enum lint_risk risk)
{
    return risks[risk].text;
}

char *lint_risk_words(unsigned bits)
{
    GString *words = g_string_new(NULL);
    for (unsigned risk = 0; risk < LINT_RISKS; risk++)
        if ((bits & LINT_RISK_BIT(risk)) != 0)
            g_string_append_printf(words, "%s%s", words->len > 0 ? " " : "", risks[risk].word);
    return g_string_free(words, FALSE);
}

/* ---- one action -------------------------------------------------------------------------------
 */

static gboolean is_one_of(enum sql_action_kind kind, const enum sql_action_kind *kinds)
{
    for (; *kinds != SQL_ACTION_OTHER; kinds++)
        if (*kinds == kind)
            return TRUE;
    return FALSE;
}

static gboolean destroys(enum sql_action_kind kind)
{
    static const enum sql_action_kind kinds[] = {SQL_ACTION_DROP_TABLE,    SQL_ACTION_DROP_COLUMN,
                                                 SQL_ACTION_TRUNCATE,      SQL_ACTION_DELETE,
                                                 SQL_ACTION_DROP_DATABASE, SQL_ACTION_OTHER};
    return is_one_of(kind, kinds);
}

static gboolean changes_rows(enum sql_action_kind kind)
{
    static const enum sql_action_kind kinds[] = {SQL_ACTION_INSERT,    SQL_ACTION_UPDATE,
                                                 SQL_ACTION_DELETE,    SQL_ACTION_MERGE,
                                                 SQL_ACTION_COPY_FROM, SQL_ACTION_OTHER};
    return is_one_of(kind, kinds);
}

/* What the half made itself is nobody's loss. */
static void add_action(struct lint_run *run, gpointer data)
{
    const struct sql_action *action = run->action;
    unsigned *bits = data;
    gboolean is_own = lint_census_makes(run->census, &action->object, action->offset);
    if (destroys(action->kind) && !is_own)
        *bits |= LINT_RISK_BIT(RISK_DATA);
    if (changes_rows(action->kind) && !is_own && lint_is_in_use(run, &action->object))
        *bits |= LINT_RISK_BIT(RISK_DML);
    if (lint_blocks(run))
        *bits |= LINT_RISK_BIT(RISK_LOCK);
    if (lint_rewrites(run) == SQL_YES)
        *bits |= LINT_RISK_BIT(RISK_REWRITE);
}

/* ---- a half ------------------------------------------------------------------------------------
 */

static gboolean is_unknown(const struct lint_half *half)
{
    return half->failure != NULL ||
           (half->inspection != NULL && !inspection_is_complete(half->inspection));
}

unsigned lint_risks(const struct lint_subject *subject, const struct lint_options *options,
                    gboolean is_down)
{
    const struct lint_half *half = is_down ? &subject->down : &subject->up;
    AUTOPTR(lint_census) *census = lint_census_new(half);
    struct lint_run run = {.subject = subject,
                           .options = options,
                           .is_down = is_down,
                           .half = half,
                           .census = census,
                           .memory = is_down ? subject->between : subject->before};
    unsigned bits = is_unknown(half) ? LINT_RISK_BIT(RISK_UNKNOWN) : 0;
    if (half->script != NULL && half->script->mode != RUN_EMPTY &&
        !run_mode_is_transactional(half->script->mode))
        bits |= LINT_RISK_BIT(RISK_NO_TX);
    if (!is_down && lint_does_something(half) &&
        (subject->is_irreversible || !lint_does_something(&subject->down)))
        bits |= LINT_RISK_BIT(RISK_NO_DOWN);
    lint_each_action(&run, add_action, &bits);
    return bits;
}
