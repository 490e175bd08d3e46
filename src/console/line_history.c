/* One line of UTF-8 a line of the file. Written beside it and renamed, so that a reader sees the
 * old file or the new one, and a link planted in its place is never followed. */
#include "console/line_history.h"

#include "base/error.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>

/* A file larger than this was not written here. */
#define FILE_BYTES (4 * LINE_HISTORY_CHARACTERS * LINE_HISTORY_LINES + LINE_HISTORY_LINES)

struct line_history {
    char *path;
    GPtrArray *lines; /* all of them, oldest first */
    GPtrArray *added; /* those of this session that the file lacks */
};

static gboolean is_worth_keeping(const char *line)
{
    if (*line == '\0' || !g_utf8_validate(line, -1, NULL) ||
        g_utf8_strlen(line, -1) > LINE_HISTORY_CHARACTERS)
        return FALSE;
    for (const char *at = line; *at != '\0'; at += g_utf8_skip[(guchar)*at])
        if (g_unichar_iscntrl(g_utf8_get_char(at)))
            return FALSE;
    return TRUE;
}

static void put_newest(GPtrArray *lines, const char *line)
{
    guint index = 0;
    if (g_ptr_array_find_with_equal_func(lines, line, g_str_equal, &index))
        g_ptr_array_remove_index(lines, index);
    else if (lines->len == LINE_HISTORY_LINES)
        g_ptr_array_remove_index(lines, 0);
    g_ptr_array_add(lines, g_strdup(line));
}

/* The whole of a regular file, or NULL. O_NONBLOCK: a pipe in its place must not keep us. */
static char *file_read(const char *path)
{
    AUTOCLOSE fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    struct stat status;
    if (fd < 0 || fstat(fd, &status) != 0 || !S_ISREG(status.st_mode) ||
        status.st_size > FILE_BYTES)
        return NULL;
    g_autofree char *text = g_malloc((gsize)status.st_size + 1);
    gsize length = 0;
    ssize_t got = 1;
    while (got > 0 && length < (gsize)status.st_size) {
        got = read(fd, text + length, (gsize)status.st_size - length);
        if (got > 0)
            length += (gsize)got;
    }
    text[length] = '\0';
    return got < 0 ? NULL : g_steal_pointer(&text);
}

static GPtrArray *lines_load(const char *path)
{
    GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);
    g_autofree char *text = path == NULL ? NULL : file_read(path);
    g_auto(GStrv) rows = g_strsplit(text == NULL ? "" : text, "\n", -1);
    for (char **row = rows; *row != NULL; row++)
        if (is_worth_keeping(*row))
            put_newest(lines, *row);
    return lines;
}

struct line_history *line_history_load(const char *path)
{
    struct line_history *history = g_new0(struct line_history, 1);
    history->path = g_strdup(path);
    history->lines = lines_load(path);
    history->added = g_ptr_array_new_with_free_func(g_free);
    return history;
}

void line_history_free(struct line_history *history)
{
    if (history == NULL)
        return;
    g_free(history->path);
    g_ptr_array_unref(history->lines);
    g_ptr_array_unref(history->added);
    g_free(history);
}

void line_history_add(struct line_history *history, const char *line)
{
    if (!is_worth_keeping(line))
        return;
    put_newest(history->lines, line);
    put_newest(history->added, line);
}

guint line_history_count(const struct line_history *history)
{
    return history->lines->len;
}

const char *line_history_get(const struct line_history *history, guint index)
{
    return g_ptr_array_index(history->lines, index);
}

static gboolean bytes_write(int fd, const char *bytes, gsize length)
{
    while (length > 0) {
        ssize_t put = write(fd, bytes, length);
        if (put < 0 && errno != EINTR)
            return FALSE;
        if (put > 0) {
            bytes += put;
            length -= (gsize)put;
        }
    }
    return fsync(fd) == 0;
}

/* mkstemp's mode is 0600, and it never opens what is there already. */
static gboolean file_replace(const char *path, const GString *text, GError **error)
{
    g_autofree char *temporary = g_strdup_printf("%s.XXXXXX", path);
    int fd = g_mkstemp_full(temporary, O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0) {
        error_set_errno(error, ERROR_FAILED, errno, "%s", temporary);
        return FALSE;
    }
    gboolean is_written = bytes_write(fd, text->str, text->len);
    int error_number = errno;
    close(fd);
    if (is_written && g_rename(temporary, path) == 0)
        return TRUE;
    if (is_written)
        error_number = errno;
    g_unlink(temporary);
    error_set_errno(error, ERROR_FAILED, error_number, "%s", path);
    return FALSE;
}

static gboolean may_replace(const char *path, GError **error)
{
    struct stat status;
    if (lstat(path, &status) != 0 || S_ISREG(status.st_mode))
        return TRUE;
    error_set(error, ERROR_FAILED, "%s: not a regular file, left alone", path);
    error_advise(error, "remove it to keep the history of the prompt there");
    return FALSE;
}

gboolean line_history_save(struct line_history *history, GError **error)
{
    if (history->path == NULL || history->added->len == 0)
        return TRUE;
    if (!may_replace(history->path, error)) {
        g_prefix_error(error, "history of the prompt: ");
        return FALSE;
    }
    g_autoptr(GPtrArray) lines = lines_load(history->path);
    for (guint i = 0; i < history->added->len; i++)
        put_newest(lines, g_ptr_array_index(history->added, i));
    g_autoptr(GString) text = g_string_new(NULL);
    for (guint i = 0; i < lines->len; i++)
        g_string_append_printf(text, "%s\n", (const char *)g_ptr_array_index(lines, i));
    if (!file_replace(history->path, text, error)) {
        g_prefix_error(error, "history of the prompt: ");
        return FALSE;
    }
    g_ptr_array_set_size(history->added, 0);
    return TRUE;
}
