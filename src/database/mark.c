/* Marks and approvals, as far as they are the same everywhere. */
#include "database/mark.h"

#include <string.h>

#include "database/driver.h"

static const char *const kind_names[MARK_KIND_COUNT] = {
    [MARK_STABLE] = "stable",
    [MARK_KNOWN_GOOD] = "known-good",
};

const char *mark_kind_name(enum mark_kind kind)
{
    return kind_names[kind];
}

gboolean mark_kind_parse(const char *word, enum mark_kind *kind)
{
    for (guint i = 0; i < MARK_KIND_COUNT; i++)
        if (g_strcmp0(word, kind_names[i]) == 0) {
            *kind = (enum mark_kind)i;
            return TRUE;
        }
    return FALSE;
}

static void mark_clear(gpointer data)
{
    struct version_mark *mark = data;
    g_free(mark->marked_by);
    g_free(mark->reason);
}

static void approval_clear(gpointer data)
{
    struct approval *approval = data;
    g_free(approval->approver);
}

GArray *marks_new(void)
{
    GArray *marks = g_array_new(FALSE, TRUE, sizeof(struct version_mark));
    g_array_set_clear_func(marks, mark_clear);
    return marks;
}

GArray *approvals_new(void)
{
    GArray *approvals = g_array_new(FALSE, TRUE, sizeof(struct approval));
    g_array_set_clear_func(approvals, approval_clear);
    return approvals;
}

gint64 marks_last(const GArray *marks, enum mark_kind kind, gint64 at_most)
{
    gint64 last = -1;
    for (guint i = 0; marks != NULL && i < marks->len; i++) {
        const struct version_mark *mark = &g_array_index(marks, struct version_mark, i);
        if (mark->kind == kind && mark->version <= at_most)
            last = MAX(last, mark->version);
    }
    return last;
}

char *marks_text(const GArray *marks, gint64 version)
{
    GString *text = g_string_new(NULL);
    for (guint kind = 0; kind < MARK_KIND_COUNT; kind++)
        for (guint i = 0; marks != NULL && i < marks->len; i++) {
            const struct version_mark *mark = &g_array_index(marks, struct version_mark, i);
            if (mark->version == version && mark->kind == kind)
                g_string_append_printf(text, "%s%s", text->len > 0 ? ", " : "", kind_names[kind]);
        }
    return g_string_free(text, text->len == 0);
}

GArray *database_marks_read(struct database *database, GError **error)
{
    return database->driver->marks_read(database, error);
}

gboolean database_mark_write(struct database *database, const struct version_mark *mark,
                             gboolean is_removed, struct history_record *record, GError **error)
{
    return database->driver->mark_write(database, mark, is_removed, record, error);
}

gboolean database_has_approvals(const struct database *database)
{
    return database->driver->approve != NULL;
}

GArray *database_approvals_read(struct database *database, const char *plan_id, GError **error)
{
    const struct database_driver *driver = database->driver;
    return driver->approvals_read != NULL ? driver->approvals_read(database, plan_id, error)
                                          : approvals_new();
}

gboolean database_approve(struct database *database, gint64 lifetime, struct history_record *record,
                          GError **error)
{
    if (database_has_approvals(database))
        return database->driver->approve(database, lifetime, record, error);
    error_set(error, ERROR_FAILED, "%s has no users, so nobody can be told to be a second person",
              database->facts.product);
    return FALSE;
}
