/* Drops what golang-migrate's drop drops, but all of it or nothing. */
#include "database/postgres/postgres.h"

/* Base tables of the current schema that this role may see, as golang-migrate lists them; tables
 * that belong to an extension, which refuse to go alone, stay with it. */
static const char list_sql[] =
    "SELECT t.table_schema::pg_catalog.text, t.table_name::pg_catalog.text"
    " FROM information_schema.tables t"
    " WHERE t.table_schema = pg_catalog.current_schema() AND t.table_type = 'BASE TABLE'"
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d"
    "  JOIN pg_catalog.pg_class c ON c.oid = d.objid"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    "  WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass::pg_catalog.oid AND d.deptype "
    "= 'e'"
    "  AND n.nspname = t.table_schema AND c.relname = t.table_name)"
    " ORDER BY 2";

static char *drop_sql(const PGresult *tables)
{
    GString *sql = g_string_new("DROP TABLE IF EXISTS ");
    for (int row = 0; row < PQntuples(tables); row++) {
        g_autofree char *schema = postgres_quote(PQgetvalue(tables, row, 0));
        g_autofree char *table = postgres_quote(PQgetvalue(tables, row, 1));
        g_string_append_printf(sql, "%s%s.%s", row > 0 ? ", " : "", schema, table);
    }
    g_string_append(sql, " CASCADE");
    return g_string_free(sql, FALSE);
}

/* A version table elsewhere would otherwise go on saying that everything is applied. */
static gboolean keeps_version_table(const struct postgres *postgres, const PGresult *tables)
{
    if (postgres->shape != VERSION_TABLE_WINCH && postgres->shape != VERSION_TABLE_GOLANG_MIGRATE)
        return FALSE;
    return PQntuples(tables) == 0 || !g_str_equal(PQgetvalue(tables, 0, 0), postgres->schema);
}

static gboolean refuse_own_schema(const struct postgres *postgres, const PGresult *tables,
                                  GError **error)
{
    if (PQntuples(tables) == 0 || !g_str_equal(PQgetvalue(tables, 0, 0), postgres->own_schema))
        return TRUE;
    error_set(error, ERROR_REFUSED, "the current schema is \"%s\", which keeps the history",
              postgres->own_schema);
    error_advise(error, "set search_path to the schema that is to be dropped");
    return FALSE;
}

static gboolean drop_tables(struct postgres *postgres, const PGresult *tables,
                            struct history_record *record, GError **error)
{
    guint messages;
    if (!postgres_small_begin(postgres, &messages, error))
        return FALSE;
    if (PQntuples(tables) > 0) {
        g_autofree char *sql = drop_sql(tables);
        postgres_small_send(postgres, sql, &messages);
    }
    if (keeps_version_table(postgres, tables))
        postgres_version_send(postgres, -1, FALSE, &messages);
    if (record != NULL)
        postgres_history_send(postgres, record, &messages);
    AUTORESULT *result = postgres_small_commit(postgres, messages, error);
    if (result == NULL) {
        g_prefix_error(error, "dropping every table: ");
        return FALSE;
    }
    if (record != NULL)
        postgres_history_stamp(record, result);
    return TRUE;
}

gboolean postgres_drop(struct database *database, struct history_record *record, GPtrArray *dropped,
                       GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    if (!postgres_can_change(postgres, error) || !postgres_look_again(postgres, error))
        return FALSE;
    AUTORESULT *tables = postgres_query(postgres, postgres->main, list_sql, 0, NULL, error);
    if (tables == NULL || !refuse_own_schema(postgres, tables, error) ||
        !drop_tables(postgres, tables, record, error))
        return FALSE;
    for (int row = 0; dropped != NULL && row < PQntuples(tables); row++)
        g_ptr_array_add(dropped, g_strdup_printf("%s.%s", PQgetvalue(tables, row, 0),
                                                 PQgetvalue(tables, row, 1)));
    return postgres_look_again(postgres, error);
}
