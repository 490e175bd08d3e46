/* What is wrong with a schema by itself: constraints that are not validated, indexes that are
 * invalid or there twice, foreign keys that nothing indexes, functions whose SQL does not hold. */
#include <string.h>

#include "database/postgres/catalog_internal.h"

#define OWN_PATH "SET LOCAL search_path = pg_catalog, pg_temp"

/* clang-format off */

/* Each gives the check, whether it is no more than a notice, and the message. */
static const char constraints_sql[] =
    "SELECT 'constraint', '', 'constraint ' || quote_ident(k.conname) || ' on ' ||"
    " CASE WHEN k.contypid <> 0 THEN format_type(k.contypid, NULL) ELSE k.conrelid::regclass::text"
    " END || ' is not validated: what was there before it may break it' "
    "FROM pg_constraint k" CATALOG_IN_SCHEMA("k.connamespace")
    " WHERE NOT k.convalidated AND k.contype IN ('c', 'f', 'n') AND k.conparentid = 0"
    " AND to_jsonb(k) ->> 'conenforced' IS DISTINCT FROM 'false' AND k.conrelid NOT IN "
    CATALOG_MEMBERS("pg_class") " ORDER BY 3";

/* One that is being built at this moment is not left behind. */
static const char indexes_sql[] =
    "SELECT 'index', '', 'index ' || i.indexrelid::regclass || ' on ' || i.indrelid::regclass ||"
    " CASE WHEN NOT i.indisvalid THEN ' is invalid: no query uses it' ELSE ' is not ready' END ||"
    " CASE WHEN ic.relkind = 'I' THEN '; a partition has none of it'"
    " ELSE '; REINDEX INDEX CONCURRENTLY, or drop it' END "
    "FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid"
    CATALOG_IN_SCHEMA("ic.relnamespace")
    " WHERE (NOT i.indisvalid OR NOT i.indisready) AND NOT EXISTS (SELECT FROM"
    " pg_stat_progress_create_index b WHERE b.index_relid = i.indexrelid) ORDER BY 3";

#define INDEX_SHAPE \
    "(SELECT i.indexrelid, i.indrelid, i.indisunique, concat_ws('|', ic.relam, i.indnkeyatts," \
    " i.indkey, i.indclass, i.indcollation, i.indoption, pg_get_expr(i.indexprs, i.indrelid), '#'," \
    " pg_get_expr(i.indpred, i.indrelid), to_jsonb(i) ->> 'indnullsnotdistinct') AS shape" \
    " FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid" \
    CATALOG_IN_SCHEMA("ic.relnamespace") " WHERE i.indisvalid AND ic.relkind = 'i')"

static const char duplicates_sql[] =
    "SELECT DISTINCT ON (a.indexrelid) 'duplicate-index', 'notice', 'index ' ||"
    " a.indexrelid::regclass || ' on ' || a.indrelid::regclass || ' does what ' ||"
    " b.indexrelid::regclass || ' does as well' FROM " INDEX_SHAPE " a JOIN " INDEX_SHAPE " b"
    " ON a.indrelid = b.indrelid AND a.shape = b.shape AND a.indexrelid <> b.indexrelid"
    " AND CASE WHEN a.indisunique = b.indisunique THEN a.indexrelid > b.indexrelid"
    " ELSE b.indisunique END ORDER BY a.indexrelid, b.indexrelid";

/* In whatever order the columns stand at the head of the index. */
static const char foreign_keys_sql[] =
    "SELECT 'foreign-key', 'notice', 'foreign key ' || quote_ident(k.conname) || ' on ' ||"
    " k.conrelid::regclass || ' has no index: a change in ' || k.confrelid::regclass ||"
    " ' reads the whole table' FROM pg_constraint k" CATALOG_IN_SCHEMA("k.connamespace")
    " WHERE k.contype = 'f' AND k.conparentid = 0 AND k.conrelid NOT IN "
    CATALOG_MEMBERS("pg_class") " AND NOT EXISTS (SELECT FROM pg_index i WHERE"
    " i.indrelid = k.conrelid AND i.indisvalid AND i.indpred IS NULL"
    " AND i.indnkeyatts >= cardinality(k.conkey)"
    " AND (i.indkey::int2[])[0:cardinality(k.conkey) - 1] @> k.conkey) ORDER BY 3";

/* The server's own check of a body in SQL, as CREATE FUNCTION makes it; it changes nothing. A name
 * that is not qualified means what the search path in force says, so this is no more than a notice;
 * what the role may not check is left out. Nothing but the check itself is done under a search path
 * that somebody else chose: operators could be found there that are not the server's. */
static const char functions_sql[] =
    "SET LOCAL check_function_bodies = on; "
    "SELECT pg_catalog.set_config('winch.path', pg_catalog.current_setting('search_path'), true); "
    OWN_PATH "; "
    "DO $winch$ DECLARE f record; found text[] := '{}'; path text := current_setting('winch.path');"
    " BEGIN FOR f IN SELECT p.oid, p.oid::regprocedure::text AS name, coalesce("
    " (SELECT substr(c, 13) FROM unnest(p.proconfig) c WHERE c LIKE 'search_path=%'), path) AS path"
    " FROM pg_proc p" CATALOG_IN_SCHEMA("p.pronamespace")
    " WHERE p.prolang = (SELECT l.oid FROM pg_language l WHERE l.lanname = 'sql')"
    " AND to_jsonb(p) ->> 'prosqlbody' IS NULL AND p.oid NOT IN " CATALOG_MEMBERS("pg_proc")
    " ORDER BY 2"
    " LOOP BEGIN PERFORM pg_catalog.set_config('search_path', f.path, true);"
    " PERFORM pg_catalog.fmgr_sql_validator(f.oid);"
    " PERFORM pg_catalog.set_config('search_path', 'pg_catalog, pg_temp', true);"
    " EXCEPTION WHEN undefined_table OR undefined_column OR undefined_function OR undefined_object"
    " OR datatype_mismatch OR invalid_function_definition THEN found := found ||"
    " format('%s does not hold (search_path %s): %s', f.name, f.path, SQLERRM);"
    " WHEN OTHERS THEN NULL; END; END LOOP;"
    " PERFORM set_config('winch.flaws', array_to_json(found)::text, true);"
    " END $winch$; "
    "SELECT 'function', 'notice', f FROM json_array_elements_text("
    "current_setting('winch.flaws')::json) f";

/* clang-format on */

/* In this order: the functions are looked at under the search path of the session. */
static const struct {
    unsigned check;
    const char *sql;
} questions[] = {
    {FLAWS_FUNCTIONS, functions_sql},     {0, OWN_PATH},
    {FLAWS_CONSTRAINTS, constraints_sql}, {FLAWS_INDEXES, indexes_sql},
    {FLAWS_INDEXES, duplicates_sql},      {FLAWS_FOREIGN_KEYS, foreign_keys_sql},
};

static char *flaws_sql(const struct postgres *postgres, unsigned checks)
{
    GString *sql = g_string_new("BEGIN READ ONLY; SET LOCAL lock_timeout = '5s'; "
                                "SET LOCAL jit = off; ");
    g_autofree char *own = postgres_literal(postgres->own_schema);
    for (gsize i = 0; i < G_N_ELEMENTS(questions); i++)
        if (questions[i].check == 0 || (checks & questions[i].check) != 0) {
            const char *const pairs[][2] = {{"@OWN@", own}, {"@", "@"}, {NULL, NULL}};
            g_autofree char *filled = postgres_fill_in(questions[i].sql, pairs);
            g_string_append_printf(sql, "%s; ", filled);
        }
    g_string_append(sql, "COMMIT");
    return g_string_free(sql, FALSE);
}

static void take(GPtrArray *flaws, const PGresult *result)
{
    for (int row = 0; PQnfields(result) == 3 && row < PQntuples(result); row++) {
        struct schema_flaw *flaw = g_new0(struct schema_flaw, 1);
        flaw->check = g_strdup(PQgetvalue(result, row, 0));
        flaw->is_notice = *PQgetvalue(result, row, 1) != '\0';
        flaw->message = g_strdup(PQgetvalue(result, row, 2));
        g_ptr_array_add(flaws, flaw);
    }
}

GPtrArray *postgres_flaws_read(struct database *database, unsigned checks, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    g_autofree char *sql = flaws_sql(postgres, checks);
    g_autoptr(GError) failure = NULL;
    g_autoptr(GPtrArray) results = postgres_query_several(postgres, postgres->main, sql, &failure);
    if (failure != NULL) {
        if (PQstatus(postgres->main) == CONNECTION_OK)
            postgres_execute(postgres, postgres->main, "ROLLBACK", NULL);
        g_propagate_prefixed_error(error, g_steal_pointer(&failure),
                                   "looking for flaws in %s: ", postgres->label);
        return NULL;
    }
    GPtrArray *flaws = g_ptr_array_new_with_free_func((GDestroyNotify)schema_flaw_free);
    for (guint i = 0; i < results->len; i++)
        take(flaws, g_ptr_array_index(results, i));
    return flaws;
}
