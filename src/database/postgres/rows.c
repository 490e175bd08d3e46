/* Rows on PostgreSQL: which tables were touched, and sums of what is in them. */
#include "database/rows.h"

#include <string.h>

#include "database/postgres/postgres.h"

/* ---- touched tables -------------------------------------------------------------------------- */

/* What of a table changes when its rows may: another file, another table of this name, another set
 * of columns; and how often it was written in this transaction. */
struct table_state {
    char *mark;
    gint64 writes;
};

struct table_states {
    GHashTable *tables; /* name, quoted -> struct table_state */
};

static void table_state_free(gpointer data)
{
    struct table_state *state = data;
    g_free(state->mark);
    g_free(state);
}

void table_states_free(struct table_states *states)
{
    g_hash_table_unref(states->tables);
    g_free(states);
}

/* Tables with rows of their own, but ours and the version table. */
#define TABLES_SQL(columns)                                                                        \
    "SELECT format('%%I.%%I', n.nspname, c.relname)" columns                                       \
    " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'r' AND "    \
    "c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', " \
    "%s) AND c.oid IS DISTINCT FROM to_regclass(%s)"

GPtrArray *postgres_rows_ask(struct postgres *postgres, const char *question, GError **error)
{
    gboolean goes_on = PQtransactionStatus(postgres->main) == PQTRANS_INTRANS;
    g_autofree char *sql = g_strdup_printf(
        "%s; SET LOCAL search_path = pg_catalog; %s; %s",
        goes_on ? "SAVEPOINT winch_rows" : "BEGIN READ ONLY", question,
        goes_on ? "ROLLBACK TO SAVEPOINT winch_rows; RELEASE SAVEPOINT winch_rows" : "COMMIT");
    g_autoptr(GError) failure = NULL;
    g_autoptr(GPtrArray) results = postgres_query_several(postgres, postgres->main, sql, &failure);
    if (failure == NULL)
        return g_steal_pointer(&results);
    postgres_execute(postgres, postgres->main,
                     goes_on ? "ROLLBACK TO SAVEPOINT winch_rows; RELEASE SAVEPOINT winch_rows"
                             : "ROLLBACK",
                     NULL);
    g_propagate_error(error, g_steal_pointer(&failure));
    return NULL;
}

struct table_states *postgres_tables_read(struct database *database, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    g_autofree char *own = postgres_literal(postgres->own_schema);
    g_autofree char *version_table = postgres_literal(postgres->version_table);
    g_autofree char *question = g_strdup_printf(
        TABLES_SQL(", c.oid || ' ' || c.relfilenode || (SELECT string_agg(' ' || a.attnum || "
                   "quote_ident(a.attname), '' ORDER BY a.attnum) FROM pg_attribute a WHERE "
                   "a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped), "
                   "pg_stat_get_xact_tuples_inserted(c.oid) + "
                   "pg_stat_get_xact_tuples_updated(c.oid) + "
                   "pg_stat_get_xact_tuples_deleted(c.oid)"),
        own, version_table);
    g_autoptr(GPtrArray) results = postgres_rows_ask(postgres, question, error);
    if (results == NULL)
        return NULL;
    struct table_states *states = g_new0(struct table_states, 1);
    states->tables = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, table_state_free);
    const PGresult *result = results->pdata[0];
    for (int row = 0; row < PQntuples(result); row++) {
        struct table_state *state = g_new0(struct table_state, 1);
        state->mark = g_strdup(PQgetvalue(result, row, 1));
        state->writes = g_ascii_strtoll(PQgetvalue(result, row, 2), NULL, 10);
        g_hash_table_insert(states->tables, g_strdup(PQgetvalue(result, row, 0)), state);
    }
    return states;
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

GPtrArray *table_states_names(const struct table_states *states)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer name;
    g_hash_table_iter_init(&iter, states->tables);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        g_ptr_array_add(names, g_strdup(name));
    g_ptr_array_sort(names, compare_names);
    return names;
}

GPtrArray *table_states_touched(const struct table_states *before, const struct table_states *after)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    GHashTableIter iter;
    gpointer name, value;
    g_hash_table_iter_init(&iter, before->tables);
    while (g_hash_table_iter_next(&iter, &name, &value)) {
        const struct table_state *was = value, *is = g_hash_table_lookup(after->tables, name);
        if (is != NULL && (is->writes != was->writes || strcmp(is->mark, was->mark) != 0))
            g_ptr_array_add(names, g_strdup(name));
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}

/* ---- sums ------------------------------------------------------------------------------------ */

static void row_sum_clear(gpointer data)
{
    struct row_sum *sum = data;
    g_free(sum->table);
    g_free(sum->column);
    g_free(sum->sum);
}

/* The question for one table: a row for each column, and one for their number. Equal multisets of
 * values have equal sums; a value stands for itself by its text and its place by the row's other
 * values, so the whole row is summed as well, under the name of every column. */
static const char columns_sql[] =
    "SELECT t, string_agg(format('SELECT %%L, %%L, sum(hashtextextended(%%I::text, 0)::numeric)"
    "::text || '' '' || count(%%I) FROM ONLY %%s', t, quote_ident(attname), attname, attname, t), "
    "' UNION ALL ' ORDER BY attname) FROM (SELECT t, a.attname::text AS attname FROM "
    "unnest(ARRAY[%s]::text[]) AS t JOIN pg_attribute a ON a.attrelid = to_regclass(t) WHERE "
    "a.attnum > 0 AND NOT a.attisdropped) AS c GROUP BY t ORDER BY t";

static char *array_of(const GPtrArray *names)
{
    GString *array = g_string_new(NULL);
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *literal = postgres_literal(names->pdata[i]);
        g_string_append_printf(array, "%s%s", i > 0 ? ", " : "", literal);
    }
    return g_string_free(array, FALSE);
}

static char *sums_sql(const PGresult *tables)
{
    GString *sql = g_string_new(NULL);
    for (int row = 0; row < PQntuples(tables); row++) {
        const char *table = PQgetvalue(tables, row, 0);
        g_autofree char *literal = postgres_literal(table);
        g_string_append_printf(sql, "%sSELECT %s, NULL, count(*)::text FROM ONLY %s UNION ALL %s",
                               row > 0 ? "; " : "", literal, table, PQgetvalue(tables, row, 1));
    }
    return g_string_free(sql, FALSE);
}

static void take_sums(GArray *sums, const PGresult *result)
{
    for (int row = 0; row < PQntuples(result); row++) {
        struct row_sum sum = {
            .table = g_strdup(PQgetvalue(result, row, 0)),
            .column = PQgetisnull(result, row, 1) ? NULL : g_strdup(PQgetvalue(result, row, 1)),
            .sum = g_strdup(PQgetvalue(result, row, 2)),
        };
        g_array_append_val(sums, sum);
    }
}

GArray *postgres_rows_sum(struct database *database, const GPtrArray *tables, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    GArray *sums = g_array_new(FALSE, FALSE, sizeof(struct row_sum));
    g_array_set_clear_func(sums, row_sum_clear);
    if (tables->len == 0)
        return sums;
    g_autofree char *array = array_of(tables);
    g_autofree char *question = g_strdup_printf(columns_sql, array);
    g_autoptr(GPtrArray) columns = postgres_rows_ask(postgres, question, error);
    g_autofree char *sql = columns != NULL ? sums_sql(columns->pdata[0]) : NULL;
    if (sql != NULL && *sql == '\0')
        return sums;
    g_autoptr(GPtrArray) results = sql != NULL ? postgres_rows_ask(postgres, sql, error) : NULL;
    if (results == NULL) {
        g_array_unref(sums);
        return NULL;
    }
    for (guint i = 0; i < results->len; i++)
        take_sums(sums, results->pdata[i]);
    return sums;
}

gboolean postgres_script_run(struct database *database, const char *script, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    if (postgres_execute(postgres, postgres->main, script, error))
        return TRUE;
    postgres_execute(postgres, postgres->main, "ROLLBACK", NULL);
    return FALSE;
}
