/* libedit on a thread that runs in turns with its caller: el_wgets() asks for a key in next_key(),
 * which hands the turn over and sleeps until the next call brings one. libedit insists on a
 * terminal, so it gets a pseudo-terminal of its own that nobody looks at. */
#include "console/line_editor.h"

#include "base/error.h"
#include "base/text.h"
#include "console/line_editor_private.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>

/* libedit cannot bind function keys, and a sequence for them would be destructive where it waits
 * for a single character (vi's f, r, ^R). So one control character stands for all of them: it is
 * bound to a function that asks for what is meant, and elsewhere it is no more than a stray key. */
#define CALL 0x1fu

/* --- turns ----------------------------------------------------------------------------------- */

/* On libedit's thread: lets the caller go on, and waits for its next call. */
void line_editor_hand_over(struct line_editor *editor)
{
    g_mutex_lock(&editor->mutex);
    editor->is_editors_turn = FALSE;
    g_cond_broadcast(&editor->turned);
    while (!editor->is_editors_turn)
        g_cond_wait(&editor->turned, &editor->mutex);
    g_mutex_unlock(&editor->mutex);
}

/* On the caller's thread: lets libedit work until it wants something. */
static void let_work(struct line_editor *editor)
{
    g_mutex_lock(&editor->mutex);
    editor->is_editors_turn = TRUE;
    g_cond_broadcast(&editor->turned);
    while (editor->is_editors_turn)
        g_cond_wait(&editor->turned, &editor->mutex);
    g_mutex_unlock(&editor->mutex);
}

static void end_line(struct line_editor *editor, const wchar_t *line)
{
    g_clear_pointer(&editor->accepted, g_free);
    if (line == NULL || editor->is_cancelled) {
        editor->state = LINE_EDITOR_CANCELLED;
        return;
    }
    gsize length = wcslen(line);
    while (length > 0 && (line[length - 1] == L'\n' || line[length - 1] == L'\r'))
        length--;
    editor->accepted = line_editor_utf8(line, length);
    editor->state = LINE_EDITOR_ACCEPTED;
}

static gpointer run(gpointer data)
{
    struct line_editor *editor = data;
    for (;;) {
        line_editor_hand_over(editor);
        if (editor->is_leaving)
            break;
        int count = 0;
        const wchar_t *line = el_wgets(editor->edit, &count);
        end_line(editor, line);
    }
    g_mutex_lock(&editor->mutex);
    editor->is_editors_turn = FALSE;
    g_cond_broadcast(&editor->turned);
    g_mutex_unlock(&editor->mutex);
    return NULL;
}

/* --- text ------------------------------------------------------------------------------------ */

/* Control characters would not survive a terminal or the history: they become spaces. */
char *line_editor_utf8(const wchar_t *characters, gsize length)
{
    GString *text = g_string_sized_new(length);
    for (gsize i = 0; i < length; i++) {
        gunichar character = (gunichar)characters[i];
        gboolean is_text = g_unichar_validate(character) && !g_unichar_iscntrl(character);
        g_string_append_unichar(text, is_text ? character : ' ');
    }
    return g_string_free(text, FALSE);
}

wchar_t *line_editor_characters(const char *text)
{
    g_autofree char *valid = g_utf8_make_valid(text, -1);
    g_autoptr(GArray) characters = g_array_new(TRUE, FALSE, sizeof(wchar_t));
    for (const char *at = valid; *at != '\0'; at += g_utf8_skip[(guchar)*at]) {
        gunichar character = g_utf8_get_char(at);
        wchar_t wide = g_unichar_iscntrl(character) ? L' ' : (wchar_t)character;
        if (character != '\r' || at[1] != '\n')
            g_array_append_val(characters, wide);
    }
    return (wchar_t *)(gpointer)g_array_free(g_steal_pointer(&characters), FALSE);
}

/* --- keys ------------------------------------------------------------------------------------ */

/* libedit shows what is searched for behind a newline, and no line of ours contains one. The whole
 * of it is "match\nbck:pattern" (":" is "?" when nothing matched), in vi "\n/pattern ". */
static const wchar_t *prompt_of(const LineInfoW *line)
{
    return wmemchr(line->buffer, L'\n', (gsize)(line->lastchar - line->buffer));
}

static gboolean is_incremental(const LineInfoW *line, const wchar_t *prompt)
{
    return line->lastchar - prompt >= 5 &&
           (wcsncmp(prompt, L"\nbck", 4) == 0 || wcsncmp(prompt, L"\nfwd", 4) == 0);
}

static void give(struct line_editor *editor, wchar_t key)
{
    g_array_append_val(editor->keys, key);
}

static void call(struct line_editor *editor, enum line_call what)
{
    editor->call = what;
    give(editor, (wchar_t)CALL);
}

static gboolean is_prompting(const struct line_editor *editor)
{
    return prompt_of(el_wline(editor->edit)) != NULL;
}

/* vi's / takes Esc for Enter, so its pattern is taken back instead. */
static void leave_prompt(struct line_editor *editor)
{
    const LineInfoW *line = el_wline(editor->edit);
    const wchar_t *prompt = prompt_of(line);
    if (is_incremental(line, prompt)) {
        give(editor, L'\033');
        return;
    }
    for (const wchar_t *at = prompt + 2; at <= line->lastchar - 1; at++)
        give(editor, L'\177');
}

static void give_escape(struct line_editor *editor)
{
    if (is_prompting(editor))
        leave_prompt(editor);
    else if (editor->is_vi)
        call(editor, LINE_CALL_ESCAPE);
    else
        editor->is_cancelled = TRUE;
}

static void give_character(struct line_editor *editor, gunichar key)
{
    gboolean is_abort = key == 'G' - '@' && is_prompting(editor);
    if (is_abort && is_incremental(el_wline(editor->edit), prompt_of(el_wline(editor->edit))))
        give(editor, L'\a');
    else if (is_abort)
        leave_prompt(editor);
    else if (key == 'C' - '@' || key == 'G' - '@')
        editor->is_cancelled = TRUE;
    else if (key != 0 && (key < LINE_END || key > CALL) && g_unichar_validate(key))
        give(editor, (wchar_t)key);
}

static void give_key(struct line_editor *editor, gunichar key)
{
    switch (key) {
    case LINE_KEY_ENTER:
    case '\r':
    case '\n':
        give(editor, L'\n');
        break;
    case LINE_KEY_TAB:
        give(editor, L'\t');
        break;
    case LINE_KEY_BACKSPACE:
    case '\b':
        give(editor, L'\177');
        break;
    case LINE_KEY_ESCAPE:
    case '\033':
        give_escape(editor);
        break;
    default:
        if (key >= LINE_KEY_LEFT && key <= LINE_KEY_DELETE)
            call(editor, (enum line_call)(LINE_CALL_LEFT + (key - LINE_KEY_LEFT)));
        else
            give_character(editor, key);
    }
}

/* --- completion ------------------------------------------------------------------------------ */

static void candidate_free(gpointer data)
{
    struct line_candidate *candidate = data;
    g_free(candidate->text);
    g_free(candidate->meaning);
    g_free(candidate);
}

void line_completion_add(struct line_completion *completion, const char *text, const char *meaning)
{
    struct line_candidate *candidate = g_new0(struct line_candidate, 1);
    candidate->text = g_strdup(text);
    candidate->meaning = g_strdup(meaning);
    g_ptr_array_add(completion->candidates, candidate);
}

static void completion_clear(struct line_editor *editor)
{
    if (editor->completion.candidates != NULL)
        g_ptr_array_set_size(editor->completion.candidates, 0);
    editor->has_completion = FALSE;
}

/* Bytes that all candidates begin with, never half a character. */
static gsize common_length(const GPtrArray *candidates)
{
    const struct line_candidate *first = g_ptr_array_index(candidates, 0);
    gsize length = strlen(first->text);
    for (guint i = 1; i < candidates->len; i++) {
        const struct line_candidate *other = g_ptr_array_index(candidates, i);
        gsize same = 0;
        while (same < length && first->text[same] == other->text[same])
            same++;
        length = same;
    }
    while (length > 0 && (first->text[length] & 0xc0) == 0x80)
        length--;
    return length;
}

/* The word as typed gives way to what its candidates have in common, if that is more of it. */
static void insertion_prepare(struct line_editor *editor, const char *text, gsize cursor)
{
    const struct line_completion *completion = &editor->completion;
    if (completion->candidates->len == 0 || completion->start > cursor)
        return;
    const struct line_candidate *first = g_ptr_array_index(completion->candidates, 0);
    gboolean is_sole = completion->candidates->len == 1;
    gsize length = common_length(completion->candidates);
    gsize typed = cursor - completion->start;
    if (!is_sole && (length < typed || strncmp(first->text, text + completion->start, typed) != 0))
        return;
    g_autofree char *word = g_strndup(first->text, length);
    const char after[] = {is_sole ? completion->after : '\0', '\0'};
    g_autofree char *insertion = g_strconcat(word, after, NULL);
    editor->insertion = line_editor_characters(insertion);
    editor->deletion = (int)g_utf8_strlen(text + completion->start, (gssize)typed);
}

static void complete(struct line_editor *editor)
{
    const LineInfoW *line = el_wline(editor->edit);
    g_autofree char *before = line_editor_utf8(line->buffer, (gsize)(line->cursor - line->buffer));
    g_autofree char *behind =
        line_editor_utf8(line->cursor, (gsize)(line->lastchar - line->cursor));
    g_autofree char *text = g_strconcat(before, behind, NULL);
    gsize cursor = strlen(before);
    completion_clear(editor);
    editor->completion.start = cursor;
    editor->completion.after = '\0';
    editor->has_completion = TRUE;
    editor->complete(text, cursor, &editor->completion, editor->complete_data);
    insertion_prepare(editor, text, cursor);
}

/* --- calls ----------------------------------------------------------------------------------- */

static enum line_editor_state go_on(struct line_editor *editor)
{
    let_work(editor);
    while (editor->wants_completion) {
        editor->wants_completion = FALSE;
        if (editor->complete != NULL)
            complete(editor);
        let_work(editor);
    }
    g_array_set_size(editor->keys, 0);
    editor->keys_taken = 0;
    return editor->state;
}

static enum line_editor_state key_or_meta(struct line_editor *editor, gunichar key, gboolean meta)
{
    if (editor->state != LINE_EDITOR_EDITING)
        return editor->state;
    completion_clear(editor);
    if (meta)
        give(editor, L'\033');
    give_key(editor, key);
    return go_on(editor);
}

enum line_editor_state line_editor_key(struct line_editor *editor, gunichar key)
{
    return key_or_meta(editor, key, FALSE);
}

enum line_editor_state line_editor_meta_key(struct line_editor *editor, gunichar key)
{
    gboolean is_character = key > ' ' && key < LINE_KEY_LEFT && key != 0x7f;
    return key_or_meta(editor, key, is_character);
}

enum line_editor_state line_editor_paste(struct line_editor *editor, const char *text)
{
    if (editor->state != LINE_EDITOR_EDITING)
        return editor->state;
    completion_clear(editor);
    wchar_t *characters = line_editor_characters(text);
    if (is_prompting(editor)) {
        for (const wchar_t *at = characters; *at != L'\0'; at++)
            give(editor, *at);
        g_free(characters);
    } else {
        editor->insertion = characters;
        call(editor, LINE_CALL_INSERT);
    }
    enum line_editor_state state = go_on(editor);
    g_clear_pointer(&editor->insertion, g_free);
    return state;
}

static void cancel(struct line_editor *editor)
{
    if (editor->state != LINE_EDITOR_EDITING)
        return;
    editor->is_cancelled = TRUE;
    go_on(editor);
}

void line_editor_begin(struct line_editor *editor, const char *text)
{
    cancel(editor);
    completion_clear(editor);
    line_editor_prepare(editor);
    editor->is_cancelled = FALSE;
    editor->state = LINE_EDITOR_EDITING;
    go_on(editor);
    if (text != NULL && *text != '\0')
        line_editor_paste(editor, text);
}

enum line_editor_state line_editor_state(const struct line_editor *editor)
{
    return editor->state;
}

gboolean line_editor_is_vi(const struct line_editor *editor)
{
    return editor->is_vi;
}

/* --- the view -------------------------------------------------------------------------------- */

static void view_search(struct line_editor *editor, const LineInfoW *line, struct line_view *view)
{
    const wchar_t *prompt = prompt_of(line);
    gboolean is_search = is_incremental(line, prompt);
    const wchar_t *pattern = prompt + (is_search ? 5 : 2);
    const wchar_t *end = is_search ? line->lastchar : line->lastchar - 1;
    gsize length = end > pattern ? (gsize)(end - pattern) : 0;
    editor->shown_search = line_editor_utf8(pattern, length);
    view->search = editor->shown_search;
    view->search_failed = is_search && prompt[4] == L'?';
}

struct line_view line_editor_view(struct line_editor *editor)
{
    struct line_view view = {.text = ""};
    g_clear_pointer(&editor->shown, g_free);
    g_clear_pointer(&editor->shown_search, g_free);
    if (editor->state == LINE_EDITOR_ACCEPTED) {
        view.text = editor->accepted;
        view.cursor = strlen(view.text);
        view.column = text_width(view.text);
    }
    if (editor->state != LINE_EDITOR_EDITING)
        return view;
    const LineInfoW *line = el_wline(editor->edit);
    const wchar_t *prompt = prompt_of(line);
    const wchar_t *end = prompt == NULL ? line->lastchar : prompt;
    const wchar_t *cursor = line->cursor < end ? line->cursor : end;
    g_autofree char *before = line_editor_utf8(line->buffer, (gsize)(cursor - line->buffer));
    g_autofree char *behind = line_editor_utf8(cursor, (gsize)(end - cursor));
    editor->shown = g_strconcat(before, behind, NULL);
    view.text = editor->shown;
    view.cursor = strlen(before);
    view.column = text_width(before);
    view.completion = editor->has_completion ? &editor->completion : NULL;
    if (prompt != NULL)
        view_search(editor, line, &view);
    return view;
}

/* --- life ------------------------------------------------------------------------------------ */

/* Signals are the main thread's: one that ended up here would wake nobody. */
static GThread *thread_start(struct line_editor *editor, GError **error)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    editor->is_editors_turn = TRUE;
    GThread *thread = g_thread_try_new("line editor", run, editor, error);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return thread;
}

/* Until it sleeps in run() for the first time. */
static void wait_for_thread(struct line_editor *editor)
{
    g_mutex_lock(&editor->mutex);
    while (editor->is_editors_turn)
        g_cond_wait(&editor->turned, &editor->mutex);
    g_mutex_unlock(&editor->mutex);
}

struct line_editor *line_editor_new(const struct line_editor_options *options, GError **error)
{
    struct line_editor *editor = g_new0(struct line_editor, 1);
    g_mutex_init(&editor->mutex);
    g_cond_init(&editor->turned);
    editor->master = editor->slave = -1;
    editor->keys = g_array_new(FALSE, FALSE, sizeof(wchar_t));
    editor->completion.candidates = g_ptr_array_new_with_free_func(candidate_free);
    editor->lines = options->history;
    editor->complete = options->complete;
    editor->complete_data = options->complete_data;
    if (line_editor_open(editor, options, error))
        editor->thread = thread_start(editor, error);
    if (editor->thread == NULL) {
        g_prefix_error(error, "line editor: ");
        line_editor_free(editor);
        return NULL;
    }
    wait_for_thread(editor);
    return editor;
}

void line_editor_free(struct line_editor *editor)
{
    if (editor == NULL)
        return;
    if (editor->thread != NULL) {
        cancel(editor);
        editor->is_leaving = TRUE;
        let_work(editor);
        g_thread_join(editor->thread);
    }
    line_editor_close(editor);
    g_array_unref(editor->keys);
    g_ptr_array_unref(editor->completion.candidates);
    g_free(editor->accepted);
    g_free(editor->shown);
    g_free(editor->shown_search);
    g_free(editor->insertion);
    g_mutex_clear(&editor->mutex);
    g_cond_clear(&editor->turned);
    g_free(editor);
}
