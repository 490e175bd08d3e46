/* The impact table: what a run measured, written in one message at its end, and read back. */
#include "database/postgres/postgres.h"

#include <stddef.h>

/* ---- writing --------------------------------------------------------------------------------- */

/* A column as an array: one constant for the server to read, however many rows. */
static void append_numbers(GString *sql, const GArray *impacts, gsize offset)
{
    g_string_append(sql, "pg_catalog.unnest('{");
    for (guint i = 0; i < impacts->len; i++) {
        struct impact *impact = &g_array_index(impacts, struct impact, i);
        gint64 number = G_STRUCT_MEMBER(gint64, impact, offset);
        g_string_append(sql, i > 0 ? "," : "");
        if (number < 0)
            g_string_append(sql, "NULL");
        else
            g_string_append_printf(sql, "%" G_GINT64_FORMAT, number);
    }
    g_string_append(sql, "}'::pg_catalog.int8[]), ");
}

/* What stands within quotes in an array. */
static void append_quoted(GString *array, const char *text)
{
    g_string_append_c(array, '"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            g_string_append_c(array, '\\');
        g_string_append_c(array, *text);
    }
    g_string_append_c(array, '"');
}

static void append_statements(GString *sql, const GArray *impacts)
{
    g_autoptr(GString) array = g_string_new("{");
    for (guint i = 0; i < impacts->len; i++) {
        const char *statements = g_array_index(impacts, struct impact, i).statements;
        g_string_append(array, i > 0 ? "," : "");
        if (statements == NULL)
            g_string_append(array, "NULL");
        else
            append_quoted(array, statements);
    }
    g_string_append_c(array, '}');
    g_autofree char *literal = postgres_literal(array->str);
    g_string_append_printf(sql, "pg_catalog.unnest(%s::pg_catalog.jsonb[])", literal);
}

static char *insertion(const struct postgres *postgres, const GArray *impacts)
{
    static const gsize columns[] = {
        offsetof(struct impact, history_id),       offsetof(struct impact, rows),
        offsetof(struct impact, wal_bytes),        offsetof(struct impact, longest_wait_us),
        offsetof(struct impact, sessions_blocked), offsetof(struct impact, elapsed_us),
    };
    g_autofree char *table_name = postgres_literal(postgres->table_name);
    GString *sql = g_string_new("SET LOCAL synchronous_commit = off; ");
    g_string_append_printf(
        sql,
        "INSERT INTO %s.impact (version_table, history_id, rows, wal_bytes, longest_wait, "
        "sessions_blocked, elapsed, statements) SELECT %s, i, r, w, "
        "(l OPERATOR(pg_catalog.*) '1 microsecond'::pg_catalog.interval), b, "
        "(e OPERATOR(pg_catalog.*) '1 microsecond'::pg_catalog.interval), s FROM ROWS FROM (",
        postgres->own, table_name);
    for (gsize i = 0; i < G_N_ELEMENTS(columns); i++)
        append_numbers(sql, impacts, columns[i]);
    append_statements(sql, impacts);
    g_string_append(sql, ") AS v (i, r, w, l, b, e, s) ON CONFLICT DO NOTHING");
    return g_string_free(sql, FALSE);
}

/* It may be lost with the server, unlike history: what commits next makes it last. */
gboolean postgres_impact_append(struct database *database, const GArray *impacts, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    if (database->history != HISTORY_PRESENT || !postgres->can_write_impact || impacts->len == 0)
        return TRUE;
    g_autofree char *sql = insertion(postgres, impacts);
    if (postgres_execute(postgres, postgres->main, sql, error))
        return TRUE;
    g_prefix_error(error, "writing %s.impact: ", postgres->own_schema);
    return FALSE;
}

/* ---- reading --------------------------------------------------------------------------------- */

static gint64 number_at(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column)
               ? -1
               : g_ascii_strtoll(PQgetvalue(result, row, column), NULL, 10);
}

static struct impact impact_at(const PGresult *result, int row)
{
    return (struct impact){
        .history_id = number_at(result, row, 0),
        .rows = number_at(result, row, 1),
        .wal_bytes = number_at(result, row, 2),
        .longest_wait_us = number_at(result, row, 3),
        .sessions_blocked = number_at(result, row, 4),
        .elapsed_us = number_at(result, row, 5),
        .statements = PQgetisnull(result, row, 6) ? NULL : g_strdup(PQgetvalue(result, row, 6)),
    };
}

#define MICROSECONDS(column)                                                                       \
    "(pg_catalog.date_part('epoch', " column ") OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8"

GArray *postgres_impact_read(struct database *database, gint64 from_id, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    g_autoptr(GArray) impacts = g_array_new(FALSE, FALSE, sizeof(struct impact));
    g_array_set_clear_func(impacts, (GDestroyNotify)impact_clear);
    if (!postgres->can_read_impact)
        return g_steal_pointer(&impacts);
    g_autofree char *table_name = postgres_literal(postgres->table_name);
    g_autofree char *sql = g_strdup_printf(
        "SET LOCAL lock_timeout = '5s'; SELECT history_id, rows, "
        "wal_bytes, " MICROSECONDS("longest_wait") ", sessions_blocked, " MICROSECONDS(
            "elapsed") ", statements "
                       "FROM %s.impact WHERE version_table = %s AND history_id >= "
                       "%" G_GINT64_FORMAT " ORDER BY history_id",
        postgres->own, table_name, from_id);
    AUTORESULT *result = postgres_query_simple(postgres, postgres->main, sql, error);
    if (result == NULL) {
        g_prefix_error(error, "reading %s.impact: ", postgres->own_schema);
        return NULL;
    }
    for (int row = 0; row < PQntuples(result); row++) {
        struct impact impact = impact_at(result, row);
        g_array_append_val(impacts, impact);
    }
    return g_steal_pointer(&impacts);
}
