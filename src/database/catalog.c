/* The catalog as it lies in memory: objects in canonical order, so that the parts of an object
 * stand together, and a table to find one by its name. */
#include "database/catalog.h"

#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "database/catalog_builder.h"

struct catalog {
    gatomicrefcount references;
    GStringChunk *strings;
    GArray *objects;    /* of struct catalog_object */
    GArray *attributes; /* of struct catalog_attribute; the objects point into it */
    GHashTable *names;  /* set of struct catalog_object *, by kind and identity */
    char *fingerprint, *fingerprint_unordered;
};

struct draft {
    struct catalog_object object; /* its attributes are not set yet */
    guint first;                  /* of its attributes */
};

struct catalog_builder {
    GStringChunk *strings;
    GArray *drafts;     /* of struct draft */
    GArray *attributes; /* of struct catalog_attribute, those of one object together */
};

/* ---- order ----------------------------------------------------------------------------------- */

/* An object stands among the parts of its parent, or, without one, at their head. */
int catalog_object_compare(const struct catalog_object *a, const struct catalog_object *b)
{
    gboolean is_part_a = a->parent != NULL, is_part_b = b->parent != NULL;
    int order = strcmp(is_part_a ? a->parent_kind : a->kind, is_part_b ? b->parent_kind : b->kind);
    if (order == 0)
        order = strcmp(is_part_a ? a->parent : a->identity, is_part_b ? b->parent : b->identity);
    if (order == 0)
        order = is_part_a - is_part_b;
    if (order == 0)
        order = strcmp(a->kind, b->kind);
    return order != 0 ? order : strcmp(a->identity, b->identity);
}

static int compare_drafts(gconstpointer a, gconstpointer b)
{
    const struct draft *draft_a = a, *draft_b = b;
    return catalog_object_compare(&draft_a->object, &draft_b->object);
}

static int compare_attributes(gconstpointer a, gconstpointer b)
{
    const struct catalog_attribute *attribute_a = a, *attribute_b = b;
    return strcmp(attribute_a->name, attribute_b->name);
}

static guint object_hash(gconstpointer key)
{
    const struct catalog_object *object = key;
    return g_str_hash(object->kind) * 31 + g_str_hash(object->identity);
}

static gboolean object_is_same(gconstpointer a, gconstpointer b)
{
    const struct catalog_object *object_a = a, *object_b = b;
    return strcmp(object_a->identity, object_b->identity) == 0 &&
           strcmp(object_a->kind, object_b->kind) == 0;
}

/* ---- building -------------------------------------------------------------------------------- */

struct catalog_builder *catalog_builder_new(void)
{
    struct catalog_builder *builder = g_new0(struct catalog_builder, 1);
    builder->strings = g_string_chunk_new(65536);
    builder->drafts = g_array_new(FALSE, FALSE, sizeof(struct draft));
    builder->attributes = g_array_new(FALSE, FALSE, sizeof(struct catalog_attribute));
    return builder;
}

void catalog_builder_free(struct catalog_builder *builder)
{
    if (builder->strings != NULL)
        g_string_chunk_free(builder->strings);
    g_array_unref(builder->drafts);
    g_array_unref(builder->attributes);
    g_free(builder);
}

/* A server whose database has no encoding sends whatever was put into it. */
static const char *keep(struct catalog_builder *builder, const char *text)
{
    if (text == NULL || g_utf8_validate(text, -1, NULL))
        return text != NULL ? g_string_chunk_insert_const(builder->strings, text) : NULL;
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    return g_string_chunk_insert_const(builder->strings, valid);
}

void catalog_builder_object(struct catalog_builder *builder, const char *kind, const char *identity,
                            const char *parent_kind, const char *parent)
{
    struct draft draft = {
        .object = {.kind = keep(builder, kind),
                   .identity = keep(builder, identity),
                   .parent_kind = parent != NULL ? keep(builder, parent_kind) : NULL,
                   .parent = parent_kind != NULL ? keep(builder, parent) : NULL},
        .first = builder->attributes->len,
    };
    g_array_append_val(builder->drafts, draft);
}

void catalog_builder_attribute(struct catalog_builder *builder, const char *name, const char *value)
{
    if (value == NULL)
        return;
    struct catalog_attribute attribute = {keep(builder, name), keep(builder, value)};
    g_array_append_val(builder->attributes, attribute);
    g_array_index(builder->drafts, struct draft, builder->drafts->len - 1).object.attribute_count++;
}

static gboolean refuse_twice(const struct catalog_object *object, const char *attribute,
                             GError **error)
{
    error_set(error, ERROR_FAILED, "%s %s is there twice%s%s", object->kind, object->identity,
              attribute != NULL ? ", or its attribute " : "", attribute != NULL ? attribute : "");
    return FALSE;
}

/* The attributes of one object, by name. */
static gboolean sort_attributes(const struct catalog_object *object,
                                struct catalog_attribute *attributes, GError **error)
{
    guint count = object->attribute_count;
    qsort(attributes, count, sizeof *attributes, compare_attributes);
    for (guint i = 1; i < count; i++)
        if (strcmp(attributes[i - 1].name, attributes[i].name) == 0)
            return refuse_twice(object, attributes[i].name, error);
    return TRUE;
}

static gboolean take_drafts(struct catalog *catalog, GArray *drafts, GError **error)
{
    struct catalog_attribute *attributes = (void *)catalog->attributes->data;
    g_array_sort(drafts, compare_drafts);
    g_array_set_size(catalog->objects, drafts->len);
    for (guint i = 0; i < drafts->len; i++) {
        const struct draft *draft = &g_array_index(drafts, struct draft, i);
        struct catalog_object *object = &g_array_index(catalog->objects, struct catalog_object, i);
        *object = draft->object;
        if (object->attribute_count > 0) {
            if (!sort_attributes(object, attributes + draft->first, error))
                return FALSE;
            object->attributes = attributes + draft->first;
        }
        if (!g_hash_table_add(catalog->names, object))
            return refuse_twice(object, NULL, error);
    }
    return TRUE;
}

static char *fingerprint_of(const struct catalog *catalog, gboolean is_ordered);

struct catalog *catalog_builder_finish(struct catalog_builder *builder, GError **error)
{
    AUTOPTR(catalog) *catalog = g_new0(struct catalog, 1);
    g_atomic_ref_count_init(&catalog->references);
    catalog->strings = g_steal_pointer(&builder->strings);
    catalog->attributes = builder->attributes;
    catalog->objects = g_array_new(FALSE, TRUE, sizeof(struct catalog_object));
    catalog->names = g_hash_table_new(object_hash, object_is_same);
    builder->strings = g_string_chunk_new(64);
    builder->attributes = g_array_new(FALSE, FALSE, sizeof(struct catalog_attribute));
    gboolean is_whole = take_drafts(catalog, builder->drafts, error);
    g_array_set_size(builder->drafts, 0);
    if (!is_whole)
        return NULL;
    catalog->fingerprint = fingerprint_of(catalog, TRUE);
    return g_steal_pointer(&catalog);
}

struct catalog *catalog_ref(struct catalog *catalog)
{
    g_atomic_ref_count_inc(&catalog->references);
    return catalog;
}

void catalog_unref(struct catalog *catalog)
{
    if (catalog == NULL || !g_atomic_ref_count_dec(&catalog->references))
        return;
    g_hash_table_unref(catalog->names);
    g_array_unref(catalog->objects);
    g_array_unref(catalog->attributes);
    g_string_chunk_free(catalog->strings);
    g_free(catalog->fingerprint);
    g_free(catalog->fingerprint_unordered);
    g_free(catalog);
}

/* ---- looking up ------------------------------------------------------------------------------ */

guint catalog_count(const struct catalog *catalog)
{
    return catalog->objects->len;
}

const struct catalog_object *catalog_at(const struct catalog *catalog, guint index)
{
    return &g_array_index(catalog->objects, struct catalog_object, index);
}

const struct catalog_object *catalog_find(const struct catalog *catalog, const char *kind,
                                          const char *identity)
{
    struct catalog_object key = {.kind = kind, .identity = identity};
    return g_hash_table_lookup(catalog->names, &key);
}

const char *catalog_attribute(const struct catalog_object *object, const char *name)
{
    for (guint i = 0; i < object->attribute_count; i++)
        if (strcmp(object->attributes[i].name, name) == 0)
            return object->attributes[i].value;
    return NULL;
}

static gboolean is_part_of(const struct catalog_object *object, const struct catalog_object *parent)
{
    return object->parent != NULL && strcmp(object->parent, parent->identity) == 0 &&
           strcmp(object->parent_kind, parent->kind) == 0;
}

/* The first that stands behind everything that has no parent and this name: the first part. */
static guint first_part(const struct catalog *catalog, const struct catalog_object *parent)
{
    const struct catalog_object least = {
        .kind = "", .identity = "", .parent_kind = parent->kind, .parent = parent->identity};
    guint low = 0, high = catalog->objects->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (catalog_object_compare(catalog_at(catalog, middle), &least) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct catalog_object *catalog_part_next(const struct catalog *catalog,
                                               const struct catalog_object *parent,
                                               const char *kind, guint *index)
{
    guint at = *index == 0 ? first_part(catalog, parent) : *index;
    for (; at < catalog->objects->len; at++) {
        const struct catalog_object *object = catalog_at(catalog, at);
        if (!is_part_of(object, parent))
            break;
        if (kind == NULL || strcmp(object->kind, kind) == 0) {
            *index = at + 1;
            return object;
        }
    }
    *index = MAX(at, 1);
    return NULL;
}

static guint64 position_of(const struct catalog_object *object)
{
    const char *position = catalog_attribute(object, CATALOG_POSITION);
    return position != NULL ? g_ascii_strtoull(position, NULL, 10) : 0;
}

static int compare_positions(gconstpointer a, gconstpointer b)
{
    const struct catalog_object *object_a = *(const struct catalog_object *const *)a;
    const struct catalog_object *object_b = *(const struct catalog_object *const *)b;
    guint64 position_a = position_of(object_a), position_b = position_of(object_b);
    if (position_a != position_b)
        return position_a < position_b ? -1 : 1;
    return catalog_object_compare(object_a, object_b);
}

GPtrArray *catalog_parts_in_order(const struct catalog *catalog,
                                  const struct catalog_object *parent, const char *kind)
{
    GPtrArray *parts = g_ptr_array_new();
    const struct catalog_object *part;
    guint index = 0;
    while ((part = catalog_part_next(catalog, parent, kind, &index)) != NULL)
        g_ptr_array_add(parts, (gpointer)(gsize)part);
    g_ptr_array_sort(parts, compare_positions);
    return parts;
}

const char *catalog_object_name(const struct catalog_object *object)
{
    gsize length = object->parent != NULL ? strlen(object->parent) : 0;
    gboolean is_below = length > 0 && strncmp(object->identity, object->parent, length) == 0 &&
                        object->identity[length] == '.';
    return is_below ? object->identity + length + 1 : object->identity;
}

/* ---- text ------------------------------------------------------------------------------------ */

#define FIRST_LINE "winch catalog 1\n"

static void append_escaped(GString *text, const char *value)
{
    for (;;) {
        gsize plain = strcspn(value, "\\\t\n\r");
        g_string_append_len(text, value, (gssize)plain);
        value += plain;
        if (*value == '\0')
            return;
        g_string_append_c(text, '\\');
        g_string_append_c(text, *value == '\t'   ? 't'
                                : *value == '\n' ? 'n'
                                : *value == '\r' ? 'r'
                                                 : '\\');
        value++;
    }
}

static void append_object(GString *text, const struct catalog_object *object, gboolean is_ordered)
{
    append_escaped(text, object->kind);
    g_string_append_c(text, '\t');
    append_escaped(text, object->identity);
    if (object->parent != NULL) {
        g_string_append_c(text, '\t');
        append_escaped(text, object->parent_kind);
        g_string_append_c(text, '\t');
        append_escaped(text, object->parent);
    }
    g_string_append_c(text, '\n');
    for (guint i = 0; i < object->attribute_count; i++) {
        if (!is_ordered && strcmp(object->attributes[i].name, CATALOG_POSITION) == 0)
            continue;
        g_string_append_c(text, '\t');
        append_escaped(text, object->attributes[i].name);
        g_string_append_c(text, '\t');
        append_escaped(text, object->attributes[i].value);
        g_string_append_c(text, '\n');
    }
}

static GString *write_text(const struct catalog *catalog, gboolean is_ordered)
{
    GString *text = g_string_sized_new(256 + 64 * (gsize)catalog->objects->len);
    g_string_append(text, FIRST_LINE);
    for (guint i = 0; i < catalog->objects->len; i++)
        append_object(text, catalog_at(catalog, i), is_ordered);
    return text;
}

char *catalog_text(const struct catalog *catalog)
{
    return g_string_free(write_text(catalog, TRUE), FALSE);
}

static char *fingerprint_of(const struct catalog *catalog, gboolean is_ordered)
{
    GString *text = write_text(catalog, is_ordered);
    char *fingerprint =
        g_compute_checksum_for_data(G_CHECKSUM_SHA256, (guchar *)text->str, text->len);
    g_string_free(text, TRUE);
    return fingerprint;
}

const char *catalog_fingerprint(const struct catalog *catalog)
{
    return catalog->fingerprint;
}

/* Few ask for it: made by the first who does, on whatever thread. */
const char *catalog_fingerprint_unordered(const struct catalog *catalog)
{
    gpointer *kept = (gpointer *)(gsize)&catalog->fingerprint_unordered;
    if (g_atomic_pointer_get(kept) == NULL) {
        char *made = fingerprint_of(catalog, FALSE);
        if (!g_atomic_pointer_compare_and_exchange(kept, NULL, made))
            g_free(made);
    }
    return g_atomic_pointer_get(kept);
}

/* ---- reading a text -------------------------------------------------------------------------- */

G_GNUC_PRINTF(3, 4)
static gboolean refuse_line(GError **error, guint line, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *why = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    error_set(error, ERROR_FAILED, "line %u of the catalog's text: %s", line, why);
    return FALSE;
}

/* One field, escapes resolved in place, up to the tab or the end of the line; *at stands behind it.
 */
static gboolean take_field(char **at, char **field)
{
    char *from = *at, *to = *at;
    *field = from;
    while (*from != '\0' && *from != '\t') {
        if (*from != '\\') {
            *to++ = *from++;
            continue;
        }
        const char *letters = "\\tnr", *meanings = "\\\t\n\r";
        const char *letter = from[1] != '\0' ? strchr(letters, from[1]) : NULL;
        if (letter == NULL)
            return FALSE;
        *to++ = meanings[letter - letters];
        from += 2;
    }
    *at = *from == '\t' ? from + 1 : NULL;
    *to = '\0';
    return TRUE;
}

/* The fields of a line, at most limit: how many, or -1. */
static int take_fields(char *line, char **fields, int limit)
{
    int count = 0;
    while (line != NULL) {
        if (count == limit || !take_field(&line, &fields[count++]))
            return -1;
    }
    return count;
}

struct reading {
    struct catalog_builder *builder;
    guint line;
    gboolean has_object;
};

static gboolean read_attribute(struct reading *reading, char *line, GError **error)
{
    char *fields[2];
    if (!reading->has_object)
        return refuse_line(error, reading->line, "an attribute of no object");
    if (take_fields(line, fields, 2) != 2 || *fields[0] == '\0')
        return refuse_line(error, reading->line, "not an attribute: a name, a tab, a value");
    catalog_builder_attribute(reading->builder, fields[0], fields[1]);
    return TRUE;
}

static gboolean read_object(struct reading *reading, char *line, GError **error)
{
    char *fields[4] = {NULL};
    int count = take_fields(line, fields, 4);
    if ((count != 2 && count != 4) || *fields[0] == '\0' || *fields[1] == '\0')
        return refuse_line(error, reading->line,
                           "not an object: a kind, an identity, and those of its parent");
    catalog_builder_object(reading->builder, fields[0], fields[1], fields[2], fields[3]);
    reading->has_object = TRUE;
    return TRUE;
}

static gboolean read_lines(struct reading *reading, char *text, GError **error)
{
    while (*text != '\0') {
        char *end = strchr(text, '\n');
        reading->line++;
        if (end == NULL)
            return refuse_line(error, reading->line, "it ends in the middle");
        *end = '\0';
        if (*text == '\t' ? !read_attribute(reading, text + 1, error)
                          : !read_object(reading, text, error))
            return FALSE;
        text = end + 1;
    }
    return TRUE;
}

struct catalog *catalog_parse(const char *text, gsize length, GError **error)
{
    if (!g_utf8_validate(text, (gssize)length, NULL)) {
        error_set(error, ERROR_FAILED, "the catalog's text is not UTF-8, or has a NUL in it");
        return NULL;
    }
    g_autofree char *copy = g_strndup(text, length);
    if (!g_str_has_prefix(copy, FIRST_LINE)) {
        error_set(error, ERROR_FAILED,
                  "this is not the text of a catalog, or that of a later version");
        return NULL;
    }
    AUTOPTR(catalog_builder) *builder = catalog_builder_new();
    struct reading reading = {.builder = builder, .line = 1};
    if (!read_lines(&reading, copy + strlen(FIRST_LINE), error))
        return NULL;
    return catalog_builder_finish(builder, error);
}
