/* libedit's side of the line editor: its pseudo-terminal, .editrc, history and bindings. The order
 * matters: `bind -v` in .editrc rebuilds the maps, so that ours come after it. */
#include "base/error.h"
#include "console/line_editor_private.h"

#include <errno.h>
#include <fcntl.h>
#ifdef __APPLE__
#include <util.h>
#else
#include <pty.h>
#endif
#include <sys/stat.h>

/* More than this is no .editrc. */
#define EDITRC_BYTES (64 * 1024)

struct line_editor *line_editor_of(EditLine *edit)
{
    void *data = NULL;
    el_wget(edit, EL_CLIENTDATA, &data);
    return data;
}

/* What libedit calls for a key: 1 and the key, or 0 to give the line up. */
static int next_key(EditLine *edit, wchar_t *key)
{
    struct line_editor *editor = line_editor_of(edit);
    if (!editor->is_cancelled && editor->keys_taken == editor->keys->len)
        line_editor_hand_over(editor);
    if (editor->is_cancelled)
        return 0;
    *key = g_array_index(editor->keys, wchar_t, editor->keys_taken++);
    return 1;
}

static wchar_t *no_prompt(EditLine *edit)
{
    static wchar_t nothing[] = L"";
    (void)edit;
    return nothing;
}

/* --- bindings -------------------------------------------------------------------------------- */

/* NULL leaves the map's own. A sequence means the same in both of vi's maps, whatever is asked for:
 * libedit keeps one tree of them. Where the maps differ, one character has to do. */
static const struct binding {
    const wchar_t *keys, *emacs, *vi_insert, *vi_command;
} bindings[] = {
    {L"^_", L"winch-call", L"winch-call", L"winch-call"},
    {L"^J", L"ed-newline", L"ed-newline", L"ed-newline"},
    {L"^M", L"ed-newline", L"ed-newline", L"ed-newline"},
    {L"^I", L"winch-complete", L"winch-complete", L"winch-complete"},
    {L"^?", L"em-delete-prev-char", L"vi-delete-prev-char", NULL},
    {L"^R", L"em-inc-search-prev", L"em-inc-search-prev", NULL},
    /* A raw newline in the line, or libedit's own command prompt, would be in the way. */
    {L"^V", L"ed-unassigned", L"ed-unassigned", L"ed-unassigned"},
    {L"\\ex", L"ed-unassigned", NULL, NULL},
    {L"\\eX", L"ed-unassigned", NULL, NULL},
    {L":", NULL, NULL, L"ed-unassigned"},
    {L"^^A", L"ed-prev-char", L"ed-prev-char", L"ed-prev-char"},
    {L"^^B", L"ed-next-char", L"ed-next-char", L"ed-next-char"},
    {L"^^C", L"ed-prev-history", L"ed-prev-history", L"ed-prev-history"},
    {L"^^D", L"ed-next-history", L"ed-next-history", L"ed-next-history"},
    {L"^^E", L"ed-move-to-beg", L"ed-move-to-beg", L"ed-move-to-beg"},
    {L"^\\", L"ed-move-to-end", L"winch-end", L"ed-move-to-end"},
    {L"^^G", L"ed-prev-word", L"vi-prev-word", L"vi-prev-word"},
    {L"^^H", L"em-next-word", L"vi-next-word", L"vi-next-word"},
    {L"^^I", L"ed-delete-next-char", L"ed-delete-next-char", L"ed-delete-next-char"},
    {L"^]", NULL, L"vi-command-mode", L"ed-unassigned"},
};

/* What people who know other programs expect; .editrc may say otherwise. */
static const struct binding habits[] = {
    {L"^W", L"ed-delete-prev-word", NULL, NULL},
    {L"^U", L"vi-kill-line-prev", NULL, NULL},
    {L"^P", NULL, L"ed-prev-history", NULL},
    {L"^N", NULL, L"ed-next-history", NULL},
};

static void bind_all(struct line_editor *editor, const struct binding *rows, gsize count)
{
    for (const struct binding *row = rows; row < rows + count; row++) {
        const wchar_t *primary = editor->is_vi ? row->vi_insert : row->emacs;
        if (primary != NULL)
            el_wset(editor->edit, EL_BIND, row->keys, primary, NULL);
        if (editor->is_vi && row->vi_command != NULL)
            el_wset(editor->edit, EL_BIND, L"-a", row->keys, row->vi_command, NULL);
    }
}

/* Puts the insertion where the deletion was. Redraws nothing: nobody sees libedit's drawing. */
static unsigned char insert(struct line_editor *editor)
{
    if (editor->deletion > 0)
        el_wdeletestr(editor->edit, editor->deletion);
    int outcome = el_winsertstr(editor->edit, editor->insertion);
    editor->deletion = 0;
    g_clear_pointer(&editor->insertion, g_free);
    return outcome == 0 ? CC_REFRESH : CC_ERROR;
}

/* Bound to one character: reads what is meant from beside the line. CC_ARGHACK keeps a count and an
 * operator that were typed before the key. */
static unsigned char do_call(EditLine *edit, wint_t character)
{
    (void)character;
    struct line_editor *editor = line_editor_of(edit);
    enum line_call what = editor->call;
    editor->call = LINE_CALL_NOTHING;
    if (what == LINE_CALL_NOTHING)
        return CC_NORM;
    if (what == LINE_CALL_INSERT)
        return editor->insertion == NULL ? CC_NORM : insert(editor);
    wchar_t sequence[] = {LINE_LEAD, (wchar_t)(L'A' + (what - LINE_CALL_LEFT)), L'\0'};
    if (what == LINE_CALL_END)
        el_wpush(edit, (wchar_t[]){LINE_END, L'\0'});
    else if (what == LINE_CALL_ESCAPE)
        el_wpush(edit, (wchar_t[]){LINE_COMMANDS, L'\0'});
    else
        el_wpush(edit, sequence);
    return CC_ARGHACK;
}

/* vi's own stops before the last character, also where one is to go on typing behind it. */
static unsigned char do_end(EditLine *edit, wint_t character)
{
    (void)character;
    const LineInfoW *line = el_wline(edit);
    el_cursor(edit, (int)(line->lastchar - line->cursor));
    return CC_CURSOR;
}

static unsigned char do_complete(EditLine *edit, wint_t character)
{
    (void)character;
    struct line_editor *editor = line_editor_of(edit);
    editor->wants_completion = TRUE;
    line_editor_hand_over(editor);
    return editor->insertion == NULL ? CC_NORM : insert(editor);
}

/* --- before each line ------------------------------------------------------------------------ */

static void history_fill(struct line_editor *editor)
{
    HistEventW event;
    history_w(editor->history, &event, H_CLEAR);
    history_w(editor->history, &event, H_SETSIZE, LINE_HISTORY_LINES);
    for (guint i = 0; editor->lines != NULL && i < line_history_count(editor->lines); i++) {
        g_autofree wchar_t *line = line_editor_characters(line_history_get(editor->lines, i));
        history_w(editor->history, &event, H_ENTER, line);
    }
}

static gboolean find_vi(struct line_editor *editor)
{
    const wchar_t *name = NULL;
    return el_wget(editor->edit, EL_EDITOR, &name) == 0 && name != NULL && name[0] == L'v';
}

void line_editor_prepare(struct line_editor *editor)
{
    history_fill(editor);
    editor->is_vi = find_vi(editor);
    el_wset(editor->edit, EL_EDITMODE, 1);
    bind_all(editor, bindings, G_N_ELEMENTS(bindings));
}

/* --- life ------------------------------------------------------------------------------------ */

static gboolean terminal_open(struct line_editor *editor, GError **error)
{
    struct winsize size = {.ws_row = 24, .ws_col = 200};
    if (openpty(&editor->master, &editor->slave, NULL, NULL, &size) != 0) {
        error_set_errno(error, ERROR_FAILED, errno, "no pseudo-terminal");
        return FALSE;
    }
    fcntl(editor->master, F_SETFD, FD_CLOEXEC);
    fcntl(editor->slave, F_SETFD, FD_CLOEXEC);
    editor->null = fopen("/dev/null", "r+e");
    if (editor->null == NULL)
        error_set_errno(error, ERROR_FAILED, errno, "/dev/null");
    return editor->null != NULL;
}

/* el_source() reads past the end of its words on a quote left open or bytes that are not UTF-8, so
 * libedit gets only the lines that its own tokenizer finds whole. */
static void editrc_line(struct line_editor *editor, const char *text)
{
    while (g_ascii_isspace(*text))
        text++;
    if (*text == '\0' || *text == '#' || !g_utf8_validate(text, -1, NULL))
        return;
    g_autofree wchar_t *line = line_editor_characters(text);
    TokenizerW *tokenizer = tok_winit(NULL);
    int count = 0;
    const wchar_t **words = NULL;
    if (tok_wstr(tokenizer, line, &count, &words) == 0 && count > 0)
        el_wparse(editor->edit, count, words);
    tok_wend(tokenizer);
}

/* Whether .editrc was there and read. Anything but a small file is passed over: a pipe would keep
 * us for ever. */
static gboolean editrc_read(struct line_editor *editor, const char *path)
{
    const char *home = g_getenv("HOME");
    if (path == NULL && home == NULL)
        return FALSE;
    g_autofree char *name = path != NULL ? g_strdup(path) : g_build_filename(home, ".editrc", NULL);
    g_autofree char *text = NULL;
    struct stat status;
    if (stat(name, &status) != 0 || !S_ISREG(status.st_mode) || status.st_size > EDITRC_BYTES ||
        !g_file_get_contents(name, &text, NULL, NULL))
        return FALSE;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (char **line = lines; *line != NULL; line++)
        editrc_line(editor, *line);
    return TRUE;
}

static void edit_set_up(struct line_editor *editor, const char *editrc)
{
    EditLine *edit = editor->edit;
    el_wset(edit, EL_CLIENTDATA, editor);
    el_wset(edit, EL_PROMPT, no_prompt);
    el_wset(edit, EL_GETCFN, next_key);
    el_wset(edit, EL_SIGNAL, 0);
    el_wset(edit, EL_HIST, history_w, editor->history);
    el_wset(edit, EL_EDITOR, L"emacs");
    gboolean is_read = editrc_read(editor, editrc);
    el_wset(edit, EL_ADDFN, L"winch-call", L"A key that is no character", do_call);
    el_wset(edit, EL_ADDFN, L"winch-end", L"Behind the last character", do_end);
    el_wset(edit, EL_ADDFN, L"winch-complete", L"Complete the word", do_complete);
    editor->is_vi = find_vi(editor);
    if (!is_read || editor->is_vi)
        bind_all(editor, habits, G_N_ELEMENTS(habits));
}

gboolean line_editor_open(struct line_editor *editor, const struct line_editor_options *options,
                          GError **error)
{
    if (!terminal_open(editor, error))
        return FALSE;
    editor->history = history_winit();
    editor->edit = el_init_fd(options->program, editor->null, editor->null, editor->null,
                              editor->slave, editor->slave, fileno(editor->null));
    if (editor->edit == NULL || editor->history == NULL) {
        error_set(error, ERROR_FAILED, "libedit did not start");
        return FALSE;
    }
    edit_set_up(editor, options->editrc);
    return TRUE;
}

void line_editor_close(struct line_editor *editor)
{
    if (editor->edit != NULL)
        el_end(editor->edit);
    if (editor->history != NULL)
        history_wend(editor->history);
    if (editor->null != NULL)
        fclose(editor->null);
    if (editor->slave >= 0)
        close(editor->slave);
    if (editor->master >= 0)
        close(editor->master);
}
