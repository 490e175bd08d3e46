/* Releases and requirements across a set. As a requirement has to come before, a set without
 * mistakes has no cycles; a cycle is told apart from a later requirement to name it. */
#include "source/order.h"

#include "source/release.h"

static const struct migration *at(const GArray *migrations, guint index)
{
    return &g_array_index(migrations, struct migration, index);
}

void order_releases(GArray *migrations, struct problems *problems)
{
    const struct migration *latest = NULL;
    for (guint i = 0; i < migrations->len; i++) {
        struct migration *migration = &g_array_index(migrations, struct migration, i);
        const char *own = migration->notes.release;
        if (own != NULL && latest != NULL && release_compare(own, latest->notes.release) < 0)
            problems_mistake(problems, migration->up.path, migration->notes.release_line,
                             "release %s is below %s of the earlier migration %s", own,
                             latest->notes.release, latest->digits);
        else if (own != NULL)
            latest = migration;
        if (latest == NULL)
            continue;
        g_autofree char *name =
            g_strdup_printf("%s.%03" G_GINT64_FORMAT, latest->notes.release, migration->version);
        migration->release = latest->notes.release;
        migration->release_name = g_string_chunk_insert(problems->strings, name);
    }
}

static gint find(const GArray *migrations, gint64 version)
{
    guint low = 0, high = migrations->len;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (at(migrations, middle)->version < version)
            low = middle + 1;
        else
            high = middle;
    }
    return low < migrations->len && at(migrations, low)->version == version ? (gint)low : -1;
}

/* Whether from requires to, itself or through others. */
static gboolean leads_to(const GArray *migrations, guint from, guint to)
{
    g_autofree gboolean *seen = g_new0(gboolean, migrations->len);
    g_autoptr(GArray) pending = g_array_new(FALSE, FALSE, sizeof(guint));
    g_array_append_val(pending, from);
    while (pending->len > 0) {
        guint current = g_array_index(pending, guint, pending->len - 1);
        g_array_set_size(pending, pending->len - 1);
        if (current == to)
            return TRUE;
        const GArray *requires = at(migrations, current)->notes.requires;
        if (seen[current] || requires == NULL)
            continue;
        seen[current] = TRUE;
        for (guint i = 0; i < requires->len; i++) {
            gint next = find(migrations, g_array_index(requires, gint64, i));
            if (next >= 0)
                g_array_append_val(pending, next);
        }
    }
    return FALSE;
}

static void check_requirement(const GArray *migrations, guint index, gint64 version,
                              struct problems *problems)
{
    const struct migration *migration = at(migrations, index);
    gint found = find(migrations, version);
    const struct migration *required = found >= 0 ? at(migrations, (guint)found) : NULL;
    unsigned line = migration->notes.requires_line;
    if (required == NULL)
        problems_mistake(problems, migration->up.path, line,
                         "requires %" G_GINT64_FORMAT ", which does not exist", version);
    else if ((guint)found == index)
        problems_mistake(problems, migration->up.path, line, "requires itself: a cycle");
    else if (required->up.path == NULL)
        problems_mistake(problems, migration->up.path, line, "requires %s, which has no up",
                         required->digits);
    else if ((guint)found > index && leads_to(migrations, (guint)found, index))
        problems_mistake(problems, migration->up.path, line,
                         "requires %s, which itself requires %s: a cycle", required->digits,
                         migration->digits);
    else if ((guint)found > index)
        problems_mistake(problems, migration->up.path, line, "requires %s, which comes later",
                         required->digits);
}

void order_requirements(const GArray *migrations, struct problems *problems)
{
    for (guint i = 0; i < migrations->len; i++) {
        const GArray *requires = at(migrations, i)->notes.requires;
        for (guint j = 0; requires != NULL && j < requires->len; j++)
            check_requirement(migrations, i, g_array_index(requires, gint64, j), problems);
    }
}
