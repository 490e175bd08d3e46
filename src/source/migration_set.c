/* A directory of migrations, loaded: one listing, then the head of each file for its notes; small
 * files whole, to be kept. */
#include "source/migration.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "source/file_name.h"
#include "source/kept.h"
#include "source/notes.h"
#include "source/order.h"
#include "source/problems.h"
#include "source/reading.h"

/* The first read of a file: whole, if it is one to be kept. Few leading comment blocks are longer.
 */
#define HEAD_BYTES (KEPT_FILE_MAX + 1)

struct migration_set {
    gatomicrefcount references;
    GStringChunk *strings; /* every string of the set */
    const char *directory;
    GArray *migrations; /* of struct migration */
    GArray *warnings;   /* of struct source_warning */
};

/* A name of the directory's listing. */
struct entry {
    const char *path; /* directory/name */
    const char *name; /* within path */
    struct file_name parsed;
    gboolean is_directory; /* what the listing says, if it knows */
};

struct loader {
    DIR *listing;
    struct migration_set *set;
    GArray *entries; /* of struct entry: migrations by version, up before down, then by name */
    struct problems problems;
    char *head; /* one buffer for all files */
    gsize head_size;
    gint64 started; /* g_get_real_time() */
    gsize kept;     /* bytes of files */
};

const char *direction_name(enum direction direction)
{
    return direction == DIRECTION_UP ? "up" : "down";
}

static void clear_migration(gpointer data)
{
    struct migration *migration = data;
    notes_clear(&migration->notes);
    g_clear_pointer(&migration->up.kept, kept_file_free);
    g_clear_pointer(&migration->down.kept, kept_file_free);
}

static struct migration_set *set_new(const char *directory)
{
    struct migration_set *set = g_new0(struct migration_set, 1);
    g_atomic_ref_count_init(&set->references);
    set->strings = g_string_chunk_new(65536);
    set->directory = g_string_chunk_insert(set->strings, directory);
    set->migrations = g_array_new(FALSE, TRUE, sizeof(struct migration));
    g_array_set_clear_func(set->migrations, clear_migration);
    return set;
}

static void loader_clear(struct loader *loader)
{
    if (loader->listing != NULL)
        closedir(loader->listing);
    g_clear_pointer(&loader->set, migration_set_unref);
    g_clear_pointer(&loader->entries, g_array_unref);
    problems_clear(&loader->problems);
    g_free(loader->head);
}

static void loader_init(struct loader *loader, const char *directory)
{
    memset(loader, 0, sizeof *loader);
    loader->set = set_new(directory);
    loader->entries = g_array_new(FALSE, FALSE, sizeof(struct entry));
    loader->head = g_malloc(HEAD_BYTES);
    loader->head_size = HEAD_BYTES;
    loader->started = g_get_real_time();
    problems_init(&loader->problems, loader->set->strings);
}

/* --- the listing --- */

static gboolean open_listing(struct loader *loader, GError **error)
{
    loader->listing = opendir(loader->set->directory);
    if (loader->listing != NULL)
        return TRUE;
    error_set_at(error, ERROR_SOURCE, loader->set->directory, 0, "%s", g_strerror(errno));
    error_advise(error, "name the directory that holds the migrations");
    return FALSE;
}

static void add_entry(struct loader *loader, const struct dirent *item, GString *path, gsize prefix)
{
    struct entry entry = {
        .is_directory = item->d_type == DT_DIR,
    };
    file_name_parse(item->d_name, &entry.parsed);
    if (entry.parsed.kind == FILE_NAME_OTHER)
        return;
    g_string_truncate(path, prefix);
    g_string_append(path, item->d_name);
    char *kept = g_string_chunk_insert_len(loader->set->strings, path->str, (gssize)path->len);
    entry.path = kept;
    entry.name = kept + prefix;
    g_array_append_val(loader->entries, entry);
}

static gint compare_entries(gconstpointer left, gconstpointer right)
{
    const struct entry *a = left, *b = right;
    if (a->parsed.version != b->parsed.version)
        return a->parsed.version < b->parsed.version ? -1 : 1;
    if (a->parsed.direction != b->parsed.direction)
        return a->parsed.direction < b->parsed.direction ? -1 : 1;
    return strcmp(a->name, b->name);
}

static gboolean list(struct loader *loader, GError **error)
{
    const struct dirent *item;
    g_autoptr(GString) path = g_string_new(loader->set->directory);
    if (path->len > 0 && path->str[path->len - 1] != '/')
        g_string_append_c(path, '/');
    gsize prefix = path->len;
    /* cppcheck-suppress readdirCalled ; one thread a listing */
    while (errno = 0, (item = readdir(loader->listing)) != NULL)
        add_entry(loader, item, path, prefix);
    if (errno != 0) {
        error_set_at(error, ERROR_SOURCE, loader->set->directory, 0, "cannot be listed: %s",
                     g_strerror(errno));
        return FALSE;
    }
    g_array_sort(loader->entries, compare_entries);
    return TRUE;
}

/* --- one file --- */

/* Reads as far as the leading comment block goes: the number of bytes, or -1 and errno. Most files
 * are read in one go. */
static gssize read_head(struct loader *loader, int file)
{
    gsize length = 0;
    while (TRUE) {
        gssize got = reading_some(file, loader->head + length, loader->head_size - length, length);
        if (got < 0)
            return -1;
        length += (gsize)got;
        if (got == 0 || length >= MIGRATION_TEXT_MAX || notes_end_within(loader->head, length))
            break;
        if (length == loader->head_size) {
            loader->head_size *= 2;
            loader->head = g_realloc(loader->head, loader->head_size);
        }
    }
    return (gssize)length;
}

static void read_notes(struct loader *loader, const struct entry *entry, gsize length,
                       struct migration *migration)
{
    if (entry->parsed.direction == DIRECTION_UP) {
        notes_parse(loader->head, length, entry->path, &loader->problems, &migration->notes);
        return;
    }
    unsigned line = notes_first_line(loader->head, length);
    if (line > 0)
        problems_warning(&loader->problems, entry->path, line,
                         "notes in a down file mean nothing: move them to the up file");
}

/* What was read, if it is all of a file that is worth keeping and can be trusted later. */
static struct kept_file *keep_file(struct loader *loader, const struct stat *status, gsize length)
{
    if (length > KEPT_FILE_MAX || (guint64)status->st_size != length ||
        loader->kept + length > KEPT_MAX || !kept_is_settled(status, loader->started))
        return NULL;
    loader->kept += length;
    return kept_file_new(status, loader->head);
}

static void read_file(struct loader *loader, const struct entry *entry, struct migration *migration)
{
    struct stat status = {0};
    g_autofree char *why = NULL;
    struct migration_half half = {.path = entry->path, .file_name = entry->name};
    AUTOCLOSE file = reading_open(dirfd(loader->listing), entry->name, &status, &why);
    gssize length = file < 0 ? 0 : read_head(loader, file);
    half.size = (guint64)status.st_size;
    if (file < 0)
        problems_mistake(&loader->problems, entry->path, 0, "%s", why);
    else if (length < 0)
        problems_mistake(&loader->problems, entry->path, 0, "cannot be read: %s",
                         g_strerror(errno));
    else {
        read_notes(loader, entry, (gsize)length, migration);
        half.kept = keep_file(loader, &status, (gsize)length);
    }
    *(entry->parsed.direction == DIRECTION_UP ? &migration->up : &migration->down) = half;
}

/* --- halves into migrations --- */

static const char *keep_part(struct loader *loader, const char *text, gsize length)
{
    return g_string_chunk_insert_len(loader->set->strings, text, (gssize)length);
}

static struct migration *migration_of(struct loader *loader, const struct entry *entry)
{
    GArray *migrations = loader->set->migrations;
    const struct file_name *parsed = &entry->parsed;
    if (migrations->len > 0) {
        struct migration *last = &g_array_index(migrations, struct migration, migrations->len - 1);
        if (last->version == parsed->version)
            return last;
    }
    struct migration migration = {
        .version = parsed->version,
        .digits = keep_part(loader, entry->name, parsed->digits_length),
        .title = keep_part(loader, entry->name + parsed->digits_length + 1, parsed->title_length),
    };
    notes_init(&migration.notes);
    g_array_append_val(migrations, migration);
    return &g_array_index(migrations, struct migration, migrations->len - 1);
}

static const struct migration_half *half_of(const struct migration *migration,
                                            enum direction direction)
{
    return direction == DIRECTION_UP ? &migration->up : &migration->down;
}

static void add_file(struct loader *loader, const struct entry *entry)
{
    struct migration *migration = migration_of(loader, entry);
    const struct migration_half *half = half_of(migration, entry->parsed.direction);
    if (half->path != NULL)
        problems_mistake(&loader->problems, entry->path, 0,
                         "is the %s of version %" G_GINT64_FORMAT ", and so is %s: only one can be",
                         direction_name(entry->parsed.direction), entry->parsed.version,
                         half->file_name);
    else if (!g_utf8_validate(entry->name, -1, NULL))
        problems_mistake(&loader->problems, entry->path, 0, "the file's name is not valid UTF-8");
    else
        read_file(loader, entry, migration);
}

/* --- what is not run --- */

static gboolean is_provided(const struct loader *loader, const struct entry *entry)
{
    const struct migration *migration = migration_set_find(loader->set, entry->parsed.version);
    return migration != NULL && half_of(migration, entry->parsed.direction)->path != NULL;
}

static void warn_not_run(struct loader *loader, const struct entry *entry, const char *what)
{
    gint64 version = entry->parsed.version;
    if (is_provided(loader, entry))
        problems_warning(&loader->problems, entry->path, 0,
                         "%s, not run; golang-migrate refuses the directory because of it: remove "
                         "it",
                         what);
    else
        problems_warning(&loader->problems, entry->path, 0,
                         "%s, NOT run; golang-migrate would run it as the %s of version "
                         "%" G_GINT64_FORMAT ", which has no .sql file here",
                         what, direction_name(entry->parsed.direction), version);
}

static void judge_foreign(struct loader *loader, const struct entry *entry)
{
    if (is_provided(loader, entry))
        warn_not_run(loader, entry, "does not end in '.sql'");
    else
        problems_mistake(&loader->problems, entry->path, 0,
                         "does not end in '.sql': golang-migrate would run it, winch does not; "
                         "rename it, or move it away");
}

static void judge_other(struct loader *loader, const struct entry *entry)
{
    switch (entry->parsed.kind) {
    case FILE_NAME_LEFTOVER:
        warn_not_run(loader, entry, "an editor's or a tool's leftover");
        break;
    case FILE_NAME_DOCUMENT:
        warn_not_run(loader, entry, "no SQL by its name");
        break;
    case FILE_NAME_FOREIGN:
        judge_foreign(loader, entry);
        break;
    case FILE_NAME_TOO_LARGE:
        problems_mistake(&loader->problems, entry->path, 0,
                         "its version is larger than %" G_GINT64_FORMAT, G_MAXINT64);
        break;
    case FILE_NAME_AUTOSAVE:
        problems_warning(&loader->problems, entry->path, 0, "an editor's autosave, not run");
        break;
    case FILE_NAME_LOOKALIKE:
        problems_warning(&loader->problems, entry->path, 0,
                         "not run: a migration is named VERSION_TITLE.up.sql or "
                         "VERSION_TITLE.down.sql");
        break;
    case FILE_NAME_MIGRATION:
    case FILE_NAME_OTHER:
        break;
    }
}

static void read_entries(struct loader *loader)
{
    for (guint i = 0; i < loader->entries->len; i++) {
        const struct entry *entry = &g_array_index(loader->entries, struct entry, i);
        if (entry->parsed.kind == FILE_NAME_MIGRATION)
            add_file(loader, entry);
    }
    for (guint i = 0; i < loader->entries->len; i++) {
        const struct entry *entry = &g_array_index(loader->entries, struct entry, i);
        if (!entry->is_directory)
            judge_other(loader, entry);
    }
}

static struct migration_set *load(struct loader *loader, GError **error)
{
    if (!open_listing(loader, error) || !list(loader, error))
        return NULL;
    read_entries(loader);
    order_releases(loader->set->migrations, &loader->problems);
    order_requirements(loader->set->migrations, &loader->problems);
    if (!problems_are_none(&loader->problems, error))
        return NULL;
    loader->set->warnings = g_steal_pointer(&loader->problems.warnings);
    return g_steal_pointer(&loader->set);
}

struct migration_set *migration_set_load(const char *directory, GError **error)
{
    struct loader loader;
    loader_init(&loader, directory);
    struct migration_set *set = load(&loader, error);
    loader_clear(&loader);
    return set;
}

/* --- a loaded set --- */

struct migration_set *migration_set_ref(struct migration_set *set)
{
    g_atomic_ref_count_inc(&set->references);
    return set;
}

void migration_set_unref(struct migration_set *set)
{
    if (!g_atomic_ref_count_dec(&set->references))
        return;
    g_array_unref(set->migrations);
    g_clear_pointer(&set->warnings, g_array_unref);
    g_string_chunk_free(set->strings);
    g_free(set);
}

const char *migration_set_directory(const struct migration_set *set)
{
    return set->directory;
}

guint migration_set_count(const struct migration_set *set)
{
    return set->migrations->len;
}

const struct migration *migration_set_at(const struct migration_set *set, guint index)
{
    if (index >= set->migrations->len)
        return NULL;
    return &g_array_index(set->migrations, struct migration, index);
}

guint migration_set_lower_bound(const struct migration_set *set, gint64 version)
{
    guint low = 0, high = set->migrations->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (g_array_index(set->migrations, struct migration, middle).version < version)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

const struct migration *migration_set_find(const struct migration_set *set, gint64 version)
{
    const struct migration *found = migration_set_at(set, migration_set_lower_bound(set, version));
    return found != NULL && found->version == version ? found : NULL;
}

gint64 migration_set_version_before(const struct migration_set *set, gint64 version)
{
    guint index = migration_set_lower_bound(set, version);
    return index > 0 ? migration_set_at(set, index - 1)->version : VERSION_NONE;
}

const GArray *migration_set_warnings(const struct migration_set *set)
{
    return set->warnings;
}

char *migration_set_version_text(const struct migration_set *set, gint64 version)
{
    const struct migration *migration = migration_set_find(set, version);
    if (version == VERSION_NONE)
        return g_strdup("none");
    return migration != NULL ? g_strdup(migration->digits)
                             : g_strdup_printf("%" G_GINT64_FORMAT, version);
}
