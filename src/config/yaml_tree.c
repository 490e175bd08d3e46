/* libyaml's events made into a tree. The only file that includes yaml.h. */
#include "config/yaml_tree.h"

#include <string.h>
#include <yaml.h>

#define DEPTH_MAX 16
#define BYTES_MAX (1024 * 1024)

struct reader {
    yaml_parser_t parser;
    const char *file;
    const char *bytes;
    gsize length;
    struct mistakes *mistakes;
    gboolean is_broken; /* nothing more can be read */
};

static unsigned mark_line(yaml_mark_t mark)
{
    return (unsigned)mark.line + 1;
}

static unsigned line_of_offset(const char *bytes, gsize offset)
{
    unsigned line = 1;
    for (gsize i = 0; i < offset; i++)
        line += bytes[i] == '\n';
    return line;
}

void tree_free(struct tree_node *node)
{
    if (node == NULL)
        return;
    if (node->children != NULL)
        g_ptr_array_unref(node->children);
    if (node->text != NULL)
        explicit_bzero(node->text, strlen(node->text)); /* it may be a password */
    g_free(node->key);
    g_free(node->text);
    g_free(node);
}

static void free_child(gpointer data)
{
    tree_free(data);
}

static struct tree_node *node_new(enum tree_kind kind, yaml_mark_t mark)
{
    struct tree_node *node = g_new0(struct tree_node, 1);
    node->kind = kind;
    node->line = mark_line(mark);
    if (kind != TREE_SCALAR)
        node->children = g_ptr_array_new_with_free_func(free_child);
    return node;
}

static void break_at(struct reader *reader, unsigned line, const char *what)
{
    mistakes_add(reader->mistakes, reader->file, line, "%s", what);
    reader->is_broken = TRUE;
}

static void report_syntax(struct reader *reader)
{
    const yaml_parser_t *parser = &reader->parser;
    const char *problem = parser->problem != NULL ? parser->problem : "not readable";
    if (parser->error == YAML_READER_ERROR) {
        gsize offset = MIN(parser->problem_offset, reader->length);
        mistakes_add(reader->mistakes, reader->file, line_of_offset(reader->bytes, offset),
                     "not YAML: %s", problem);
    } else if (parser->context != NULL && parser->context_mark.line != parser->problem_mark.line)
        mistakes_add(reader->mistakes, reader->file, mark_line(parser->problem_mark),
                     "not YAML: %s, %s on line %u", problem, parser->context,
                     mark_line(parser->context_mark));
    else
        mistakes_add(reader->mistakes, reader->file, mark_line(parser->problem_mark),
                     "not YAML: %s", problem);
    reader->is_broken = TRUE;
}

static gboolean next_event(struct reader *reader, yaml_event_t *event)
{
    if (reader->is_broken)
        return FALSE;
    if (yaml_parser_parse(&reader->parser, event))
        return TRUE;
    report_syntax(reader);
    return FALSE;
}

static void refuse_decoration(struct reader *reader, unsigned line, const yaml_char_t *anchor,
                              const yaml_char_t *tag)
{
    if (anchor != NULL)
        mistakes_add(reader->mistakes, reader->file, line,
                     "anchors are not allowed; write the value out");
    if (tag != NULL)
        mistakes_add(reader->mistakes, reader->file, line,
                     "tags are not allowed; put the value in quotes if it is meant as text");
}

static struct tree_node *read_scalar(struct reader *reader, const yaml_event_t *event)
{
    struct tree_node *node = node_new(TREE_SCALAR, event->start_mark);
    const char *text = (const char *)event->data.scalar.value;
    refuse_decoration(reader, node->line, event->data.scalar.anchor, event->data.scalar.tag);
    node->text = g_strndup(text, event->data.scalar.length);
    node->is_plain = event->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (strlen(node->text) != event->data.scalar.length)
        mistakes_add(reader->mistakes, reader->file, node->line, "a NUL character in a value");
    return node;
}

static struct tree_node *read_node(struct reader *reader, const yaml_event_t *event, int depth);

static struct tree_node *read_next(struct reader *reader, int depth, yaml_event_type_t end)
{
    yaml_event_t event;
    if (!next_event(reader, &event))
        return NULL;
    struct tree_node *node = event.type == end ? NULL : read_node(reader, &event, depth);
    yaml_event_delete(&event);
    return node;
}

static void read_list(struct reader *reader, struct tree_node *list, int depth)
{
    struct tree_node *item;
    while ((item = read_next(reader, depth + 1, YAML_SEQUENCE_END_EVENT)) != NULL)
        g_ptr_array_add(list->children, item);
}

/* Takes the key's text; refuses keys that are no plain words and keys that were there before. */
static void name_value(struct reader *reader, struct tree_node *key, struct tree_node *value,
                       GHashTable *seen)
{
    value->key_line = key->line;
    if (key->kind != TREE_SCALAR) {
        mistakes_add(reader->mistakes, reader->file, key->line, "a key must be a word, not %s",
                     tree_kind_name(key->kind));
        return;
    }
    value->key = g_steal_pointer(&key->text);
    unsigned first = GPOINTER_TO_UINT(g_hash_table_lookup(seen, value->key));
    g_autofree char *quoted = mistakes_quote(value->key);
    if (first != 0)
        mistakes_add(reader->mistakes, reader->file, key->line,
                     "duplicate key %s, first given on line %u", quoted, first);
    else
        g_hash_table_insert(seen, value->key, GUINT_TO_POINTER(key->line));
}

static void read_map(struct reader *reader, struct tree_node *map, int depth)
{
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    struct tree_node *key;
    while ((key = read_next(reader, depth + 1, YAML_MAPPING_END_EVENT)) != NULL) {
        struct tree_node *value = read_next(reader, depth + 1, YAML_NO_EVENT);
        if (value != NULL) {
            name_value(reader, key, value, seen);
            g_ptr_array_add(map->children, value);
        }
        tree_free(key);
    }
}

static struct tree_node *read_alias(struct reader *reader, const yaml_event_t *event)
{
    struct tree_node *node = node_new(TREE_SCALAR, event->start_mark);
    mistakes_add(reader->mistakes, reader->file, node->line,
                 "aliases are not allowed; write the value out");
    node->text = g_strdup("");
    node->is_plain = TRUE;
    return node;
}

/* NULL when the reader broke off before there was anything to keep. */
static struct tree_node *read_node(struct reader *reader, const yaml_event_t *event, int depth)
{
    struct tree_node *node;
    if (depth > DEPTH_MAX) {
        break_at(reader, mark_line(event->start_mark), "nested too deeply (more than 16 levels)");
        return NULL;
    }
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        return read_scalar(reader, event);
    case YAML_ALIAS_EVENT:
        return read_alias(reader, event);
    case YAML_SEQUENCE_START_EVENT:
        node = node_new(TREE_LIST, event->start_mark);
        refuse_decoration(reader, node->line, event->data.sequence_start.anchor,
                          event->data.sequence_start.tag);
        read_list(reader, node, depth);
        return node;
    case YAML_MAPPING_START_EVENT:
        node = node_new(TREE_MAP, event->start_mark);
        refuse_decoration(reader, node->line, event->data.mapping_start.anchor,
                          event->data.mapping_start.tag);
        read_map(reader, node, depth);
        return node;
    default:
        break_at(reader, mark_line(event->start_mark), "not YAML");
        return NULL;
    }
}

/* Stream and document marks around the one tree. */
static struct tree_node *read_stream(struct reader *reader)
{
    struct tree_node *root = NULL;
    gboolean has_document = FALSE, at_end = FALSE;
    yaml_event_t event;
    while (!at_end && next_event(reader, &event)) {
        if (event.type == YAML_STREAM_END_EVENT)
            at_end = TRUE;
        else if (event.type == YAML_DOCUMENT_START_EVENT && has_document)
            break_at(reader, mark_line(event.start_mark), "a second document; keep one a file");
        else if (event.type == YAML_DOCUMENT_START_EVENT)
            has_document = TRUE;
        else if (event.type != YAML_STREAM_START_EVENT && event.type != YAML_DOCUMENT_END_EVENT)
            root = read_node(reader, &event, 1);
        yaml_event_delete(&event);
    }
    return root;
}

static gboolean check_bytes(struct reader *reader)
{
    const char *stop;
    if (reader->length > BYTES_MAX)
        mistakes_add(reader->mistakes, reader->file, 0, "larger than 1 MiB");
    else if (!g_utf8_validate_len(reader->bytes, reader->length, &stop))
        mistakes_add(reader->mistakes, reader->file,
                     line_of_offset(reader->bytes, (gsize)(stop - reader->bytes)),
                     *stop == '\0' ? "a NUL byte" : "not UTF-8");
    else
        return TRUE;
    return FALSE;
}

struct tree_node *tree_parse(const char *file, const char *bytes, gsize length,
                             struct mistakes *mistakes)
{
    struct reader reader = {.file = file, .bytes = bytes, .length = length, .mistakes = mistakes};
    if (!check_bytes(&reader))
        return NULL;
    gsize skipped = length >= 3 && memcmp(bytes, "\357\273\277", 3) == 0 ? 3 : 0;
    reader.bytes += skipped;
    reader.length -= skipped;
    if (!yaml_parser_initialize(&reader.parser)) {
        mistakes_add(mistakes, file, 0, "out of memory");
        return NULL;
    }
    yaml_parser_set_encoding(&reader.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&reader.parser, (const unsigned char *)reader.bytes,
                                 reader.length);
    struct tree_node *root = read_stream(&reader);
    yaml_parser_delete(&reader.parser);
    return root;
}

gboolean tree_is_null(const struct tree_node *node)
{
    static const char *const words[] = {"", "~", "null", "Null", "NULL", NULL};
    return node->kind == TREE_SCALAR && node->is_plain && g_strv_contains(words, node->text);
}

const char *tree_kind_name(enum tree_kind kind)
{
    static const char *const names[] = {"a single value", "a list", "a mapping"};
    return names[kind];
}
