/* What earlier verifications found, by the texts of everything up to a migration: a file a result,
 * written at once and whole, so that an interrupted verification goes on where it was. */
#include "engine/verify_prover.h"

#include <config.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <utime.h>

/* Another number throws away what was found before: raise it when verifying finds something else.
 */
#define VERIFY_VERSION "1"

#define KEPT_SECONDS (60 * 24 * 60 * 60)

struct verify_cache {
    char *directory;
    GHashTable *keys; /* version (gint64) -> hex */
};

/* ---- keys ------------------------------------------------------------------------------------ */

static void add_text(GChecksum *chain, const char *text)
{
    g_checksum_update(chain, (const guchar *)text, (gssize)strlen(text) + 1);
}

static gboolean add_half(GChecksum *chain, const struct migration_half *half, GError **error)
{
    if (half->path == NULL) {
        add_text(chain, "-");
        return TRUE;
    }
    AUTOPTR(migration_text) *text = migration_text_load(half, error);
    if (text == NULL)
        return FALSE;
    add_text(chain, text->sha256);
    return TRUE;
}

static void add_seeds(GChecksum *chain, const GArray *seeds, gint64 version)
{
    for (guint i = 0; seeds != NULL && i < seeds->len; i++) {
        const struct verify_seed *seed = &g_array_index(seeds, struct verify_seed, i);
        if (seed->version == version)
            add_text(chain, seed->text);
    }
}

/* A key stands for its own migration and all before it. A file that cannot be read has none, and
 * those behind it neither. */
static void make_keys(struct verify_cache *cache, const char *server, struct migration_set *set,
                      const GArray *seeds)
{
    g_autoptr(GChecksum) chain = g_checksum_new(G_CHECKSUM_SHA256);
    add_text(chain, VERIFY_VERSION " " PACKAGE_VERSION);
    add_text(chain, server);
    for (guint i = 0; i < migration_set_count(set); i++) {
        const struct migration *migration = migration_set_at(set, i);
        add_text(chain, migration->digits);
        if (!add_half(chain, &migration->up, NULL) || !add_half(chain, &migration->down, NULL))
            return;
        g_autoptr(GChecksum) here = g_checksum_copy(chain);
        gint64 *version = g_new(gint64, 1);
        *version = migration->version;
        g_hash_table_insert(cache->keys, version, g_strdup(g_checksum_get_string(here)));
        /* rows of somebody's own are put in behind it */
        add_seeds(chain, seeds, migration->version);
    }
}

/* ---- the directory --------------------------------------------------------------------------- */

/* What nobody has asked for in a long time goes. */
static void sweep(const char *directory)
{
    gint64 now = g_get_real_time() / G_USEC_PER_SEC;
    g_autoptr(GDir) listing = g_dir_open(directory, 0, NULL);
    const char *name;
    while (listing != NULL && (name = g_dir_read_name(listing)) != NULL) {
        g_autofree char *path = g_build_filename(directory, name, NULL);
        GStatBuf status;
        if (g_lstat(path, &status) == 0 && S_ISREG(status.st_mode) &&
            now - (gint64)status.st_mtime > KEPT_SECONDS)
            g_unlink(path);
    }
}

struct verify_cache *verify_cache_open(const char *directory, const char *server,
                                       struct migration_set *set, const GArray *seeds,
                                       GError **error)
{
    if (g_mkdir_with_parents(directory, 0700) != 0) {
        error_set_errno(error, ERROR_FAILED, errno, "making the directory %s", directory);
        error_advise(error, "set XDG_CACHE_HOME to a writable one, or say --no-cache");
        return NULL;
    }
    struct verify_cache *cache = g_new0(struct verify_cache, 1);
    cache->directory = g_strdup(directory);
    cache->keys = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    make_keys(cache, server, set, seeds);
    sweep(directory);
    return cache;
}

void verify_cache_close(struct verify_cache *cache)
{
    g_hash_table_unref(cache->keys);
    g_free(cache->directory);
    g_free(cache);
}

static char *path_of(const struct verify_cache *cache, const struct migration *migration)
{
    const char *key = g_hash_table_lookup(cache->keys, &migration->version);
    return key != NULL ? g_build_filename(cache->directory, key, NULL) : NULL;
}

/* ---- one result ------------------------------------------------------------------------------ */

#define GROUP "result"

static gboolean class_parse(const char *word, enum verify_class *class_)
{
    for (guint i = 0; i < VERIFY_CLASSES; i++)
        if (g_strcmp0(verify_class_word(i), word) == 0) {
            *class_ = i;
            return TRUE;
        }
    return FALSE;
}

/* Findings and notes are numbered groups: a list would need its commas escaped twice. */
static gboolean read_finding(GKeyFile *file, guint index, struct verify_result *result)
{
    g_autofree char *group = g_strdup_printf("finding %u", index);
    g_autofree char *word = g_key_file_get_string(file, group, "class", NULL);
    g_autofree char *text = g_key_file_get_string(file, group, "text", NULL);
    enum verify_class class_;
    if (text == NULL || !class_parse(word, &class_))
        return FALSE;
    verify_add(result, class_, "%s", text);
    return TRUE;
}

static gboolean read_note(GKeyFile *file, guint index, struct verify_result *result)
{
    g_autofree char *group = g_strdup_printf("note %u", index);
    g_autofree char *text = g_key_file_get_string(file, group, "text", NULL);
    if (text != NULL)
        verify_note(result, "%s", text);
    return text != NULL;
}

struct verify_result *verify_cache_read(struct verify_cache *cache,
                                        const struct migration *migration)
{
    g_autofree char *path = path_of(cache, migration);
    g_autoptr(GKeyFile) file = g_key_file_new();
    if (path == NULL || !g_key_file_load_from_file(file, path, G_KEY_FILE_NONE, NULL) ||
        !g_key_file_has_key(file, GROUP, "complete", NULL))
        return NULL;
    struct verify_result *result = verify_result_new(migration->version);
    result->up_us = g_key_file_get_int64(file, GROUP, "up_us", NULL);
    result->down_us = g_key_file_get_int64(file, GROUP, "down_us", NULL);
    for (guint i = 0; read_finding(file, i, result); i++)
        ;
    for (guint i = 0; read_note(file, i, result); i++)
        ;
    verify_judge(result, migration);
    result->is_cached = TRUE;
    g_utime(path, NULL);
    return result;
}

void verify_cache_write(struct verify_cache *cache, const struct migration *migration,
                        const struct verify_result *result)
{
    g_autofree char *path = path_of(cache, migration);
    g_autoptr(GKeyFile) file = g_key_file_new();
    g_key_file_set_int64(file, GROUP, "up_us", result->up_us);
    g_key_file_set_int64(file, GROUP, "down_us", result->down_us);
    for (guint i = 0; i < result->findings->len; i++) {
        const struct verify_finding *finding = result->findings->pdata[i];
        g_autofree char *group = g_strdup_printf("finding %u", i);
        g_key_file_set_string(file, group, "class", verify_class_word(finding->class_));
        g_key_file_set_string(file, group, "text", finding->text);
    }
    for (guint i = 0; i < result->notes->len; i++) {
        g_autofree char *group = g_strdup_printf("note %u", i);
        g_key_file_set_string(file, group, "text", result->notes->pdata[i]);
    }
    g_key_file_set_boolean(file, GROUP, "complete", TRUE);
    if (path != NULL)
        g_key_file_save_to_file(file, path, NULL);
}
