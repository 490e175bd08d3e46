/* The history table: writing a row as part of whatever transaction is open, reading it back. */
#include "database/postgres/postgres.h"

#include <string.h>

/* What a field is in struct history_record, and how it crosses. */
enum field_kind { FIELD_TEXT, FIELD_NUMBER, FIELD_TIME, FIELD_KIND, FIELD_OUTCOME };

struct field {
    const char *column;
    enum field_kind kind;
    gsize offset;
    gboolean is_sent; /* the others are the server's */
};

#define AT(member) G_STRUCT_OFFSET(struct history_record, member)

static const struct field fields[] = {
    {"id", FIELD_NUMBER, AT(id), FALSE},
    {"version_table", FIELD_TEXT, AT(version_table), FALSE},
    {"run_id", FIELD_TEXT, AT(run_id), TRUE},
    {"plan_id", FIELD_TEXT, AT(plan_id), TRUE},
    {"kind", FIELD_KIND, AT(kind), TRUE},
    {"outcome", FIELD_OUTCOME, AT(outcome), TRUE},
    {"version", FIELD_NUMBER, AT(version), TRUE},
    {"from_version", FIELD_NUMBER, AT(from_version), TRUE},
    {"to_version", FIELD_NUMBER, AT(to_version), TRUE},
    {"title", FIELD_TEXT, AT(title), TRUE},
    {"started_at", FIELD_TIME, AT(started_at), TRUE},
    {"finished_at", FIELD_TIME, AT(finished_at), FALSE},
    {"statement", FIELD_NUMBER, AT(statement), TRUE},
    {"statements", FIELD_NUMBER, AT(statements), TRUE},
    {"sqlstate", FIELD_TEXT, AT(sqlstate), TRUE},
    {"message", FIELD_TEXT, AT(message), TRUE},
    {"file", FIELD_TEXT, AT(file), TRUE},
    {"line", FIELD_NUMBER, AT(line), TRUE},
    {"up_sha256", FIELD_TEXT, AT(up_sha256), TRUE},
    {"down_sha256", FIELD_TEXT, AT(down_sha256), TRUE},
    {"xid", FIELD_TEXT, AT(xid), FALSE},
    {"environment", FIELD_TEXT, AT(environment), TRUE},
    {"database_user", FIELD_TEXT, AT(database_user), FALSE},
    {"os_user", FIELD_TEXT, AT(os_user), TRUE},
    {"host", FIELD_TEXT, AT(host), TRUE},
    {"ssh_client", FIELD_TEXT, AT(ssh_client), TRUE},
    {"backend_pid", FIELD_NUMBER, AT(backend_pid), FALSE},
    {"tool", FIELD_TEXT, AT(tool), TRUE},
    {"reason", FIELD_TEXT, AT(reason), TRUE},
    {"ticket", FIELD_TEXT, AT(ticket), TRUE},
    {"backup", FIELD_TEXT, AT(backup), TRUE},
    {"backup_sha256", FIELD_TEXT, AT(backup_sha256), TRUE},
    {"previous_hash", FIELD_TEXT, AT(previous_hash), FALSE},
    {"hash", FIELD_TEXT, AT(hash), FALSE},
};

/* ---- writing --------------------------------------------------------------------------------- */

/* Text as the server will take it: a broken file name or message must not fail the migration whose
 * row it stands in. */
static char *sendable(const struct postgres *postgres, const char *text)
{
    const char *encoding = PQparameterStatus(postgres->main, "server_encoding");
    gboolean takes_all =
        encoding == NULL || g_str_equal(encoding, "UTF8") || g_str_equal(encoding, "SQL_ASCII");
    if (takes_all)
        return g_utf8_make_valid(text, -1);
    char *ascii = g_strdup(text);
    for (char *p = ascii; *p != '\0'; p++)
        if (!g_ascii_isprint(*p) && !g_ascii_isspace(*p))
            *p = '?';
    return ascii;
}

static char *field_text(const struct postgres *postgres, const struct history_record *record,
                        const struct field *field)
{
    const void *at = (const char *)record + field->offset;
    const char *text = NULL;
    if (field->kind == FIELD_KIND)
        return g_strdup(history_record_kind(record));
    if (field->kind == FIELD_OUTCOME)
        return g_strdup(history_record_outcome(record));
    if (field->kind == FIELD_TEXT) {
        memcpy(&text, at, sizeof text);
        return text != NULL ? sendable(postgres, text) : NULL;
    }
    gint64 number;
    memcpy(&number, at, sizeof number);
    if (field->kind == FIELD_TIME && number == 0)
        return NULL;
    return g_strdup_printf("%" G_GINT64_FORMAT, number);
}

/* INSERT ... RETURNING, for values in the order of fields. */
static char *insert_sql(const struct postgres *postgres)
{
    GString *columns = g_string_new("version_table");
    GString *values = g_string_new("$1");
    guint parameter = 1;
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++) {
        if (!fields[i].is_sent)
            continue;
        g_string_append_printf(columns, ", %s", fields[i].column);
        g_string_append_printf(
            values,
            fields[i].kind == FIELD_TIME
                ? ", 'epoch'::pg_catalog.timestamptz"
                  " + $%u::pg_catalog.float8 * '1 microsecond'::pg_catalog.interval"
                : ", $%u",
            ++parameter);
    }
    char *sql =
        g_strdup_printf("INSERT INTO %s.history (%s) VALUES (%s) RETURNING id,"
                        " (pg_catalog.date_part('epoch', started_at) OPERATOR(pg_catalog.*) "
                        "1000000)::pg_catalog.int8,"
                        " (pg_catalog.date_part('epoch', finished_at) OPERATOR(pg_catalog.*) "
                        "1000000)::pg_catalog.int8, xid, hash, %s",
                        postgres->own, columns->str, values->str,
                        postgres->can_see_wal ? "pg_catalog.pg_current_wal_insert_lsn()" : "NULL");
    g_string_free(columns, TRUE);
    g_string_free(values, TRUE);
    return sql;
}

gboolean postgres_history_send(struct postgres *postgres, const struct history_record *record,
                               guint *messages)
{
    if (postgres->base.history != HISTORY_PRESENT)
        return TRUE;
    const char *values[1 + G_N_ELEMENTS(fields)] = {postgres->table_name};
    char *owned[G_N_ELEMENTS(fields)];
    int count = 1, owned_count = 0;
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        if (fields[i].is_sent)
            values[count++] = owned[owned_count++] = field_text(postgres, record, &fields[i]);
    if (postgres->history_sql == NULL)
        postgres->history_sql = insert_sql(postgres);
    gboolean ok =
        postgres_send_own(postgres, postgres->history_sql, count, values, NULL, NULL, messages);
    while (owned_count > 0)
        g_free(owned[--owned_count]);
    return ok;
}

void postgres_history_stamp(struct history_record *record, const PGresult *result)
{
    if (PQntuples(result) != 1 || PQnfields(result) != 6)
        return;
    record->id = g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    record->started_at = g_ascii_strtoll(PQgetvalue(result, 0, 1), NULL, 10);
    record->finished_at = g_ascii_strtoll(PQgetvalue(result, 0, 2), NULL, 10);
    g_free(record->xid);
    record->xid = g_strdup(PQgetvalue(result, 0, 3));
    g_free(record->hash);
    record->hash = g_strdup(PQgetvalue(result, 0, 4));
}

gboolean postgres_history_append(struct database *database, struct history_record *record,
                                 GError **error)
{
    return postgres_run_begin(database, record, NULL, 0, error);
}

/* ---- reading --------------------------------------------------------------------------------- */

static gboolean is_readable(const struct database *database)
{
    return database->history == HISTORY_PRESENT || database->history == HISTORY_READ_ONLY;
}

/* A word that this version does not know is kept as it is. */
static gboolean field_set_word(struct history_record *record, const char *name, const char *text)
{
    for (const struct history_field *known = history_fields; known->name != NULL; known++)
        if (g_str_equal(known->name, name))
            return history_field_set(record, known, text);
    return FALSE;
}

static gboolean field_read(struct history_record *record, const struct field *field,
                           const char *text)
{
    void *at = (char *)record + field->offset;
    if (field->kind == FIELD_KIND || field->kind == FIELD_OUTCOME)
        return field_set_word(record, field->column, text);
    if (field->kind == FIELD_TEXT) {
        char *copy = g_strdup(text);
        memcpy(at, &copy, sizeof copy);
        /* cppcheck-suppress memleak ; the record has it now */
        return TRUE;
    }
    gint64 number = text != NULL ? g_ascii_strtoll(text, NULL, 10) : 0;
    memcpy(at, &number, sizeof number);
    return TRUE;
}

static struct history_record *record_read(const struct postgres *postgres, const PGresult *result,
                                          int row, GError **error)
{
    AUTOPTR(history_record) *record = history_record_new(HISTORY_STARTED, OUTCOME_DONE);
    for (int i = 0; i < (int)G_N_ELEMENTS(fields); i++) {
        const char *text = PQgetisnull(result, row, i) ? NULL : PQgetvalue(result, row, i);
        if (field_read(record, &fields[i], text))
            continue;
        error_set(error, ERROR_FAILED, "row %s of %s.history has no %s", PQgetvalue(result, row, 0),
                  postgres->own_schema, fields[i].column);
        return NULL;
    }
    return g_steal_pointer(&record);
}

static char *select_sql(const struct postgres *postgres, guint limit)
{
    GString *sql = g_string_new("SET LOCAL lock_timeout = '5s'; SELECT ");
    g_autofree char *table_name = postgres_literal(postgres->table_name);
    for (gsize i = 0; i < G_N_ELEMENTS(fields); i++)
        g_string_append_printf(sql,
                               fields[i].kind == FIELD_TIME
                                   ? "%s(pg_catalog.date_part('epoch', %s) OPERATOR(pg_catalog.*) "
                                     "1000000)::pg_catalog.int8"
                                   : "%s%s",
                               i > 0 ? ", " : "", fields[i].column);
    g_string_append_printf(sql, " FROM %s.history WHERE version_table = %s ORDER BY id DESC",
                           postgres->own, table_name);
    if (limit > 0)
        g_string_append_printf(sql, " LIMIT %u", limit);
    return g_string_free(sql, FALSE);
}

GPtrArray *postgres_history_read(struct database *database, guint limit, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    g_autoptr(GPtrArray) records =
        g_ptr_array_new_with_free_func((GDestroyNotify)history_record_free);
    if (!is_readable(database))
        return g_steal_pointer(&records);
    g_autofree char *sql = select_sql(postgres, limit);
    AUTORESULT *result = postgres_query_simple(postgres, postgres->main, sql, error);
    if (result == NULL) {
        g_prefix_error(error, "reading %s.history: ", postgres->own_schema);
        return NULL;
    }
    for (int row = PQntuples(result) - 1; row >= 0; row--) {
        struct history_record *record = record_read(postgres, result, row, error);
        if (record == NULL)
            return NULL;
        g_ptr_array_add(records, record);
    }
    return g_steal_pointer(&records);
}

gboolean postgres_history_head(struct database *database, gint64 *rows, char **hash, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    *rows = 0;
    *hash = NULL;
    if (!is_readable(database)) {
        *hash = g_strdup("");
        return TRUE;
    }
    g_autofree char *sql =
        g_strdup_printf("SELECT rows, head FROM %s.chain WHERE version_table = $1", postgres->own);
    const char *const parameters[] = {postgres->table_name};
    AUTORESULT *result = postgres_query(postgres, postgres->main, sql, 1, parameters, error);
    if (result == NULL) {
        g_prefix_error(error, "reading %s.chain: ", postgres->own_schema);
        return FALSE;
    }
    gboolean is_empty = PQntuples(result) == 0;
    *rows = is_empty ? 0 : g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    *hash = g_strdup(is_empty ? "" : PQgetvalue(result, 0, 1));
    return TRUE;
}
