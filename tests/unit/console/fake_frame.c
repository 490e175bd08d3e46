/* The functions of frame.h, for tests. */
#include "fake_frame.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

struct console *fake_frame_new(void)
{
    struct console *console = g_new0(struct console, 1);
    console->model = model_new();
    console->record = record_new();
    console->now = FAKE_NOW;
    return console;
}

void fake_frame_free(struct console *console)
{
    model_unref(console->model);
    record_free(console->record);
    g_free(console->said);
    g_free(console->read_only);
    g_free(console->output);
    g_free(console);
}

void fake_frame_take_model(struct console *console, struct model *model)
{
    model->serial = console->model->serial + 1;
    model_unref(console->model);
    console->model = model;
}

const struct model *console_model(const struct console *console)
{
    return console->model;
}

const struct console_options *console_options(const struct console *console)
{
    return &console->options;
}

const struct run_picture *console_run_picture(const struct console *console)
{
    return console->run_picture;
}

struct record *console_record(struct console *console)
{
    return console->record;
}

gint64 console_now(const struct console *console)
{
    return console->now;
}

static char *time_text(gint64 microseconds, const char *format)
{
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(microseconds / G_USEC_PER_SEC);
    return microseconds != 0 && utc != NULL ? g_date_time_format(utc, format) : g_strdup("-");
}

char *console_clock_text(gint64 microseconds)
{
    return time_text(microseconds, "%H:%M:%S");
}

char *console_date_text(gint64 microseconds, gboolean precise)
{
    return time_text(microseconds, precise ? "%Y-%m-%d %H:%M:%S" : "%Y-%m-%d %H:%M");
}

void console_say(struct console *console, enum record_level level, const char *format, ...)
{
    va_list arguments;
    (void)level;
    va_start(arguments, format);
    g_free(console->said);
    console->said = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

void console_say_error(struct console *console, const GError *error)
{
    console_say(console, RECORD_ERROR, "%s", error->message);
}

void console_redraw(struct console *console)
{
    console->redraws++;
}

void console_open(struct console *console, enum screen screen)
{
    console->shown = screen;
}

void console_back(struct console *console)
{
    console->backs++;
}

struct view *console_view(struct console *console, enum screen screen)
{
    return console->views[screen];
}

gboolean console_is_shown(const struct console *console, const struct view *view)
{
    return console->shown == view->ops->screen;
}

void console_version_select(struct console *console, gint64 version)
{
    console->version = version;
    console->has_version = TRUE;
}

gboolean console_version_selected(const struct console *console, gint64 *version)
{
    *version = console->version;
    return console->has_version;
}

char *console_why_read_only(const struct console *console)
{
    return g_strdup(console->read_only);
}

void console_show_output(struct console *console, const char *title, char *text)
{
    (void)title;
    g_free(console->output);
    console->output = text;
    console->shown = SCREEN_OUTPUT;
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

static struct grid *draw(struct view *view, int rows, int columns, gboolean is_ascii)
{
    struct grid *grid = grid_new(rows, columns, is_ascii);
    const struct area area = {0, 0, rows, columns};
    if (view->ops->update != NULL)
        view->ops->update(view);
    view->ops->draw(view, grid, &area);
    return grid;
}

char *fake_frame_draw(struct view *view, int rows, int columns, gboolean is_ascii)
{
    AUTOPTR(grid) *grid = draw(view, rows, columns, is_ascii);
    return grid_text(grid);
}

/* No cell holds what could steer a terminal. */
static void assert_harmless(const struct grid *grid, gboolean is_ascii)
{
    for (int i = 0; i < grid->rows * grid->columns; i++)
        for (const char *at = grid->cells[i].text; *at != '\0'; at++)
            if ((guchar)*at < 0x20 || (guchar)*at == 0x7f || (is_ascii && (guchar)*at >= 0x80))
                fail_msg("a cell holds byte %02x", (unsigned)(guchar)*at);
}

void fake_frame_draw_all_sizes(struct view *view)
{
    static const int columns[] = {1, 2, 3, 9, 20, 40, 60, 79, 80, 109, 110, 140, 180, 200};
    for (int rows = 1; rows <= 56; rows += rows < 22 ? 1 : 17)
        for (gsize i = 0; i < G_N_ELEMENTS(columns); i++)
            for (int is_ascii = 0; is_ascii < 2; is_ascii++) {
                AUTOPTR(grid) *grid = draw(view, rows, columns[i], is_ascii);
                assert_harmless(grid, is_ascii);
            }
}

void fake_frame_assert_golden(struct view *view, int rows, int columns, gboolean is_ascii,
                              const char *name)
{
    g_autofree char *path =
        g_build_filename(g_getenv("WINCH_TESTS"), "unit", "console", "golden", name, NULL);
    g_autofree char *drawn = fake_frame_draw(view, rows, columns, is_ascii);
    g_autofree char *expected = NULL;
    if (g_strcmp0(g_getenv("WINCH_GOLDEN"), "write") == 0) {
        assert_true(g_file_set_contents(path, drawn, -1, NULL));
        return;
    }
    assert_true(g_file_get_contents(path, &expected, NULL, NULL));
    if (strcmp(drawn, expected) != 0)
        print_message("# %s is not what is drawn now:\n%s", path, drawn);
    assert_string_equal(drawn, expected);
}

gboolean fake_frame_act(struct view *view, enum action_id action, guint count)
{
    if (view->ops->update != NULL)
        view->ops->update(view);
    struct list *list = view->ops->list != NULL ? view->ops->list(view) : NULL;
    if (list != NULL && list_act(list, action, count))
        return TRUE;
    return view->ops->act != NULL && view->ops->act(view, action, count);
}
