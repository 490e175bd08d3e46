/* Rules about where transactions begin and end. They need no parser. */
#include "analysis/lint_private.h"

#include "base/error.h"

static const struct script_statement *statement_at(const struct lint_run *run, guint index)
{
    return &g_array_index(run->half->script->statements, struct script_statement, index);
}

static guint statement_count(const struct lint_run *run)
{
    return run->half->script != NULL ? run->half->script->statements->len : 0;
}

/* ---- what cannot run in a transaction ---------------------------------------------------------
 */

static void check_company(struct lint_run *run, guint index, gboolean is_in_block)
{
    const struct script_statement *statement = statement_at(run, index);
    guint others = statement_count(run) - 1;
    if (is_in_block)
        lint_report_at(run, index, statement->offset, NULL,
                       "%s inside BEGIN: the server refuses it", statement->outside_reason);
    else if (others > 0 && !run->subject->is_transaction_off)
        lint_report_at(run, index, statement->offset, NULL,
                       "%s beside %u other statement%s in the file", statement->outside_reason,
                       others, others == 1 ? "" : "s");
}

/* Told once a file when it is a matter of company: where the first one stands. */
void lint_concurrent_company(struct lint_run *run)
{
    gboolean is_in_block = FALSE, is_told = FALSE;
    for (guint i = 0; i < statement_count(run); i++) {
        enum statement_kind kind = statement_at(run, i)->kind;
        if (kind == STATEMENT_BEGIN)
            is_in_block = TRUE;
        else if (kind == STATEMENT_COMMIT || kind == STATEMENT_ROLLBACK)
            is_in_block = FALSE;
        else if (kind == STATEMENT_OUTSIDE && (is_in_block || !is_told)) {
            check_company(run, i, is_in_block);
            is_told = TRUE;
        }
    }
}

/* ---- BEGIN and COMMIT -------------------------------------------------------------------------
 */

static gboolean is_control(enum statement_kind kind)
{
    return kind == STATEMENT_BEGIN || kind == STATEMENT_COMMIT || kind == STATEMENT_ROLLBACK ||
           kind == STATEMENT_CHAIN || kind == STATEMENT_PREPARED;
}

/* One block around the file is replaced by winch's own; whoever says transaction off means it. */
void lint_transaction_nesting(struct lint_run *run)
{
    gboolean is_own_block = run->half->script != NULL && run->half->script->mode == RUN_OWN_BLOCK;
    if (is_own_block || run->subject->is_transaction_off)
        return;
    for (guint i = 0; i < statement_count(run); i++) {
        const struct script_statement *statement = statement_at(run, i);
        if (!is_control(statement->kind))
            continue;
        lint_report_at(run, i, statement->offset, NULL,
                       "%s in the file: it does not run as one transaction", statement->verb);
        return;
    }
}

static void report_failure(struct lint_run *run)
{
    const struct error_detail *detail = error_detail(run->half->failure);
    unsigned line = detail != NULL && detail->line > 0 ? detail->line : 1;
    lint_report_line(run, run->is_down, line, NULL, "%s", run->half->failure->message);
}

void lint_uncommitted(struct lint_run *run)
{
    if (run->half->failure != NULL && run->half->is_uncommitted)
        report_failure(run);
}

void lint_syntax_error(struct lint_run *run)
{
    if (run->half->failure != NULL && !run->half->is_uncommitted)
        report_failure(run);
}
