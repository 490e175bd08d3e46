/* The down vault: the texts of the files of a run, kept by their checksums before its first step,
 * beside the row that says it started. */
#include "database/postgres/postgres.h"

#include <string.h>

/* At most so much in one message, so that memory stays bounded; a file that is larger goes alone.
 */
#define CHUNK_FILES 1000
#define CHUNK_BYTES (4 << 20)

/* ---- arrays, as the binary protocol has them --------------------------------------------------
 */

#define OID_BYTEA 17
#define OID_TEXT  25

static void append_number(GByteArray *array, guint32 number)
{
    guint32 sent = GUINT32_TO_BE(number);
    g_byte_array_append(array, (const guint8 *)&sent, sizeof sent);
}

/* One dimension from 1 on, without NULLs. */
static GByteArray *array_new(guint32 type, guint count)
{
    GByteArray *array = g_byte_array_new();
    append_number(array, 1);
    append_number(array, 0);
    append_number(array, type);
    append_number(array, count);
    append_number(array, 1);
    return array;
}

static void append_element(GByteArray *array, const void *bytes, gsize length)
{
    append_number(array, (guint32)length);
    if (length > 0)
        g_byte_array_append(array, bytes, (guint)length);
}

/* ---- writing --------------------------------------------------------------------------------- */

/* How many of files go into one message. */
static guint chunk_of(const struct run_file *files, guint count)
{
    guint taken = 0;
    gsize bytes = 0;
    while (taken < count && taken < CHUNK_FILES) {
        bytes += g_bytes_get_size(files[taken].bytes);
        if (taken > 0 && bytes > CHUNK_BYTES)
            break;
        taken++;
    }
    return taken;
}

static void send_chunk(struct postgres *postgres, const struct run_file *files, guint count,
                       guint *messages)
{
    g_autoptr(GByteArray) names = array_new(OID_TEXT, count);
    g_autoptr(GByteArray) texts = array_new(OID_BYTEA, count);
    for (guint i = 0; i < count; i++) {
        gsize size;
        const void *bytes = g_bytes_get_data(files[i].bytes, &size);
        append_element(names, files[i].sha256, strlen(files[i].sha256));
        append_element(texts, bytes, size);
    }
    const char *const values[] = {(const char *)names->data, (const char *)texts->data};
    const int lengths[] = {(int)names->len, (int)texts->len};
    static const int formats[] = {1, 1};
    g_autofree char *sql = g_strdup_printf(
        "INSERT INTO %s.files (sha256, content) SELECT * FROM ROWS FROM ("
        "pg_catalog.unnest($1::pg_catalog.text[]), pg_catalog.unnest($2::pg_catalog.bytea[])) "
        "ON CONFLICT DO NOTHING",
        postgres->own);
    if (postgres_send_params(postgres, postgres->main, sql, 2, values, lengths, formats))
        (*messages)++;
}

/* It need not wait for the disk: the row that says the run started does, and comes after. */
static gboolean keep_chunk(struct postgres *postgres, const struct run_file *files, guint count,
                           GError **error)
{
    guint messages;
    if (!postgres_small_begin(postgres, &messages, error))
        return FALSE;
    postgres_small_send(postgres, "SET LOCAL synchronous_commit = off", &messages);
    send_chunk(postgres, files, count, &messages);
    AUTORESULT *result = postgres_small_commit(postgres, messages, error);
    if (result == NULL)
        g_prefix_error(error, "writing %s.files: ", postgres->own_schema);
    return result != NULL;
}

/* The row goes with the last of the texts: a run that cannot keep them has not started. */
gboolean postgres_run_begin(struct database *database, struct history_record *record,
                            const struct run_file *files, guint count, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    guint messages, chunk;
    if (database->history != HISTORY_PRESENT)
        return TRUE;
    if (!postgres->can_write_files)
        count = 0;
    for (; (chunk = chunk_of(files, count)) < count; files += chunk, count -= chunk)
        if (!keep_chunk(postgres, files, chunk, error))
            return FALSE;
    if (!postgres_small_begin(postgres, &messages, error))
        return FALSE;
    postgres_history_send(postgres, record, &messages);
    if (count > 0)
        send_chunk(postgres, files, count, &messages);
    AUTORESULT *result = postgres_small_commit(postgres, messages, error);
    if (result == NULL) {
        g_prefix_error(error, "writing %s.history%s: ", postgres->own_schema,
                       count > 0 ? " and files" : "");
        return FALSE;
    }
    postgres_history_stamp(record, result);
    return TRUE;
}

/* ---- reading --------------------------------------------------------------------------------- */

GBytes *postgres_file_read(struct database *database, const char *sha256, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    if ((database->history != HISTORY_PRESENT && database->history != HISTORY_READ_ONLY) ||
        !postgres->can_read_files)
        return NULL;
    g_autofree char *sql =
        g_strdup_printf("SELECT content FROM %s.files WHERE sha256 = $1", postgres->own);
    const char *const parameters[] = {sha256};
    AUTORESULT *result = postgres_query(postgres, postgres->main, sql, 1, parameters, error);
    if (result == NULL) {
        g_prefix_error(error, "reading %s.files: ", postgres->own_schema);
        return NULL;
    }
    if (PQntuples(result) == 0)
        return NULL;
    size_t size;
    unsigned char *bytes = PQunescapeBytea((const unsigned char *)PQgetvalue(result, 0, 0), &size);
    return bytes != NULL ? g_bytes_new_with_free_func(bytes, size, PQfreemem, bytes) : NULL;
}
