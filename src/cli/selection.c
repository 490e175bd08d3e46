/* Which migrations a command line speaks of: a version, a range, a release, the newest, what is
 * pending. */
#include "cli/selection.h"

#include "source/version_name.h"

#include <string.h>

/* ---- of the files alone ---------------------------------------------------------------------- */

/* Positions in the set: from first up to last, which does not belong to it. */
struct range {
    guint first, last;
};

static gboolean resolve(struct migration_set *set, const struct version_name *name, gint64 *version,
                        GError **error)
{
    const struct version_context files = {set, VERSION_NONE, VERSION_NONE, VERSION_NONE};
    return version_name_resolve(name, &files, version, error);
}

gboolean selection_version(struct migration_set *set, const char *text, gint64 *version,
                           GError **error)
{
    struct version_name name;
    return version_name_parse(text, &name, error) && resolve(set, &name, version, error);
}

/* Where what a name speaks of begins and ends: a release is all of its migrations. */
static gboolean range_of(struct migration_set *set, const char *text, struct range *range,
                         GError **error)
{
    struct version_name name;
    gint64 version;
    if (!version_name_parse(text, &name, error))
        return FALSE;
    if (name.kind == VERSION_NAME_RELATIVE) {
        error_set(error, ERROR_USAGE, "'%s' is a distance, and files alone have no place to start",
                  text);
        error_advise(error, "name a version, or write -%" G_GINT64_FORMAT " alone for the newest",
                     ABS(name.number));
        return FALSE;
    }
    if (!resolve(set, &name, &version, error))
        return FALSE;
    range->first = migration_set_lower_bound(set, version);
    range->last = range->first + (migration_set_find(set, version) != NULL ? 1 : 0);
    const struct migration *end = migration_set_find(set, version);
    const char *release = end != NULL ? end->release : NULL;
    while (name.kind == VERSION_NAME_RELEASE && release != NULL && range->first > 0 &&
           g_strcmp0(migration_set_at(set, range->first - 1)->release, release) == 0)
        range->first--;
    return TRUE;
}

/* 3..7, 3.., ..7; 1.1.0..1.2.0 from the first of one to the last of the other. */
static gboolean read_span(struct migration_set *set, const char *text, const char *dots,
                          struct range *range, GError **error)
{
    g_autofree char *from = g_strndup(text, (gsize)(dots - text));
    struct range begin = {0, 0}, end = {0, migration_set_count(set)};
    if ((*from != '\0' && !range_of(set, from, &begin, error)) ||
        (dots[2] != '\0' && !range_of(set, dots + 2, &end, error)))
        return FALSE;
    *range = (struct range){begin.first, end.last};
    if (range->first < range->last || migration_set_count(set) == 0)
        return TRUE;
    error_set(error, ERROR_USAGE, "'%s' ends before it begins", text);
    error_advise(error, "write %s..%s", dots + 2, from);
    return FALSE;
}

/* -3: the three newest. */
static gboolean read_newest(struct migration_set *set, const char *text, struct range *range)
{
    guint64 wanted;
    guint count = migration_set_count(set);
    if (text[0] != '-' || !g_ascii_string_to_unsigned(text + 1, 10, 1, G_MAXUINT, &wanted, NULL))
        return FALSE;
    *range = (struct range){count - MIN(count, (guint)wanted), count};
    return TRUE;
}

static gboolean read_range(struct migration_set *set, const char *text, struct range *range,
                           GError **error)
{
    const char *dots = text != NULL ? strstr(text, "..") : NULL;
    *range = (struct range){0, migration_set_count(set)};
    if (text == NULL || read_newest(set, text, range))
        return TRUE;
    return dots != NULL ? read_span(set, text, dots, range, error)
                        : range_of(set, text, range, error);
}

static gboolean choose_range(struct command_context *context, const char *text,
                             struct selection *selection, GError **error)
{
    struct range range;
    selection->set =
        migration_set_load(config_string(context->config, CONFIG_MIGRATIONS_PATH), error);
    if (selection->set == NULL || !read_range(selection->set, text, &range, error))
        return FALSE;
    selection->is_chosen = g_new0(gboolean, migration_set_count(selection->set) + 1);
    for (guint i = range.first; i < range.last; i++)
        selection->is_chosen[i] = TRUE;
    return TRUE;
}

/* ---- of the database ------------------------------------------------------------------------- */

/* The configuration was loaded for a command that needs no database. */
static gboolean choose_pending(struct command_context *context, struct selection *selection,
                               GError **error)
{
    g_clear_pointer(&context->config, config_free);
    if (!command_prepare(context, COMMAND_CONFIG | COMMAND_ENGINE, error))
        return FALSE;
    AUTOPTR(status) *status = engine_status(context->engine, error);
    if (status == NULL)
        return FALSE;
    selection->set = migration_set_ref(engine_set(context->engine));
    selection->is_chosen = g_new0(gboolean, migration_set_count(selection->set) + 1);
    for (guint i = 0; i < status->rows->len; i++) {
        const struct status_row *row = &g_array_index(status->rows, struct status_row, i);
        if (row->state == MIGRATION_PENDING || row->state == MIGRATION_MISSED)
            selection->is_chosen[migration_set_lower_bound(selection->set, row->version)] = TRUE;
    }
    return TRUE;
}

gboolean selection_read(struct command_context *context, const char *text,
                        struct selection *selection, GError **error)
{
    return g_strcmp0(text, "pending") == 0 ? choose_pending(context, selection, error)
                                           : choose_range(context, text, selection, error);
}

void selection_clear(struct selection *selection)
{
    g_clear_pointer(&selection->is_chosen, g_free);
    g_clear_pointer(&selection->set, migration_set_unref);
}
