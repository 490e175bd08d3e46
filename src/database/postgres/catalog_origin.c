/* Which transaction last wrote the row of an object in the server's catalogs, and when it was
 * committed, where the server keeps that (track_commit_timestamp). */
#include <string.h>

#include "database/postgres/catalog_internal.h"

#define ORIGINS_MAX 300

/* How the row of a kind is found; %1 is the identity, %2 the parent's, %3 the name within it, all
 * as string constants. */
static const struct {
    const char *kind, *sql;
} finders[] = {
    {"table", "pg_catalog.pg_class o WHERE o.oid = pg_catalog.to_regclass(%1)"},
    {"view", "pg_catalog.pg_class o WHERE o.oid = pg_catalog.to_regclass(%1)"},
    {"materialized view", "pg_catalog.pg_class o WHERE o.oid = pg_catalog.to_regclass(%1)"},
    {"foreign table", "pg_catalog.pg_class o WHERE o.oid = pg_catalog.to_regclass(%1)"},
    {"sequence", "pg_catalog.pg_class o WHERE o.oid = pg_catalog.to_regclass(%1)"},
    {"index", "pg_catalog.pg_class o WHERE o.oid = pg_catalog.to_regclass(%1)"},
    {"function", "pg_catalog.pg_proc o WHERE o.oid = pg_catalog.to_regprocedure(%1)"},
    {"procedure", "pg_catalog.pg_proc o WHERE o.oid = pg_catalog.to_regprocedure(%1)"},
    {"aggregate", "pg_catalog.pg_proc o WHERE o.oid = pg_catalog.to_regprocedure(%1)"},
    {"enum", "pg_catalog.pg_type o WHERE o.oid = pg_catalog.to_regtype(%1)"},
    {"domain", "pg_catalog.pg_type o WHERE o.oid = pg_catalog.to_regtype(%1)"},
    {"type", "pg_catalog.pg_type o WHERE o.oid = pg_catalog.to_regtype(%1)"},
    {"range", "pg_catalog.pg_type o WHERE o.oid = pg_catalog.to_regtype(%1)"},
    {"schema", "pg_catalog.pg_namespace o WHERE pg_catalog.quote_ident(o.nspname) = %1"},
    {"extension", "pg_catalog.pg_extension o WHERE pg_catalog.quote_ident(o.extname) = %1"},
    {"column", "pg_catalog.pg_attribute o WHERE o.attrelid = pg_catalog.to_regclass(%2)"
               " AND pg_catalog.quote_ident(o.attname) = %3"},
    {"constraint", "pg_catalog.pg_constraint o WHERE o.conrelid = pg_catalog.to_regclass(%2)"
                   " AND pg_catalog.quote_ident(o.conname) || ' ON ' || %2 = %1"},
    {"trigger", "pg_catalog.pg_trigger o WHERE o.tgrelid = pg_catalog.to_regclass(%2)"
                " AND pg_catalog.quote_ident(o.tgname) || ' ON ' || %2 = %1"},
    {"policy", "pg_catalog.pg_policy o WHERE o.polrelid = pg_catalog.to_regclass(%2)"
               " AND pg_catalog.quote_ident(o.polname) || ' ON ' || %2 = %1"},
};

static const char *finder_of(const struct catalog_difference *difference)
{
    for (gsize i = 0; i < G_N_ELEMENTS(finders); i++)
        if (strcmp(finders[i].kind, difference->kind) == 0)
            return finders[i].sql;
    return NULL;
}

static void append_question(GString *sql, guint index, const struct catalog_difference *difference,
                            const char *finder)
{
    gsize length = difference->parent != NULL ? strlen(difference->parent) : 0;
    gboolean is_below = strlen(difference->identity) > length;
    g_autofree char *identity = postgres_literal(difference->identity);
    g_autofree char *parent =
        postgres_literal(difference->parent != NULL ? difference->parent : "");
    g_autofree char *name =
        postgres_literal(is_below ? difference->identity + length + 1 : difference->identity);
    const char *const values[] = {identity, parent, name};
    g_string_append_printf(sql, "%sSELECT %u AS i, o.xmin FROM ", sql->len > 0 ? " UNION ALL " : "",
                           index);
    for (; *finder != '\0'; finder++)
        if (*finder == '%')
            g_string_append(sql, values[*++finder - '1']);
        else
            g_string_append_c(sql, *finder);
}

/* A comment, for one, has a row of its own, which tells nothing of the object's. */
static gboolean is_in_its_row(const struct catalog_difference *difference)
{
    static const char *const elsewhere[] = {"comment", "default", "generated", "owned by", NULL};
    return difference->change == CATALOG_ADDED ||
           (difference->change == CATALOG_CHANGED &&
            !g_strv_contains(elsewhere, difference->attribute));
}

static char *origins_sql(const GPtrArray *differences)
{
    GString *questions = g_string_new(NULL);
    for (guint i = 0; i < differences->len && i < ORIGINS_MAX; i++) {
        const struct catalog_difference *difference = g_ptr_array_index(differences, i);
        const char *finder = finder_of(difference);
        if (finder != NULL && is_in_its_row(difference))
            append_question(questions, i, difference, finder);
    }
    if (questions->len > 0) {
        g_string_prepend(
            questions,
            "SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL lock_timeout = '5s'; "
            "SELECT q.i, q.xmin, CASE WHEN pg_catalog.current_setting('track_commit_timestamp') ="
            " 'on' AND q.xmin::pg_catalog.text::pg_catalog.int8 > 2 THEN (pg_catalog.date_part("
            "'epoch', pg_catalog.pg_xact_commit_timestamp(q.xmin)) OPERATOR(pg_catalog.*) "
            "1000000)::pg_catalog.int8 END"
            " FROM (");
        g_string_append(questions, ") q");
    }
    return g_string_free(questions, FALSE);
}

/* A look beside the comparison: where it fails, nothing is known. */
GArray *postgres_catalog_origins(struct database *database, const GPtrArray *differences)
{
    struct postgres *postgres = (struct postgres *)database;
    GArray *origins = g_array_new(FALSE, TRUE, sizeof(struct catalog_origin));
    g_array_set_size(origins, differences->len);
    g_autofree char *sql = origins_sql(differences);
    if (*sql == '\0')
        return origins;
    g_autoptr(GPtrArray) results = postgres_query_several(postgres, postgres->main, sql, NULL);
    const PGresult *result = results->len == 1 ? results->pdata[0] : NULL;
    for (int row = 0; result != NULL && row < PQntuples(result); row++) {
        guint index = (guint)g_ascii_strtoull(PQgetvalue(result, row, 0), NULL, 10);
        struct catalog_origin *origin = &g_array_index(origins, struct catalog_origin, index);
        g_strlcpy(origin->xid, PQgetvalue(result, row, 1), sizeof origin->xid);
        origin->committed_at = g_ascii_strtoll(PQgetvalue(result, row, 2), NULL, 10);
    }
    return origins;
}
