/* A preview on a copy of the schema: each migration in a transaction of its own, as in a run, and
 * those that cannot be in one for real. */
#include "engine/preview_internal.h"

#include "engine/scratch.h"

#include <string.h>

/* Settings for the copy: the same files and names, another place, nobody to protect. */
static struct engine_settings *settings_for(const struct engine *engine, const char *url)
{
    const struct engine_settings *from = engine->settings;
    struct engine_settings *settings = engine_settings_new();
    char **texts[] = {&settings->version_table, &settings->own_schema, &settings->migrations_path};
    const char *values[] = {from->version_table, from->own_schema, from->migrations_path};
    for (gsize i = 0; i < G_N_ELEMENTS(texts); i++) {
        g_free(*texts[i]);
        *texts[i] = g_strdup(values[i]);
    }
    settings->url = g_strdup(url);
    settings->environment = g_strdup("development");
    settings->environment_origin = g_strdup("a scratch copy");
    settings->timeout = from->timeout;
    settings->is_timeout_said = TRUE;
    settings->carries_session_state = from->carries_session_state;
    settings->max_retries = 0;
    return settings;
}

/* The way up to where the real database is. */
static gboolean replay(struct engine *engine, struct preview *preview, const char *url,
                       GError **error)
{
    if (preview->plan->from == VERSION_NONE)
        return TRUE;
    AUTOPTR(engine_settings) *settings = settings_for(engine, url);
    const struct engine_callbacks callbacks = {.cancellation = engine->cancellation};
    const struct goal goal = {
        .kind = GOAL_GOTO, .target = {.kind = VERSION_NAME_NUMBER, .number = preview->plan->from}};
    const struct change_options options = {0};
    struct change_report report;
    AUTOPTR(engine) *copy =
        engine_open_with(settings, migration_set_ref(preview->plan->set), &callbacks, error);
    if (copy == NULL)
        return FALSE;
    gboolean is_done = engine_migrate(copy, &goal, &options, &report, error);
    change_report_clear(&report);
    return is_done;
}

/* Without pg_dump, or where what it wrote could not be read: the files, from the first one on. */
static char *replay_instead(struct engine *engine, struct preview *preview, struct scratch *scratch,
                            const GError *why, GError **error)
{
    g_autofree char *url = scratch_database_create(scratch, error);
    const struct error_detail *detail = error_detail(why);
    g_auto(GStrv) lines =
        g_strsplit(detail != NULL && detail->detail != NULL ? detail->detail : "", "\n", 2);
    if (url == NULL)
        return NULL;
    preview_not_covered(preview,
                        "the copy was made by running the files up to the current version, not "
                        "from the database: %s%s%s",
                        why->message, lines[0] != NULL ? ": " : "",
                        lines[0] != NULL ? lines[0] : "");
    if (!replay(engine, preview, url, error)) {
        g_prefix_error(error,
                       "no scratch copy could be made (%s), and running the files up to the "
                       "current version there failed: ",
                       why->message);
        error_advise(error, "give --scratch URL: a server that has what the schema needs; or "
                            "--on database");
        return NULL;
    }
    preview->on = preview_keep(preview, scratch_text(scratch));
    return g_steal_pointer(&url);
}

static char *make_copy(struct engine *engine, struct preview *preview, struct scratch *scratch,
                       GError **error)
{
    struct scratch_copy copy;
    g_autoptr(GError) why = NULL;
    if (!scratch_copy_schema(scratch, engine->database, &copy, &why)) {
        if (cancellation_level(engine->cancellation) == CANCEL_NONE)
            return replay_instead(engine, preview, scratch, why, error);
        g_propagate_error(error, g_steal_pointer(&why));
        return NULL;
    }
    g_autofree char *on = g_strdup_printf("%s: %s", scratch_text(scratch), copy.how);
    preview->on = preview_keep(preview, on);
    for (guint i = 0; i < copy.problems->len; i++)
        preview_not_covered(preview, "the copy: %s", (const char *)copy.problems->pdata[i]);
    char *url = g_strdup(copy.url);
    scratch_copy_clear(&copy);
    return url;
}

static struct database *connect_to(const struct engine *engine, const char *url, GError **error)
{
    const struct engine_settings *settings = engine->settings;
    const struct database_options options = {
        .url = url,
        .version_table = settings->version_table,
        .own_schema = settings->own_schema,
        .application_name = "winch",
        .connect_timeout = settings->connect_timeout,
        .cancellation = engine->cancellation,
    };
    return database_open(&options, error);
}

static void name_limits(const struct engine *engine, struct preview *preview,
                        const struct scratch *scratch)
{
    int here = database_facts(engine->database)->version_number / 10000;
    int there = scratch_version(scratch) / 10000;
    preview_not_covered(preview, "the copy has no rows: what fails because of data is not seen");
    if (here != there)
        preview_not_covered(preview,
                            "the copy is on PostgreSQL %d, the database on %d: locks and "
                            "rewrites may differ",
                            there, here);
    for (guint i = 0; i < scratch_left(scratch)->len; i++)
        engine_notice(engine, "a scratch database of another run was left alone: %s",
                      (const char *)scratch_left(scratch)->pdata[i]);
}

gboolean preview_on_scratch(struct engine *engine, struct preview *preview,
                            const struct preview_options *options, gboolean is_quiet,
                            GError **error)
{
    const struct scratch_settings settings = {
        .url = options->scratch_url,
        .version = database_facts(engine->database)->version_number / 10000,
        .cancellation = engine->cancellation,
    };
    AUTOPTR(scratch) *scratch = scratch_open(&settings, error);
    if (scratch == NULL)
        return FALSE;
    g_autofree char *url = make_copy(engine, preview, scratch, error);
    if (url == NULL)
        return FALSE;
    AUTOPTR(database) *database = connect_to(engine, url, error);
    if (database == NULL)
        return FALSE;
    name_limits(engine, preview, scratch);
    return preview_run(engine, preview, database, engine->settings->lock_timeout, TRUE, is_quiet,
                       error);
}
