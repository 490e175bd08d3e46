/* A thread for each set. */
#include "console/linter.h"

struct linter {
    void (*done)(gpointer data, struct lint_picture *picture);
    gpointer data;
    GThread *thread; /* of the newest; NULL before the first */
    struct cancellation *cancellation;
    struct migration_set *set; /* the newest: a reference */
    struct lint_settings settings;
    gboolean has_settings;
};

static gpointer judge(gpointer data)
{
    struct linter *linter = data;
    struct lint_picture *picture =
        engine_lint(linter->set, &linter->settings, linter->cancellation, NULL);
    if (picture != NULL)
        linter->done(linter->data, picture);
    return NULL;
}

struct linter *linter_new(void (*done)(gpointer data, struct lint_picture *picture), gpointer data)
{
    struct linter *linter = g_new0(struct linter, 1);
    linter->done = done;
    linter->data = data;
    return linter;
}

static void stop(struct linter *linter)
{
    if (linter->cancellation != NULL)
        cancellation_raise(linter->cancellation, CANCEL_NOW, ERROR_CANCELLED);
    g_clear_pointer(&linter->thread, g_thread_join);
    g_clear_pointer(&linter->cancellation, cancellation_unref);
    g_clear_pointer(&linter->set, migration_set_unref);
    if (linter->has_settings)
        lint_settings_clear(&linter->settings);
    linter->has_settings = FALSE;
}

void linter_free(struct linter *linter)
{
    stop(linter);
    g_free(linter);
}

void linter_ask(struct linter *linter, struct migration_set *set, const struct config *config,
                const struct database_facts *facts)
{
    struct lint_settings settings;
    if (facts == NULL && linter->set == set)
        return;
    lint_settings_init(&settings, config);
    if (facts != NULL)
        lint_settings_take_server(&settings, facts);
    if (linter->set == set && linter->has_settings &&
        linter->settings.server_version == settings.server_version) {
        lint_settings_clear(&settings);
        return;
    }
    stop(linter);
    linter->set = migration_set_ref(set);
    linter->settings = settings;
    linter->has_settings = TRUE;
    linter->cancellation = cancellation_new();
    linter->thread = g_thread_new("lint", judge, linter);
}
