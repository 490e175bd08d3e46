/* Everything of a database that a migration could destroy, by object id, so that nothing is taken
 * for lost that was renamed. Members of extensions stand for themselves in their extension. */
#include "database/postgres/postgres.h"

/* What is listed of a thing; name and all behind it are left out of a brief list. */
enum {
    KEY,
    PARENTS,
    KIND,
    OID,
    NUMBER,
    STORAGE,
    SIZE,
    DELETED,
    UPDATED,
    SCHEMA,
    NAME,
    BARE,
    OBJECT,
    COLUMN,
    NOTE,
    COLUMN_COUNT,
};

/* Schemas that are somebody's own, and what belongs to an extension. $1 is our own schema. */
static const char scope_sql[] =
    "WITH n AS MATERIALIZED (SELECT oid, nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND "
    "nspname NOT IN ('information_schema', $1)), "
    "e AS MATERIALIZED (SELECT classid, objid FROM pg_depend WHERE deptype = 'e') ";

#define NOT_OF_EXTENSION(class, oid)                                                               \
    "NOT EXISTS (SELECT FROM e WHERE e.classid = '" class "'::regclass AND e.objid = " oid ") "

#define NO_NUMBERS "0, 0::bigint, 0::bigint, 0::bigint, 0::bigint"

/* The word of a kind stands for its number in enum loss_kind, in the text that is sent. */
static const char relations_sql[] =
    "SELECT '1259:' || c.oid, concat_ws(' ', "
    "CASE WHEN c.relkind IN ('i', 'I') THEN (SELECT '1259:' || x.indrelid || "
    "(SELECT string_agg(' 1259:' || x.indrelid || ':' || k, '') FROM unnest(x.indkey) k WHERE k > "
    "0) "
    "FROM pg_index x WHERE x.indexrelid = c.oid) END, "
    "CASE WHEN c.relispartition THEN (SELECT string_agg('1259:' || h.inhparent, ' ') FROM "
    "pg_inherits h WHERE h.inhrelid = c.oid) END, "
    "CASE c.relkind WHEN 'S' THEN (SELECT string_agg('1259:' || d.refobjid || ' 1259:' || "
    "d.refobjid || ':' || d.refobjsubid, ' ') FROM pg_depend d WHERE d.classid = "
    "'pg_class'::regclass AND d.objid = c.oid AND d.refclassid = 'pg_class'::regclass AND "
    "d.deptype IN ('a', 'i')) END), "
    "CASE c.relkind WHEN 'v' THEN @VIEW WHEN 'm' THEN @MATERIALIZED_VIEW WHEN 'S' THEN @SEQUENCE "
    "WHEN 'c' THEN @TYPE WHEN 'i' THEN @INDEX WHEN 'I' THEN @INDEX ELSE @TABLE END, "
    "c.oid, 0, CASE c.relkind WHEN 'r' THEN c.relfilenode::bigint ELSE 0 END, "
    "CASE c.relkind WHEN 'r' THEN pg_relation_size(c.oid) ELSE 0 END, "
    "CASE c.relkind WHEN 'r' THEN pg_stat_get_xact_tuples_deleted(c.oid) ELSE 0 END, "
    "CASE c.relkind WHEN 'r' THEN pg_stat_get_xact_tuples_updated(c.oid) ELSE 0 END, "
    "n.nspname::text, format('%I.%I', n.nspname, c.relname), "
    "c.relname::text, "
    "CASE WHEN c.relkind IN ('r', 'p') THEN format('%s%I.%I', CASE c.relkind WHEN 'r' THEN 'ONLY ' "
    "END, n.nspname, c.relname) END, NULL::text, "
    "CASE c.relkind WHEN 'f' THEN 'a foreign table: its rows stay where they are' END "
    "FROM pg_class c JOIN n ON n.oid = c.relnamespace WHERE c.relkind IN "
    "('r', 'p', 'v', 'm', 'f', 'S', 'c', 'i', 'I') AND c.oid IS DISTINCT FROM to_regclass($2) AND "
    "NOT (c.relkind IN ('i', 'I') AND EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = c.oid "
    "AND k.contype IN ('p', 'u', 'x'))) AND " NOT_OF_EXTENSION("pg_class", "c.oid");

static const char columns_sql[] =
    "SELECT '1259:' || a.attrelid || ':' || a.attnum, concat_ws(' ', '1259:' || a.attrelid, "
    "CASE WHEN a.attinhcount > 0 THEN (SELECT string_agg('1259:' || p.attrelid || ':' || p.attnum, "
    "' ') FROM pg_inherits h JOIN pg_attribute p ON p.attrelid = h.inhparent AND p.attname = "
    "a.attname WHERE h.inhrelid = a.attrelid) END), @COLUMN, a.attrelid, a.attnum::int, 0::bigint, "
    "0::bigint, 0::bigint, 0::bigint, n.nspname::text, format('%I.%I.%I', n.nspname, c.relname, "
    "a.attname), a.attname::text, CASE WHEN c.relkind IN ('r', 'p') THEN format('%s%I.%I', CASE "
    "c.relkind WHEN 'r' "
    "THEN 'ONLY ' END, n.nspname, c.relname) END, quote_ident(a.attname), "
    "CASE WHEN c.relkind = 'f' THEN 'of a foreign table: its values stay where they are' "
    "WHEN a.attgenerated <> '' THEN 'generated: computed from other columns' END "
    "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN n ON n.oid = c.relnamespace "
    "WHERE c.relkind IN ('r', 'p', 'f') AND a.attnum > 0 AND NOT a.attisdropped AND c.oid IS "
    "DISTINCT FROM to_regclass($2) AND " NOT_OF_EXTENSION("pg_class", "c.oid");

/* NOT NULL (18 and later) goes with its column and says nothing by itself. */
static const char constraints_sql[] =
    "SELECT '2606:' || k.oid, concat_ws(' ', CASE WHEN k.conrelid <> 0 THEN '1259:' || k.conrelid "
    "END, CASE WHEN k.contypid <> 0 THEN '1247:' || k.contypid END, CASE WHEN k.conparentid <> 0 "
    "THEN '2606:' || k.conparentid END, (SELECT string_agg('1259:' || k.conrelid || ':' || a, ' ') "
    "FROM unnest(k.conkey) a)), @CONSTRAINT, k.oid, " NO_NUMBERS ", n.nspname::text, "
    "format('%I.%s%I', n.nspname, coalesce((SELECT quote_ident(c.relname) || '.' FROM pg_class c "
    "WHERE c.oid = k.conrelid), ''), k.conname), k.conname::text, NULL::text, NULL::text, "
    "NULL::text "
    "FROM pg_constraint k JOIN n ON n.oid = k.connamespace WHERE k.contype IN ('c', 'f', 'p', 'u', "
    "'x') AND k.conrelid IS DISTINCT FROM to_regclass($2) AND " NOT_OF_EXTENSION("pg_constraint",
                                                                                 "k.oid");

/* What hangs on a relation: triggers, policies, rules, extended statistics. */
#define ON_RELATION(class, id, kind, table, alias, relation, name, extra, condition)               \
    "SELECT '" id ":' || " alias ".oid, concat_ws(' ', '1259:' || " relation extra "), @" kind     \
    ", " alias ".oid, " NO_NUMBERS                                                                 \
    ", n.nspname::text, format('%I.%I.%I', n.nspname, c.relname, " name "), " name                 \
    "::text, NULL::text, NULL::text, NULL::text FROM " table " " alias                             \
    " JOIN pg_class c ON c.oid = " relation " JOIN n ON n.oid = c.relnamespace WHERE " condition   \
    "c.oid IS DISTINCT FROM to_regclass($2) AND " NOT_OF_EXTENSION(class, alias ".oid")

static const char triggers_sql[] = ON_RELATION(
    "pg_trigger", "2620", "TRIGGER", "pg_trigger", "t", "t.tgrelid", "t.tgname",
    ", CASE WHEN t.tgparentid <> 0 THEN '2620:' || t.tgparentid END", "NOT t.tgisinternal AND ");
static const char policies_sql[] =
    ON_RELATION("pg_policy", "3256", "POLICY", "pg_policy", "o", "o.polrelid", "o.polname", "", "");
static const char rules_sql[] =
    ON_RELATION("pg_rewrite", "2618", "RULE", "pg_rewrite", "r", "r.ev_class", "r.rulename", "",
                "r.rulename <> '_RETURN' AND ");
static const char statistics_sql[] = ON_RELATION(
    "pg_statistic_ext", "3381", "STATISTICS", "pg_statistic_ext", "s", "s.stxrelid", "s.stxname",
    ", (SELECT string_agg('1259:' || s.stxrelid || ':' || a, ' ') FROM "
    "unnest(s.stxkeys) a)",
    "");

static const char types_sql[] =
    "SELECT '1247:' || t.oid, NULL, @TYPE, t.oid, " NO_NUMBERS ", n.nspname::text, "
    "format('%I.%I', n.nspname, t.typname), t.typname::text, NULL::text, NULL::text, NULL::text "
    "FROM pg_type t JOIN "
    "n ON n.oid = t.typnamespace WHERE t.typtype IN ('e', 'd', 'r') AND " NOT_OF_EXTENSION(
        "pg_type", "t.oid");

/* What a range type makes for itself goes with it. */
static const char functions_sql[] =
    "SELECT '1255:' || p.oid, (SELECT string_agg('1247:' || d.refobjid, ' ') FROM pg_depend d "
    "WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i' AND "
    "d.refclassid = 'pg_type'::regclass), @FUNCTION, p.oid, " NO_NUMBERS ", n.nspname::text, "
    "format('%I.%I(%s)', n.nspname, p.proname, pg_get_function_identity_arguments(p.oid)), "
    "p.proname::text, NULL::text, NULL::text, NULL::text FROM pg_proc p JOIN n ON n.oid = "
    "p.pronamespace "
    "WHERE " NOT_OF_EXTENSION("pg_proc", "p.oid");

static const char others_sql[] =
    "SELECT '3079:' || x.oid, NULL, @EXTENSION, x.oid, " NO_NUMBERS ", NULL::text, "
    "quote_ident(x.extname), x.extname::text, NULL::text, NULL::text, NULL::text FROM pg_extension "
    "x "
    "UNION ALL SELECT '2615:' || n.oid, NULL, @SCHEMA, n.oid, " NO_NUMBERS ", NULL::text, "
    "quote_ident(n.nspname), n.nspname::text, NULL::text, NULL::text, NULL::text FROM n "
    "WHERE " NOT_OF_EXTENSION("pg_namespace", "n.oid");

static const char *const parts[] = {relations_sql, columns_sql, constraints_sql, triggers_sql,
                                    policies_sql,  rules_sql,   statistics_sql,  types_sql,
                                    functions_sql, others_sql};

/* ---- the question ---------------------------------------------------------------------------- */

static const struct {
    const char *word;
    enum loss_kind kind;
} kind_words[] = {
    {"MATERIALIZED_VIEW", LOSS_MATERIALIZED_VIEW},
    {"VIEW", LOSS_VIEW},
    {"SEQUENCE", LOSS_SEQUENCE},
    {"TYPE", LOSS_TYPE},
    {"INDEX", LOSS_INDEX},
    {"TABLE", LOSS_TABLE},
    {"COLUMN", LOSS_COLUMN},
    {"CONSTRAINT", LOSS_CONSTRAINT},
    {"TRIGGER", LOSS_TRIGGER},
    {"POLICY", LOSS_POLICY},
    {"RULE", LOSS_RULE},
    {"STATISTICS", LOSS_STATISTICS},
    {"FUNCTION", LOSS_FUNCTION},
    {"EXTENSION", LOSS_EXTENSION},
    {"SCHEMA", LOSS_SCHEMA},
};

/* Replaces every "@WORD" by its number, "$1" and "$2" by these literals. */
static void append_part(GString *sql, const char *part, const char *own, const char *version_table)
{
    for (const char *at = part; *at != '\0'; at++) {
        gsize found = G_N_ELEMENTS(kind_words);
        for (gsize i = 0; *at == '@' && i < G_N_ELEMENTS(kind_words); i++)
            if (found == G_N_ELEMENTS(kind_words) && g_str_has_prefix(at + 1, kind_words[i].word))
                found = i;
        if (found < G_N_ELEMENTS(kind_words)) {
            g_string_append_printf(sql, "%d", (int)kind_words[found].kind);
            at += strlen(kind_words[found].word);
        } else if (*at == '$' && (at[1] == '1' || at[1] == '2')) {
            g_string_append(sql, at[1] == '1' ? own : version_table);
            at++;
        } else {
            g_string_append_c(sql, *at);
        }
    }
}

static char *inventory_sql(const struct postgres *postgres, gboolean is_brief)
{
    g_autofree char *own = postgres_literal(postgres->own_schema);
    g_autofree char *version_table = postgres_literal(postgres->version_table);
    GString *sql = g_string_new(NULL);
    append_part(sql, scope_sql, own, version_table);
    g_string_append_printf(sql,
                           "SELECT key, parents, kind, oid, number, storage, size, deleted, "
                           "updated%s FROM (",
                           is_brief ? "" : ", schema, name, bare, object, col, note");
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        g_string_append(sql, i > 0 ? " UNION ALL " : "");
        append_part(sql, parts[i], own, version_table);
    }
    g_string_append(sql,
                    ") AS i (key, parents, kind, oid, number, storage, size, deleted, updated, "
                    "schema, name, bare, object, col, note)");
    return g_string_free(sql, FALSE);
}

/* ---- the answer ------------------------------------------------------------------------------ */

static const char *text_at(const PGresult *result, int row, int column)
{
    gboolean is_there = column < PQnfields(result) && !PQgetisnull(result, row, column);
    return is_there ? PQgetvalue(result, row, column) : NULL;
}

static gint64 number_at(const PGresult *result, int row, int column)
{
    return g_ascii_strtoll(PQgetvalue(result, row, column), NULL, 10);
}

static void take(struct inventory *inventory, const PGresult *result)
{
    for (int row = 0; row < PQntuples(result); row++) {
        struct inventory_item item = {
            .key = text_at(result, row, KEY),
            .parents = text_at(result, row, PARENTS),
            .kind = (enum loss_kind)number_at(result, row, KIND),
            .oid = (guint32)number_at(result, row, OID),
            .number = (gint32)number_at(result, row, NUMBER),
            .storage = number_at(result, row, STORAGE),
            .size = number_at(result, row, SIZE),
            .deleted = number_at(result, row, DELETED),
            .updated = number_at(result, row, UPDATED),
            .schema = text_at(result, row, SCHEMA),
            .name = text_at(result, row, NAME),
            .bare = text_at(result, row, BARE),
            .object = text_at(result, row, OBJECT),
            .column = text_at(result, row, COLUMN),
            .note = text_at(result, row, NOTE),
        };
        inventory_add(inventory, &item);
    }
}

static gboolean is_inside(const struct postgres *postgres)
{
    return PQtransactionStatus(postgres->main) == PQTRANS_INTRANS;
}

/* In a transaction that goes on the search path is put back by the savepoint. */
static char *in_transaction(const struct postgres *postgres, const char *question)
{
    gboolean goes_on = is_inside(postgres);
    return g_strdup_printf("%s; SET LOCAL search_path = pg_catalog; %s; %s",
                           goes_on ? "SAVEPOINT winch_inventory" : "BEGIN READ ONLY", question,
                           goes_on ? "ROLLBACK TO SAVEPOINT winch_inventory; RELEASE SAVEPOINT "
                                     "winch_inventory"
                                   : "COMMIT");
}

/* One result, or NULL with error. */
static GPtrArray *ask(struct postgres *postgres, const char *sql, GError **error)
{
    g_autoptr(GError) failure = NULL;
    gboolean goes_on = is_inside(postgres);
    g_autoptr(GPtrArray) results = postgres_query_several(postgres, postgres->main, sql, &failure);
    if (failure == NULL && results->len == 1)
        return g_steal_pointer(&results);
    postgres_execute(postgres, postgres->main,
                     goes_on ? "ROLLBACK TO SAVEPOINT winch_inventory" : "ROLLBACK", NULL);
    if (failure == NULL)
        error_set(&failure, ERROR_FAILED, "the server did not answer");
    g_propagate_prefixed_error(error, g_steal_pointer(&failure), "listing what there is: ");
    return NULL;
}

gboolean postgres_inventory_list(struct database *database, struct inventory *inventory,
                                 gboolean is_brief, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    g_autofree char *question = inventory_sql(postgres, is_brief);
    g_autofree char *sql = in_transaction(postgres, question);
    g_autoptr(GPtrArray) results = ask(postgres, sql, error);
    if (results == NULL)
        return FALSE;
    take(inventory, results->pdata[0]);
    return TRUE;
}

/* ---- what depends on what -------------------------------------------------------------------- */

/* A view depends by its rule, a default by its row: the relation is what people know. */
static const char dependents_sql[] =
    "WITH RECURSIVE d (classid, objid, objsubid) AS ("
    "SELECT split_part($1, ':', 1)::oid, split_part($1, ':', 2)::oid, "
    "coalesce(nullif(split_part($1, ':', 3), ''), '0')::int "
    "UNION SELECT CASE WHEN r.oid IS NULL THEN p.classid ELSE 'pg_class'::regclass END, "
    "coalesce(r.ev_class, p.objid), CASE WHEN r.oid IS NULL THEN p.objsubid ELSE 0 END "
    "FROM d JOIN pg_depend p ON p.refclassid = d.classid AND p.refobjid = d.objid AND "
    "(d.objsubid = 0 OR p.refobjsubid = d.objsubid) AND p.deptype IN ('n', 'a', 'i') "
    "LEFT JOIN pg_rewrite r ON p.classid = 'pg_rewrite'::regclass AND r.oid = p.objid) "
    "SELECT DISTINCT classid || ':' || objid || CASE WHEN objsubid > 0 THEN ':' || objsubid ELSE "
    "'' "
    "END FROM d WHERE classid || ':' || objid <> split_part($1, ':', 1) || ':' || "
    "split_part($1, ':', 2) ORDER BY 1";

gboolean postgres_inventory_dependents(struct database *database, const char *key, GPtrArray *keys,
                                       GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    g_autofree char *literal = postgres_literal(key);
    g_autoptr(GString) question = g_string_new(NULL);
    append_part(question, dependents_sql, literal, literal);
    g_autofree char *sql = in_transaction(postgres, question->str);
    g_autoptr(GPtrArray) results = ask(postgres, sql, error);
    if (results == NULL)
        return FALSE;
    const PGresult *result = results->pdata[0];
    for (int row = 0; row < PQntuples(result); row++)
        g_ptr_array_add(keys, g_strdup(PQgetvalue(result, row, 0)));
    return TRUE;
}
