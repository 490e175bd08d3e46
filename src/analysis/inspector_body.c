/* Bodies: SQL is parsed as it is; of PL/pgSQL the parser lists the statements, and each of them is
 * parsed again. What is put together at run time nobody can read. */
#include "analysis/inspector.h"

#include <jansson.h>
#include <pg_query.h>
#include <string.h>

#include "analysis/nesting.h"
#include "analysis/sql_lexer.h"

enum { DEEPEST_BODY = 4 };

/* Where a body's first line stands in the file. */
static unsigned first_line(const struct inspector *inspector, gint64 location)
{
    const struct script_statement *statement = inspector->statement;
    struct sql_lexer lexer;
    struct sql_token token;
    unsigned line, column;
    if (inspector->body_line > 0 || location < 0 || (gsize)location >= statement->length)
        return MAX(inspector->body_line, statement->line);
    sql_lexer_init(&lexer, inspector->text + statement->offset, statement->length, SQL_POSTGRESQL);
    lexer.at = (gsize)location;
    while (sql_lexer_next(&lexer, &token) && token.type != SQL_END)
        if (token.type == SQL_STRING || token.type == SQL_DOLLAR) {
            script_locate(lexer.text, lexer.length, token.offset, &line, &column);
            return statement->line + line - 1;
        }
    return statement->line;
}

/* ---- PL/pgSQL -------------------------------------------------------------------------------- */

struct walker {
    struct inspector *inspector;
    unsigned first_line;
    gboolean is_dynamic;   /* the statement that the walk is in runs a text made at run time */
    const char *statement; /* "PLpgSQL_stmt_if" */
};

/* A statement, or an expression: "x + 1", or "x := x + 1" for an assignment. */
static void take_query(struct walker *walker, const char *query)
{
    struct inspector *inspector = walker->inspector;
    const char *why = NULL;
    gboolean is_assignment = g_strcmp0(walker->statement, "PLpgSQL_stmt_assign") == 0;
    const char *value = is_assignment ? strstr(query, ":=") : NULL;
    if (nesting_of(query, strlen(query)) > inspector->deepest) {
        inspector_opaque(inspector, "its body is nested too deep");
        return;
    }
    if (value == NULL && inspector_take(inspector, query, strlen(query), &why))
        return;
    /* an expression's own SELECT is no action */
    guint before = inspector->found.actions->len;
    g_autofree char *select = g_strconcat("SELECT ", value != NULL ? value + 2 : query, NULL);
    if (!inspector_take(inspector, select, strlen(select), &why))
        inspector_opaque(inspector, "a statement of its body is not understood");
    else if (inspector->found.actions->len == before + 1)
        g_array_set_size(inspector->found.actions, before);
}

static void walk(struct walker *walker, const char *key, const json_t *value);

static gboolean is_dynamic(const char *statement, const char *key)
{
    static const char *const statements[] = {"PLpgSQL_stmt_dynexecute", "PLpgSQL_stmt_dynfors"};
    for (gsize i = 0; i < G_N_ELEMENTS(statements); i++)
        if (g_strcmp0(statement, statements[i]) == 0 && g_strcmp0(key, "query") == 0)
            return TRUE;
    return g_strcmp0(key, "dynquery") == 0;
}

static void walk_object(struct walker *walker, const char *name, const json_t *object)
{
    struct walker inner = *walker;
    const json_t *line = json_object_get(object, "lineno");
    const char *query = json_string_value(json_object_get(object, "query"));
    const char *key;
    json_t *value;
    if (g_str_has_prefix(name, "PLpgSQL_stmt_"))
        inner.statement = name;
    if (json_is_integer(line))
        walker->inspector->body_line = walker->first_line + (unsigned)json_integer_value(line) - 1;
    if (g_str_equal(name, "PLpgSQL_expr") && query != NULL) {
        if (walker->is_dynamic)
            inspector_opaque(walker->inspector, "EXECUTE of a text made at run time");
        take_query(walker, query);
    }
    if (g_str_equal(name, "PLpgSQL_stmt_commit") || g_str_equal(name, "PLpgSQL_stmt_rollback")) {
        struct sql_action action = inspector_action(walker->inspector, SQL_ACTION_TRANSACTION);
        action.part = g_str_equal(name, "PLpgSQL_stmt_commit") ? "COMMIT" : "ROLLBACK";
        inspector_add(walker->inspector, &action);
    }
    json_object_foreach((json_t *)(guintptr)object, key, value)
    {
        inner.is_dynamic = walker->is_dynamic || is_dynamic(inner.statement, key);
        walk(&inner, key, value);
    }
}

static void walk(struct walker *walker, const char *key, const json_t *value)
{
    gsize index;
    json_t *item;
    if (json_is_object(value))
        walk_object(walker, key, value);
    json_array_foreach(value, index, item) walk(walker, key, item);
}

static void take_plpgsql(struct inspector *inspector, unsigned line)
{
    struct walker walker = {.inspector = inspector, .first_line = line};
    PgQueryPlpgsqlParseResult result = pg_query_parse_plpgsql(inspector->sql);
    json_t *functions = result.error == NULL ? json_loads(result.plpgsql_funcs, 0, NULL) : NULL;
    if (functions != NULL)
        walk(&walker, "", functions);
    else
        inspector_opaque(inspector, "its body is not understood");
    json_decref(functions);
    pg_query_free_plpgsql_parse_result(result);
}

/* ---- both ------------------------------------------------------------------------------------ */

static void take_sql(struct inspector *inspector, const char *body)
{
    const char *why;
    if (!inspector_take(inspector, body, strlen(body), &why))
        inspector_opaque(inspector, "its body is not understood");
}

void inspect_body(struct inspector *inspector, const char *language, const char *body,
                  gint64 location, gboolean is_run)
{
    guint64 flags = inspector->body;
    unsigned line = inspector->body_line;
    if (inspector->body_depth == DEEPEST_BODY ||
        nesting_of(body, strlen(body)) > inspector->deepest) {
        inspector_opaque(inspector, "its body is nested too deep");
        return;
    }
    inspector->body_depth++;
    gboolean is_run_now = is_run && (flags == 0 || (flags & SQL_FLAG(IS_RUN)) != 0);
    inspector->body = SQL_FLAG(IN_BODY) | (is_run_now ? SQL_FLAG(IS_RUN) : 0);
    inspector->body_line = first_line(inspector, location);
    if (g_ascii_strcasecmp(language != NULL ? language : "sql", "plpgsql") == 0)
        take_plpgsql(inspector, inspector->body_line);
    else if (language == NULL || g_ascii_strcasecmp(language, "sql") == 0)
        take_sql(inspector, body);
    else
        inspector_opaque(inspector, "a body in a language that is not read here");
    inspector->body_depth--;
    inspector->body = flags;
    inspector->body_line = line;
}
