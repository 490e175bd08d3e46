/* The own schema and the version table: their definition, and creating them beside others who do
 * the same at the same moment. */
#include "database/postgres/postgres.h"

#include <string.h>

#define LAYOUT   1
#define ATTEMPTS 5

/* ---- definition ------------------------------------------------------------------------------ */

/* In these templates @OWN@ is the own schema, quoted; @OWN_NAME@ the same as a string constant. */

static const char schema_template[] = "CREATE SCHEMA IF NOT EXISTS @OWN@;\n";

static const char tables_template[] =
    "CREATE TABLE IF NOT EXISTS @OWN@.chain (\n"
    "    version_table text PRIMARY KEY,\n"
    "    rows bigint NOT NULL,\n"
    "    previous text NOT NULL,\n"
    "    head text NOT NULL\n"
    ");\n"
    "CREATE TABLE IF NOT EXISTS @OWN@.history (\n"
    "    version_table text NOT NULL,\n"
    "    id bigint NOT NULL,\n"
    "    run_id text,\n"
    "    plan_id text,\n"
    "    kind text NOT NULL,\n"
    "    outcome text NOT NULL,\n"
    "    version bigint NOT NULL DEFAULT -1,\n"
    "    from_version bigint NOT NULL DEFAULT -1,\n"
    "    to_version bigint NOT NULL DEFAULT -1,\n"
    "    title text,\n"
    "    started_at timestamptz NOT NULL,\n"
    "    finished_at timestamptz NOT NULL,\n"
    "    statement bigint NOT NULL DEFAULT 0,\n"
    "    statements bigint NOT NULL DEFAULT 0,\n"
    "    sqlstate text,\n"
    "    message text,\n"
    "    file text,\n"
    "    line bigint NOT NULL DEFAULT 0,\n"
    "    up_sha256 text,\n"
    "    down_sha256 text,\n"
    "    xid text,\n"
    "    environment text,\n"
    "    database_user text,\n"
    "    os_user text,\n"
    "    host text,\n"
    "    ssh_client text,\n"
    "    backend_pid bigint NOT NULL,\n"
    "    tool text,\n"
    "    reason text,\n"
    "    ticket text,\n"
    "    backup text,\n"
    "    backup_sha256 text,\n"
    "    previous_hash text NOT NULL,\n"
    "    hash text NOT NULL,\n"
    "    PRIMARY KEY (version_table, id)\n"
    ");\n"
    "CREATE TABLE IF NOT EXISTS @OWN@.impact (\n"
    "    version_table text NOT NULL,\n"
    "    history_id bigint NOT NULL,\n"
    "    rows bigint,\n"
    "    wal_bytes bigint,\n"
    "    rewrites jsonb,\n"
    "    locks jsonb,\n"
    "    longest_wait interval,\n"
    "    sessions_blocked bigint,\n"
    "    elapsed interval,\n"
    "    statements jsonb,\n"
    "    PRIMARY KEY (version_table, history_id)\n"
    ");\n"
    "CREATE TABLE IF NOT EXISTS @OWN@.files (\n"
    "    sha256 text PRIMARY KEY,\n"
    "    content bytea NOT NULL,\n"
    "    size bigint NOT NULL GENERATED ALWAYS AS (pg_catalog.octet_length(content)) STORED,\n"
    "    stored_at timestamptz NOT NULL DEFAULT pg_catalog.now()\n"
    ");\n"
    "CREATE TABLE IF NOT EXISTS @OWN@.database (\n"
    "    is_only boolean PRIMARY KEY DEFAULT true CHECK (is_only),\n"
    "    environment text,\n"
    "    system_identifier text,\n"
    "    database_name text NOT NULL,\n"
    "    layout integer NOT NULL,\n"
    "    recorded_at timestamptz NOT NULL DEFAULT pg_catalog.now(),\n"
    "    recorded_by text NOT NULL DEFAULT session_user\n"
    ");\n";

/* The fields of the hash, in their canonical order; what the server computes is in NEW by then. */
static const char *const hashed[] = {
    "NEW.version_table",
    "NEW.run_id",
    "NEW.plan_id",
    "NEW.kind",
    "NEW.outcome",
    "NEW.version::text",
    "NEW.from_version::text",
    "NEW.to_version::text",
    "NEW.title",
    "((date_part('epoch', NEW.started_at) * 1000000)::bigint)::text",
    "((date_part('epoch', NEW.finished_at) * 1000000)::bigint)::text",
    "NEW.statement::text",
    "NEW.statements::text",
    "NEW.sqlstate",
    "NEW.message",
    "NEW.file",
    "NEW.line::text",
    "NEW.up_sha256",
    "NEW.down_sha256",
    "NEW.xid",
    "NEW.environment",
    "NEW.database_user",
    "NEW.os_user",
    "NEW.host",
    "NEW.ssh_client",
    "NEW.backend_pid::text",
    "NEW.tool",
    "NEW.reason",
    "NEW.ticket",
    "NEW.backup",
    "NEW.backup_sha256",
};

/* One UPDATE both serialises the writers and makes the next link. @FIELDS@ is what concat() puts
 * together behind the id. A definer's rights, so that who may add a row may not touch the chain. */
static const char chain_template[] =
    "\n"
    "DECLARE\n"
    "    fields text;\n"
    "BEGIN\n"
    "    NEW.started_at := coalesce(NEW.started_at, transaction_timestamp());\n"
    "    NEW.finished_at := clock_timestamp();\n"
    "    NEW.xid := pg_current_xact_id()::text;\n"
    "    NEW.database_user := session_user;\n"
    "    NEW.backend_pid := pg_backend_pid();\n"
    "    fields := concat(@FIELDS@);\n"
    "    LOOP\n"
    "        UPDATE @OWN@.chain AS c SET rows = c.rows + 1, previous = c.head,\n"
    "            head = encode(sha256(convert_to(concat(c.head,\n"
    "                octet_length((c.rows + 1)::text), ':', c.rows + 1, fields), 'UTF8')), 'hex')\n"
    "            WHERE c.version_table = NEW.version_table\n"
    "            RETURNING c.rows, c.previous, c.head\n"
    "            INTO NEW.id, NEW.previous_hash, NEW.hash;\n"
    "        EXIT WHEN FOUND;\n"
    "        INSERT INTO @OWN@.chain VALUES (NEW.version_table, 0, '', '') ON CONFLICT DO "
    "NOTHING;\n"
    "    END LOOP;\n"
    "    RETURN NEW;\n"
    "END\n";

static const char refuse_body[] = "\n"
                                  "BEGIN\n"
                                  "    RAISE EXCEPTION '%.% is append-only: % is refused', "
                                  "TG_TABLE_SCHEMA, TG_TABLE_NAME, TG_OP\n"
                                  "        USING ERRCODE = 'restrict_violation';\n"
                                  "END\n";

static const char functions_template[] =
    "CREATE OR REPLACE FUNCTION @OWN@.history_chain() RETURNS trigger LANGUAGE plpgsql\n"
    "    SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS @CHAIN_BODY@;\n"
    "CREATE OR REPLACE FUNCTION @OWN@.refuse_change() RETURNS trigger LANGUAGE plpgsql\n"
    "    SET search_path = pg_catalog, pg_temp AS @REFUSE_BODY@;\n"
    "REVOKE ALL ON FUNCTION @OWN@.history_chain(), @OWN@.refuse_change() FROM PUBLIC;\n"
    "REVOKE ALL ON @OWN@.chain, @OWN@.history, @OWN@.impact, @OWN@.files, @OWN@.database\n"
    "    FROM PUBLIC;\n";

/* They hold under session_replication_role = replica too. */
static const char trigger_template[] =
    "DO @DO_BODY@;\n"
    "INSERT INTO @OWN@.database (system_identifier, database_name, layout)\n"
    "    VALUES (@SYSTEM@, pg_catalog.current_database(), @LAYOUT@) ON CONFLICT DO NOTHING;\n";

static const char trigger_body[] =
    "\n"
    "BEGIN\n"
    "    IF EXISTS (SELECT FROM pg_catalog.pg_trigger t\n"
    "        JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid\n"
    "        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace\n"
    "        WHERE n.nspname = @OWN_NAME@ AND c.relname = 'files'\n"
    "        AND t.tgname = 'winch_refuse') THEN\n"
    "        RETURN;\n"
    "    END IF;\n"
    "    CREATE TRIGGER winch_chain BEFORE INSERT ON @OWN@.history\n"
    "        FOR EACH ROW EXECUTE FUNCTION @OWN@.history_chain();\n"
    "    CREATE TRIGGER winch_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON @OWN@.history\n"
    "        FOR EACH STATEMENT EXECUTE FUNCTION @OWN@.refuse_change();\n"
    "    CREATE TRIGGER winch_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON @OWN@.files\n"
    "        FOR EACH STATEMENT EXECUTE FUNCTION @OWN@.refuse_change();\n"
    "    ALTER TABLE @OWN@.history ENABLE ALWAYS TRIGGER winch_chain;\n"
    "    ALTER TABLE @OWN@.history ENABLE ALWAYS TRIGGER winch_refuse;\n"
    "    ALTER TABLE @OWN@.files ENABLE ALWAYS TRIGGER winch_refuse;\n"
    "END\n";

static const char version_table_template[] = "CREATE TABLE IF NOT EXISTS @VERSION_TABLE@ (\n"
                                             "    version bigint PRIMARY KEY,\n"
                                             "    dirty boolean NOT NULL DEFAULT false,\n"
                                             "    applied_at timestamptz DEFAULT pg_catalog.now()\n"
                                             ");\n";

/* ---- filling in ------------------------------------------------------------------------------ */

/* A NULL is "-:", all else its length in bytes of UTF-8, a colon, and itself. */
static char *hashed_fields(void)
{
    GString *fields = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(hashed); i++)
        g_string_append_printf(
            fields, "%scoalesce(octet_length(convert_to(%s, 'UTF8')) || ':' || %s, '-:')",
            i > 0 ? ",\n        " : "", hashed[i], hashed[i]);
    return g_string_free(fields, FALSE);
}

char *postgres_fill_in(const char *template, const char *const pairs[][2])
{
    GString *text = g_string_new(NULL);
    while (*template != '\0') {
        gsize plain = strcspn(template, "@");
        g_string_append_len(text, template, (gssize)plain);
        template += plain;
        if (*template == '\0')
            break;
        gsize i = 0;
        while (!g_str_has_prefix(template, pairs[i][0]))
            i++;
        g_string_append(text, pairs[i][1]);
        template += strlen(pairs[i][0]);
    }
    return g_string_free(text, FALSE);
}

/* The own schema with all that is in it. */
static char *own_script(const struct postgres *postgres)
{
    const struct database_facts *facts = &postgres->base.facts;
    const char *identifier = facts->system_identifier;
    g_autofree char *own_name = postgres_literal(postgres->own_schema);
    g_autofree char *system = identifier != NULL ? postgres_literal(identifier) : g_strdup("NULL");
    g_autofree char *fields = hashed_fields();
    const char *const inner[][2] = {
        {"@OWN@", postgres->own}, {"@OWN_NAME@", own_name}, {"@FIELDS@", fields}};
    g_autofree char *chain = postgres_fill_in(chain_template, inner);
    g_autofree char *triggers = postgres_fill_in(trigger_body, inner);
    g_autofree char *chain_body = postgres_literal(chain);
    g_autofree char *refuse = postgres_literal(refuse_body);
    g_autofree char *do_body = postgres_literal(triggers);
    const char *const outer[][2] = {
        {"@OWN@", postgres->own}, {"@CHAIN_BODY@", chain_body}, {"@REFUSE_BODY@", refuse},
        {"@DO_BODY@", do_body},   {"@SYSTEM@", system},         {"@LAYOUT@", G_STRINGIFY(LAYOUT)},
    };
    g_autofree char *template =
        g_strconcat(postgres->has_own_schema ? "" : schema_template, tables_template,
                    functions_template, trigger_template, NULL);
    g_autofree char *base = postgres_fill_in(template, outer);
    g_autofree char *since = postgres_layout_script(postgres);
    return g_strconcat(base, since, NULL);
}

static char *version_table_script(const struct postgres *postgres)
{
    const char *const pairs[][2] = {{"@VERSION_TABLE@", postgres->version_table}};
    return postgres_fill_in(version_table_template, pairs);
}

/* How much of the own schema a script is to make. */
enum own_part { OWN_NOTHING, OWN_ADDITIONS, OWN_ALL };

/* Installers queue up here. Who waits for this lock runs nothing else, so nothing can wait for
 * it in a circle. */
static char *whole_script(const struct postgres *postgres, enum own_part part, gboolean with_table)
{
    g_autofree char *own_name = postgres_literal(postgres->own_schema);
    g_autofree char *own = part == OWN_ALL         ? own_script(postgres)
                           : part == OWN_ADDITIONS ? postgres_layout_script(postgres)
                                                   : g_strdup("");
    g_autofree char *table = with_table ? version_table_script(postgres) : g_strdup("");
    return g_strdup_printf("BEGIN READ WRITE;\n"
                           "SET LOCAL lock_timeout = '30s';\n"
                           "SET LOCAL client_min_messages = 'warning';\n"
                           "SET LOCAL synchronous_commit = on;\n"
                           "SELECT pg_catalog.pg_advisory_xact_lock("
                           "pg_catalog.hashtextextended('winch install ' || %s, 0));\n"
                           "%s%sCOMMIT;\n",
                           own_name, own, table);
}

char *postgres_install_script(const struct database *database)
{
    const struct postgres *postgres = (const struct postgres *)database;
    return whole_script(postgres, OWN_ALL, postgres->shape == VERSION_TABLE_ABSENT);
}

/* ---- running it ------------------------------------------------------------------------------ */

/* Somebody else created the same thing at the same moment; the next attempt finds it there. */
static gboolean is_passing(const GError *error)
{
    static const char *const passing[] = {"23505", "42P06", "42P07", "42710", "42723",
                                          "40001", "40P01", "XX000", NULL};
    const struct error_detail *detail = error_detail(error);
    return detail != NULL && g_strv_contains(passing, detail->sqlstate);
}

static gboolean run_script(struct postgres *postgres, const char *script, GError **error)
{
    if (postgres_execute(postgres, postgres->main, script, error))
        return TRUE;
    if (PQtransactionStatus(postgres->main) != PQTRANS_IDLE &&
        PQstatus(postgres->main) == CONNECTION_OK)
        postgres_execute(postgres, postgres->main, "ROLLBACK", NULL);
    return FALSE;
}

static gboolean refuse_foreign(struct postgres *postgres, GError **error)
{
    if (postgres->shape != VERSION_TABLE_FOREIGN)
        return TRUE;
    error_set(error, ERROR_REFUSED, "%s", postgres->shape_problem);
    return FALSE;
}

/* The version table cannot be made, or not be written: says which right or schema is missing,
 * before anything has run. */
static gboolean refuse_unable(struct postgres *postgres, GError **error)
{
    const struct database_facts *facts = &postgres->base.facts;
    g_autofree char *schema = postgres_quote(postgres->schema);
    g_autofree char *user = postgres_quote(facts->user);
    if (facts->can_write_version_table)
        return TRUE;
    if (postgres->shape != VERSION_TABLE_ABSENT) {
        error_set(error, ERROR_FAILED, "user %s may not write %s", user, postgres->table_name);
        error_advise(error, "GRANT SELECT, INSERT, DELETE ON %s TO %s", postgres->version_table,
                     user);
        return FALSE;
    }
    if (!postgres->has_schema) {
        error_set(error, ERROR_FAILED, "schema %s of the version table does not exist", schema);
        error_advise(error, "CREATE SCHEMA %s AUTHORIZATION %s", schema, user);
        return FALSE;
    }
    error_set(error, ERROR_FAILED, "user %s may not create %s", user, postgres->table_name);
    error_advise(error,
                 "GRANT USAGE, CREATE ON SCHEMA %s TO %s, or let someone with the right "
                 "run what winch init --print-sql prints",
                 schema, user);
    return FALSE;
}

/* Whoever does not own the history leaves what an older winch installed as it is. */
static enum own_part part_missing(const struct postgres *postgres)
{
    if (!postgres->base.facts.can_create_own_schema)
        return OWN_NOTHING;
    if (postgres->base.history == HISTORY_ABSENT)
        return OWN_ALL;
    return postgres->owns_history && !postgres_layout_is_whole(postgres) ? OWN_ADDITIONS
                                                                         : OWN_NOTHING;
}

static gboolean is_installed(const struct postgres *postgres)
{
    return postgres->shape != VERSION_TABLE_ABSENT &&
           postgres->base.facts.can_write_version_table && part_missing(postgres) == OWN_NOTHING;
}

/* One attempt. *error may be one that passes. */
static gboolean install_once(struct postgres *postgres, GError **error)
{
    gboolean with_table = postgres->shape == VERSION_TABLE_ABSENT;
    g_autofree char *script = whole_script(postgres, part_missing(postgres), with_table);
    return run_script(postgres, script, error);
}

gboolean postgres_install(struct database *database, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    if (!refuse_foreign(postgres, error))
        return FALSE;
    if (is_installed(postgres))
        return TRUE;
    if (!postgres_can_change(postgres, error))
        return FALSE;
    for (int attempt = 1;; attempt++) {
        g_autoptr(GError) why = NULL;
        if (!postgres_look_again(postgres, error) || !refuse_foreign(postgres, error) ||
            !refuse_unable(postgres, error))
            return FALSE;
        if (is_installed(postgres))
            return TRUE;
        if (install_once(postgres, &why))
            return postgres_look_again(postgres, error) && refuse_foreign(postgres, error);
        if (attempt == ATTEMPTS || !is_passing(why)) {
            g_propagate_prefixed_error(error, g_steal_pointer(&why),
                                       "installing in %s: ", postgres->label);
            return FALSE;
        }
        postgres_pause(postgres, 20 * attempt);
    }
}

gboolean postgres_environment_record(struct database *database, const char *environment,
                                     GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    g_autofree char *sql = g_strdup_printf(
        "INSERT INTO %s.database AS d (environment, system_identifier, database_name, layout)"
        " VALUES ($1, $2, pg_catalog.current_database(), $3) ON CONFLICT (is_only) DO UPDATE SET"
        " environment = excluded.environment, system_identifier = excluded.system_identifier,"
        " database_name = excluded.database_name, recorded_at = excluded.recorded_at,"
        " recorded_by = excluded.recorded_by",
        postgres->own);
    const char *const parameters[] = {environment, database->facts.system_identifier,
                                      G_STRINGIFY(LAYOUT)};
    AUTORESULT *result =
        postgres_query(postgres, postgres->main, sql, G_N_ELEMENTS(parameters), parameters, error);
    if (result == NULL) {
        g_prefix_error(error, "recording the environment in %s.database: ", postgres->own_schema);
        if (database->history == HISTORY_ABSENT)
            error_advise(error, "the schema \"%s\" is not there: winch init creates it",
                         postgres->own_schema);
        return FALSE;
    }
    database->facts.is_clone = FALSE;
    database->facts.environment_recorded =
        g_string_chunk_insert_const(postgres->strings, environment);
    return TRUE;
}
