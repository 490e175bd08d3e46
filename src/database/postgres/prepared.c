/* Statements of our own that come back with every migration are parsed and planned once: the first
 * time under a name, later by it. A name is never used twice, so whatever became of the old ones
 * (a file may DEALLOCATE ALL) costs nothing but preparing again. */
#include "database/postgres/postgres.h"

#include <string.h>

void postgres_prepared_forget(struct postgres *postgres)
{
    if (postgres->prepared != NULL)
        g_hash_table_remove_all(postgres->prepared);
}

void postgres_prepared_free(struct postgres *postgres)
{
    g_clear_pointer(&postgres->prepared, g_hash_table_unref);
    g_clear_pointer(&postgres->session_texts, g_hash_table_unref);
}

/* Of a text of ours: they are long, few, and differ in length or in what they begin and end with
 * often enough. */
static guint hash_of(gconstpointer text)
{
    const char *bytes = text;
    gsize length = strlen(bytes);
    guint hash = (guint)length;
    for (gsize i = 0; i < MIN(length, 16); i++)
        hash = hash * 31 + (guchar)bytes[i] + 7 * (guint)(guchar)bytes[length - 1 - i];
    return hash;
}

/* The name of sql on this connection, after sending what makes it where it is new. NULL: libpq
 * refuses. */
static const char *name_of(struct postgres *postgres, const char *sql, guint *messages)
{
    if (postgres->prepared == NULL)
        postgres->prepared = g_hash_table_new_full(hash_of, g_str_equal, g_free, g_free);
    const char *known = g_hash_table_lookup(postgres->prepared, sql);
    if (known != NULL)
        return known;
    char *name = g_strdup_printf("winch %u", ++postgres->prepared_count);
    if (!postgres_send_prepare(postgres, postgres->main, name, sql)) {
        g_free(name);
        return NULL;
    }
    (*messages)++;
    g_hash_table_insert(postgres->prepared, g_strdup(sql), name);
    return name;
}

gboolean postgres_send_own(struct postgres *postgres, const char *sql, int count,
                           const char *const *values, const int *lengths, const int *formats,
                           guint *messages)
{
    gboolean is_sent;
    if (postgres->prepares_nothing) {
        is_sent =
            postgres_send_params(postgres, postgres->main, sql, count, values, lengths, formats);
    } else {
        const char *name = name_of(postgres, sql, messages);
        is_sent = name != NULL && postgres_send_prepared(postgres, postgres->main, name, sql, count,
                                                         values, lengths, formats);
    }
    *messages += is_sent ? 1 : 0;
    return is_sent;
}
