/* The text of one migration file, read whole and judged fit to be sent. */
#include "source/migration.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "source/kept.h"
#include "source/reading.h"

/* A file of which more bytes come than it had when opened is still being written. */
static char *read_whole(int file, guint64 size, const char *path, GError **error)
{
    g_autofree char *buffer = g_try_malloc(size + 2);
    if (buffer == NULL) {
        error_set_at(error, ERROR_SOURCE, path, 0,
                     "not enough memory for %" G_GUINT64_FORMAT " bytes", size);
        return NULL;
    }
    gssize length = reading_all(file, buffer, size + 1);
    if (length < 0) {
        error_set_at(error, ERROR_SOURCE, path, 0, "cannot be read: %s", g_strerror(errno));
        return NULL;
    }
    if ((guint64)length != size) {
        error_set_at(error, ERROR_SOURCE, path, 0, "changed while it was read");
        error_advise(error, "try again when nothing writes to it");
        return NULL;
    }
    buffer[size] = '\0';
    return g_steal_pointer(&buffer);
}

static unsigned line_of(const char *text, const char *at)
{
    unsigned line = 1;
    for (; text < at; text++)
        line += *text == '\n';
    return line;
}

static gboolean is_utf16(const char *text, gsize length)
{
    return length >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0);
}

static gboolean check_encoding(const char *text, gsize length, const char *path, GError **error)
{
    const char *end;
    if (g_utf8_validate_len(text, length, &end))
        return TRUE;
    if (is_utf16(text, length))
        error_set_at(error, ERROR_SOURCE, path, 1, "is UTF-16 text");
    else if (*end == '\0')
        error_set_at(error, ERROR_SOURCE, path, line_of(text, end), "holds a NUL byte");
    else
        error_set_at(error, ERROR_SOURCE, path, line_of(text, end),
                     "is not valid UTF-8: byte 0x%02X", (guint8)*end);
    error_advise(error, "save the file as UTF-8");
    return FALSE;
}

static gboolean is_blank(const char *text, gsize length)
{
    for (gsize i = 0; i < length; i++)
        if (!g_ascii_isspace(text[i]) && text[i] != '\v')
            return FALSE;
    return TRUE;
}

static void digest(const char *text, gsize length, char sha256[65])
{
    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA256);
    g_checksum_update(checksum, (const guchar *)text, (gssize)length);
    g_strlcpy(sha256, g_checksum_get_string(checksum), 65);
}

static GBytes *read_file(const char *path, GError **error)
{
    struct stat status;
    g_autofree char *why = NULL;
    AUTOCLOSE file = reading_open(AT_FDCWD, path, &status, &why);
    if (file < 0) {
        error_set_at(error, ERROR_SOURCE, path, 0, "%s", why);
        return NULL;
    }
    guint64 size = (guint64)status.st_size;
    if (size > MIGRATION_TEXT_MAX) {
        error_set_at(error, ERROR_SOURCE, path, 0,
                     "is %" G_GUINT64_FORMAT " bytes long; at most %" G_GUINT64_FORMAT " are run",
                     size, MIGRATION_TEXT_MAX);
        error_advise(error, "load data with COPY outside the migrations, or split the file");
        return NULL;
    }
    char *bytes = read_whole(file, size, path, error);
    return bytes != NULL ? g_bytes_new_take(bytes, size) : NULL;
}

struct migration_text *migration_text_load(const struct migration_half *half, GError **error)
{
    if (half->path == NULL) {
        error_set(error, ERROR_SOURCE, "this half of the migration does not exist");
        return NULL;
    }
    g_autoptr(GBytes) content = kept_file_bytes(half->kept, half->path);
    if (content == NULL && (content = read_file(half->path, error)) == NULL)
        return NULL;
    gsize size;
    const char *bytes = g_bytes_get_data(content, &size);
    if (!check_encoding(bytes, size, half->path, error))
        return NULL;
    struct migration_text *text = g_new0(struct migration_text, 1);
    text->bom_length = size >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    text->is_blank = is_blank(bytes + text->bom_length, size - text->bom_length);
    digest(bytes, size, text->sha256);
    text->bytes = g_steal_pointer(&content);
    return text;
}

void migration_text_free(struct migration_text *text)
{
    g_bytes_unref(text->bytes);
    g_free(text);
}
