/* Reads the configuration file once, and asks the open file, not its name, who may read it. */
#include "config/file_text.h"

#include "base/autofree.h"
#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

/* One byte more than the reader takes, so that it sees what is too large. */
#define READ_MAX (1024 * 1024 + 1)

static const char *const usual_places[] = {"configs/migrations.yaml", "migrations.yaml"};

static gboolean read_all(int fd, struct file_text *text, GError **error)
{
    ssize_t got;
    text->bytes = g_malloc(READ_MAX);
    while (text->length < READ_MAX &&
           (got = read(fd, text->bytes + text->length, READ_MAX - text->length)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0) {
            error_set_errno(error, ERROR_CONFIG, errno, "configuration file %s", text->name);
            return FALSE;
        }
        text->length += (gsize)got;
    }
    return TRUE;
}

static gboolean read_open(int fd, struct file_text *text, GError **error)
{
    struct stat status;
    if (fstat(fd, &status) != 0) {
        error_set_errno(error, ERROR_CONFIG, errno, "configuration file %s", text->name);
        return FALSE;
    }
    text->is_private = (status.st_mode & (S_IRGRP | S_IROTH)) == 0;
    return read_all(fd, text, error);
}

static int open_usual(struct file_text *text)
{
    for (guint i = 0; i < G_N_ELEMENTS(usual_places); i++) {
        int fd = open(usual_places[i], O_RDONLY | O_CLOEXEC);
        if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
            continue;
        text->name = g_strdup(usual_places[i]);
        return fd;
    }
    return -1;
}

gboolean file_text_read(const char *named, const char *named_by, struct file_text *text,
                        GError **error)
{
    AUTOCLOSE fd = -1;
    memset(text, 0, sizeof *text);
    if (named != NULL) {
        text->name = g_strdup(named);
        fd = open(named, O_RDONLY | O_CLOEXEC);
    } else
        fd = open_usual(text);
    if (fd >= 0)
        return read_open(fd, text, error);
    if (text->name == NULL)
        return TRUE;
    error_set_errno(error, ERROR_CONFIG, errno, "configuration file %s%s%s%s", text->name,
                    named_by != NULL ? " (from " : "", named_by != NULL ? named_by : "",
                    named_by != NULL ? ")" : "");
    return FALSE;
}

void file_text_clear(struct file_text *text)
{
    if (text->bytes != NULL)
        explicit_bzero(text->bytes, text->length);
    g_free(text->bytes);
    g_free(text->name);
    memset(text, 0, sizeof *text);
}
