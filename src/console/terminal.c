/* ncurses: newterm, cells out, keys in. */
#include "console/terminal.h"

#include "base/error.h"
#include "console/guardian.h"

#include <curses.h>
#include <langinfo.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

struct terminal {
    SCREEN *screen;
    struct terminal_options options;
    attr_t attributes[STYLE_COUNT];
    short pairs[STYLE_COUNT];
    gboolean is_released;
    gboolean is_pasting;
    gint64 last_key_at; /* monotonic, for terminals without paste marks */
    guint burst;
};

/* ---- how styles look --------------------------------------------------------------------------
 */

/* Eight colours on the default background, and what a terminal without colours does instead. */
static const struct look {
    short foreground, background; /* -1: the terminal's own */
    attr_t colour_attributes, mono_attributes;
} looks[STYLE_COUNT] = {
    [STYLE_TEXT] = {-1, -1, A_NORMAL, A_NORMAL},
    [STYLE_FAINT] = {-1, -1, A_NORMAL, A_NORMAL},
    [STYLE_STRONG] = {-1, -1, A_BOLD, A_BOLD},
    [STYLE_HEADING] = {-1, -1, A_BOLD, A_BOLD},
    [STYLE_LABEL] = {COLOR_CYAN, -1, A_NORMAL, A_NORMAL},
    [STYLE_KEY] = {-1, -1, A_BOLD, A_BOLD},
    [STYLE_SELECTED] = {-1, -1, A_REVERSE, A_REVERSE},
    [STYLE_MATCH] = {COLOR_BLACK, COLOR_YELLOW, A_NORMAL, A_BOLD | A_UNDERLINE},
    [STYLE_GOOD] = {COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
    [STYLE_PENDING] = {COLOR_CYAN, -1, A_BOLD, A_BOLD},
    [STYLE_WARNING] = {COLOR_YELLOW, -1, A_BOLD, A_BOLD},
    [STYLE_ERROR] = {COLOR_RED, -1, A_BOLD, A_BOLD | A_UNDERLINE},
    [STYLE_BANNER] = {-1, -1, A_BOLD, A_BOLD},
    [STYLE_BANNER_STAGING] = {COLOR_BLACK, COLOR_YELLOW, A_NORMAL, A_REVERSE},
    [STYLE_BANNER_UNKNOWN] = {COLOR_BLACK, COLOR_CYAN, A_NORMAL, A_REVERSE},
    [STYLE_BANNER_PRODUCTION] = {COLOR_WHITE, COLOR_RED, A_BOLD, A_REVERSE | A_BOLD},
    [STYLE_BANNER_RUNNING] = {COLOR_WHITE, COLOR_BLUE, A_BOLD, A_REVERSE | A_BOLD},
    [STYLE_SQL_KEYWORD] = {COLOR_BLUE, -1, A_BOLD, A_BOLD},
    [STYLE_SQL_STRING] = {COLOR_GREEN, -1, A_NORMAL, A_NORMAL},
    [STYLE_SQL_COMMENT] = {COLOR_CYAN, -1, A_NORMAL, A_NORMAL},
    [STYLE_SQL_NUMBER] = {COLOR_MAGENTA, -1, A_NORMAL, A_NORMAL},
};

static void make_looks(struct terminal *terminal)
{
    gboolean has_colour = !terminal->options.is_mono && has_colors() && start_color() == OK;
    gboolean has_default = has_colour && use_default_colors() == OK;
    for (short style = 0; style < STYLE_COUNT; style++) {
        const struct look *look = &looks[style];
        gboolean is_coloured = has_colour && (look->foreground >= 0 || look->background >= 0);
        short pair = (short)(style + 1);
        short other_fore = has_default ? -1 : COLOR_WHITE;
        short other_back = has_default ? -1 : COLOR_BLACK;
        if (is_coloured && init_pair(pair, look->foreground < 0 ? other_fore : look->foreground,
                                     look->background < 0 ? other_back : look->background) == OK)
            terminal->pairs[style] = pair;
        terminal->attributes[style] = has_colour ? look->colour_attributes : look->mono_attributes;
    }
}

/* ---- opening and closing ----------------------------------------------------------------------
 */

/* Marks around pasted text (xterm's bracketed paste, mode 2004), and what terminals send for keys
 * whatever TERM says of them: terminfo may know neither. */
enum { PASTE_BEGIN = KEY_MAX + 1, PASTE_END };
static const struct {
    const char *sequence;
    int key;
} sequences[] = {
    {"\033[200~", PASTE_BEGIN}, {"\033[201~", PASTE_END}, {"\033[A", KEY_UP},
    {"\033[B", KEY_DOWN},       {"\033[C", KEY_RIGHT},    {"\033[D", KEY_LEFT},
    {"\033[H", KEY_HOME},       {"\033[F", KEY_END},      {"\033[1~", KEY_HOME},
    {"\033[4~", KEY_END},       {"\033OP", KEY_F(1)},     {"\033OQ", KEY_F(2)},
    {"\033OR", KEY_F(3)},       {"\033OS", KEY_F(4)},     {"\033[5~", KEY_PPAGE},
    {"\033[6~", KEY_NPAGE},     {"\033[2~", KEY_IC},      {"\033[3~", KEY_DC},
    {"\033[15~", KEY_F(5)},     {"\033[17~", KEY_F(6)},   {"\033[18~", KEY_F(7)},
    {"\033[19~", KEY_F(8)},     {"\033[20~", KEY_F(9)},   {"\033[21~", KEY_F(10)},
    {"\033[23~", KEY_F(11)},    {"\033[24~", KEY_F(12)},
};

static gboolean is_vt(void)
{
    const char *term = g_getenv("TERM");
    return term != NULL && (strncmp(term, "xterm", 5) == 0 || strncmp(term, "screen", 6) == 0 ||
                            strncmp(term, "tmux", 4) == 0 || strncmp(term, "rxvt", 4) == 0 ||
                            strncmp(term, "alacritty", 9) == 0 || strncmp(term, "foot", 4) == 0);
}

/* Past curses, which knows no such thing; its own output is flushed before. */
static void send(const char *bytes)
{
    gsize length = strlen(bytes);
    fflush(stdout);
    if (write(STDOUT_FILENO, bytes, length) != (gssize)length)
        return;
}

static void set_modes(struct terminal *terminal)
{
    raw();
    noecho();
    nonl();
    intrflush(stdscr, FALSE);
    keypad(stdscr, TRUE);
    nodelay(stdscr, TRUE);
    leaveok(stdscr, FALSE);
    curs_set(terminal->options.shows_cursor ? 1 : 0);
    if (is_vt())
        send("\033[?2004h");
}

static gboolean can_place_text(void)
{
    const char *term = g_getenv("TERM");
    return isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && term != NULL && *term != '\0' &&
           strcmp(term, "dumb") != 0;
}

static struct terminal *refuse(GError **error, const char *why)
{
    error_set(error, ERROR_USAGE, "no console here: %s", why);
    error_advise(error, "use 'winch status', 'winch plan' and the other commands, which need no "
                        "terminal; or set TERM to what this terminal is");
    return NULL;
}

struct terminal *terminal_open(const struct terminal_options *options, GError **error)
{
    if (!can_place_text())
        return refuse(error, "standard input and output are not a terminal that can place text");
    guardian_start();
    struct terminal *terminal = g_new0(struct terminal, 1);
    terminal->options = *options;
    set_escdelay(25);
    terminal->screen = newterm(NULL, stdout, stdin);
    const char *moves = terminal->screen != NULL ? tigetstr("cup") : NULL;
    if (terminal->screen == NULL || moves == NULL || moves == (char *)-1) {
        if (terminal->screen != NULL) {
            endwin();
            delscreen(terminal->screen);
        }
        guardian_end();
        g_free(terminal);
        return refuse(error, "this terminal (TERM) is unknown, or cannot move its cursor");
    }
    for (gsize i = 0; i < G_N_ELEMENTS(sequences); i++)
        define_key(sequences[i].sequence, sequences[i].key);
    make_looks(terminal);
    set_modes(terminal);
    return terminal;
}

void terminal_release(struct terminal *terminal)
{
    if (terminal->is_released)
        return;
    terminal->is_released = TRUE;
    if (is_vt())
        send("\033[?2004l");
    curs_set(1);
    endwin();
}

void terminal_resume(struct terminal *terminal)
{
    terminal->is_released = FALSE;
    refresh();
    set_modes(terminal);
    terminal_repaint(terminal);
}

void terminal_close(struct terminal *terminal)
{
    terminal_use_mouse(terminal, FALSE);
    terminal_release(terminal);
    delscreen(terminal->screen);
    guardian_end();
    g_free(terminal);
}

void terminal_restore_now(void)
{
    guardian_restore();
}

/* ---- out ------------------------------------------------------------------------------------- */

void terminal_size(const struct terminal *terminal, int *rows, int *columns)
{
    (void)terminal;
    getmaxyx(stdscr, *rows, *columns);
}

void terminal_resized(struct terminal *terminal)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_row == 0 || size.ws_col == 0)
        return;
    resizeterm(size.ws_row, size.ws_col);
    terminal_repaint(terminal);
}

void terminal_repaint(struct terminal *terminal)
{
    (void)terminal;
    clearok(curscr, TRUE);
}

/* Characters of a cell for curses: a base and its marks. */
static void wide_of(const struct cell *cell, wchar_t wide[CCHARW_MAX])
{
    guint count = 0;
    for (const char *at = cell->text; *at != '\0' && count < CCHARW_MAX - 1;
         at += g_utf8_skip[(guchar)*at])
        wide[count++] = (wchar_t)g_utf8_get_char(at);
    wide[count] = L'\0';
}

static void paint_cell(const struct terminal *terminal, int row, int column,
                       const struct cell *cell)
{
    wchar_t wide[CCHARW_MAX];
    cchar_t character;
    wide_of(cell, wide);
    if (wide[0] == L'\0')
        return;
    setcchar(&character, wide, terminal->attributes[cell->style], terminal->pairs[cell->style],
             NULL);
    mvadd_wch(row, column, &character);
}

void terminal_paint(struct terminal *terminal, const struct grid *grid)
{
    int rows, columns;
    if (terminal->is_released)
        return;
    terminal_size(terminal, &rows, &columns);
    for (int row = 0; row < MIN(rows, grid->rows); row++)
        for (int column = 0; column < MIN(columns, grid->columns); column++)
            paint_cell(terminal, row, column,
                       &grid->cells[(gsize)row * (gsize)grid->columns + (gsize)column]);
    curs_set(grid->shows_cursor || terminal->options.shows_cursor ? 1 : 0);
    move(MIN(grid->cursor_row, rows - 1), MIN(grid->cursor_column, columns - 1));
    refresh();
}

/* What a terminal takes of a clipboard at once. */
#define COPY_BYTES_MAX 100000u

gboolean terminal_copy(struct terminal *terminal, const char *text)
{
    gsize length = strlen(text);
    if (!is_vt() || terminal->is_released || length > COPY_BYTES_MAX)
        return FALSE;
    g_autofree char *encoded = g_base64_encode((const guchar *)text, length);
    g_autofree char *sequence = g_strdup_printf("\033]52;c;%s\a", encoded);
    send(sequence);
    return TRUE;
}

void terminal_bell(struct terminal *terminal)
{
    if (!terminal->is_released)
        beep();
}

void terminal_use_mouse(struct terminal *terminal, gboolean is_used)
{
    (void)terminal;
    mousemask(is_used ? BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED : 0, NULL);
}

/* ---- in -------------------------------------------------------------------------------------- */

int terminal_fd(const struct terminal *terminal)
{
    (void)terminal;
    return STDIN_FILENO;
}

static guint32 code_of_mouse(struct key *key)
{
    MEVENT event;
    if (getmouse(&event) != OK)
        return 0;
    key->row = event.y;
    key->column = event.x;
    if (event.bstate & BUTTON4_PRESSED)
        return KEYCODE_MOUSE_UP;
    if (event.bstate & BUTTON5_PRESSED)
        return KEYCODE_MOUSE_DOWN;
    return event.bstate & BUTTON1_PRESSED ? KEYCODE_MOUSE_CLICK : 0;
}

static guint32 code_of_special(wint_t special)
{
    static const struct {
        wint_t curses;
        guint32 code;
    } codes[] = {
        {KEY_UP, KEYCODE_UP},         {KEY_DOWN, KEYCODE_DOWN},
        {KEY_LEFT, KEYCODE_LEFT},     {KEY_RIGHT, KEYCODE_RIGHT},
        {KEY_HOME, KEYCODE_HOME},     {KEY_END, KEYCODE_END},
        {KEY_PPAGE, KEYCODE_PAGE_UP}, {KEY_NPAGE, KEYCODE_PAGE_DOWN},
        {KEY_IC, KEYCODE_INSERT},     {KEY_DC, KEYCODE_DELETE},
        {KEY_BTAB, KEYCODE_BACK_TAB}, {KEY_BACKSPACE, KEYCODE_BACKSPACE},
        {KEY_ENTER, KEYCODE_ENTER},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(codes); i++)
        if (codes[i].curses == special)
            return codes[i].code;
    if (special >= (wint_t)KEY_F(1) && special <= (wint_t)KEY_F(12))
        return KEYCODE_F1 + (guint32)(special - (wint_t)KEY_F(1));
    return 0;
}

/* The rest of a control sequence that nobody knows: its digits are not keys. */
static void skip_sequence(wint_t begin)
{
    wint_t next;
    if (begin == 'O')
        get_wch(&next);
    while (begin == '[' && get_wch(&next) == OK && (next < 0x40 || next > 0x7e))
        ;
}

/* Esc and a digit stands for a function key; Esc and anything else is that key with Alt. */
static void after_escape(struct key *key)
{
    wint_t next;
    int kind = get_wch(&next);
    if (kind == ERR)
        return;
    if (kind == OK && next >= '0' && next <= '9') {
        key->code = KEYCODE_F1 + (next == '0' ? 9 : (guint32)(next - '1'));
        return;
    }
    if (kind == OK)
        skip_sequence(next);
    key->has_modifier = TRUE;
    key->code = kind == OK ? (guint32)next : code_of_special(next);
}

/* Five characters within 30 ms were not typed by fingers. */
#define BURST_US   30000
#define BURST_KEYS 5u

static gboolean is_burst(struct terminal *terminal)
{
    gint64 now = g_get_monotonic_time();
    gboolean is_quick = now - terminal->last_key_at < BURST_US / BURST_KEYS;
    terminal->burst = is_quick ? terminal->burst + 1 : 0;
    terminal->last_key_at = now;
    return terminal->burst >= BURST_KEYS;
}

/* FALSE for what is no key: a paste mark, a resize. */
static gboolean key_of(struct terminal *terminal, int kind, wint_t got, struct key *key)
{
    *key = (struct key){.code = 0};
    if (kind == KEY_CODE_YES && got == (wint_t)PASTE_BEGIN)
        terminal->is_pasting = TRUE;
    else if (kind == KEY_CODE_YES && got == (wint_t)PASTE_END)
        terminal->is_pasting = FALSE;
    else if (kind == KEY_CODE_YES && got == KEY_MOUSE)
        key->code = code_of_mouse(key);
    else if (kind == KEY_CODE_YES)
        key->code = code_of_special(got);
    else if (got == '\n')
        key->code = KEYCODE_ENTER;
    else if (got == 0x7f || got == 8)
        key->code = KEYCODE_BACKSPACE;
    else
        key->code = (guint32)got;
    if (key->code == KEYCODE_ESCAPE && !terminal->is_pasting)
        after_escape(key);
    gboolean is_quick = is_burst(terminal);
    key->is_pasted = terminal->is_pasting || is_quick;
    return key->code != 0;
}

/* So many bytes that wait at once were not typed either: the first of a paste without marks is
 * known by those behind it. */
#define FLOOD_BYTES 64

static void look_ahead(struct terminal *terminal)
{
    int waiting = 0;
    if (ioctl(STDIN_FILENO, FIONREAD, &waiting) == 0 && waiting >= FLOOD_BYTES) {
        terminal->burst = BURST_KEYS;
        terminal->last_key_at = g_get_monotonic_time();
    }
}

gboolean terminal_key(struct terminal *terminal, struct key *key)
{
    wint_t got;
    int kind;
    look_ahead(terminal);
    while ((kind = get_wch(&got)) != ERR)
        if (key_of(terminal, kind, got, key))
            return TRUE;
    return FALSE;
}

void terminal_flush_input(struct terminal *terminal)
{
    (void)terminal;
    flushinp();
}
