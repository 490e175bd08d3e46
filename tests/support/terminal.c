/* libvterm shows what a person would see; bytes go between it and the program's pseudo-terminal
 * only inside the calls here, so that a test is in one thread. */
#include "support/terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#ifdef __APPLE__
#include <util.h>
#else
#include <pty.h>
#endif
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <cmocka.h>
#include <vterm.h>

#define LIMIT_MS     20000
#define QUIET_MS     40
#define OUTPUT_BYTES (64u * 1024 * 1024)

struct terminal {
    VTerm *vterm;
    VTermScreen *screen;
    int line; /* the master side; -1 when hung up */
    GPid pid;
    gboolean has_ended, is_closed;
    int status;
    int rows, columns;
    gboolean is_alternate, is_cursor_visible;
    gsize received;
    struct termios before;
    char *type; /* its TERM */
};

/* Of programs that a failing test leaves behind. */
static GSList *running;

static void kill_running(void)
{
    for (; running != NULL; running = g_slist_delete_link(running, running))
        kill(-GPOINTER_TO_INT(running->data), SIGKILL);
}

/* --- starting -------------------------------------------------------------------------------- */

static int remember(VTermProp property, VTermValue *value, void *user)
{
    struct terminal *terminal = user;
    if (property == VTERM_PROP_ALTSCREEN)
        terminal->is_alternate = value->boolean;
    else if (property == VTERM_PROP_CURSORVISIBLE)
        terminal->is_cursor_visible = value->boolean;
    return 1;
}

static char **environment_make(const char *const *changes)
{
    static const char *const fixed[] = {"LANG=C.UTF-8", "TERM=xterm-256color",
                                        "ESCDELAY=25",  "TZ=UTC",
                                        "LINES",        "COLUMNS",
                                        "NO_COLOR",     NULL};
    char **environment = g_get_environ();
    g_auto(GStrv) names = g_listenv();
    for (char **name = names; *name != NULL; name++)
        if (g_str_has_prefix(*name, "PG") || g_str_has_prefix(*name, "LC_") ||
            (g_str_has_prefix(*name, "WINCH_") && strcmp(*name, "WINCH_PG_BINDIR") != 0))
            environment = g_environ_unsetenv(environment, *name);
    const char *const *lists[] = {fixed, changes};
    for (gsize i = 0; i < G_N_ELEMENTS(lists); i++)
        for (const char *const *at = lists[i]; at != NULL && *at != NULL; at++) {
            g_auto(GStrv) pair = g_strsplit(*at, "=", 2);
            environment = pair[1] == NULL ? g_environ_unsetenv(environment, pair[0])
                                          : g_environ_setenv(environment, pair[0], pair[1], TRUE);
        }
    return environment;
}

static void vterm_open(struct terminal *terminal)
{
    static const VTermScreenCallbacks callbacks = {.settermprop = remember};
    terminal->vterm = vterm_new(terminal->rows, terminal->columns);
    vterm_set_utf8(terminal->vterm, 1);
    terminal->screen = vterm_obtain_screen(terminal->vterm);
    vterm_screen_set_callbacks(terminal->screen, &callbacks, terminal);
    vterm_screen_enable_altscreen(terminal->screen, 1);
    vterm_screen_reset(terminal->screen, 1);
}

static void become(const char *const *argv, char **environment)
{
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    g_autofree char *path = g_find_program_in_path(argv[0]);
    if (path != NULL)
        execve(path, (char **)(gsize)argv, environment);
    _exit(127);
}

struct terminal *terminal_start(const char *const *argv, int rows, int columns,
                                const char *const *changes)
{
    struct terminal *terminal = g_new0(struct terminal, 1);
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    g_auto(GStrv) environment = environment_make(changes);
    const char *type = g_environ_getenv(environment, "TERM");
    terminal->type = g_strdup(type == NULL ? "" : type);
    terminal->rows = rows;
    terminal->columns = columns;
    vterm_open(terminal);
    terminal->pid = forkpty(&terminal->line, NULL, NULL, &size);
    if (terminal->pid == 0)
        become(argv, environment);
    assert_true(terminal->pid > 0);
    static gsize is_registered;
    if (g_once_init_enter(&is_registered)) {
        atexit(kill_running);
        g_once_init_leave(&is_registered, 1);
    }
    running = g_slist_prepend(running, GINT_TO_POINTER(terminal->pid));
    fcntl(terminal->line, F_SETFD, FD_CLOEXEC);
    fcntl(terminal->line, F_SETFL, O_NONBLOCK);
    assert_int_equal(tcgetattr(terminal->line, &terminal->before), 0);
    return terminal;
}

void terminal_free(struct terminal *terminal)
{
    if (terminal == NULL)
        return;
    running = g_slist_remove(running, GINT_TO_POINTER(terminal->pid));
    kill(-terminal->pid, SIGKILL);
    if (!terminal->has_ended) {
        kill(terminal->pid, SIGKILL);
        waitpid(terminal->pid, &terminal->status, 0);
    }
    if (terminal->line >= 0)
        close(terminal->line);
    vterm_free(terminal->vterm);
    g_free(terminal->type);
    g_free(terminal);
}

/* --- failing --------------------------------------------------------------------------------- */

/* The screen in a frame, so that its blanks and its size can be seen. */
static char *dump(const struct terminal *terminal)
{
    g_autofree char *rule = g_strnfill((gsize)terminal->columns, '-');
    GString *text = g_string_new(NULL);
    struct terminal_cursor cursor = terminal_cursor(terminal);
    g_string_append_printf(text, "+%s+ %dx%d cursor %d,%d%s%s\n", rule, terminal->columns,
                           terminal->rows, cursor.row, cursor.column,
                           terminal->is_alternate ? " alternate" : "",
                           terminal->has_ended ? " ended" : "");
    for (int row = 0; row < terminal->rows; row++) {
        g_autofree char *line = terminal_line(terminal, row);
        g_string_append_printf(text, "|%s\n", line);
    }
    g_string_append_printf(text, "+%s+", rule);
    return g_string_free(text, FALSE);
}

static void fail_showing(const struct terminal *terminal, const char *what, const char *which)
{
    g_autofree char *screen = dump(terminal);
    fail_msg("%s '%s'\n%s", what, which, screen);
}

/* --- bytes ----------------------------------------------------------------------------------- */

static gint64 now_ms(void)
{
    return g_get_monotonic_time() / 1000;
}

/* Waits this long for output and shows it to libvterm; what that answers goes back. TRUE when
 * something came. */
static gboolean take_output(struct terminal *terminal, int timeout_ms)
{
    struct pollfd poller = {.fd = terminal->line, .events = POLLIN};
    char bytes[16384];
    if (terminal->line < 0 || terminal->is_closed || poll(&poller, 1, timeout_ms) <= 0)
        return FALSE;
    ssize_t count = read(terminal->line, bytes, sizeof bytes);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return FALSE;
    terminal->is_closed = count <= 0;
    if (count <= 0)
        return FALSE;
    terminal->received += (gsize)count;
    if (terminal->received > OUTPUT_BYTES)
        fail_showing(terminal, "endless output from", terminal->type);
    vterm_input_write(terminal->vterm, bytes, (gsize)count);
    vterm_screen_flush_damage(terminal->screen);
    gsize answer = vterm_output_read(terminal->vterm, bytes, sizeof bytes);
    if (answer > 0 && write(terminal->line, bytes, answer) < 0)
        terminal->is_closed = errno != EAGAIN;
    return TRUE;
}

/* Output is taken all the while, or both sides could wait for each other. */
static void send_bytes(struct terminal *terminal, const char *bytes, gsize length)
{
    gint64 until = now_ms() + LIMIT_MS;
    while (length > 0) {
        ssize_t put = write(terminal->line, bytes, length);
        if (put > 0) {
            bytes += put;
            length -= (gsize)put;
        } else if (errno != EAGAIN || now_ms() > until) {
            fail_showing(terminal, "the program does not read", bytes);
        }
        take_output(terminal, put > 0 ? 0 : 5);
    }
}

void terminal_type(struct terminal *terminal, const char *text)
{
    send_bytes(terminal, text, strlen(text));
}

void terminal_paste(struct terminal *terminal, const char *text)
{
    g_autofree char *bytes = g_strconcat("\033[200~", text, "\033[201~", NULL);
    terminal_type(terminal, bytes);
}

/* --- keys ------------------------------------------------------------------------------------ */

/* NULL: as xterm does. */
static const struct key {
    const char *name, *xterm, *screen, *linux_console;
} keys[] = {
    {"Up", "\033OA", NULL, "\033[A"},
    {"Down", "\033OB", NULL, "\033[B"},
    {"Right", "\033OC", NULL, "\033[C"},
    {"Left", "\033OD", NULL, "\033[D"},
    {"Home", "\033OH", "\033[1~", "\033[1~"},
    {"End", "\033OF", "\033[4~", "\033[4~"},
    {"PgUp", "\033[5~", NULL, NULL},
    {"PgDn", "\033[6~", NULL, NULL},
    {"Insert", "\033[2~", NULL, NULL},
    {"Delete", "\033[3~", NULL, NULL},
    {"Enter", "\r", NULL, NULL},
    {"Tab", "\t", NULL, NULL},
    {"BackTab", "\033[Z", NULL, "\033\t"},
    {"Space", " ", NULL, NULL},
    {"Backspace", "\177", NULL, NULL},
    {"Esc", "\033", NULL, NULL},
    {"F1", "\033OP", NULL, "\033[[A"},
    {"F2", "\033OQ", NULL, "\033[[B"},
    {"F3", "\033OR", NULL, "\033[[C"},
    {"F4", "\033OS", NULL, "\033[[D"},
    {"F5", "\033[15~", NULL, "\033[[E"},
    {"F6", "\033[17~", NULL, NULL},
    {"F7", "\033[18~", NULL, NULL},
    {"F8", "\033[19~", NULL, NULL},
    {"F9", "\033[20~", NULL, NULL},
    {"F10", "\033[21~", NULL, NULL},
    {"F11", "\033[23~", NULL, NULL},
    {"F12", "\033[24~", NULL, NULL},
};

static const char *key_bytes(const struct terminal *terminal, const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++) {
        if (strcmp(keys[i].name, name) != 0)
            continue;
        const char *other = NULL;
        if (strcmp(terminal->type, "linux") == 0)
            other = keys[i].linux_console;
        else if (g_str_has_prefix(terminal->type, "screen") ||
                 g_str_has_prefix(terminal->type, "tmux"))
            other = keys[i].screen;
        return other != NULL ? other : keys[i].xterm;
    }
    return NULL;
}

static void send_key(struct terminal *terminal, const char *name)
{
    const char *bytes = key_bytes(terminal, name);
    const char control = (char)(name[0] == 'C' && name[1] == '-' ? name[2] & 0x1f : 0);
    if (bytes != NULL)
        terminal_type(terminal, bytes);
    else if (g_utf8_strlen(name, -1) == 1)
        terminal_type(terminal, name);
    else if (g_str_has_prefix(name, "C-") && strlen(name) == 3)
        send_bytes(terminal, &control, 1);
    else if (g_str_has_prefix(name, "M-") && name[2] != '\0') {
        g_autofree char *meta = g_strconcat("\033", name + 2, NULL);
        terminal_type(terminal, meta);
    } else
        fail_msg("no key is called '%s'", name);
}

void terminal_keys(struct terminal *terminal, const char *names)
{
    g_auto(GStrv) words = g_strsplit(names, " ", -1);
    for (char **word = words; *word != NULL; word++)
        if (**word != '\0')
            send_key(terminal, *word);
}

/* --- the line -------------------------------------------------------------------------------- */

void terminal_resize(struct terminal *terminal, int rows, int columns)
{
    struct winsize size = {.ws_row = (unsigned short)rows, .ws_col = (unsigned short)columns};
    terminal->rows = rows;
    terminal->columns = columns;
    vterm_set_size(terminal->vterm, rows, columns);
    vterm_screen_flush_damage(terminal->screen);
    assert_int_equal(ioctl(terminal->line, TIOCSWINSZ, &size), 0);
}

void terminal_hang_up(struct terminal *terminal)
{
    close(terminal->line);
    terminal->line = -1;
}

void terminal_signal(struct terminal *terminal, int signal_number)
{
    assert_int_equal(kill(terminal->pid, signal_number), 0);
}

GPid terminal_pid(const struct terminal *terminal)
{
    return terminal->pid;
}

struct termios terminal_settings(const struct terminal *terminal)
{
    struct termios settings;
    assert_int_equal(tcgetattr(terminal->line, &settings), 0);
    return settings;
}

gboolean terminal_is_restored(const struct terminal *terminal)
{
    struct termios after = terminal_settings(terminal);
    return after.c_iflag == terminal->before.c_iflag && after.c_oflag == terminal->before.c_oflag &&
           after.c_lflag == terminal->before.c_lflag && after.c_cflag == terminal->before.c_cflag &&
           memcmp(after.c_cc, terminal->before.c_cc, sizeof after.c_cc) == 0;
}

/* --- waiting --------------------------------------------------------------------------------- */

/* Does a thread of it run, or want to? Where many want to, none is quiet because it has nothing to
 * say. Where there is no /proc, nobody knows. */
static gboolean is_at_work(const struct terminal *terminal)
{
    g_autofree char *tasks = g_strdup_printf("/proc/%d/task", terminal->pid);
    g_autoptr(GDir) directory = terminal->has_ended ? NULL : g_dir_open(tasks, 0, NULL);
    const char *name;
    while (directory != NULL && (name = g_dir_read_name(directory)) != NULL) {
        g_autofree char *path = g_build_filename(tasks, name, "stat", NULL);
        g_autofree char *text = NULL;
        const char *state =
            g_file_get_contents(path, &text, NULL, NULL) ? strrchr(text, ')') : NULL;
        if (state != NULL && (state[2] == 'R' || state[2] == 'D'))
            return TRUE;
    }
    return FALSE;
}

static void settle_until(struct terminal *terminal, gint64 until)
{
    while (take_output(terminal, QUIET_MS) || is_at_work(terminal))
        if (now_ms() > until)
            fail_showing(terminal, "never quiet:", terminal->type);
}

void terminal_settle(struct terminal *terminal)
{
    settle_until(terminal, now_ms() + LIMIT_MS);
}

static void notice_end(struct terminal *terminal)
{
    if (!terminal->has_ended)
        terminal->has_ended = waitpid(terminal->pid, &terminal->status, WNOHANG) != 0;
}

/* Whether text stands there is looked at again once the program is quiet: it may have been half a
 * picture. */
static void wait_for(struct terminal *terminal, const char *text, gboolean wanted)
{
    gint64 until = now_ms() + LIMIT_MS;
    for (;;) {
        if (terminal_shows(terminal, text) == wanted) {
            settle_until(terminal, until);
            if (terminal_shows(terminal, text) == wanted)
                return;
        }
        gboolean had_ended = terminal->has_ended;
        notice_end(terminal);
        gboolean is_over = !take_output(terminal, 20) && had_ended;
        if ((is_over && terminal_shows(terminal, text) != wanted) || now_ms() > until)
            fail_showing(terminal, wanted ? "never on the screen:" : "stays on the screen:", text);
    }
}

void terminal_wait_text(struct terminal *terminal, const char *text)
{
    wait_for(terminal, text, TRUE);
}

void terminal_wait_gone(struct terminal *terminal, const char *text)
{
    wait_for(terminal, text, FALSE);
}

int terminal_wait_exit(struct terminal *terminal)
{
    gint64 until = now_ms() + LIMIT_MS;
    for (notice_end(terminal); !terminal->has_ended; notice_end(terminal)) {
        if (!take_output(terminal, 5))
            g_usleep(2000);
        if (now_ms() > until)
            fail_showing(terminal, "does not end:", terminal->type);
    }
    while (take_output(terminal, 0))
        ;
    return WIFEXITED(terminal->status) ? WEXITSTATUS(terminal->status)
                                       : 128 + WTERMSIG(terminal->status);
}

/* --- the screen ------------------------------------------------------------------------------ */

static int color_number(const VTermColor *color)
{
    if (VTERM_COLOR_IS_DEFAULT_FG(color) || VTERM_COLOR_IS_DEFAULT_BG(color))
        return -1;
    return VTERM_COLOR_IS_INDEXED(color) ? color->indexed.idx : -2;
}

struct terminal_cell terminal_cell(const struct terminal *terminal, int row, int column)
{
    VTermScreenCell cell;
    assert_in_range(row, 0, terminal->rows - 1);
    assert_in_range(column, 0, terminal->columns - 1);
    vterm_screen_get_cell(terminal->screen, (VTermPos){.row = row, .col = column}, &cell);
    struct terminal_cell result = {
        .width = cell.chars[0] == (uint32_t)-1 ? 0 : cell.width,
        .bold = cell.attrs.bold,
        .underline = cell.attrs.underline != 0,
        .reverse = cell.attrs.reverse,
        .italic = cell.attrs.italic,
        .blink = cell.attrs.blink,
        .foreground = color_number(&cell.fg),
        .background = color_number(&cell.bg),
    };
    gsize length = 0;
    for (int i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i] != 0 && result.width > 0; i++)
        length += (gsize)g_unichar_to_utf8(cell.chars[i], result.text + length);
    return result;
}

char *terminal_line(const struct terminal *terminal, int row)
{
    GString *text = g_string_new(NULL);
    for (int column = 0; column < terminal->columns; column++) {
        struct terminal_cell cell = terminal_cell(terminal, row, column);
        if (cell.width > 0)
            g_string_append(text, cell.text[0] == '\0' ? " " : cell.text);
    }
    return g_strchomp(g_string_free(text, FALSE));
}

char *terminal_screen(const struct terminal *terminal)
{
    GString *text = g_string_new(NULL);
    for (int row = 0; row < terminal->rows; row++) {
        g_autofree char *line = terminal_line(terminal, row);
        g_string_append_printf(text, "%s\n", line);
    }
    return g_string_free(text, FALSE);
}

gboolean terminal_shows(const struct terminal *terminal, const char *text)
{
    g_autofree char *screen = terminal_screen(terminal);
    return strstr(screen, text) != NULL;
}

struct terminal_cursor terminal_cursor(const struct terminal *terminal)
{
    VTermPos position;
    vterm_state_get_cursorpos(vterm_obtain_state(terminal->vterm), &position);
    return (struct terminal_cursor){position.row, position.col, terminal->is_cursor_visible};
}

gboolean terminal_is_alternate(const struct terminal *terminal)
{
    return terminal->is_alternate;
}

gsize terminal_received(const struct terminal *terminal)
{
    return terminal->received;
}

/* --- expected screens ------------------------------------------------------------------------ */

/* "-" what was expected, "+" what is there. */
static char *difference(const char *expected, const char *actual)
{
    g_auto(GStrv) old = g_strsplit(expected, "\n", -1);
    g_auto(GStrv) new = g_strsplit(actual, "\n", -1);
    guint old_count = g_strv_length(old), new_count = g_strv_length(new);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < MAX(old_count, new_count); i++) {
        const char *was = i < old_count ? old[i] : NULL, *is = i < new_count ? new[i] : NULL;
        if (g_strcmp0(was, is) == 0)
            continue;
        if (was != NULL)
            g_string_append_printf(text, "%3u -%s\n", i + 1, was);
        if (is != NULL)
            g_string_append_printf(text, "%3u +%s\n", i + 1, is);
    }
    return g_string_free(text, FALSE);
}

void terminal_assert_screen(const struct terminal *terminal, const char *name)
{
    g_autofree char *path = g_build_filename(g_getenv("WINCH_TESTS"), "..", name, NULL);
    g_autofree char *screen = terminal_screen(terminal);
    g_autofree char *expected = NULL;
    g_autoptr(GError) error = NULL;
    if (g_strcmp0(g_getenv("WINCH_SCREENS"), "write") == 0) {
        if (!g_file_set_contents(path, screen, -1, &error))
            fail_msg("%s", error->message);
        return;
    }
    if (!g_file_get_contents(path, &expected, NULL, &error))
        fail_msg("%s (WINCH_SCREENS=write makes it)", error->message);
    if (strcmp(expected, screen) == 0)
        return;
    g_autofree char *lines = difference(expected, screen);
    g_autofree char *shown = dump(terminal);
    fail_msg("the screen is not %s (WINCH_SCREENS=write accepts it)\n%s%s", name, lines, shown);
}
