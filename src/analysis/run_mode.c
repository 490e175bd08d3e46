/* The run mode: the first rule that holds, from "nothing to run" to "one transaction". */
#include "analysis/run_mode.h"

#include "analysis/sql_pattern.h"

static const struct {
    const char *name;
    const char *text;
    gboolean transactional;
} modes[] = {
    [RUN_EMPTY] = {"empty", "nothing to run", TRUE},
    [RUN_TRANSACTION] = {"transaction", "one transaction", TRUE},
    [RUN_OWN_BLOCK] = {"own-block", "one transaction (its own BEGIN and COMMIT replaced)", TRUE},
    [RUN_SEPARATE] = {"separate", "statement by statement, not transactional", FALSE},
    [RUN_WHOLE] = {"whole", "sent whole", FALSE},
};

/* What may stand behind BEGIN, and how it is written back. read_only: the version row could not be
 * written in it. */
static const struct mode_row {
    enum sql_dialect dialect;
    const char *pattern;
    const char *text;
    gboolean read_only;
} begin_modes[] = {
    {SQL_POSTGRESQL, "ISOLATION LEVEL SERIALIZABLE", "ISOLATION LEVEL SERIALIZABLE", FALSE},
    {SQL_POSTGRESQL, "ISOLATION LEVEL REPEATABLE READ", "ISOLATION LEVEL REPEATABLE READ", FALSE},
    {SQL_POSTGRESQL, "ISOLATION LEVEL READ COMMITTED", "ISOLATION LEVEL READ COMMITTED", FALSE},
    {SQL_POSTGRESQL, "ISOLATION LEVEL READ UNCOMMITTED", "ISOLATION LEVEL READ UNCOMMITTED", FALSE},
    {SQL_POSTGRESQL, "READ WRITE", "READ WRITE", FALSE},
    {SQL_POSTGRESQL, "READ ONLY", "READ ONLY", TRUE},
    {SQL_POSTGRESQL, "DEFERRABLE", "DEFERRABLE", FALSE},
    {SQL_POSTGRESQL, "NOT DEFERRABLE", "NOT DEFERRABLE", FALSE},
    {SQL_SQLITE, "DEFERRED TRANSACTION?", "DEFERRED", FALSE},
    {SQL_SQLITE, "IMMEDIATE TRANSACTION?", "IMMEDIATE", FALSE},
    {SQL_SQLITE, "EXCLUSIVE TRANSACTION?", "EXCLUSIVE", FALSE},
};

const char *run_mode_text(enum run_mode mode)
{
    return modes[mode].text;
}

const char *run_mode_name(enum run_mode mode)
{
    return modes[mode].name;
}

gboolean run_mode_is_transactional(enum run_mode mode)
{
    return modes[mode].transactional;
}

static const struct script_statement *statement_at(const struct script *script, guint index)
{
    return &g_array_index(script->statements, struct script_statement, index);
}

static const struct script_statement *find_kind(const struct script *script,
                                                enum statement_kind kind)
{
    for (guint i = 0; i < script->statements->len; i++)
        if (statement_at(script, i)->kind == kind)
            return statement_at(script, i);
    return NULL;
}

static void decide(struct script *script, enum run_mode mode, unsigned line, char *reason)
{
    script->mode = mode;
    script->reason_line = line;
    g_free(script->mode_reason);
    script->mode_reason = reason;
}

/* A server only warns of BEGIN inside a block and of COMMIT outside one; so it is here. */
static gboolean refuse_open_block(const struct script *script, const struct run_facts *facts,
                                  GError **error)
{
    const struct script_statement *open = NULL;
    for (guint i = 0; i < script->statements->len; i++) {
        const struct script_statement *statement = statement_at(script, i);
        if (statement->kind == STATEMENT_BEGIN && open == NULL)
            open = statement;
        else if (statement->kind == STATEMENT_COMMIT || statement->kind == STATEMENT_ROLLBACK ||
                 (statement->kind == STATEMENT_PREPARED && statement->verb[0] == 'P'))
            open = NULL;
        else if (statement->kind == STATEMENT_CHAIN)
            open = statement;
    }
    if (open == NULL)
        return TRUE;
    error_set_at(error, ERROR_SOURCE, facts->file, open->line,
                 "%s without COMMIT: the work would be lost",
                 open->kind == STATEMENT_BEGIN ? open->verb : "AND CHAIN");
    error_advise(error, "end the file with COMMIT, or leave both out: a file runs in one "
                        "transaction by itself");
    if (error != NULL && *error != NULL)
        error_detail_edit(*error)->column = open->column;
    return FALSE;
}

static const struct mode_row *take_mode(struct sql_lexer *lexer)
{
    for (gsize i = 0; i < G_N_ELEMENTS(begin_modes); i++)
        if (begin_modes[i].dialect == lexer->dialect &&
            sql_pattern_take(lexer, begin_modes[i].pattern))
            return &begin_modes[i];
    return NULL;
}

/* Reads the transaction modes of BEGIN into modes_text. False with why they cannot be carried
 * over to a BEGIN of ours. */
static gboolean read_begin(const struct script_statement *begin, const struct run_facts *facts,
                           GString *modes_text, const char **why)
{
    struct sql_lexer lexer;
    gboolean comma = FALSE;
    sql_lexer_init(&lexer, facts->text + begin->offset, begin->length, facts->dialect);
    if (!sql_pattern_take(&lexer, "BEGIN WORK|TRANSACTION?"))
        sql_pattern_take(&lexer, "START TRANSACTION");
    while (comma || !sql_pattern_take(&lexer, "$")) {
        const struct mode_row *row = take_mode(&lexer);
        *why = row == NULL ? "has a mode that is not known" : "is READ ONLY";
        if (row == NULL || row->read_only)
            return FALSE;
        g_string_append_printf(modes_text, "%s%s", modes_text->len > 0 ? ", " : "", row->text);
        comma = sql_pattern_take(&lexer, ",");
    }
    return TRUE;
}

static gboolean controls_transaction(const struct script_statement *statement)
{
    return statement->kind == STATEMENT_BEGIN || statement->kind == STATEMENT_COMMIT ||
           statement->kind == STATEMENT_ROLLBACK || statement->kind == STATEMENT_CHAIN ||
           statement->kind == STATEMENT_PREPARED;
}

/* BEGIN first, COMMIT last, and no other transaction control. */
static gboolean is_one_block(const struct script *script)
{
    guint last = script->statements->len - 1;
    if (last == 0 || statement_at(script, 0)->kind != STATEMENT_BEGIN ||
        statement_at(script, last)->kind != STATEMENT_COMMIT)
        return FALSE;
    for (guint i = 1; i < last; i++)
        if (controls_transaction(statement_at(script, i)))
            return FALSE;
    return TRUE;
}

/* The server refuses a statement that cannot run in the file's own block, and nothing has
 * happened: that is what the file asks for, and what it gets. */
static void decide_own_block(struct script *script, const struct run_facts *facts)
{
    const struct script_statement *begin = statement_at(script, 0);
    const struct script_statement *outside = find_kind(script, STATEMENT_OUTSIDE);
    const char *why = NULL;
    g_autoptr(GString) modes_text = g_string_new(NULL);
    if (!read_begin(begin, facts, modes_text, &why)) {
        decide(script, RUN_SEPARATE, begin->line,
               g_strdup_printf("its own %s %s", begin->verb, why));
        return;
    }
    if (modes_text->len > 0)
        script->begin_modes = g_strdup(modes_text->str);
    if (outside != NULL)
        decide(
            script, RUN_OWN_BLOCK, outside->line,
            g_strdup_printf("%s cannot run in a transaction, but stands inside the file's own %s",
                            outside->outside_reason, begin->verb));
    else
        decide(script, RUN_OWN_BLOCK, begin->line,
               g_strdup_printf("one %s ... COMMIT around the whole file", begin->verb));
}

static gboolean decide_by_control(struct script *script)
{
    for (guint i = 0; i < script->statements->len; i++) {
        const struct script_statement *statement = statement_at(script, i);
        if (!controls_transaction(statement))
            continue;
        decide(script, RUN_SEPARATE, statement->line,
               g_strdup_printf("its own transaction control (%s)", statement->verb));
        return TRUE;
    }
    return FALSE;
}

static gboolean decide_by_outside(struct script *script)
{
    const struct script_statement *outside = find_kind(script, STATEMENT_OUTSIDE);
    if (outside == NULL)
        return FALSE;
    decide(script, RUN_SEPARATE, outside->line,
           g_strdup_printf("%s cannot run in a transaction%s", outside->outside_reason,
                           script->statements->len > 1
                               ? "; what stands beside it commits one by one too"
                               : ""));
    return TRUE;
}

/* Rows cannot be copied out in pipeline mode, which is how transactions are sent. */
static gboolean decide_by_copy(struct script *script)
{
    const struct script_statement *copy = find_kind(script, STATEMENT_COPY_OUT);
    if (copy == NULL)
        return FALSE;
    decide(script, RUN_SEPARATE, copy->line, g_strdup("COPY TO STDOUT has to be read by itself"));
    return TRUE;
}

static void decide_by_statements(struct script *script, const struct run_facts *facts)
{
    const struct script_statement *first = statement_at(script, 0);
    if (decide_by_copy(script))
        return;
    if (is_one_block(script))
        decide_own_block(script, facts);
    else if (decide_by_control(script) || decide_by_outside(script))
        return;
    else if (script->statements->len == 1 && first->kind == STATEMENT_CALL)
        decide(script, RUN_SEPARATE, first->line,
               g_strdup("CALL alone in its file: its procedure may commit"));
    else
        decide(script, RUN_TRANSACTION, 0, g_strdup("nothing in it forbids one transaction"));
}

gboolean run_mode_decide(struct script *script, const struct run_facts *facts, GError **error)
{
    if (script->statements->len == 0) {
        decide(script, RUN_EMPTY, 0, g_strdup("no statement in it"));
        return TRUE;
    }
    if (facts->uncertain != NULL) {
        decide(script, RUN_WHOLE, facts->uncertain_line, g_strdup(facts->uncertain));
        return TRUE;
    }
    if (!refuse_open_block(script, facts, error))
        return FALSE;
    if (facts->transaction_off)
        decide(script, RUN_SEPARATE, 0, g_strdup("-- winch: transaction off"));
    else
        decide_by_statements(script, facts);
    return TRUE;
}
