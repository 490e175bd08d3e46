/* Names: through the search path in force, as PostgreSQL's manual, section 5.9.3, resolves them. */
#include "analysis/inspector.h"

#include <string.h>

#include "analysis/sql_lexer.h"

enum { NAME_MAX_BYTES = 63 }; /* NAMEDATALEN - 1 */

/* ---- the search path ------------------------------------------------------------------------- */

/* Schemas of a search_path as SHOW gives it. "$user" is passed over: hardly a role has a schema of
 * its own name, and whose it would be is not known here. */
static GPtrArray *parse_path(const char *value)
{
    GPtrArray *path = g_ptr_array_new_with_free_func(g_free);
    struct sql_lexer lexer;
    struct sql_token token;
    sql_lexer_init(&lexer, value, strlen(value), SQL_POSTGRESQL);
    while (sql_lexer_next(&lexer, &token) && token.type != SQL_END) {
        const char *word = value + token.offset;
        g_autofree char *name = NULL;
        if (token.type == SQL_WORD)
            name = g_ascii_strdown(word, (gssize)token.length);
        else if (token.type == SQL_NAME && token.length > 2)
            name = g_strndup(word + 1, token.length - 2);
        if (name != NULL && !g_str_equal(name, "$user") && !g_str_equal(name, "pg_catalog"))
            g_ptr_array_add(path, g_steal_pointer(&name));
    }
    return path;
}

static void keep_outside(struct inspector *inspector, gboolean is_local)
{
    if (is_local && inspector->path_outside == NULL && inspector->path != NULL)
        inspector->path_outside = g_ptr_array_ref(inspector->path);
    else if (!is_local)
        g_clear_pointer(&inspector->path_outside, g_ptr_array_unref);
}

/* Where every statement is a transaction of its own, SET LOCAL does nothing. */
static gboolean local_is_lost(const struct inspector *inspector)
{
    return !inspector->is_in_block && inspector->script->mode == RUN_SEPARATE;
}

void inspector_path_set(struct inspector *inspector, const char *value, gboolean is_local)
{
    if (is_local && local_is_lost(inspector))
        return;
    keep_outside(inspector, is_local);
    g_clear_pointer(&inspector->path, g_ptr_array_unref);
    inspector->path = parse_path(value != NULL ? value : inspector->initial_path);
}

void inspector_path_forget(struct inspector *inspector, gboolean is_local)
{
    keep_outside(inspector, is_local);
    g_clear_pointer(&inspector->path, g_ptr_array_unref);
}

void inspector_path_block(struct inspector *inspector, gboolean begins)
{
    inspector->is_in_block = begins;
    if (begins || inspector->path_outside == NULL)
        return;
    g_clear_pointer(&inspector->path, g_ptr_array_unref);
    inspector->path = g_steal_pointer(&inspector->path_outside);
}

/* ---- names ----------------------------------------------------------------------------------- */

const char *inspector_text(struct inspector *inspector, const char *text)
{
    return text != NULL && *text != '\0' ? arena_text(inspector->arena, text) : NULL;
}

static const char *first_of_path(const struct inspector *inspector)
{
    if (inspector->owner_schema != NULL)
        return inspector->owner_schema;
    return inspector->path != NULL && inspector->path->len > 0 ? inspector->path->pdata[0] : NULL;
}

static struct sql_object make(struct inspector *inspector, enum sql_object_kind kind,
                              const char *schema, const char *name)
{
    return (struct sql_object){.kind = kind,
                               .schema = inspector_text(inspector, schema),
                               .name = inspector_text(inspector, name)};
}

/* What exists already: where this file made it, else in the one schema of the path. */
static struct sql_object make_found(struct inspector *inspector, enum sql_object_kind kind,
                                    const char *schema, const char *name)
{
    struct sql_object object = make(inspector, kind, schema, name);
    if (object.schema != NULL || object.name == NULL || !sql_object_kind_has_schema(kind))
        return object;
    const char *created = g_hash_table_lookup(inspector->created, object.name);
    if (created != NULL) {
        object.schema = created;
        return object;
    }
    object.schema = inspector_text(inspector, first_of_path(inspector));
    object.is_assumed =
        object.schema != NULL && inspector->owner_schema == NULL && inspector->path->len > 1;
    return object;
}

static struct sql_object make_created(struct inspector *inspector, enum sql_object_kind kind,
                                      const char *schema, const char *name)
{
    struct sql_object object = make(inspector, kind, schema, name);
    if (object.name == NULL || !sql_object_kind_has_schema(kind))
        return object;
    if (object.schema == NULL)
        object.schema = inspector_text(inspector, first_of_path(inspector));
    if (object.schema != NULL)
        g_hash_table_insert(inspector->created, (gpointer)(guintptr)object.name,
                            (gpointer)(guintptr)object.schema);
    return object;
}

struct sql_object inspector_relation(struct inspector *inspector, const PgQuery__RangeVar *name,
                                     enum sql_object_kind kind)
{
    if (name == NULL)
        return (struct sql_object){.kind = SQL_OBJECT_NONE};
    return make_found(inspector, kind, name->schemaname, name->relname);
}

struct sql_object inspector_new_relation(struct inspector *inspector, const PgQuery__RangeVar *name,
                                         enum sql_object_kind kind)
{
    if (name == NULL)
        return (struct sql_object){.kind = SQL_OBJECT_NONE};
    gboolean is_temporary = g_strcmp0(name->relpersistence, "t") == 0;
    return make_created(inspector, kind, is_temporary ? "pg_temp" : name->schemaname,
                        name->relname);
}

const char *node_string(const PgQuery__Node *node)
{
    if (node == NULL)
        return NULL;
    switch (node->node_case) {
    case PG_QUERY__NODE__NODE_STRING:
        return node->string->sval;
    case PG_QUERY__NODE__NODE_A_CONST:
        return node->a_const->val_case == PG_QUERY__A__CONST__VAL_SVAL ? node->a_const->sval->sval
                                                                       : NULL;
    case PG_QUERY__NODE__NODE_TYPE_CAST:
        return node_string(node->type_cast->arg);
    default:
        return NULL;
    }
}

/* name, schema.name or catalog.schema.name. */
static void take_apart(struct nodes names, const char **schema, const char **name)
{
    *name = names.count > 0 ? node_string(names.list[names.count - 1]) : NULL;
    *schema = names.count > 1 ? node_string(names.list[names.count - 2]) : NULL;
}

struct sql_object inspector_named(struct inspector *inspector, struct nodes names,
                                  enum sql_object_kind kind)
{
    const char *schema, *name;
    take_apart(names, &schema, &name);
    return make_found(inspector, kind, schema, name);
}

struct sql_object inspector_new_named(struct inspector *inspector, struct nodes names,
                                      enum sql_object_kind kind)
{
    const char *schema, *name;
    take_apart(names, &schema, &name);
    return make_created(inspector, kind, schema, name);
}

struct sql_object inspector_plain(struct inspector *inspector, const char *name,
                                  enum sql_object_kind kind)
{
    if (name == NULL || *name == '\0')
        return (struct sql_object){.kind = SQL_OBJECT_NONE};
    return make(inspector, kind, NULL, name);
}

struct sql_object inspector_role(struct inspector *inspector, const PgQuery__RoleSpec *role)
{
    static const struct {
        PgQuery__RoleSpecType type;
        const char *name;
    } rows[] = {
        {PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_ROLE, "CURRENT_ROLE"},
        {PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_CURRENT_USER, "CURRENT_USER"},
        {PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_SESSION_USER, "SESSION_USER"},
        {PG_QUERY__ROLE_SPEC_TYPE__ROLESPEC_PUBLIC, "PUBLIC"},
    };
    if (role == NULL)
        return (struct sql_object){.kind = SQL_OBJECT_NONE};
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        if (role->roletype == rows[i].type)
            return inspector_plain(inspector, rows[i].name, SQL_OBJECT_ROLE);
    return inspector_plain(inspector, role->rolename, SQL_OBJECT_ROLE);
}

const char *const *inspector_strings(struct inspector *inspector, struct nodes names, guint *count)
{
    *count = (guint)names.count;
    if (names.count == 0)
        return NULL;
    const char **strings = arena_take(inspector->arena, names.count * sizeof(*strings));
    for (gsize i = 0; i < names.count; i++) {
        const char *string = node_string(names.list[i]);
        strings[i] = arena_text(inspector->arena, string != NULL ? string : "");
    }
    return strings;
}

/* ---- options --------------------------------------------------------------------------------- */

static const PgQuery__DefElem *find_option(struct nodes options, const char *name)
{
    for (gsize i = 0; i < options.count; i++) {
        const PgQuery__Node *node = options.list[i];
        if (node->node_case == PG_QUERY__NODE__NODE_DEF_ELEM &&
            g_ascii_strcasecmp(node->def_elem->defname, name) == 0)
            return node->def_elem;
    }
    return NULL;
}

const PgQuery__Node *option_find(struct nodes options, const char *name)
{
    static const PgQuery__Node given = PG_QUERY__NODE__INIT;
    const PgQuery__DefElem *option = find_option(options, name);
    if (option == NULL)
        return NULL;
    return option->arg != NULL ? option->arg : &given;
}

gint64 option_location(struct nodes options, const char *name)
{
    const PgQuery__DefElem *option = find_option(options, name);
    return option != NULL ? option->location : -1;
}

/* Without a value an option is on (defGetBoolean() in PostgreSQL). */
gboolean option_is_on(struct nodes options, const char *name)
{
    const PgQuery__Node *value = option_find(options, name);
    if (value == NULL)
        return FALSE;
    if (value->node_case == PG_QUERY__NODE__NODE_INTEGER)
        return value->integer->ival != 0;
    if (value->node_case == PG_QUERY__NODE__NODE_BOOLEAN)
        return value->boolean->boolval;
    const char *word = node_string(value);
    return word == NULL ||
           (g_ascii_strcasecmp(word, "false") != 0 && g_ascii_strcasecmp(word, "off") != 0);
}

/* ---- routines -------------------------------------------------------------------------------- */

static const char *argument_types(struct inspector *inspector, struct nodes types)
{
    g_autoptr(GString) text = g_string_new("(");
    for (gsize i = 0; i < types.count; i++) {
        const PgQuery__Node *node = types.list[i];
        if (node->node_case != PG_QUERY__NODE__NODE_TYPE_NAME)
            continue; /* the missing side of a prefix operator */
        g_string_append(text, text->len > 1 ? ", " : "");
        g_string_append(text, inspector_type(inspector, node->type_name, NULL));
    }
    g_string_append_c(text, ')');
    return arena_text(inspector->arena, text->str);
}

struct sql_object inspector_routine(struct inspector *inspector,
                                    const PgQuery__ObjectWithArgs *name, enum sql_object_kind kind)
{
    struct sql_object object = inspector_named(inspector, NODES(name, objname), kind);
    if (!name->args_unspecified)
        object.arguments = argument_types(inspector, NODES(name, objargs));
    return object;
}

/* ---- names that the server chooses ----------------------------------------------------------- */

static gsize cut_to(const char *text, gsize length)
{
    while (length > 0 && ((guchar)text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

/* makeObjectName() of PostgreSQL: the longer of both gives way until all of it fits. */
const char *inspector_choose_name(struct inspector *inspector, const char *relation,
                                  const char *columns, const char *label)
{
    gsize one = strlen(relation);
    gsize other = columns != NULL ? strlen(columns) : 0;
    gsize rest = strlen(label) + (columns != NULL ? 2 : 1);
    while (one + other + rest > NAME_MAX_BYTES) {
        if (one > other)
            one--;
        else
            other--;
    }
    g_autoptr(GString) name = g_string_new_len(relation, (gssize)cut_to(relation, one));
    if (columns != NULL) {
        g_string_append_c(name, '_');
        g_string_append_len(name, columns, (gssize)cut_to(columns, other));
    }
    g_string_append_printf(name, "_%s", label);
    return arena_text(inspector->arena, name->str);
}
