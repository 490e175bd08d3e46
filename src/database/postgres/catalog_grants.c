/* Rights as the server keeps them (aclitem), told role by role where they are not the usual ones.
 */
#include <string.h>

#include "database/postgres/catalog_internal.h"

/* The letters, in the order in which the server writes them: PostgreSQL manual, section 5.7. */
static const struct {
    char letter;
    const char *name;
} privileges[] = {
    {'a', "INSERT"},   {'r', "SELECT"},       {'w', "UPDATE"},    {'d', "DELETE"},
    {'D', "TRUNCATE"}, {'x', "REFERENCES"},   {'t', "TRIGGER"},   {'X', "EXECUTE"},
    {'U', "USAGE"},    {'C', "CREATE"},       {'T', "TEMPORARY"}, {'c', "CONNECT"},
    {'s', "SET"},      {'A', "ALTER SYSTEM"}, {'m', "MAINTAIN"},
};

/* One "grantee=letters/grantor", in place. */
struct item {
    char *grantee, *letters, *grantor;
};

/* The end of a name, which is in double quotes where it is not a plain word. */
static char *name_end(char *at)
{
    if (*at != '"')
        return at + strcspn(at, "=/\n");
    for (at++; *at != '\0'; at++) {
        if (*at != '"')
            continue;
        if (at[1] != '"')
            return at + 1;
        at++;
    }
    return at;
}

static char *unquoted(char *name, char *end)
{
    char *to = name, *start = name;
    gboolean is_quoted = *name == '"';
    for (char *from = name + is_quoted; from < end - is_quoted; from++) {
        *to++ = *from;
        from += is_quoted && *from == '"' ? 1 : 0;
    }
    *to = '\0';
    return start;
}

/* Takes one item; *at stands behind its line. FALSE at the end, or for what is none. */
static gboolean take_item(char **at, struct item *item)
{
    char *grantee_end = name_end(*at);
    if (**at == '\0' || *grantee_end != '=')
        return FALSE;
    item->letters = grantee_end + 1;
    char *letters_end = item->letters + strcspn(item->letters, "/\n");
    if (*letters_end != '/')
        return FALSE;
    char *grantor = letters_end + 1, *grantor_end = name_end(grantor);
    *letters_end = '\0';
    char *next = *grantor_end == '\n' ? grantor_end + 1 : grantor_end;
    item->grantee = unquoted(*at, grantee_end);
    item->grantor = unquoted(grantor, grantor_end);
    *at = next;
    return TRUE;
}

static const char *privilege_name(char letter)
{
    for (gsize i = 0; i < G_N_ELEMENTS(privileges); i++)
        if (privileges[i].letter == letter)
            return privileges[i].name;
    return NULL;
}

/* "SELECT, INSERT WITH GRANT OPTION"; who granted it, where that is not the owner. */
static void append_rights(GString *rights, const struct item *item, const char *owner)
{
    for (const char *at = item->letters; *at != '\0'; at++) {
        const char *name = privilege_name(*at);
        g_string_append(rights, rights->len > 0 ? ", " : "");
        if (name != NULL)
            g_string_append(rights, name);
        else
            g_string_append_c(rights, *at);
        if (at[1] == '*') {
            g_string_append(rights, " WITH GRANT OPTION");
            at++;
        }
    }
    if (g_strcmp0(item->grantor, owner) != 0)
        g_string_append_printf(rights, " GRANTED BY %s", item->grantor);
}

/* Role -> rights, each a GString; PUBLIC is "". */
static GHashTable *rights_of(const char *acl, const char *owner)
{
    GHashTable *rights = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    g_autofree char *lines = g_strdup(acl != NULL ? acl : "");
    struct item item;
    for (char *at = lines; take_item(&at, &item);) {
        const char *known = g_hash_table_lookup(rights, item.grantee);
        GString *text = g_string_new(known);
        append_rights(text, &item, owner);
        g_hash_table_insert(rights, g_strdup(item.grantee), g_string_free(text, FALSE));
    }
    return rights;
}

static void add_rights(struct catalog_builder *builder, const char *role, const char *rights)
{
    g_autofree char *name =
        *role == '\0' ? g_strdup("grants to PUBLIC") : g_strdup_printf("grants to %s", role);
    catalog_builder_attribute(builder, name, rights);
}

void catalog_add_grants(struct catalog_builder *builder, const char *acl, const char *acl_default,
                        const char *owner)
{
    if (acl == NULL)
        return;
    g_autoptr(GHashTable) now = rights_of(acl, owner);
    g_autoptr(GHashTable) usual = rights_of(acl_default, owner);
    GHashTableIter iter;
    gpointer role, rights;
    g_hash_table_iter_init(&iter, now);
    while (g_hash_table_iter_next(&iter, &role, &rights))
        if (g_strcmp0(rights, g_hash_table_lookup(usual, role)) != 0)
            add_rights(builder, role, rights);
    g_hash_table_iter_init(&iter, usual);
    while (g_hash_table_iter_next(&iter, &role, &rights))
        if (!g_hash_table_contains(now, role))
            add_rights(builder, role, "none");
}
