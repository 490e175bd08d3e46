/* What leaves the console: clipboard, files, paper, pager. All of it made visible first. */
#include "console/app.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>

/* ---- texts ------------------------------------------------------------------------------------
 */

/* Everything the screen has, by its own account, else the rows of its list, else what is seen. */
static char *whole_text(struct console *console)
{
    struct view *view = console_shown(console);
    if (view->ops->save != NULL) {
        g_autofree char *raw = view->ops->save(view);
        return raw != NULL ? text_visible(raw, -1, TEXT_KEEP_LINES) : NULL;
    }
    return console->grid != NULL ? grid_text(console->grid) : NULL;
}

static char *selected_text(struct console *console)
{
    struct view *view = console_shown(console);
    struct list *list = view->ops->list != NULL ? view->ops->list(view) : NULL;
    g_autofree char *raw = NULL;
    if (view->ops->copy != NULL)
        raw = view->ops->copy(view);
    else if (list != NULL && view->ops->row_text != NULL && list->count > 0)
        raw = view->ops->row_text(view, list->selected);
    return raw != NULL ? text_visible(raw, -1, TEXT_KEEP_LINES) : NULL;
}

/* ---- files ------------------------------------------------------------------------------------
 */

char *console_state_directory(GError **error)
{
    const char *state = g_getenv("XDG_STATE_HOME");
    char *directory = state != NULL && g_path_is_absolute(state)
                          ? g_build_filename(state, "winch", NULL)
                          : g_build_filename(g_get_home_dir(), ".local", "state", "winch", NULL);
    if (g_mkdir_with_parents(directory, 0700) == 0)
        return directory;
    error_set_errno(error, ERROR_FAILED, errno, "cannot make %s", directory);
    error_advise(error, "XDG_STATE_HOME names another place");
    g_free(directory);
    return NULL;
}

/* "app-history-20261125T031500Z.txt" */
static char *file_name(const struct console *console, const char *what)
{
    const struct model_server *server = console->model->server;
    g_autoptr(GDateTime) now = g_date_time_new_from_unix_utc(console_now(console) / G_USEC_PER_SEC);
    g_autofree char *stamp = g_date_time_format(now, "%Y%m%dT%H%M%SZ");
    char *name =
        g_strdup_printf("%s-%s-%s.txt", server != NULL ? server->database : "winch", what, stamp);
    g_strdelimit(name, "/ \\", '_');
    return name;
}

/* The path written, or NULL. */
static char *write_file(struct console *console, const char *what, const char *text, GError **error)
{
    g_autofree char *directory = console_state_directory(error);
    if (directory == NULL)
        return NULL;
    g_autofree char *name = file_name(console, what);
    char *path = g_build_filename(directory, name, NULL);
    if (g_file_set_contents_full(path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error))
        return path;
    g_free(path);
    return NULL;
}

static void save(struct console *console, const char *what, char *text, gboolean also_copies)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *owned = text;
    if (text == NULL) {
        console_say(console, RECORD_INFO, "there is nothing to save here");
        return;
    }
    g_autofree char *path = write_file(console, what, text, &error);
    gboolean is_copied = also_copies && terminal_copy(console->terminal, text);
    if (path == NULL)
        console_say_error(console, error);
    else
        console_say(console, RECORD_INFO,
                    is_copied ? "sent to the clipboard, and saved as %s" : "saved as %s", path);
}

void export_copy(struct console *console)
{
    save(console, "copy", selected_text(console), TRUE);
}

void export_save(struct console *console)
{
    save(console, screen_name(console_shown(console)->ops->screen), whole_text(console), FALSE);
}

void export_print(struct console *console)
{
    if (console->grid == NULL)
        return;
    g_ptr_array_add(console->prints, grid_text(console->grid));
    console_say(console, RECORD_INFO, "this screen is printed when the console has ended");
}

/* ---- pager ------------------------------------------------------------------------------------
 */

static gboolean run_pager(const char *path, GError **error)
{
    const char *pager = g_getenv("PAGER");
    int status;
    g_auto(GStrv) words = NULL;
    if (!g_shell_parse_argv(pager != NULL && *pager != '\0' ? pager : "less", NULL, &words, error))
        return FALSE;
    g_autoptr(GPtrArray) argv = g_ptr_array_new();
    for (char **word = words; *word != NULL; word++)
        g_ptr_array_add(argv, *word);
    g_ptr_array_add(argv, (gpointer)(gsize)path);
    g_ptr_array_add(argv, NULL);
    return g_spawn_sync(NULL, (char **)argv->pdata, NULL,
                        G_SPAWN_SEARCH_PATH | G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, NULL, NULL,
                        &status, error);
}

void export_pager(struct console *console)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *text = whole_text(console);
    if (runner_is_active(console->runner) || text == NULL) {
        console_say(console, RECORD_WARNING,
                    text == NULL ? "there is nothing to page here"
                                 : "not while a run is under way");
        return;
    }
    g_autofree char *path = NULL;
    int fd = g_file_open_tmp("winch-XXXXXX.txt", &path, &error);
    gboolean is_written = fd >= 0 && g_file_set_contents(path, text, -1, &error);
    if (fd >= 0)
        close(fd);
    if (is_written) {
        terminal_release(console->terminal);
        is_written = run_pager(path, &error);
        terminal_resume(console->terminal);
        terminal_resized(console->terminal);
    }
    if (path != NULL)
        g_unlink(path);
    if (!is_written)
        console_say_error(console, error);
}
