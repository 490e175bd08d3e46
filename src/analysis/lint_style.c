/* Rules about types and names: what is harmless today and regretted later. */
#include "analysis/lint_census.h"
#include "analysis/lint_private.h"
#include "analysis/sql_lexer.h"

#include <string.h>

/* NAMEDATALEN - 1 (manual, section 4.1.1). */
#define NAME_MAX_BYTES 63

/* ---- columns ----------------------------------------------------------------------------------
 */

/* A column that stays: of a table that is not temporary. */
static gboolean is_new_column(const struct inspected_statement *statement,
                              const struct sql_action *action)
{
    gboolean is_column =
        action->kind == SQL_ACTION_ADD_COLUMN || action->kind == SQL_ACTION_ALTER_COLUMN_TYPE;
    return is_column && action->type != NULL &&
           !lint_has(&statement->actions[action->parent], TEMPORARY);
}

/* The type without its modifiers and brackets: "character varying(20)[]" begins with "character
 * varying". */
static gboolean is_type(const struct sql_action *action, const char *name)
{
    gsize length = strlen(name);
    return strncmp(action->type, name, length) == 0 && !g_ascii_isalnum(action->type[length]) &&
           action->type[length] != '_';
}

typedef gboolean (*column_fn)(const struct sql_action *action);

#define COLUMNS_NAMED 3

/* Those of a statement in one finding, at the first of them: nobody reads thirty. */
static void report_columns(struct lint_run *run, column_fn is_meant)
{
    const struct inspected_statement *statement = run->statement;
    const struct sql_action *first = run->action;
    g_autoptr(GString) names = g_string_new(NULL);
    gboolean are_alike = TRUE;
    guint count = 0;
    if (!is_new_column(statement, first) || !is_meant(first))
        return;
    for (guint i = 0; i < statement->action_count; i++) {
        const struct sql_action *action = &statement->actions[i];
        if (!is_new_column(statement, action) || !is_meant(action))
            continue;
        if (action < first)
            return;
        if (count++ < COLUMNS_NAMED)
            g_string_append_printf(names, "%s%s", count > 1 ? ", " : "", action->part);
        are_alike = are_alike && strcmp(action->type, first->type) == 0;
    }
    if (count > COLUMNS_NAMED)
        g_string_append_printf(names, " and %u more", count - COLUMNS_NAMED);
    lint_report(run, "%s %s %s of type %s%s", count == 1 ? "column" : "columns", names->str,
                count == 1 ? "is" : "are", first->type, are_alike ? "" : " and the like");
}

static gboolean is_json(const struct sql_action *action)
{
    return is_type(action, "json");
}

void lint_json_column(struct lint_run *run)
{
    report_columns(run, is_json);
}

static gboolean is_timestamp(const struct sql_action *action)
{
    return is_type(action, "timestamp") && strstr(action->type, "with time zone") == NULL;
}

void lint_timestamp(struct lint_run *run)
{
    report_columns(run, is_timestamp);
}

static gboolean is_limited_text(const struct sql_action *action)
{
    gboolean is_varchar = is_type(action, "character varying");
    return is_varchar ? strchr(action->type, '(') != NULL : is_type(action, "character");
}

void lint_varchar(struct lint_run *run)
{
    report_columns(run, is_limited_text);
}

void lint_serial(struct lint_run *run)
{
    if (is_new_column(run->statement, run->action) && lint_has(run->action, SERIAL))
        lint_report(run, "column %s is a serial", run->action->part);
}

/* The primary key that a table is created with names this column alone. */
static gboolean is_key(const struct lint_run *run)
{
    const struct inspected_statement *statement = run->statement;
    if (lint_has(run->action, PRIMARY) || lint_has(run->action, SERIAL) ||
        lint_has(run->action, IDENTITY))
        return TRUE;
    for (guint i = 0; i < statement->action_count; i++) {
        const struct sql_action *action = &statement->actions[i];
        if (action->kind == SQL_ACTION_ADD_PRIMARY_KEY && action->column_count == 1 &&
            strcmp(action->columns[0], run->action->part) == 0)
            return TRUE;
    }
    return FALSE;
}

void lint_small_key(struct lint_run *run)
{
    const struct sql_action *action = run->action;
    if (action->kind == SQL_ACTION_ADD_COLUMN && is_new_column(run->statement, run->action) &&
        (is_type(action, "integer") || is_type(action, "smallint")) && is_key(run))
        lint_report(run, "key %s is of type %s", action->part, action->type);
}

/* ---- names ------------------------------------------------------------------------------------
 */

static void check_name(struct lint_run *run, const struct sql_token *token, GHashTable *seen)
{
    gboolean is_quoted = token->type == SQL_NAME;
    gsize length = token->length - (is_quoted ? 2 : 0);
    if (length <= NAME_MAX_BYTES)
        return;
    g_autofree char *name =
        g_strndup(run->half->text + token->offset + (is_quoted ? 1 : 0), length);
    if (!g_hash_table_add(seen, g_strdup(name)))
        return;
    lint_report_at(run, LINT_NO_STATEMENT, token->offset, name,
                   "%s has %" G_GSIZE_FORMAT " bytes; the server keeps the first %d", name, length,
                   NAME_MAX_BYTES);
}

/* By our lexer: PostgreSQL's cuts names off before anybody sees them. */
void lint_identifier(struct lint_run *run)
{
    g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
    struct sql_lexer lexer;
    struct sql_token token;
    if (run->half->script == NULL)
        return;
    sql_lexer_init(&lexer, run->half->text, run->half->length, SQL_POSTGRESQL);
    while (sql_lexer_next(&lexer, &token) && token.type != SQL_END)
        if (token.type == SQL_WORD || token.type == SQL_NAME)
            check_name(run, &token, seen);
}

void lint_if_not_exists(struct lint_run *run)
{
    if (run->action->kind == SQL_ACTION_CREATE_INDEX && lint_has(run->action, CONCURRENTLY) &&
        lint_has(run->action, IF_NOT_EXISTS))
        lint_report(run,
                    "index %s: IF NOT EXISTS takes one that a failed build left for a good one",
                    run->action->object.name);
}

/* ---- what stays in the session ----------------------------------------------------------------
 */

/* Outside of a transaction SET LOCAL does nothing. */
void lint_set(struct lint_run *run)
{
    const struct script *script = run->half->script;
    if (run->action->kind == SQL_ACTION_SET && !lint_has(run->action, LOCAL) &&
        !lint_has(run->action, IN_BODY) && run_mode_is_transactional(script->mode))
        lint_report(run, "SET %s without LOCAL may hold for the files that follow",
                    run->action->part != NULL ? run->action->part : "");
}

/* ---- what could not be looked into ------------------------------------------------------------
 */

void lint_not_analysed(struct lint_run *run)
{
    const struct lint_half *half = run->half;
    for (guint i = 0; i < lint_half_statements(half); i++) {
        const struct inspected_statement *inspected = inspection_at(half->inspection, i);
        const struct script_statement *statement =
            &g_array_index(half->script->statements, struct script_statement, inspected->index);
        if (!inspected->is_analysed)
            lint_report_at(run, inspected->index, statement->offset, NULL, "%s is not analysed: %s",
                           statement->verb, inspected->not_analysed);
    }
}
