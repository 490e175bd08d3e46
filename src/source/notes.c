/* Header notes: walks the leading comment block, then one table row a key. */
#include "source/notes.h"

#include <string.h>

#include "base/duration.h"
#include "base/text.h"
#include "source/release.h"
#include "source/version_name.h"

/* --- the leading comment block --- */

struct cursor {
    const char *at;
    const char *end;
    unsigned line;
};

/* What the cursor came upon. */
enum found {
    FOUND_COMMENT, /* a `--` line, in text and length */
    FOUND_SQL,     /* the block is over */
    FOUND_END,     /* of the bytes, in the middle of the block */
};

struct comment {
    const char *text; /* after the dashes */
    gsize length;
    unsigned line;
    gboolean is_cut; /* the bytes end within it */
};

static struct cursor cursor_start(const char *text, gsize length)
{
    gboolean has_mark = length >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0;
    return (struct cursor){text + (has_mark ? 3 : 0), text + length, 1};
}

static gboolean looking_at(const struct cursor *cursor, const char *two)
{
    return cursor->end - cursor->at >= 2 && memcmp(cursor->at, two, 2) == 0;
}

static void skip_blanks(struct cursor *cursor)
{
    for (; cursor->at < cursor->end && strchr(" \t\n\r\f\v", *cursor->at) != NULL; cursor->at++) {
        if (*cursor->at == '\0')
            return;
        cursor->line += *cursor->at == '\n';
    }
}

/* Block comments nest (PostgreSQL manual, 4.1.5). False when the bytes end within. */
static gboolean skip_block(struct cursor *cursor)
{
    gsize depth = 0;
    while (cursor->at < cursor->end) {
        gboolean opens = looking_at(cursor, "/*");
        gboolean closes = !opens && looking_at(cursor, "*/");
        depth += opens;
        depth -= closes;
        cursor->line += *cursor->at == '\n';
        cursor->at += opens || closes ? 2 : 1;
        if (closes && depth == 0)
            return TRUE;
    }
    return FALSE;
}

static void take_line(struct cursor *cursor, struct comment *comment)
{
    comment->text = cursor->at += 2;
    comment->line = cursor->line;
    while (cursor->at < cursor->end && *cursor->at != '\n' && *cursor->at != '\r')
        cursor->at++;
    comment->length = (gsize)(cursor->at - comment->text);
    comment->is_cut = cursor->at == cursor->end;
}

static enum found cursor_next(struct cursor *cursor, struct comment *comment)
{
    while (TRUE) {
        skip_blanks(cursor);
        if (looking_at(cursor, "--")) {
            take_line(cursor, comment);
            return FOUND_COMMENT;
        }
        if (!looking_at(cursor, "/*"))
            break;
        if (!skip_block(cursor))
            return FOUND_END;
    }
    gboolean is_half = cursor->end - cursor->at == 1 && strchr("-/", *cursor->at) != NULL;
    return cursor->at == cursor->end || is_half ? FOUND_END : FOUND_SQL;
}

gboolean notes_end_within(const char *text, gsize length)
{
    struct cursor cursor = cursor_start(text, length);
    struct comment comment;
    enum found found;
    while ((found = cursor_next(&cursor, &comment)) == FOUND_COMMENT)
        if (comment.is_cut)
            return FALSE;
    /* A byte order mark may itself be cut. */
    return found == FOUND_SQL && length >= 3;
}

/* --- one line --- */

static gsize skip_spaces(const char *text, gsize length)
{
    gsize at = 0;
    while (at < length && (text[at] == ' ' || text[at] == '\t'))
        at++;
    return at;
}

/* What follows "winch", trimmed; NULL when the comment is not about us. Free with g_free(). */
static char *addressed_to_us(const struct comment *comment)
{
    gsize at = skip_spaces(comment->text, comment->length);
    if (comment->length - at < 5 || g_ascii_strncasecmp(comment->text + at, "winch", 5) != 0)
        return NULL;
    at += 5;
    if (at < comment->length && g_ascii_isalnum(comment->text[at]))
        return NULL;
    at += skip_spaces(comment->text + at, comment->length - at);
    return g_strchomp(g_strndup(comment->text + at, comment->length - at));
}

/* The text of a note, "release 1.1.0"; NULL when the comment is none. Free with g_free(). */
static char *note_of(const struct comment *comment)
{
    g_autofree char *rest = addressed_to_us(comment);
    return rest != NULL && rest[0] == ':' ? g_strdup(g_strchug(rest + 1)) : NULL;
}

unsigned notes_first_line(const char *text, gsize length)
{
    struct cursor cursor = cursor_start(text, length);
    struct comment comment;
    while (cursor_next(&cursor, &comment) == FOUND_COMMENT) {
        g_autofree char *note = note_of(&comment);
        if (note != NULL)
            return comment.line;
    }
    return 0;
}

/* --- the keys --- */

struct reader {
    const char *file;
    unsigned line;
    const char *key;
    struct problems *problems;
    struct migration_notes *notes;
};

static const char *keep(const struct reader *reader, const char *text)
{
    return g_string_chunk_insert(reader->problems->strings, text);
}

static void refuse(const struct reader *reader, const char *value, const char *wanted)
{
    if (*value == '\0')
        problems_mistake(reader->problems, reader->file, reader->line,
                         "the note '%s' says nothing: write %s", reader->key, wanted);
    else
        problems_mistake(reader->problems, reader->file, reader->line,
                         "the note '%s' cannot be '%s': write %s", reader->key, value, wanted);
}

/* Cuts the first word off; what follows it is left in *rest. */
static char *first_word(char *value, char **rest)
{
    char *end = value + strcspn(value, " \t");
    *rest = end;
    if (*end != '\0') {
        *end = '\0';
        *rest = g_strchug(end + 1);
    }
    return value;
}

static void read_release(const struct reader *reader, char *value)
{
    if (release_is_valid(value)) {
        reader->notes->release = keep(reader, value);
        reader->notes->release_line = reader->line;
    } else
        refuse(reader, value, "a release such as 1.1.0 or 1.1.0-rc1");
}

static int compare_versions(gconstpointer left, gconstpointer right)
{
    gint64 a, b;
    memcpy(&a, left, sizeof a);
    memcpy(&b, right, sizeof b);
    return (a > b) - (a < b);
}

static void add_version(GArray *versions, gint64 version)
{
    for (guint i = 0; i < versions->len; i++)
        if (g_array_index(versions, gint64, i) == version)
            return;
    g_array_append_val(versions, version);
}

static void read_requires(const struct reader *reader, char *value)
{
    const char *wanted = "version numbers such as 000001 000002, or none";
    g_auto(GStrv) words = g_strsplit_set(value, " \t,", -1);
    g_autoptr(GArray) versions = g_array_new(FALSE, FALSE, sizeof(gint64));
    guint nones = 0;
    for (char **word = words; *word != NULL; word++) {
        gint64 version;
        if (**word == '\0')
            continue;
        if (g_ascii_strcasecmp(*word, "none") == 0)
            nones++;
        else if (version_number_parse(*word, &version, NULL))
            add_version(versions, version);
        else {
            refuse(reader, *word, wanted);
            return;
        }
    }
    if (nones > 1 || (nones == 0) == (versions->len == 0)) {
        refuse(reader, value, wanted);
        return;
    }
    g_array_sort(versions, compare_versions);
    reader->notes->has_requires = TRUE;
    reader->notes->requires_line = reader->line;
    reader->notes->requires = g_steal_pointer(&versions);
}

static void read_phase(const struct reader *reader, char *value)
{
    if (g_ascii_strcasecmp(value, "expand") == 0)
        reader->notes->phase = PHASE_EXPAND;
    else if (g_ascii_strcasecmp(value, "contract") == 0)
        reader->notes->phase = PHASE_CONTRACT;
    else
        refuse(reader, value, "expand or contract");
}

static void read_transaction(const struct reader *reader, char *value)
{
    if (g_ascii_strcasecmp(value, "on") == 0)
        reader->notes->transaction = TRANSACTION_ON;
    else if (g_ascii_strcasecmp(value, "off") == 0)
        reader->notes->transaction = TRANSACTION_OFF;
    else
        refuse(reader, value, "on or off");
}

static void read_duration(const struct reader *reader, const char *value, gint64 *milliseconds)
{
    if (!duration_parse(value, 0, milliseconds, NULL))
        refuse(reader, value, "a number and a unit: 500ms, 2s, 30min, 1h30m");
}

static void read_lock_timeout(const struct reader *reader, char *value)
{
    read_duration(reader, value, &reader->notes->lock_timeout);
}

static void read_timeout(const struct reader *reader, char *value)
{
    read_duration(reader, value, &reader->notes->timeout);
}

static void read_irreversible(const struct reader *reader, char *value)
{
    reader->notes->irreversible = keep(reader, value);
}

static void read_ticket(const struct reader *reader, char *value)
{
    if (*value != '\0')
        reader->notes->ticket = keep(reader, value);
    else
        refuse(reader, value, "the ticket, such as OPS-123");
}

static gboolean is_name(const char *text)
{
    if (*text == '\0')
        return FALSE;
    for (; *text != '\0'; text++)
        if (!g_ascii_isalnum(*text) && *text != '_' && *text != '-')
            return FALSE;
    return TRUE;
}

/* Whether the statement begins with a word that reads. What it really does, the server says. */
static gboolean is_query(const char *sql)
{
    static const char *const words[] = {"SELECT", "WITH", "VALUES", "TABLE"};
    gsize length = 0;
    while (g_ascii_isalpha(sql[length]))
        length++;
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (strlen(words[i]) == length && g_ascii_strncasecmp(sql, words[i], length) == 0)
            return TRUE;
    return FALSE;
}

static const struct migration_check *find_check(const GArray *checks, const char *name)
{
    for (guint i = 0; checks != NULL && i < checks->len; i++) {
        const struct migration_check *check = &g_array_index(checks, struct migration_check, i);
        if (strcmp(check->name, name) == 0)
            return check;
    }
    return NULL;
}

static void read_check(const struct reader *reader, char *value)
{
    char *colon = strchr(value, ':');
    if (colon == NULL) {
        refuse(reader, value, "NAME: SELECT ..., a query that returns no row");
        return;
    }
    *colon = '\0';
    const char *name = g_strchomp(value);
    char *sql = g_strchug(colon + 1);
    gsize length = strlen(sql);
    while (length > 0 && strchr("; \t", sql[length - 1]) != NULL)
        sql[--length] = '\0';
    const struct migration_check *earlier = find_check(reader->notes->checks, name);
    if (!is_name(name))
        refuse(reader, name, "NAME: SELECT ..., a name of letters, digits, '_' and '-'");
    else if (!is_query(sql))
        refuse(reader, sql, "NAME: SELECT ..., a query that returns no row");
    else if (earlier != NULL)
        problems_mistake(reader->problems, reader->file, reader->line,
                         "a check named '%s' stands in line %u already", name, earlier->line);
    else {
        struct migration_check check = {keep(reader, name), keep(reader, sql), reader->line};
        if (reader->notes->checks == NULL)
            reader->notes->checks = g_array_new(FALSE, FALSE, sizeof check);
        g_array_append_val(reader->notes->checks, check);
    }
}

static void read_allow(const struct reader *reader, char *value)
{
    char *reason;
    const char *rule = first_word(value, &reason);
    if (!is_name(rule) || *reason == '\0') {
        refuse(reader, rule, "RULE and the reason why it may be broken here");
        return;
    }
    struct migration_allow allow = {keep(reader, rule), keep(reader, reason), reader->line};
    if (reader->notes->allows == NULL)
        reader->notes->allows = g_array_new(FALSE, FALSE, sizeof allow);
    g_array_append_val(reader->notes->allows, allow);
}

static const struct {
    const char *name;
    gboolean may_repeat;
    void (*read)(const struct reader *reader, char *value);
} keys[] = {
    {"release", FALSE, read_release},
    {"requires", FALSE, read_requires},
    {"phase", FALSE, read_phase},
    {"transaction", FALSE, read_transaction},
    {"lock_timeout", FALSE, read_lock_timeout},
    {"timeout", FALSE, read_timeout},
    {"irreversible", FALSE, read_irreversible},
    {"ticket", FALSE, read_ticket},
    {"check", TRUE, read_check},
    {"allow", TRUE, read_allow},
};

static int find_key(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (g_ascii_strcasecmp(keys[i].name, name) == 0)
            return (int)i;
    return -1;
}

static void refuse_key(const struct reader *reader)
{
    const char *names[G_N_ELEMENTS(keys) + 1] = {NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        names[i] = keys[i].name;
    const char *nearest = text_nearest(reader->key, names);
    g_autofree char *all = g_strjoinv(", ", (char **)(gpointer)names);
    if (nearest != NULL)
        problems_mistake(reader->problems, reader->file, reader->line,
                         "there is no note '%s'; did you mean '%s'?", reader->key, nearest);
    else
        problems_mistake(reader->problems, reader->file, reader->line,
                         "there is no note '%s'; there are %s", reader->key, all);
}

static void read_note(struct reader *reader, char *note, unsigned *seen)
{
    char *value;
    reader->key = first_word(note, &value);
    int key = find_key(reader->key);
    if (key < 0) {
        refuse_key(reader);
        return;
    }
    reader->key = keys[key].name;
    if (seen[key] > 0 && !keys[key].may_repeat) {
        problems_mistake(reader->problems, reader->file, reader->line,
                         "the note '%s' stands in line %u already", reader->key, seen[key]);
        return;
    }
    seen[key] = reader->line;
    keys[key].read(reader, value);
}

/* "-- winch release 1.1.0" was probably meant as a note. */
static void warn_without_colon(const struct reader *reader, const struct comment *comment)
{
    g_autofree char *rest = addressed_to_us(comment);
    char *value;
    if (rest != NULL && find_key(first_word(rest, &value)) >= 0)
        problems_warning(reader->problems, reader->file, reader->line,
                         "not read as a note: write '-- winch: %s ...', with a colon", rest);
}

/* Notes that stand behind the first statement are not read. Said as far as the bytes go. */
static void warn_about_late(const struct reader *reader, struct cursor cursor)
{
    while (cursor.at < cursor.end) {
        const char *newline = memchr(cursor.at, '\n', (gsize)(cursor.end - cursor.at));
        const char *stop = newline != NULL ? newline : cursor.end;
        gsize indent = skip_spaces(cursor.at, (gsize)(stop - cursor.at));
        struct cursor line = {cursor.at + indent, stop, cursor.line};
        struct comment comment;
        if (looking_at(&line, "--")) {
            take_line(&line, &comment);
            g_autofree char *note = note_of(&comment);
            if (note != NULL) {
                problems_warning(reader->problems, reader->file, cursor.line,
                                 "a note behind the first statement is not read: move it to the "
                                 "head of the file");
                return;
            }
        }
        cursor.at = newline != NULL ? newline + 1 : cursor.end;
        cursor.line++;
    }
}

void notes_init(struct migration_notes *notes)
{
    memset(notes, 0, sizeof *notes);
    notes->lock_timeout = -1;
    notes->timeout = -1;
}

void notes_clear(struct migration_notes *notes)
{
    g_clear_pointer(&notes->requires, g_array_unref);
    g_clear_pointer(&notes->checks, g_array_unref);
    g_clear_pointer(&notes->allows, g_array_unref);
}

void notes_parse(const char *text, gsize length, const char *file, struct problems *problems,
                 struct migration_notes *notes)
{
    struct cursor cursor = cursor_start(text, length);
    struct reader reader = {.file = file, .problems = problems, .notes = notes};
    struct comment comment;
    unsigned seen[G_N_ELEMENTS(keys)] = {0};
    while (cursor_next(&cursor, &comment) == FOUND_COMMENT) {
        g_autofree char *note = note_of(&comment);
        reader.line = comment.line;
        if (note == NULL)
            warn_without_colon(&reader, &comment);
        else if (memchr(comment.text, '\0', comment.length) != NULL ||
                 !g_utf8_validate(note, -1, NULL))
            problems_mistake(problems, file, comment.line, "this note is not valid UTF-8 text");
        else
            read_note(&reader, note, seen);
    }
    warn_about_late(&reader, cursor);
}
