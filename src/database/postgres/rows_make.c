/* A few rows for tables that have none: values by type, tried against the checks of their column,
 * parents before children. What does not fit stays out, and is named. */
#include "database/rows.h"

#include <string.h>

#include "database/postgres/postgres.h"

#define ROWS 2

/* What is asked of every column, and what a value of it may be. */
enum {
    TABLE,
    COLUMN,
    TYPE,
    CATEGORY,
    LENGTH,
    IS_NEEDED,
    IS_LEFT_OUT,
    CHECKS,
    FIRST_LABEL,
    PARENT,
    PARENT_COLUMN,
};

/* $TABLES are those to be filled; what they reference comes along, nearest first. */
static const char columns_sql[] =
    "WITH RECURSIVE t (oid, depth) AS (SELECT to_regclass(n)::oid, 0 FROM unnest(ARRAY[%s]::text[])"
    " n UNION SELECT k.confrelid, depth + 1 FROM t JOIN pg_constraint k ON k.conrelid = t.oid AND "
    "k.contype = 'f' AND k.confrelid <> k.conrelid WHERE depth < 16), "
    "o AS (SELECT oid, max(depth) AS depth FROM t WHERE oid IS NOT NULL GROUP BY oid) "
    "SELECT format('%%I.%%I', n.nspname, c.relname), quote_ident(a.attname), "
    "format_type(a.atttypid, a.atttypmod), b.typcategory, "
    "CASE WHEN a.atttypid IN ('varchar'::regtype, 'bpchar'::regtype) AND a.atttypmod > 4 THEN "
    "a.atttypmod - 4 ELSE 200 END, "
    "a.attnotnull AND NOT a.atthasdef AND a.attidentity = '', "
    "a.attgenerated <> '' OR a.attidentity <> '', "
    "(SELECT string_agg('(' || pg_get_expr(k.conbin, k.conrelid) || ')', ' AND ') FROM "
    "pg_constraint k WHERE k.conrelid = c.oid AND k.contype = 'c' AND k.conkey = ARRAY[a.attnum]), "
    "(SELECT e.enumlabel FROM pg_enum e WHERE e.enumtypid = b.oid ORDER BY e.enumsortorder LIMIT "
    "1), f.parent, f.parent_column "
    "FROM o JOIN pg_class c ON c.oid = o.oid AND c.relkind IN ('r', 'p') JOIN pg_namespace n ON "
    "n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT "
    "a.attisdropped JOIN pg_type y ON y.oid = a.atttypid JOIN pg_type b ON b.oid = CASE y.typtype "
    "WHEN 'd' THEN y.typbasetype ELSE y.oid END LEFT JOIN LATERAL (SELECT format('%%I.%%I', "
    "pn.nspname, pc.relname) AS parent, quote_ident(pa.attname) AS parent_column FROM "
    "pg_constraint "
    "k JOIN pg_class pc ON pc.oid = k.confrelid JOIN pg_namespace pn ON pn.oid = pc.relnamespace "
    "JOIN pg_attribute pa ON pa.attrelid = k.confrelid AND pa.attnum = "
    "k.confkey[array_position(k.conkey, a.attnum)] WHERE k.conrelid = c.oid AND k.contype = 'f' "
    "AND "
    "a.attnum = ANY (k.conkey) ORDER BY k.oid LIMIT 1) f ON true "
    "ORDER BY o.depth DESC, c.oid, a.attnum";

/* What is tried where a check has the last word, as text of the type; the first that fit. */
static const char candidates[] =
    "'winch1', 'winch2', '1', '2', '10', '100', '1000', '0', '-1', '0.5', 'winch1@example.com', "
    "'winch2@example.com', 'https://example.com/winch1', 'https://example.com/winch2', "
    "'winch.one', "
    "'winch.two', 'W1', 'WINCH1', '+1555010000', '2020-01-01', '2020-01-02', 'true', 'false', "
    "'{}', "
    "'[]', '00000000-0000-4000-8000-000000000001'";

/* By category of the type (PostgreSQL's manual, table 53.65); @N is the number of the row. */
static const struct {
    char category;
    const char *value;
} values[] = {
    {'N', "@N"},
    {'S', "left('winch@N', @LENGTH)"},
    {'B', "(@N % 2 = 0)"},
    {'D', "(timestamptz '2020-01-01 12:00Z' + @N * interval '1 day')"},
    {'T', "(@N * interval '1 hour')"},
    {'A', "'{}'"},
    {'R', "'empty'"},
    {'I', "'192.0.2.@N'"},
    {'G', "'(@N,@N)'"},
};

/* Types that have no category of their own, and the times without a day, by how their name begins.
 */
static const struct {
    const char *type, *value;
} named_values[] = {
    {"uuid", "md5('@N')"},
    {"json", "'{\"winch\": @N}'"},
    {"bytea", "convert_to('winch@N', 'UTF8')"},
    {"macaddr", "'08:00:2b:01:02:0@N'"},
    {"xml", "'<winch>@N</winch>'"},
    {"tsvector", "'winch@N'"},
    {"time without", "'12:0@N'"},
    {"time with time zone", "'12:0@N Z'"},
    {"bit", "'1'"},
};

/* ---- values ---------------------------------------------------------------------------------- */

struct making {
    struct postgres *postgres;
    const PGresult *columns;
    int first, end;     /* rows of columns: those of the table at hand */
    GPtrArray *fitting; /* of char **, for each of them: literals that its checks take; or NULL */
};

static const char *at(const struct making *making, int row, int column)
{
    return PQgetisnull(making->columns, row, column) ? NULL
                                                     : PQgetvalue(making->columns, row, column);
}

static gboolean is_true(const struct making *making, int row, int column)
{
    return g_strcmp0(at(making, row, column), "t") == 0;
}

static const char *template_of(const struct making *making, int row)
{
    const char *type = at(making, row, TYPE);
    for (gsize i = 0; i < G_N_ELEMENTS(named_values); i++)
        if (g_str_has_prefix(type, named_values[i].type) && !g_str_has_suffix(type, "[]"))
            return named_values[i].value;
    for (gsize i = 0; i < G_N_ELEMENTS(values); i++)
        if (values[i].category == *at(making, row, CATEGORY))
            return values[i].value;
    return NULL;
}

/* "(value)::type", with what stands for the row's number and the longest text filled in. */
static char *fill_in(const struct making *making, int row, const char *template, int n)
{
    GString *text = g_string_new(NULL);
    for (const char *next = template; *next != '\0'; next++)
        if (g_str_has_prefix(next, "@N")) {
            g_string_append_printf(text, "%d", n);
            next += strlen("N");
        } else if (g_str_has_prefix(next, "@LENGTH")) {
            g_string_append(text, at(making, row, LENGTH));
            next += strlen("LENGTH");
        } else {
            g_string_append_c(text, *next);
        }
    g_string_append_printf(text, "::%s", at(making, row, TYPE));
    return g_string_free(text, FALSE);
}

/* The value of a column in the row of number n; NULL where nothing is known to fit. */
static char *value_of(const struct making *making, int row, int n)
{
    char **fitting = making->fitting->pdata[row - making->first];
    const char *type = at(making, row, TYPE), *template = template_of(making, row);
    if (at(making, row, PARENT) != NULL)
        return g_strdup_printf("(SELECT %s FROM %s ORDER BY ctid LIMIT 1 OFFSET %d)",
                               at(making, row, PARENT_COLUMN), at(making, row, PARENT), n - 1);
    if (fitting != NULL && fitting[0] != NULL)
        return g_strdup_printf("%s::%s", fitting[fitting[1] != NULL ? (n - 1) % 2 : 0], type);
    if (at(making, row, FIRST_LABEL) != NULL) {
        g_autofree char *label = postgres_literal(at(making, row, FIRST_LABEL));
        return g_strdup_printf("%s::%s", label, type);
    }
    return template != NULL ? fill_in(making, row, template, n) : NULL;
}

/* Whatever fails is taken back, and the transaction goes on. */
static PGresult *try(struct postgres *postgres, const char *sql, GError **error)
{
    g_autofree char *message = g_strdup_printf("SAVEPOINT winch_row; %s", sql);
    g_autoptr(GError) failure = NULL;
    PGresult *result = postgres_query_simple(postgres, postgres->main, message, &failure);
    if (result == NULL) {
        postgres_execute(postgres, postgres->main,
                         "ROLLBACK TO SAVEPOINT winch_row; RELEASE SAVEPOINT winch_row", NULL);
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (!postgres_execute(postgres, postgres->main, "RELEASE SAVEPOINT winch_row", error))
        g_clear_pointer(&result, PQclear);
    return result;
}

/* Each candidate is cast by itself: one that the type refuses must not end the others. */
static char **fitting_values(const struct making *making, int row)
{
    g_autoptr(GStrvBuilder) found = g_strv_builder_new();
    g_auto(GStrv) texts = g_strsplit(candidates, ", ", -1);
    guint count = 0;
    for (char **text = texts; *text != NULL && count < ROWS; text++) {
        g_autofree char *sql =
            g_strdup_printf("SELECT %s FROM (SELECT %s::%s AS %s) AS v", at(making, row, CHECKS),
                            *text, at(making, row, TYPE), at(making, row, COLUMN));
        AUTORESULT *result = try(making->postgres, sql, NULL);
        if (PQntuples(result) != 1 || g_strcmp0(PQgetvalue(result, 0, 0), "t") != 0)
            continue;
        g_strv_builder_add(found, *text);
        count++;
    }
    return g_strv_builder_end(found);
}

/* A check that lists what it takes names it in quotes. */
static char **quoted_values(const char *checks)
{
    g_autoptr(GStrvBuilder) found = g_strv_builder_new();
    for (const char *quote = strchr(checks, '\''); quote != NULL;) {
        const char *end = strchr(quote + 1, '\'');
        if (end == NULL)
            break;
        g_autofree char *text = g_strndup(quote, (gsize)(end - quote) + 1);
        g_strv_builder_add(found, text);
        quote = strchr(end + 1, '\'');
    }
    return g_strv_builder_end(found);
}

static void find_fitting(struct making *making)
{
    for (int row = making->first; row < making->end; row++) {
        const char *checks = at(making, row, CHECKS);
        char **fitting = NULL;
        if (checks != NULL && at(making, row, PARENT) == NULL) {
            fitting = fitting_values(making, row);
            if (fitting[0] == NULL) {
                g_strfreev(fitting);
                fitting = quoted_values(checks);
            }
        }
        g_ptr_array_add(making->fitting, fitting);
    }
}

/* ---- rows ------------------------------------------------------------------------------------ */

static char *insertion(const struct making *making, int n, gboolean needed_only)
{
    g_autoptr(GString) names = g_string_new(NULL), values_text = g_string_new(NULL);
    const char *table = at(making, making->first, TABLE);
    for (int row = making->first; row < making->end; row++) {
        if (is_true(making, row, IS_LEFT_OUT) || (needed_only && !is_true(making, row, IS_NEEDED)))
            continue;
        g_autofree char *value = value_of(making, row, n);
        if (value == NULL)
            continue;
        g_string_append_printf(names, "%s%s", names->len > 0 ? ", " : "", at(making, row, COLUMN));
        g_string_append_printf(values_text, "%s%s", values_text->len > 0 ? ", " : "", value);
    }
    return names->len == 0 ? g_strdup_printf("INSERT INTO %s DEFAULT VALUES", table)
                           : g_strdup_printf("INSERT INTO %s (%s) VALUES (%s)", table, names->str,
                                             values_text->str);
}

static gint64 rows_of(const struct making *making)
{
    g_autofree char *sql =
        g_strdup_printf("SELECT count(*) FROM %s", at(making, making->first, TABLE));
    AUTORESULT *result = try(making->postgres, sql, NULL);
    return PQntuples(result) == 1 ? g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10) : -1;
}

static void fill(struct making *making, struct rows_made *made)
{
    g_autoptr(GError) failure = NULL;
    find_fitting(making);
    for (int n = 1; n <= ROWS; n++)
        for (int pass = 0; pass < 2; pass++) {
            g_autofree char *sql = insertion(making, n, pass == 1);
            g_clear_error(&failure);
            AUTORESULT *result = try(making->postgres, sql, &failure);
            if (result != NULL)
                break;
        }
    made->rows = rows_of(making);
    if (made->rows <= 0 && failure != NULL)
        made->problem = g_strdup(failure->message);
    g_ptr_array_set_size(making->fitting, 0);
}

static void rows_made_clear(gpointer data)
{
    struct rows_made *made = data;
    g_free(made->table);
    g_free(made->problem);
}

static void fill_all(struct making *making, GArray *all)
{
    for (making->first = 0; making->first < PQntuples(making->columns);
         making->first = making->end) {
        struct rows_made made = {.table = g_strdup(at(making, making->first, TABLE))};
        making->end = making->first;
        while (making->end < PQntuples(making->columns) &&
               strcmp(at(making, making->end, TABLE), made.table) == 0)
            making->end++;
        made.rows = rows_of(making);
        if (made.rows == 0)
            fill(making, &made);
        g_array_append_val(all, made);
    }
}

static void free_strings(gpointer strings)
{
    g_strfreev(strings);
}

GArray *postgres_rows_make(struct database *database, const GPtrArray *tables, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    g_autoptr(GString) names = g_string_new(NULL);
    for (guint i = 0; i < tables->len; i++) {
        g_autofree char *literal = postgres_literal(tables->pdata[i]);
        g_string_append_printf(names, "%s%s", i > 0 ? ", " : "", literal);
    }
    g_autofree char *sql = g_strdup_printf(columns_sql, names->str);
    g_autoptr(GPtrArray) results = postgres_rows_ask(postgres, sql, error);
    if (results == NULL)
        return NULL;
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct rows_made));
    g_array_set_clear_func(all, rows_made_clear);
    struct making making = {.postgres = postgres, .columns = results->pdata[0]};
    making.fitting = g_ptr_array_new_with_free_func(free_strings);
    fill_all(&making, all);
    g_ptr_array_unref(making.fitting);
    return all;
}
