/* What the own schema has had since its first layout. Each table is made by itself, so that an
 * installation that is older gets what it lacks, by whoever owns its history. */
#include "database/postgres/postgres.h"

#include <string.h>

/* In these templates @OWN@ is the own schema, quoted; @OWN_NAME@ the same as a string constant. */
struct addition {
    const char *table;
    const char *sql;  /* idempotent */
    const char *body; /* of a DO block behind it, which makes what has no IF NOT EXISTS; or NULL */
};

/* Both stamps are the server's word, whatever the client sends. */
#define STAMP_BODY                                                                                 \
    "'\n"                                                                                          \
    "BEGIN\n"                                                                                      \
    "    NEW.expires_at := clock_timestamp() + (NEW.expires_at - NEW.approved_at);\n"              \
    "    NEW.approver := session_user;\n"                                                          \
    "    NEW.approved_at := clock_timestamp();\n"                                                  \
    "    RETURN NEW;\n"                                                                            \
    "END\n"                                                                                        \
    "'"

static const struct addition additions[] = {
    {"catalog",
     "CREATE OR REPLACE VIEW @OWN@.catalog AS\n"
     "    SELECT h.version_table, h.to_version AS version, h.up_sha256 AS fingerprint,\n"
     "        h.finished_at AS taken_at, h.id AS history_id,\n"
     "        pg_catalog.convert_from(f.content, 'UTF8') AS text\n"
     "    FROM @OWN@.history h JOIN @OWN@.files f ON f.sha256 = h.up_sha256\n"
     "    WHERE h.kind IN ('finished', 'catalog');\n"
     "REVOKE ALL ON @OWN@.catalog FROM PUBLIC;\n",
     NULL},
    {"marks",
     "CREATE TABLE IF NOT EXISTS @OWN@.marks (\n"
     "    version_table text NOT NULL,\n"
     "    version bigint NOT NULL,\n"
     "    kind text NOT NULL,\n"
     "    marked_at timestamptz NOT NULL DEFAULT pg_catalog.now(),\n"
     "    marked_by text NOT NULL DEFAULT session_user,\n"
     "    reason text,\n"
     "    PRIMARY KEY (version_table, version, kind)\n"
     ");\n"
     "REVOKE ALL ON @OWN@.marks FROM PUBLIC;\n",
     NULL},
    {"approvals",
     "CREATE TABLE IF NOT EXISTS @OWN@.approvals (\n"
     "    version_table text NOT NULL,\n"
     "    plan_id text NOT NULL,\n"
     "    approver text NOT NULL DEFAULT session_user,\n"
     "    approved_at timestamptz NOT NULL DEFAULT pg_catalog.now(),\n"
     "    expires_at timestamptz NOT NULL,\n"
     "    CHECK (expires_at > approved_at AND expires_at <= approved_at + interval '7 days')\n"
     ");\n"
     "CREATE OR REPLACE FUNCTION @OWN@.approval_stamp() RETURNS trigger LANGUAGE plpgsql\n"
     "    SET search_path = pg_catalog, pg_temp AS " STAMP_BODY ";\n"
     "REVOKE ALL ON FUNCTION @OWN@.approval_stamp() FROM PUBLIC;\n"
     "REVOKE ALL ON @OWN@.approvals FROM PUBLIC;\n",
     "    CREATE TRIGGER winch_stamp BEFORE INSERT ON @OWN@.approvals\n"
     "        FOR EACH ROW EXECUTE FUNCTION @OWN@.approval_stamp();\n"
     "    CREATE TRIGGER winch_refuse BEFORE UPDATE OR DELETE OR TRUNCATE ON @OWN@.approvals\n"
     "        FOR EACH STATEMENT EXECUTE FUNCTION @OWN@.refuse_change();\n"
     "    ALTER TABLE @OWN@.approvals ENABLE ALWAYS TRIGGER winch_stamp;\n"
     "    ALTER TABLE @OWN@.approvals ENABLE ALWAYS TRIGGER winch_refuse;\n"},
};

/* A superuser, or another member of the owning role, may be the one who adds to it. */
static const char owner_body[] =
    "\n"
    "DECLARE\n"
    "    owner text := (SELECT r.rolname FROM pg_catalog.pg_class c\n"
    "        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace\n"
    "        JOIN pg_catalog.pg_roles r ON r.oid = c.relowner\n"
    "        WHERE n.nspname = @OWN_NAME@ AND c.relname = 'history');\n"
    "BEGIN\n"
    "    IF owner IS DISTINCT FROM (SELECT r.rolname FROM pg_catalog.pg_class c\n"
    "        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace\n"
    "        JOIN pg_catalog.pg_roles r ON r.oid = c.relowner\n"
    "        WHERE n.nspname = @OWN_NAME@ AND c.relname = '@TABLE@') THEN\n"
    "        EXECUTE pg_catalog.format('ALTER TABLE %I.@TABLE@ OWNER TO %I', @OWN_NAME@, owner);\n"
    "    END IF;\n"
    "    IF EXISTS (SELECT FROM pg_catalog.pg_trigger t\n"
    "        JOIN pg_catalog.pg_class c ON c.oid = t.tgrelid\n"
    "        JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace\n"
    "        WHERE n.nspname = @OWN_NAME@ AND c.relname = '@TABLE@'\n"
    "        AND t.tgname = 'winch_refuse') THEN\n"
    "        RETURN;\n"
    "    END IF;\n"
    "@BODY@"
    "END\n";

gboolean postgres_own_can(const struct postgres *postgres, const char *table, char right)
{
    g_autofree char *entry = g_strdup_printf(" %s=", table);
    const char *rights = strstr(postgres->own_rights, entry);
    if (rights == NULL)
        return FALSE;
    rights += strlen(entry);
    return right == '\0' || memchr(rights, right, strcspn(rights, " ")) != NULL;
}

gboolean postgres_layout_is_whole(const struct postgres *postgres)
{
    for (gsize i = 0; i < G_N_ELEMENTS(additions); i++)
        if (!postgres_own_can(postgres, additions[i].table, '\0'))
            return FALSE;
    return TRUE;
}

char *postgres_layout_script(const struct postgres *postgres)
{
    GString *script = g_string_new(NULL);
    g_autofree char *own_name = postgres_literal(postgres->own_schema);
    for (gsize i = 0; i < G_N_ELEMENTS(additions); i++) {
        const struct addition *addition = &additions[i];
        const char *const inner[][2] = {{"@OWN@", postgres->own},
                                        {"@OWN_NAME@", own_name},
                                        {"@TABLE@", addition->table},
                                        {"@BODY@", ""},
                                        {NULL, NULL}};
        g_autofree char *sql = postgres_fill_in(addition->sql, inner);
        g_autofree char *extra =
            postgres_fill_in(addition->body != NULL ? addition->body : "", inner);
        const char *const outer[][2] = {{"@OWN@", postgres->own},
                                        {"@OWN_NAME@", own_name},
                                        {"@TABLE@", addition->table},
                                        {"@BODY@", extra},
                                        {NULL, NULL}};
        g_autofree char *body = postgres_fill_in(owner_body, outer);
        g_autofree char *quoted = postgres_literal(body);
        g_string_append_printf(script, "%sDO %s;\n", sql, quoted);
    }
    return g_string_free(script, FALSE);
}
