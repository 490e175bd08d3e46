/* Names of versions: read, and found among the files. */
#include "source/version_name.h"

#include <string.h>

#include "base/text.h"
#include "source/release.h"

static const struct {
    const char *word;
    enum version_name_kind kind;
} words[] = {
    {"latest", VERSION_NAME_LATEST},
    {"last-stable", VERSION_NAME_LAST_STABLE},
    {"last-known-good", VERSION_NAME_LAST_KNOWN_GOOD},
    {"none", VERSION_NAME_NONE},
};

#define ADVICE                                                                                     \
    "write a version (3, 000003), a release (1.1.0, 1.1.0.003), a distance (+1, -2), latest, "     \
    "last-stable, last-known-good or none"

gboolean version_number_parse(const char *text, gint64 *version, GError **error)
{
    gint64 number = 0;
    if (*text == '\0' || text[strspn(text, "0123456789")] != '\0') {
        error_set(error, ERROR_USAGE, "'%s' is not a version number", text);
        error_advise(error, "a version number is decimal digits only");
        return FALSE;
    }
    for (; *text != '\0'; text++) {
        int digit = *text - '0';
        if (number > (G_MAXINT64 - digit) / 10) {
            error_set(error, ERROR_USAGE, "the version number is larger than %" G_GINT64_FORMAT,
                      G_MAXINT64);
            error_advise(error, "a version is a 63-bit number");
            return FALSE;
        }
        number = number * 10 + digit;
    }
    *version = number;
    return TRUE;
}

static gboolean parse_relative(const char *text, struct version_name *name, GError **error)
{
    if (!version_number_parse(text + 1, &name->number, NULL)) {
        error_set(error, ERROR_USAGE, "'%s' is not a number of migrations", text);
        error_advise(error, "write +1 for the next one, -1 for the one before");
        return FALSE;
    }
    name->kind = VERSION_NAME_RELATIVE;
    if (text[0] == '-')
        name->number = -name->number;
    return TRUE;
}

/* "1.1.0.003": everything before the last dot is a release, what follows a version. */
static gboolean parse_release_step(const char *text, struct version_name *name)
{
    const char *dot = strrchr(text, '.');
    gsize length = dot != NULL ? (gsize)(dot - text) : 0;
    if (length == 0 || length >= sizeof name->release)
        return FALSE;
    memcpy(name->release, text, length);
    name->release[length] = '\0';
    if (!release_is_valid(name->release) || !version_number_parse(dot + 1, &name->number, NULL))
        return FALSE;
    name->kind = VERSION_NAME_RELEASE_STEP;
    return TRUE;
}

static gboolean parse_word(const char *text, struct version_name *name, GError **error)
{
    const char *candidates[G_N_ELEMENTS(words) + 1] = {NULL};
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++) {
        candidates[i] = words[i].word;
        if (g_ascii_strcasecmp(text, words[i].word) == 0) {
            name->kind = words[i].kind;
            return TRUE;
        }
    }
    const char *nearest = text_nearest(text, candidates);
    error_set(error, ERROR_USAGE, "'%s' does not name a version", text);
    if (nearest != NULL)
        error_advise(error, "did you mean '%s'?", nearest);
    else
        error_advise(error, ADVICE);
    return FALSE;
}

gboolean version_name_parse(const char *text, struct version_name *name, GError **error)
{
    memset(name, 0, sizeof *name);
    if (text[0] == '+' || text[0] == '-')
        return parse_relative(text, name, error);
    if (*text != '\0' && text[strspn(text, "0123456789")] == '\0') {
        name->kind = VERSION_NAME_NUMBER;
        return version_number_parse(text, &name->number, error);
    }
    if (release_is_valid(text)) {
        name->kind = VERSION_NAME_RELEASE;
        g_strlcpy(name->release, text, sizeof name->release);
        return TRUE;
    }
    return parse_release_step(text, name) || parse_word(text, name, error);
}

/* --- among the files --- */

static const struct migration *last_of(const struct migration_set *set)
{
    guint count = migration_set_count(set);
    return count > 0 ? migration_set_at(set, count - 1) : NULL;
}

static gboolean refuse_empty(const struct migration_set *set, GError **error)
{
    error_set(error, ERROR_USAGE, "there is no migration in %s", migration_set_directory(set));
    return FALSE;
}

/* "the nearest are 000002 and 000005" */
static void advise_neighbours(const struct migration_set *set, gint64 version, GError **error)
{
    guint above = migration_set_lower_bound(set, version);
    const struct migration *next = migration_set_at(set, above);
    const struct migration *previous = above > 0 ? migration_set_at(set, above - 1) : NULL;
    if (previous != NULL && next != NULL)
        error_advise(error, "the nearest are %s and %s", previous->digits, next->digits);
    else if (previous != NULL)
        error_advise(error, "the last one is %s", previous->digits);
    else if (next != NULL)
        error_advise(error, "the first one is %s", next->digits);
}

static gboolean resolve_number(const struct version_name *name, const struct version_context *in,
                               gint64 *version, GError **error)
{
    if (migration_set_find(in->set, name->number) != NULL) {
        *version = name->number;
        return TRUE;
    }
    if (migration_set_count(in->set) == 0)
        return refuse_empty(in->set, error);
    error_set(error, ERROR_USAGE, "there is no migration %" G_GINT64_FORMAT " in %s", name->number,
              migration_set_directory(in->set));
    advise_neighbours(in->set, name->number, error);
    return FALSE;
}

/* The last migration of a release, or NULL. */
static const struct migration *last_of_release(const struct migration_set *set, const char *release)
{
    for (guint i = migration_set_count(set); i > 0; i--) {
        const struct migration *migration = migration_set_at(set, i - 1);
        if (migration->release != NULL && release_compare(migration->release, release) == 0)
            return migration;
    }
    return NULL;
}

/* Releases only rise, so the nearest is the last one that is not above. */
static void advise_release(const struct migration_set *set, const char *release, GError **error)
{
    const char *nearest = NULL;
    for (guint i = 0; i < migration_set_count(set); i++) {
        const char *candidate = migration_set_at(set, i)->release;
        if (candidate == NULL)
            continue;
        if (nearest == NULL || release_compare(candidate, release) <= 0)
            nearest = candidate;
    }
    if (nearest != NULL)
        error_advise(error, "the nearest is %s", nearest);
    else
        error_advise(error, "no migration has a '-- winch: release' note");
}

static gboolean refuse_release(const struct version_name *name, const struct version_context *in,
                               GError **error)
{
    error_set(error, ERROR_USAGE, "no migration in %s belongs to release %s",
              migration_set_directory(in->set), name->release);
    advise_release(in->set, name->release, error);
    return FALSE;
}

static gboolean resolve_step(const struct version_name *name, const struct version_context *in,
                             gint64 *version, GError **error)
{
    const struct migration *migration = migration_set_find(in->set, name->number);
    if (migration == NULL)
        return resolve_number(name, in, version, error);
    if (migration->release != NULL && release_compare(migration->release, name->release) == 0) {
        *version = migration->version;
        return TRUE;
    }
    error_set(error, ERROR_USAGE, "migration %s does not belong to release %s", migration->digits,
              name->release);
    if (migration->release_name != NULL)
        error_advise(error, "it is %s", migration->release_name);
    else
        error_advise(error, "it belongs to no release: call it %s", migration->digits);
    return FALSE;
}

/* Whether 1.1.003 stands for migration 3 of a release that the files themselves write 1.1. */
static gboolean is_step_of_known(const struct migration_set *set, const char *text,
                                 struct version_name *step)
{
    const struct migration *last =
        parse_release_step(text, step) ? last_of_release(set, step->release) : NULL;
    return last != NULL && strcmp(last->release, step->release) == 0;
}

static gboolean resolve_release(const struct version_name *name, const struct version_context *in,
                                gint64 *version, GError **error)
{
    const struct migration *last = last_of_release(in->set, name->release);
    struct version_name step = *name;
    if (last != NULL) {
        *version = last->version;
        return TRUE;
    }
    if (is_step_of_known(in->set, name->release, &step))
        return resolve_step(&step, in, version, error);
    return refuse_release(name, in, error);
}

static gboolean refuse_distance(gint64 wanted, guint available, gint64 current, GError **error)
{
    g_autofree char *count = text_plural(available, "migration", "migrations");
    g_autofree char *from = current == VERSION_NONE
                                ? g_strdup("none")
                                : g_strdup_printf("version %" G_GINT64_FORMAT, current);
    error_set(error, ERROR_USAGE, "%+" G_GINT64_FORMAT " leads too far: from %s it is %s %s",
              wanted, from, count, wanted > 0 ? "up to the latest" : "down to none");
    return FALSE;
}

/* A current version without a file counts from the place where it would stand. */
static gboolean resolve_relative(const struct version_name *name, const struct version_context *in,
                                 gint64 *version, GError **error)
{
    gboolean has_file = migration_set_find(in->set, in->current) != NULL;
    gboolean is_gone = !has_file && in->current != VERSION_NONE;
    guint up_to_here = migration_set_lower_bound(in->set, in->current) + (has_file ? 1 : 0);
    guint above = migration_set_count(in->set) - up_to_here;
    guint below = up_to_here + (is_gone ? 1 : 0);
    if (name->number > (gint64)above)
        return refuse_distance(name->number, above, in->current, error);
    if (-name->number > (gint64)below)
        return refuse_distance(name->number, below, in->current, error);
    if (name->number == 0) {
        *version = in->current;
        return TRUE;
    }
    gint64 applied = name->number + (gint64)(name->number > 0 ? up_to_here : below);
    *version = applied == 0 ? VERSION_NONE : migration_set_at(in->set, (guint)applied - 1)->version;
    return TRUE;
}

static gboolean resolve_latest(const struct version_name *name, const struct version_context *in,
                               gint64 *version, GError **error)
{
    (void)name;
    if (last_of(in->set) == NULL)
        return refuse_empty(in->set, error);
    *version = last_of(in->set)->version;
    return TRUE;
}

/* A mark counts even when the file is gone: what to do about that is the plan's to say. */
static gboolean resolve_mark(gint64 marked, const char *mark, gint64 *version, GError **error)
{
    if (marked == VERSION_NONE) {
        error_set(error, ERROR_USAGE, "no version is marked %s", mark);
        error_advise(
            error, "'winch mark %s VERSION' marks one; or name the version, or its release", mark);
        return FALSE;
    }
    *version = marked;
    return TRUE;
}

gboolean version_name_resolve(const struct version_name *name,
                              const struct version_context *context, gint64 *version,
                              GError **error)
{
    switch (name->kind) {
    case VERSION_NAME_NUMBER:
        return resolve_number(name, context, version, error);
    case VERSION_NAME_RELEASE:
        return resolve_release(name, context, version, error);
    case VERSION_NAME_RELEASE_STEP:
        return resolve_step(name, context, version, error);
    case VERSION_NAME_RELATIVE:
        return resolve_relative(name, context, version, error);
    case VERSION_NAME_LATEST:
        return resolve_latest(name, context, version, error);
    case VERSION_NAME_LAST_STABLE:
        return resolve_mark(context->last_stable, "stable", version, error);
    case VERSION_NAME_LAST_KNOWN_GOOD:
        return resolve_mark(context->last_known_good, "known-good", version, error);
    case VERSION_NAME_NONE:
        *version = VERSION_NONE;
        return TRUE;
    }
    g_return_val_if_reached(FALSE);
}
