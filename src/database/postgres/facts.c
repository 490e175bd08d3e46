/* What the server says of itself, of the version table, of the own schema and of our rights: one
 * query for all of it. */
#include <string.h>

#include "database/postgres/postgres.h"

/* The columns of the query below, in its order. */
enum {
    SERVER_VERSION,
    DATABASE_NAME,
    CURRENT_USER,
    SESSION_USER,
    BACKEND_PID,
    IS_STANDBY,
    SYSTEM_IDENTIFIER,
    IS_SUPERUSER,
    ENVIRONMENT_SETTING,
    SEARCH_PATH,
    ROLE,
    SESSION_REPLICATION_ROLE,
    ROW_SECURITY,
    SCHEMA,
    SCHEMA_EXISTS,
    CAN_CREATE_TABLE,
    RELATION_KIND,
    VERSION_TYPE_CATEGORY,
    DIRTY_TYPE,
    HAS_APPLIED_AT,
    REQUIRED_COLUMNS,
    COLUMNS,
    IS_RAILS,
    CAN_SELECT,
    CAN_INSERT,
    CAN_DELETE,
    CAN_TRUNCATE,
    HAS_OWN_SCHEMA,
    CAN_CREATE_OWN,
    HAS_HISTORY,
    CAN_READ_HISTORY,
    CAN_WRITE_HISTORY,
    CAN_READ_FILES,
    CAN_WRITE_FILES,
    CAN_READ_CHAIN,
    CAN_READ_DATABASE,
    CAN_READ_IMPACT,
    CAN_WRITE_IMPACT,
    CAN_SEE_WAL,
    OWNS_HISTORY,
    OWN_RIGHTS,
};

/* $1 schema of the version table (NULL: the current one), $2 its name, $3 the own schema. */
static const char facts_sql[] =
    "SELECT pg_catalog.current_setting('server_version'), pg_catalog.current_database(),"
    " current_user, session_user, pg_catalog.pg_backend_pid(), pg_catalog.pg_is_in_recovery(),"
    " %s,"
    " (SELECT r.rolsuper FROM pg_catalog.pg_roles r WHERE r.rolname = current_user),"
    " (SELECT pg_catalog.substr(e.setting, 19) FROM pg_catalog.pg_db_role_setting s,"
    "  LATERAL pg_catalog.unnest(s.setconfig) AS e(setting)"
    "  WHERE s.setrole = '0' AND s.setdatabase = (SELECT d.oid FROM pg_catalog.pg_database d"
    "   WHERE d.datname = pg_catalog.current_database())"
    "  AND pg_catalog.starts_with(pg_catalog.lower(e.setting), 'winch.environment=') LIMIT 1),"
    " pg_catalog.current_setting('search_path'), pg_catalog.current_setting('role'),"
    " pg_catalog.current_setting('session_replication_role'),"
    " pg_catalog.current_setting('row_security'),"
    " place.schema, n.oid IS NOT NULL,"
    " n.oid IS NOT NULL AND pg_catalog.has_schema_privilege(n.oid, 'CREATE'),"
    " v.relkind, c.version_category, c.dirty_type, c.has_applied_at, c.required, c.columns,"
    " EXISTS (SELECT FROM pg_catalog.pg_class r WHERE r.relnamespace = n.oid"
    "  AND r.relname = 'ar_internal_metadata'),"
    " %s, %s, %s, %s,"
    " o.oid IS NOT NULL,"
    " CASE WHEN o.oid IS NULL"
    "  THEN pg_catalog.has_database_privilege(pg_catalog.current_database(), 'CREATE')"
    "  ELSE pg_catalog.has_schema_privilege(o.oid, 'CREATE') END,"
    " own.history IS NOT NULL, %s, %s, %s, %s, %s, %s, %s AND own.impact_columns >= 10,"
    " %s AND own.impact_columns >= 10,"
    " pg_catalog.has_function_privilege('pg_catalog.pg_current_wal_insert_lsn()', 'EXECUTE'),"
    " coalesce(own.owns_history, false), own.rights"
    " FROM (SELECT coalesce($1::pg_catalog.text, pg_catalog.current_schema()::pg_catalog.text)"
    "  AS schema) place"
    " LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = place.schema"
    " LEFT JOIN pg_catalog.pg_class v ON v.relnamespace = n.oid AND v.relname = $2"
    " LEFT JOIN LATERAL (SELECT"
    "  pg_catalog.max(CASE a.attname WHEN 'version' THEN t.typcategory::pg_catalog.text END)"
    "   AS version_category,"
    "  pg_catalog.max(CASE a.attname WHEN 'dirty' THEN t.typname::pg_catalog.text END)"
    "   AS dirty_type,"
    "  pg_catalog.bool_or(a.attname = 'applied_at' AND t.typname = 'timestamptz')"
    "   AS has_applied_at,"
    "  pg_catalog.string_agg(CASE WHEN a.attnotnull AND NOT a.atthasdef AND a.attidentity = ''"
    "    AND a.attname NOT IN ('version', 'dirty') THEN a.attname::pg_catalog.text END, ', '"
    "   ORDER BY a.attnum) AS required,"
    "  pg_catalog.string_agg(a.attname::pg_catalog.text, ', ' ORDER BY a.attnum) AS columns"
    "  FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_type t ON t.oid = a.atttypid"
    "  WHERE a.attrelid = v.oid AND a.attnum > 0 AND NOT a.attisdropped) c ON true"
    " LEFT JOIN pg_catalog.pg_namespace o ON o.nspname = $3"
    " LEFT JOIN LATERAL (SELECT"
    "  pg_catalog.max(CASE r.relname WHEN 'history' THEN r.oid END) AS history,"
    "  pg_catalog.max(CASE r.relname WHEN 'files' THEN r.oid END) AS files,"
    "  pg_catalog.max(CASE r.relname WHEN 'chain' THEN r.oid END) AS chain,"
    "  pg_catalog.max(CASE r.relname WHEN 'database' THEN r.oid END) AS database,"
    "  pg_catalog.max(CASE r.relname WHEN 'impact' THEN r.oid END) AS impact,"
    "  pg_catalog.max(CASE r.relname WHEN 'impact' THEN r.relnatts END) AS impact_columns,"
    "  pg_catalog.bool_or(r.relname = 'history'"
    "   AND pg_catalog.pg_has_role(r.relowner, 'USAGE')) AS owns_history,"
    /* " marks=rawd approvals=ra": in any order, each with a space before it */
    "  pg_catalog.string_agg(pg_catalog.concat(' ', r.relname, '=',"
    "   CASE WHEN pg_catalog.has_schema_privilege(o.oid, 'USAGE') THEN pg_catalog.concat("
    "    CASE WHEN pg_catalog.has_table_privilege(r.oid, 'SELECT') THEN 'r' END,"
    "    CASE WHEN pg_catalog.has_table_privilege(r.oid, 'INSERT') THEN 'a' END,"
    "    CASE WHEN pg_catalog.has_table_privilege(r.oid, 'UPDATE') THEN 'w' END,"
    "    CASE WHEN pg_catalog.has_table_privilege(r.oid, 'DELETE') THEN 'd' END) END), '') AS "
    "rights"
    "  FROM pg_catalog.pg_class r WHERE r.relnamespace = o.oid"
    "  AND r.relkind IN ('r', 'v')) own ON true";

#define RIGHT(schema, table, right)                                                                \
    "coalesce(pg_catalog.has_schema_privilege(" schema ".oid, 'USAGE')"                            \
    " AND pg_catalog.has_table_privilege(" table ", '" right "'), false)"

static const char system_identifier_sql[] =
    "(SELECT s.system_identifier FROM pg_catalog.pg_control_system() s)";

static PGresult *facts_query(struct postgres *postgres, const char *system_identifier,
                             GError **error)
{
    /* A view or the like has no privileges that a question would not fail on; a sequence has. */
    g_autofree char *sql = g_strdup_printf(
        facts_sql, system_identifier, RIGHT("n", "v.oid", "SELECT"), RIGHT("n", "v.oid", "INSERT"),
        RIGHT("n", "v.oid", "DELETE"), RIGHT("n", "v.oid", "TRUNCATE"),
        RIGHT("o", "own.history", "SELECT"), RIGHT("o", "own.history", "INSERT"),
        RIGHT("o", "own.files", "SELECT"), RIGHT("o", "own.files", "INSERT"),
        RIGHT("o", "own.chain", "SELECT"), RIGHT("o", "own.database", "SELECT"),
        RIGHT("o", "own.impact", "SELECT"), RIGHT("o", "own.impact", "INSERT"));
    const char *const parameters[] = {postgres->schema, postgres->table, postgres->own_schema};
    return postgres_query(postgres, postgres->main, sql, G_N_ELEMENTS(parameters), parameters,
                          error);
}

/* The right to pg_control_system() may have been taken from PUBLIC: the identifier is unknown then,
 * all else is not. */
static PGresult *facts_query_as_allowed(struct postgres *postgres, GError **error)
{
    g_autoptr(GError) why = NULL;
    const char *identifier =
        postgres->cannot_identify_system ? "NULL::pg_catalog.text" : system_identifier_sql;
    PGresult *result = facts_query(postgres, identifier, &why);
    if (result == NULL && !postgres->cannot_identify_system &&
        g_strcmp0(error_detail(why)->sqlstate, "42501") == 0) {
        postgres->cannot_identify_system = TRUE;
        return facts_query(postgres, "NULL::pg_catalog.text", error);
    }
    if (result == NULL)
        g_propagate_error(error, g_steal_pointer(&why));
    return result;
}

/* ---- reading the answer ---------------------------------------------------------------------- */

static const char *text_of(const PGresult *result, int column)
{
    return PQgetisnull(result, 0, column) ? NULL : PQgetvalue(result, 0, column);
}

static gboolean is_true(const PGresult *result, int column)
{
    return !PQgetisnull(result, 0, column) && *PQgetvalue(result, 0, column) == 't';
}

static const char *keep(struct postgres *postgres, const char *text)
{
    return text != NULL ? g_string_chunk_insert_const(postgres->strings, text) : NULL;
}

static void facts_fill(struct postgres *postgres, const PGresult *result)
{
    struct database_facts *facts = &postgres->base.facts;
    facts->product = "PostgreSQL";
    g_autofree char *version = g_strdup(text_of(result, SERVER_VERSION));
    version[strcspn(version, " ")] = '\0'; /* "15.20 (Debian 15.20-0+deb12u1)" */
    facts->server_version = keep(postgres, version);
    facts->version_number = PQserverVersion(postgres->main);
    facts->database = keep(postgres, text_of(result, DATABASE_NAME));
    facts->user = keep(postgres, text_of(result, CURRENT_USER));
    facts->session_user = keep(postgres, text_of(result, SESSION_USER));
    facts->host = keep(postgres, PQhost(postgres->main));
    facts->port = keep(postgres, PQport(postgres->main));
    facts->backend_pid = (int)g_ascii_strtoll(text_of(result, BACKEND_PID), NULL, 10);
    facts->is_standby = is_true(result, IS_STANDBY);
    facts->system_identifier = keep(postgres, text_of(result, SYSTEM_IDENTIFIER));
    facts->is_superuser = is_true(result, IS_SUPERUSER);
    if (PQsslInUse(postgres->main))
        facts->tls = keep(postgres, PQsslAttribute(postgres->main, "protocol"));
    postgres->search_path = g_strdup(text_of(result, SEARCH_PATH));
    postgres->role = g_strdup(text_of(result, ROLE));
    postgres->session_replication_role = g_strdup(text_of(result, SESSION_REPLICATION_ROLE));
    postgres->row_security = g_strdup(text_of(result, ROW_SECURITY));
}

/* What else a relation may be that stands where the version table should. */
static const struct {
    char kind;
    const char *name;
} relation_kinds[] = {
    {'v', "a view"},     {'m', "a materialized view"}, {'f', "a foreign table"},
    {'S', "a sequence"}, {'c', "a composite type"},    {'i', "an index"},
    {'I', "an index"},
};

static const char another_table[] =
    "keep winch's version in a table of its own (version_table), or remove this one";

/* Why the relation is not a version table that can be shared with golang-migrate, or NULL. */
static char *find_problem(struct postgres *postgres, const PGresult *result)
{
    char kind = *text_of(result, RELATION_KIND);
    const char *version = text_of(result, VERSION_TYPE_CATEGORY);
    const char *dirty = text_of(result, DIRTY_TYPE);
    const char *columns = text_of(result, COLUMNS);
    const char *required = text_of(result, REQUIRED_COLUMNS);
    for (gsize i = 0; i < G_N_ELEMENTS(relation_kinds); i++)
        if (relation_kinds[i].kind == kind)
            return g_strdup_printf("%s is %s, not a table: %s", postgres->table_name,
                                   relation_kinds[i].name, another_table);
    if (version != NULL && dirty == NULL && is_true(result, IS_RAILS))
        return g_strdup_printf("%s belongs to Rails (ActiveRecord): %s", postgres->table_name,
                               another_table);
    if (version != NULL && dirty == NULL && strchr(columns, ',') == NULL)
        return g_strdup_printf("%s belongs to another tool, such as dbmate or Rails: it has no "
                               "column dirty: %s",
                               postgres->table_name, another_table);
    if (version == NULL || dirty == NULL)
        return g_strdup_printf("%s belongs to another tool: it has the columns (%s), not version "
                               "and dirty: %s",
                               postgres->table_name, columns != NULL ? columns : "", another_table);
    if (strchr("NS", *version) == NULL || !g_str_equal(dirty, "bool"))
        return g_strdup_printf("%s belongs to another tool: version is not a number, or dirty not "
                               "a boolean: %s",
                               postgres->table_name, another_table);
    if (required != NULL)
        return g_strdup_printf("%s cannot be written: %s may not be NULL and has no default; give "
                               "it one",
                               postgres->table_name, required);
    return NULL;
}

static void shape_fill(struct postgres *postgres, const PGresult *result)
{
    g_clear_pointer(&postgres->shape_problem, g_free);
    postgres->has_applied_at = is_true(result, HAS_APPLIED_AT);
    postgres->can_read_version = is_true(result, CAN_SELECT);
    if (PQgetisnull(result, 0, RELATION_KIND)) {
        postgres->shape = VERSION_TABLE_ABSENT;
        return;
    }
    postgres->shape_problem = find_problem(postgres, result);
    postgres->shape = postgres->shape_problem != NULL ? VERSION_TABLE_FOREIGN
                      : postgres->has_applied_at      ? VERSION_TABLE_WINCH
                                                      : VERSION_TABLE_GOLANG_MIGRATE;
}

static void rights_fill(struct postgres *postgres, const PGresult *result)
{
    struct database_facts *facts = &postgres->base.facts;
    gboolean can_delete = is_true(result, CAN_DELETE);
    gboolean can_clear = can_delete || is_true(result, CAN_TRUNCATE);
    postgres->has_schema = is_true(result, SCHEMA_EXISTS);
    facts->can_write_version_table = postgres->shape == VERSION_TABLE_ABSENT
                                         ? is_true(result, CAN_CREATE_TABLE)
                                         : is_true(result, CAN_INSERT) && can_clear;
    facts->clears_with_truncate = !can_delete && is_true(result, CAN_TRUNCATE);
    facts->can_create_own_schema = is_true(result, CAN_CREATE_OWN);
    postgres->has_own_schema = is_true(result, HAS_OWN_SCHEMA);
    postgres->can_read_files = is_true(result, CAN_READ_FILES);
    postgres->can_write_files = is_true(result, CAN_WRITE_FILES);
    postgres->can_read_chain = is_true(result, CAN_READ_CHAIN);
    postgres->has_database_row = is_true(result, CAN_READ_DATABASE);
    postgres->can_read_impact = is_true(result, CAN_READ_IMPACT);
    postgres->can_write_impact = is_true(result, CAN_WRITE_IMPACT);
    postgres->can_see_wal = is_true(result, CAN_SEE_WAL);
    postgres->owns_history = is_true(result, OWNS_HISTORY);
    g_free(postgres->own_rights);
    postgres->own_rights =
        g_strdup(text_of(result, OWN_RIGHTS) != NULL ? text_of(result, OWN_RIGHTS) : "");
    postgres->base.history = !is_true(result, HAS_HISTORY)         ? HISTORY_ABSENT
                             : !is_true(result, CAN_READ_HISTORY)  ? HISTORY_HIDDEN
                             : !is_true(result, CAN_WRITE_HISTORY) ? HISTORY_READ_ONLY
                                                                   : HISTORY_PRESENT;
    if (postgres->base.history == HISTORY_PRESENT && facts->is_standby)
        postgres->base.history = HISTORY_READ_ONLY;
}

/* ---- names ----------------------------------------------------------------------------------- */

/* Settles where the version table is, now that the current schema is known. */
static gboolean place_version_table(struct postgres *postgres, const char *schema, GError **error)
{
    if (schema == NULL) {
        error_set(
            error, ERROR_CONFIG,
            "no schema of the search_path exists, so there is no place for the version table");
        error_advise(error, "set search_path, or name the schema: version_table: SCHEMA.%s",
                     postgres->table);
        return FALSE;
    }
    if (g_str_equal(schema, postgres->own_schema)) {
        error_set(error, ERROR_CONFIG,
                  "the version table is in schema \"%s\", which own_schema "
                  "keeps for the history",
                  schema);
        error_advise(error, "name another schema in search_path, version_table or own_schema");
        return FALSE;
    }
    if (postgres->schema == NULL)
        postgres->schema = g_strdup(schema);
    g_autofree char *quoted_schema = postgres_quote(schema);
    g_autofree char *quoted_table = postgres_quote(postgres->table);
    postgres->version_table = g_strdup_printf("%s.%s", quoted_schema, quoted_table);
    postgres->table_name = g_strdup_printf("%s.%s", schema, postgres->table);
    postgres->base.facts.schema = postgres->schema;
    return TRUE;
}

static void add_lock_id(struct postgres *postgres, const char *name)
{
    guint32 id = postgres_lock_id(postgres->schema, postgres->table, name);
    guint at = 0;
    while (at < postgres->lock_ids->len && g_array_index(postgres->lock_ids, guint32, at) < id)
        at++;
    if (at == postgres->lock_ids->len || g_array_index(postgres->lock_ids, guint32, at) != id)
        g_array_insert_val(postgres->lock_ids, at, id);
}

/* golang-migrate locks under the URL's path, its library under current_database(); what is behind a
 * pooler may be known by two names. */
static void fill_lock_ids(struct postgres *postgres)
{
    g_autofree char *connected = g_strconcat("/", PQdb(postgres->main), NULL);
    g_autofree char *current = g_strconcat("/", postgres->base.facts.database, NULL);
    if (postgres->url_path != NULL)
        add_lock_id(postgres, postgres->url_path);
    add_lock_id(postgres, connected);
    add_lock_id(postgres, current);
    add_lock_id(postgres, current + 1);
}

/* ---- the own schema's word on the environment ------------------------------------------------ */

static gboolean recorded_read(struct postgres *postgres, GError **error)
{
    struct database_facts *facts = &postgres->base.facts;
    facts->is_environment_hidden =
        !postgres->has_database_row && postgres_own_can(postgres, "database", '\0');
    if (!postgres->has_database_row)
        return TRUE;
    g_autofree char *sql = g_strdup_printf(
        "SET LOCAL lock_timeout = '5s'; SELECT environment, system_identifier, database_name"
        " FROM %s.database",
        postgres->own);
    AUTORESULT *result = postgres_query_simple(postgres, postgres->main, sql, error);
    if (result == NULL) {
        g_prefix_error(error, "reading %s.database: ", postgres->own);
        return FALSE;
    }
    facts->environment_recorded = NULL;
    facts->is_clone = FALSE;
    if (PQntuples(result) == 0)
        return TRUE;
    const char *identifier = text_of(result, 1);
    facts->is_clone = g_strcmp0(text_of(result, 2), facts->database) != 0 ||
                      (identifier != NULL && facts->system_identifier != NULL &&
                       !g_str_equal(identifier, facts->system_identifier));
    if (!facts->is_clone)
        facts->environment_recorded = keep(postgres, text_of(result, 0));
    return TRUE;
}

/* The setting of the database, from result, and the own schema. */
static gboolean voices_read(struct postgres *postgres, const PGresult *result, GError **error)
{
    postgres->base.facts.environment_setting = keep(postgres, text_of(result, ENVIRONMENT_SETTING));
    return recorded_read(postgres, error);
}

static gboolean look_again(struct postgres *postgres, PGresult **result, GError **error)
{
    *result = facts_query_as_allowed(postgres, error);
    if (*result == NULL)
        return FALSE;
    shape_fill(postgres, *result);
    rights_fill(postgres, *result);
    return TRUE;
}

gboolean postgres_environment_read(struct database *database, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    AUTORESULT *result = NULL;
    return look_again(postgres, &result, error) && voices_read(postgres, result, error);
}

gboolean postgres_look_again(struct postgres *postgres, GError **error)
{
    AUTORESULT *result = NULL;
    return look_again(postgres, &result, error);
}

gboolean postgres_facts_read(struct postgres *postgres, GError **error)
{
    AUTORESULT *result = facts_query_as_allowed(postgres, error);
    if (result == NULL) {
        g_prefix_error(error, "looking at the database: ");
        return FALSE;
    }
    if (!place_version_table(postgres, text_of(result, SCHEMA), error))
        return FALSE;
    facts_fill(postgres, result);
    shape_fill(postgres, result);
    rights_fill(postgres, result);
    fill_lock_ids(postgres);
    return voices_read(postgres, result, error);
}
