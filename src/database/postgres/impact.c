/* The impact table: what a run measured, written in one message at its end, and read back. */
#include "database/postgres/postgres.h"

/* ---- writing --------------------------------------------------------------------------------- */

static void append_number(GString *sql, gint64 number)
{
    if (number < 0)
        g_string_append(sql, ", NULL");
    else
        g_string_append_printf(sql, ", %" G_GINT64_FORMAT, number);
}

static void append_row(GString *sql, const char *table_name, const struct impact *impact)
{
    g_autofree char *statements =
        impact->statements != NULL ? postgres_literal(impact->statements) : g_strdup("NULL");
    g_string_append_printf(sql, "(%s, %" G_GINT64_FORMAT, table_name, impact->history_id);
    append_number(sql, impact->rows);
    append_number(sql, impact->wal_bytes);
    append_number(sql, impact->longest_wait_us);
    append_number(sql, impact->sessions_blocked);
    append_number(sql, impact->elapsed_us);
    g_string_append_printf(sql, ", %s)", statements);
}

/* It may be lost with the server, unlike history: what commits next makes it last. */
gboolean postgres_impact_append(struct database *database, const GArray *impacts, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    if (database->history != HISTORY_PRESENT || !postgres->can_write_impact || impacts->len == 0)
        return TRUE;
    g_autofree char *table_name = postgres_literal(postgres->table_name);
    GString *sql = g_string_new("SET LOCAL synchronous_commit = off; ");
    g_string_append_printf(
        sql,
        "INSERT INTO %s.impact (version_table, history_id, rows, wal_bytes, longest_wait, "
        "sessions_blocked, elapsed, statements) SELECT t, i, r::pg_catalog.int8, "
        "w::pg_catalog.int8, l::pg_catalog.int8 * '1 microsecond'::pg_catalog.interval, "
        "b::pg_catalog.int8, e::pg_catalog.int8 * '1 microsecond'::pg_catalog.interval, "
        "s::pg_catalog.jsonb FROM (VALUES ",
        postgres->own);
    for (guint i = 0; i < impacts->len; i++) {
        g_string_append(sql, i > 0 ? ", " : "");
        append_row(sql, table_name, &g_array_index(impacts, struct impact, i));
    }
    g_string_append(sql, ") AS v (t, i, r, w, l, b, e, s) ON CONFLICT DO NOTHING");
    gboolean is_written = postgres_execute(postgres, postgres->main, sql->str, error);
    g_string_free(sql, TRUE);
    if (!is_written)
        g_prefix_error(error, "writing %s.impact: ", postgres->own_schema);
    return is_written;
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
    "(pg_catalog.date_part('epoch', " column ") * 1000000)::pg_catalog.int8"

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
