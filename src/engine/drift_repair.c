/* Statements that undo a difference, for those of which they can be said. */
#include "engine/drift.h"

#include <string.h>

/* Everything that one repair is made from. recorded and live are the object on both sides. */
struct repair {
    const struct catalog_difference *difference;
    const struct catalog_object *recorded, *live;
    const char *kind, *identity;
    gboolean is_safe;
};

static gboolean is_one_of(const char *word, const char *const *words)
{
    return g_strv_contains(words, word);
}
#define IS_ONE_OF(word, ...) is_one_of(word, (const char *const[]){__VA_ARGS__, NULL})

static const char *recorded_value(const struct repair *repair, const char *name)
{
    return repair->recorded != NULL ? catalog_attribute(repair->recorded, name) : NULL;
}

/* The name of what stands ON a relation: identities have it so. */
static char *own_name(const struct repair *repair)
{
    const char *end = g_strrstr(repair->identity, " ON ");
    return g_strndup(repair->identity,
                     end != NULL ? (gsize)(end - repair->identity) : strlen(repair->identity));
}

static char *uppercase(const char *kind)
{
    return g_ascii_strup(kind, -1);
}

static char *quoted_literal(const char *text)
{
    GString *literal = g_string_new(strchr(text, '\\') != NULL ? "E'" : "'");
    for (; *text != '\0'; text++) {
        if (*text == '\'' || *text == '\\')
            g_string_append_c(literal, *text);
        g_string_append_c(literal, *text);
    }
    g_string_append_c(literal, '\'');
    return g_string_free(literal, FALSE);
}

static char *quoted_name(const char *name)
{
    GString *quoted = g_string_new("\"");
    for (; *name != '\0'; name++) {
        if (*name == '"')
            g_string_append_c(quoted, '"');
        g_string_append_c(quoted, *name);
    }
    g_string_append_c(quoted, '"');
    return g_string_free(quoted, FALSE);
}

static char *terminated(const char *definition)
{
    g_autofree char *text = g_strchomp(g_strdup(definition));
    return g_strdup_printf("%s%s", text, g_str_has_suffix(text, ";") ? "" : ";");
}

/* ---- what is gone ---------------------------------------------------------------------------- */

/* Beside writers, where that can be had: on one table of its own. */
static char *create_index(const struct repair *repair)
{
    const char *definition = recorded_value(repair, "definition");
    const char *name = definition != NULL ? strstr(definition, "INDEX ") : NULL;
    if (name == NULL || strstr(name, " ON ONLY ") != NULL ||
        recorded_value(repair, "partition of") != NULL)
        return NULL;
    return g_strdup_printf("%.*sINDEX CONCURRENTLY %s;", (int)(name - definition), definition,
                           name + strlen("INDEX "));
}

static char *create_constraint(const struct repair *repair)
{
    const char *definition = recorded_value(repair, "definition");
    g_autofree char *name = own_name(repair);
    if (definition == NULL || recorded_value(repair, "inherited") != NULL)
        return NULL;
    gboolean is_scan =
        g_str_has_prefix(definition, "CHECK") || g_str_has_prefix(definition, "FOREIGN KEY");
    return g_strdup_printf("ALTER %s %s ADD CONSTRAINT %s %s%s;",
                           strcmp(repair->recorded->parent_kind, "domain") == 0 ? "DOMAIN"
                                                                                : "TABLE",
                           repair->recorded->parent, name, definition, is_scan ? " NOT VALID" : "");
}

static char *create_view(const struct repair *repair)
{
    g_autofree char *definition = terminated(recorded_value(repair, "definition"));
    g_autofree char *kind = uppercase(repair->kind);
    return g_strdup_printf("CREATE %s%s %s AS\n%s",
                           strcmp(repair->kind, "view") == 0 ? "OR REPLACE " : "", kind,
                           repair->identity, definition);
}

static char *create_column(struct repair *repair)
{
    const char *otherwise = recorded_value(repair, "default");
    repair->is_safe = FALSE;
    return g_strdup_printf("ALTER TABLE %s ADD COLUMN %s %s%s%s; -- its values are gone",
                           repair->recorded->parent, catalog_object_name(repair->recorded),
                           recorded_value(repair, "type"), otherwise != NULL ? " DEFAULT " : "",
                           otherwise != NULL ? otherwise : "");
}

static char *create(struct repair *repair)
{
    const char *kind = repair->kind, *definition = recorded_value(repair, "definition");
    if (strcmp(kind, "column") == 0)
        return create_column(repair);
    if (definition == NULL)
        return NULL;
    if (strcmp(kind, "index") == 0)
        return create_index(repair);
    if (strcmp(kind, "constraint") == 0)
        return create_constraint(repair);
    if (IS_ONE_OF(kind, "view", "materialized view"))
        return create_view(repair);
    if (IS_ONE_OF(kind, "function", "procedure", "trigger", "rule", "statistics"))
        return terminated(definition);
    return NULL;
}

/* ---- what is there and was not --------------------------------------------------------------- */

static char *drop(struct repair *repair)
{
    const char *kind = repair->kind;
    g_autofree char *upper = uppercase(kind);
    if (strcmp(kind, "index") == 0)
        return catalog_attribute(repair->live, "partition of") == NULL
                   ? g_strdup_printf("DROP INDEX CONCURRENTLY %s;", repair->identity)
                   : NULL;
    if (strcmp(kind, "constraint") == 0) {
        g_autofree char *name = own_name(repair);
        return g_strdup_printf("ALTER %s %s DROP CONSTRAINT %s;",
                               strcmp(repair->live->parent_kind, "domain") == 0 ? "DOMAIN"
                                                                                : "TABLE",
                               repair->live->parent, name);
    }
    if (IS_ONE_OF(kind, "trigger", "rule", "policy", "statistics", "view", "function", "procedure"))
        return g_strdup_printf("DROP %s %s;", upper, repair->identity);
    repair->is_safe = FALSE;
    if (strcmp(kind, "column") == 0)
        return g_strdup_printf("ALTER TABLE %s DROP COLUMN %s; -- destroys its values",
                               repair->live->parent, catalog_object_name(repair->live));
    if (IS_ONE_OF(kind, "table", "materialized view", "sequence", "schema", "extension", "domain",
                  "type", "foreign table"))
        return g_strdup_printf("DROP %s %s; -- destroys what is in it", upper, repair->identity);
    return NULL;
}

/* ---- what is otherwise ----------------------------------------------------------------------- */

/* "ALTER TABLE t ALTER COLUMN c SET DEFAULT x;" and its like. */
static char *alter_column(struct repair *repair)
{
    const char *attribute = repair->difference->attribute, *value = repair->difference->before;
    g_autofree char *prefix =
        g_strdup_printf("ALTER TABLE %s ALTER COLUMN %s", repair->recorded->parent,
                        catalog_object_name(repair->recorded));
    if (strcmp(attribute, "default") == 0)
        return value != NULL ? g_strdup_printf("%s SET DEFAULT %s;", prefix, value)
                             : g_strdup_printf("%s DROP DEFAULT;", prefix);
    if (strcmp(attribute, "statistics target") == 0)
        return g_strdup_printf("%s SET STATISTICS %s;", prefix, value != NULL ? value : "-1");
    if (strcmp(attribute, "not null") == 0 && value == NULL)
        return g_strdup_printf("%s DROP NOT NULL;", prefix);
    repair->is_safe = FALSE;
    if (strcmp(attribute, "not null") == 0)
        return g_strdup_printf("%s SET NOT NULL; -- reads the whole table under a lock", prefix);
    if (strcmp(attribute, "type") == 0)
        return g_strdup_printf("%s TYPE %s; -- may rewrite the table, or fail on its values",
                               prefix, value);
    return NULL;
}

static char *alter_comment(const struct repair *repair)
{
    g_autofree char *kind = uppercase(repair->kind);
    g_autofree char *text = repair->difference->before != NULL
                                ? quoted_literal(repair->difference->before)
                                : g_strdup("NULL");
    return g_strdup_printf("COMMENT ON %s %s IS %s;", kind, repair->identity, text);
}

/* What nobody says of a role: its owner has every right, and everybody that to a function. */
static gboolean has_rights_anyway(const struct repair *repair, const char *role)
{
    if (strcmp(role, "PUBLIC") == 0)
        return IS_ONE_OF(repair->kind, "function", "procedure");
    return g_strcmp0(recorded_value(repair, "owner"), role) == 0;
}

/* Grants that hold no more than a list of rights; others need their grantor. */
static char *alter_grants(const struct repair *repair)
{
    const char *role = repair->difference->attribute + strlen("grants to ");
    const char *rights = repair->difference->before;
    if (!IS_ONE_OF(repair->kind, "table", "view", "materialized view", "foreign table", "sequence",
                   "function", "procedure", "schema") ||
        (rights != NULL &&
         (strstr(rights, "WITH GRANT OPTION") != NULL || strstr(rights, "GRANTED BY") != NULL)))
        return NULL;
    gboolean is_relation =
        g_str_has_suffix(repair->kind, "table") || g_str_has_suffix(repair->kind, "view");
    g_autofree char *kind = is_relation ? g_strdup("TABLE") : uppercase(repair->kind);
    g_autofree char *name = strcmp(role, "PUBLIC") == 0 ? g_strdup(role) : quoted_name(role);
    if (rights == NULL && has_rights_anyway(repair, role))
        return g_strdup_printf("GRANT ALL ON %s %s TO %s;", kind, repair->identity, name);
    GString *sql = g_string_new(NULL);
    g_string_append_printf(sql, "REVOKE ALL ON %s %s FROM %s;", kind, repair->identity, name);
    if (rights != NULL && strcmp(rights, "none") != 0)
        g_string_append_printf(sql, " GRANT %s ON %s %s TO %s;", rights, kind, repair->identity,
                               name);
    return g_string_free(sql, FALSE);
}

/* What a table, or the owner of anything, had. */
static char *alter_whole(struct repair *repair)
{
    const char *attribute = repair->difference->attribute, *before = repair->difference->before;
    g_autofree char *kind = uppercase(repair->kind);
    if (strcmp(attribute, "owner") == 0) {
        g_autofree char *owner = quoted_name(before);
        return g_strdup_printf("ALTER %s %s OWNER TO %s;", kind, repair->identity, owner);
    }
    if (strcmp(attribute, "row level security") == 0)
        return g_strdup_printf("ALTER TABLE %s %s ROW LEVEL SECURITY;", repair->identity,
                               before != NULL ? "ENABLE" : "DISABLE");
    if (strcmp(attribute, "row level security forced") == 0)
        return g_strdup_printf("ALTER TABLE %s %s ROW LEVEL SECURITY;", repair->identity,
                               before != NULL ? "FORCE" : "NO FORCE");
    if (strcmp(attribute, "definition") != 0)
        return NULL;
    if (strcmp(repair->kind, "view") == 0)
        return create_view(repair);
    if (IS_ONE_OF(repair->kind, "function", "procedure"))
        return terminated(before);
    if (strcmp(repair->kind, "index") == 0)
        repair->is_safe = FALSE;
    return strcmp(repair->kind, "index") == 0
               ? g_strdup_printf("DROP INDEX %s; %s; -- as two steps, the new one first under "
                                 "another name",
                                 repair->identity, before)
               : NULL;
}

static char *alter_trigger(const struct repair *repair)
{
    const char *before = repair->difference->before;
    g_autofree char *name = own_name(repair);
    return g_strdup_printf("ALTER TABLE %s %s TRIGGER %s;", repair->recorded->parent,
                           before == NULL                   ? "ENABLE"
                           : strcmp(before, "no") == 0      ? "DISABLE"
                           : strcmp(before, "replica") == 0 ? "ENABLE REPLICA"
                                                            : "ENABLE ALWAYS",
                           name);
}

static char *alter(struct repair *repair)
{
    const char *attribute = repair->difference->attribute;
    if (strcmp(attribute, "comment") == 0)
        return alter_comment(repair);
    if (g_str_has_prefix(attribute, "grants to "))
        return alter_grants(repair);
    if (strcmp(repair->kind, "column") == 0)
        return alter_column(repair);
    if (strcmp(repair->kind, "trigger") == 0 && strcmp(attribute, "enabled") == 0)
        return alter_trigger(repair);
    if (strcmp(repair->kind, "constraint") == 0 && strcmp(attribute, "valid") == 0 &&
        repair->difference->before == NULL && repair->recorded->parent != NULL) {
        g_autofree char *name = own_name(repair);
        return g_strdup_printf("ALTER %s %s VALIDATE CONSTRAINT %s;",
                               strcmp(repair->recorded->parent_kind, "domain") == 0 ? "DOMAIN"
                                                                                    : "TABLE",
                               repair->recorded->parent, name);
    }
    if (strcmp(repair->kind, "index") == 0 && strcmp(attribute, "valid") == 0 &&
        repair->difference->before == NULL)
        return g_strdup_printf("REINDEX INDEX CONCURRENTLY %s;", repair->identity);
    return alter_whole(repair);
}

/* ---- choosing -------------------------------------------------------------------------------- */

char *drift_repair(const struct drift *drift, const struct catalog_difference *difference,
                   gboolean *is_safe)
{
    struct repair repair = {
        .difference = difference,
        .recorded = catalog_find(drift->before, difference->kind, difference->identity),
        .live = catalog_find(drift->now, difference->kind, difference->identity),
        .kind = difference->kind,
        .identity = difference->identity,
        .is_safe = TRUE,
    };
    char *sql = NULL;
    if (difference->is_implied || !drift->is_postgres)
        return NULL;
    switch (difference->change) {
    case CATALOG_ADDED:
        sql = drop(&repair);
        break;
    case CATALOG_REMOVED:
        sql = create(&repair);
        break;
    case CATALOG_CHANGED:
        sql = alter(&repair);
        break;
    case CATALOG_ORDER:
        break;
    }
    *is_safe = repair.is_safe;
    return sql;
}
