/* One line typed at the bottom: libedit edits it, the candidates of Tab stand above it. */
#include "console/app.h"

#include "console/line_editor.h"

#include <string.h>

struct prompt {
    struct console *console;
    struct line_editor *editor; /* NULL until the first line */
    struct line_history *history;
    enum prompt_kind kind;
    gboolean is_open;
    char *question;
    prompt_done_fn done;
    gpointer data;
    GPtrArray *candidates; /* of struct console_candidate *; what Tab found last */
};

static char *history_path(void)
{
    g_autofree char *directory = console_state_directory(NULL);
    return directory != NULL ? g_build_filename(directory, "prompt_history", NULL) : NULL;
}

struct prompt *prompt_new(struct console *console)
{
    struct prompt *prompt = g_new0(struct prompt, 1);
    prompt->console = console;
    prompt->candidates = g_ptr_array_new_with_free_func((GDestroyNotify)console_candidate_free);
    return prompt;
}

void prompt_free(struct prompt *prompt)
{
    if (prompt->is_open)
        prompt->done(prompt->console, NULL, prompt->data);
    line_editor_free(prompt->editor);
    if (prompt->history != NULL) {
        line_history_save(prompt->history, NULL);
        line_history_free(prompt->history);
    }
    g_ptr_array_unref(prompt->candidates);
    g_free(prompt->question);
    g_free(prompt);
}

/* ---- completion ------------------------------------------------------------------------------ */

static gsize word_start(const char *line, gsize cursor)
{
    gsize start = cursor;
    while (start > 0 && line[start - 1] != ' ')
        start--;
    return start;
}

static void complete(const char *line, gsize cursor, struct line_completion *completion,
                     gpointer data)
{
    struct prompt *prompt = data;
    struct console *console = prompt->console;
    g_ptr_array_set_size(prompt->candidates, 0);
    if (prompt->kind != PROMPT_COMMAND)
        return;
    g_autoptr(GPtrArray) found = console->options->host.complete(line, cursor, console->model->set);
    command_line_complete(line, cursor, found);
    completion->start = word_start(line, cursor);
    completion->after = ' ';
    for (guint i = 0; i < found->len; i++) {
        const struct console_candidate *candidate = found->pdata[i];
        line_completion_add(completion, candidate->text, candidate->means);
    }
    prompt->candidates = (g_ptr_array_unref(prompt->candidates), g_steal_pointer(&found));
}

/* ---- opening and keys ------------------------------------------------------------------------ */

static gboolean make_editor(struct prompt *prompt)
{
    g_autoptr(GError) error = NULL;
    if (prompt->editor != NULL)
        return TRUE;
    g_autofree char *path = history_path();
    prompt->history = line_history_load(path);
    struct line_editor_options options = {.program = "winch",
                                          .history = prompt->history,
                                          .complete = complete,
                                          .complete_data = prompt};
    prompt->editor = line_editor_new(&options, &error);
    if (prompt->editor == NULL)
        console_say_error(prompt->console, error);
    return prompt->editor != NULL;
}

void prompt_open(struct prompt *prompt, enum prompt_kind kind, const char *question,
                 const char *initial, prompt_done_fn done, gpointer data)
{
    if (!make_editor(prompt)) {
        done(prompt->console, NULL, data);
        return;
    }
    prompt->kind = kind;
    prompt->question = (g_free(prompt->question), g_strdup(question));
    prompt->done = done;
    prompt->data = data;
    prompt->is_open = TRUE;
    g_ptr_array_set_size(prompt->candidates, 0);
    line_editor_begin(prompt->editor, initial);
    console_redraw(prompt->console);
}

gboolean prompt_is_open(const struct prompt *prompt)
{
    return prompt->is_open;
}

static gunichar line_key(guint32 code)
{
    static const struct {
        guint32 code;
        gunichar key;
    } keys[] = {
        {KEYCODE_LEFT, LINE_KEY_LEFT},     {KEYCODE_RIGHT, LINE_KEY_RIGHT},
        {KEYCODE_UP, LINE_KEY_UP},         {KEYCODE_DOWN, LINE_KEY_DOWN},
        {KEYCODE_HOME, LINE_KEY_HOME},     {KEYCODE_END, LINE_KEY_END},
        {KEYCODE_DELETE, LINE_KEY_DELETE}, {KEYCODE_BACKSPACE, LINE_KEY_BACKSPACE},
        {KEYCODE_ENTER, LINE_KEY_ENTER},   {KEYCODE_TAB, LINE_KEY_TAB},
        {KEYCODE_ESCAPE, LINE_KEY_ESCAPE},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(keys); i++)
        if (keys[i].code == code)
            return keys[i].key;
    return code < 0x110000 ? code : 0;
}

static enum line_editor_state feed(struct prompt *prompt, const struct key *key)
{
    char utf8[8] = "";
    if (key->has_modifier)
        return line_editor_meta_key(prompt->editor, line_key(key->code));
    if (!key->is_pasted)
        return line_editor_key(prompt->editor, line_key(key->code));
    if (key->code >= 0x110000)
        return LINE_EDITOR_EDITING;
    utf8[g_unichar_to_utf8(key->code, utf8)] = '\0';
    return line_editor_paste(prompt->editor, utf8);
}

/* Closed before it is told, which may open another. Confirmations and reasons are not kept. */
static void finish(struct prompt *prompt, char *accepted)
{
    g_autofree char *text = accepted;
    prompt->is_open = FALSE;
    g_ptr_array_set_size(prompt->candidates, 0);
    if (text != NULL && prompt->kind == PROMPT_COMMAND)
        line_history_add(prompt->history, text);
    prompt->done(prompt->console, text, prompt->data);
}

void prompt_key(struct prompt *prompt, const struct key *key)
{
    if (key->code != KEYCODE_TAB)
        g_ptr_array_set_size(prompt->candidates, 0);
    switch (feed(prompt, key)) {
    case LINE_EDITOR_ACCEPTED:
        finish(prompt, g_strdup(line_editor_view(prompt->editor).text));
        break;
    case LINE_EDITOR_CANCELLED:
        finish(prompt, NULL);
        break;
    case LINE_EDITOR_IDLE:
    case LINE_EDITOR_EDITING:
        break;
    }
    console_redraw(prompt->console);
}

/* ---- drawing --------------------------------------------------------------------------------- */

int prompt_rows(const struct prompt *prompt, int most)
{
    int candidates = prompt->candidates->len > 1 ? (int)prompt->candidates->len : 0;
    return 1 + MIN(candidates, MAX(most - 1, 0));
}

static void draw_candidates(const struct prompt *prompt, struct grid *grid, const struct area *area)
{
    int rows = area->rows - 1;
    for (int i = 0; i < rows; i++) {
        int row = area->row + i;
        const struct console_candidate *candidate = prompt->candidates->pdata[i];
        gboolean is_cut = i == rows - 1 && (int)prompt->candidates->len > rows;
        if (is_cut) {
            grid_putf(grid, row, area->column, area->columns, STYLE_FAINT, "  ... %d more",
                      (int)prompt->candidates->len - rows + 1);
            continue;
        }
        int used = grid_put(grid, row, area->column + 2, 28, STYLE_KEY, candidate->text);
        grid_put(grid, row, area->column + 2 + MAX(used + 2, 24), -1, STYLE_TEXT, candidate->means);
    }
}

void prompt_draw(struct prompt *prompt, struct grid *grid, const struct area *area)
{
    struct line_view view = line_editor_view(prompt->editor);
    int row = area->row + area->rows - 1;
    grid_clear(grid, area, STYLE_TEXT);
    draw_candidates(prompt, grid, area);
    int used = grid_put(grid, row, area->column, area->columns / 2, STYLE_STRONG,
                        view.search != NULL ? "(search) " : prompt->question);
    if (view.search != NULL)
        used += grid_putf(grid, row, area->column + used, area->columns / 2, STYLE_STRONG,
                          "%s%s: ", view.search, view.search_failed ? " not found" : "");
    /* The part of a long line that has the cursor in it. */
    int room = MAX(area->columns - used - 1, 1);
    g_autofree char *before = g_strndup(view.text, view.cursor);
    g_autofree char *visible = text_visible(before, -1, TEXT_ONE_LINE);
    int column = text_width(visible);
    const char *from = view.text;
    while (column > room) {
        from += g_utf8_skip[(guchar)*from];
        g_autofree char *rest = g_strndup(from, (gsize)(view.text + view.cursor - from));
        g_autofree char *shown = text_visible(rest, -1, TEXT_ONE_LINE);
        column = text_width(shown);
    }
    grid_put(grid, row, area->column + used, room + 1, STYLE_TEXT, from);
    grid_cursor(grid, row, area->column + used + column);
    grid->shows_cursor = TRUE;
}
