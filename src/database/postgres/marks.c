/* Marks and approvals: rows of the own schema, each written together with its record. */
#include "database/postgres/postgres.h"

#define MICROSECONDS(column)                                                                       \
    "(pg_catalog.date_part('epoch', " column ") OPERATOR(pg_catalog.*) 1000000)::pg_catalog.int8"

static gint64 number_at(const PGresult *result, int row, int column)
{
    return g_ascii_strtoll(PQgetvalue(result, row, column), NULL, 10);
}

static char *text_at(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column) ? NULL : g_strdup(PQgetvalue(result, row, column));
}

/* ---- reading --------------------------------------------------------------------------------- */

GArray *postgres_marks_read(struct database *database, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    g_autoptr(GArray) marks = marks_new();
    if (!postgres_own_can(postgres, "marks", 'r'))
        return g_steal_pointer(&marks);
    g_autofree char *table_name = postgres_literal(postgres->table_name);
    g_autofree char *sql = g_strdup_printf(
        "SET LOCAL lock_timeout = '5s'; SELECT version, kind, " MICROSECONDS(
            "marked_at") ", marked_by, reason FROM %s.marks WHERE version_table = %s"
                         " ORDER BY version, kind DESC",
        postgres->own, table_name);
    AUTORESULT *result = postgres_query_simple(postgres, postgres->main, sql, error);
    if (result == NULL) {
        g_prefix_error(error, "reading %s.marks: ", postgres->own_schema);
        return NULL;
    }
    for (int row = 0; row < PQntuples(result); row++) {
        struct version_mark mark = {.version = number_at(result, row, 0),
                                    .marked_at = number_at(result, row, 2)};
        if (!mark_kind_parse(PQgetvalue(result, row, 1), &mark.kind))
            continue; /* a later winch's */
        mark.marked_by = text_at(result, row, 3);
        mark.reason = text_at(result, row, 4);
        g_array_append_val(marks, mark);
    }
    return g_steal_pointer(&marks);
}

GArray *postgres_approvals_read(struct database *database, const char *plan_id, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    g_autoptr(GArray) approvals = approvals_new();
    if (!postgres_own_can(postgres, "approvals", 'r'))
        return g_steal_pointer(&approvals);
    g_autofree char *sql = g_strdup_printf(
        "SELECT approver, " MICROSECONDS("approved_at") ", " MICROSECONDS(
            "expires_at") ", approver = session_user, expires_at <= pg_catalog.clock_timestamp()"
                          " FROM %s.approvals WHERE version_table = $1 AND plan_id = $2"
                          " ORDER BY approved_at",
        postgres->own);
    const char *const parameters[] = {postgres->table_name, plan_id};
    AUTORESULT *result =
        postgres_query(postgres, postgres->main, sql, G_N_ELEMENTS(parameters), parameters, error);
    if (result == NULL) {
        g_prefix_error(error, "reading %s.approvals: ", postgres->own_schema);
        return NULL;
    }
    for (int row = 0; row < PQntuples(result); row++) {
        struct approval approval = {
            .approver = text_at(result, row, 0),
            .approved_at = number_at(result, row, 1),
            .expires_at = number_at(result, row, 2),
            .is_own = *PQgetvalue(result, row, 3) == 't',
            .is_expired = *PQgetvalue(result, row, 4) == 't',
        };
        g_array_append_val(approvals, approval);
    }
    return g_steal_pointer(&approvals);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* The row and its record, or neither. */
static gboolean write_recorded(struct postgres *postgres, const char *table, const char *sql,
                               struct history_record *record, GError **error)
{
    guint messages;
    if (!postgres_small_begin(postgres, &messages, error))
        return FALSE;
    postgres_small_send(postgres, sql, &messages);
    postgres_history_send(postgres, record, &messages);
    AUTORESULT *result = postgres_small_commit(postgres, messages, error);
    if (result == NULL) {
        g_prefix_error(error, "writing %s.%s: ", postgres->own_schema, table);
        return FALSE;
    }
    postgres_history_stamp(record, result);
    return TRUE;
}

/* Which right is missing, before anything is sent. */
static gboolean may_write(const struct postgres *postgres, const char *table, const char *rights,
                          const char *named, GError **error)
{
    g_autofree char *user = postgres_quote(postgres->base.facts.user);
    if (!postgres_own_can(postgres, table, '\0')) {
        error_set(error, ERROR_FAILED, "there is no table %s.%s", postgres->own_schema, table);
        error_advise(error, "'winch init' as the owner of schema %s makes it", postgres->own);
        return FALSE;
    }
    for (; *rights != '\0'; rights++)
        if (!postgres_own_can(postgres, table, *rights)) {
            error_set(error, ERROR_FAILED, "user %s may not write %s.%s", user,
                      postgres->own_schema, table);
            error_advise(error, "GRANT %s ON %s.%s TO %s", named, postgres->own, table, user);
            return FALSE;
        }
    return TRUE;
}

gboolean postgres_mark_write(struct database *database, const struct version_mark *mark,
                             gboolean is_removed, struct history_record *record, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    if (!may_write(postgres, "marks", is_removed ? "rd" : "raw",
                   is_removed ? "SELECT, DELETE" : "SELECT, INSERT, UPDATE", error))
        return FALSE;
    g_autofree char *table_name = postgres_literal(postgres->table_name);
    g_autofree char *kind = postgres_literal(mark_kind_name(mark->kind));
    g_autofree char *reason =
        mark->reason != NULL ? postgres_literal(mark->reason) : g_strdup("NULL");
    g_autofree char *sql =
        is_removed
            ? g_strdup_printf(
                  "DELETE FROM %s.marks WHERE version_table = %s AND version = %" G_GINT64_FORMAT
                  " AND kind = %s",
                  postgres->own, table_name, mark->version, kind)
            : g_strdup_printf(
                  "INSERT INTO %s.marks AS m (version_table, version, kind, marked_by, reason)"
                  " VALUES (%s, %" G_GINT64_FORMAT ", %s, session_user, %s)"
                  " ON CONFLICT (version_table, version, kind) DO UPDATE SET"
                  " marked_at = excluded.marked_at, marked_by = excluded.marked_by,"
                  " reason = excluded.reason",
                  postgres->own, table_name, mark->version, kind, reason);
    return write_recorded(postgres, "marks", sql, record, error);
}

gboolean postgres_approve(struct database *database, gint64 lifetime, struct history_record *record,
                          GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    if (!may_write(postgres, "approvals", "a", "SELECT, INSERT", error))
        return FALSE;
    g_autofree char *table_name = postgres_literal(postgres->table_name);
    g_autofree char *plan_id = postgres_literal(record->plan_id);
    g_autofree char *sql = g_strdup_printf(
        "INSERT INTO %s.approvals (version_table, plan_id, approved_at, expires_at) VALUES"
        " (%s, %s, pg_catalog.now(), pg_catalog.now() + (%" G_GINT64_FORMAT
        " OPERATOR(pg_catalog.*) '1 millisecond'::pg_catalog.interval))",
        postgres->own, table_name, plan_id, lifetime);
    return write_recorded(postgres, "approvals", sql, record, error);
}
