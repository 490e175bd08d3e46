/* Finding text in the rows of the screen in front. */
#include "console/app.h"

#include "console/find.h"

const char *console_search(const struct console *console)
{
    return console->search;
}

static gboolean row_matches(struct view *view, guint row, const char *pattern)
{
    g_autofree char *raw = view->ops->row_text(view, row);
    g_autofree char *text = raw != NULL ? g_utf8_make_valid(raw, -1) : NULL;
    return find_in(text, pattern);
}

static struct list *list_of(struct view *view)
{
    return view->ops->list != NULL && view->ops->row_text != NULL ? view->ops->list(view) : NULL;
}

static void find(struct console *console, int step, gboolean from_here)
{
    struct view *view = console_shown(console);
    struct list *list = list_of(view);
    if (list == NULL || list->count == 0 || console->search == NULL) {
        console_say(console, RECORD_INFO,
                    console->search == NULL ? "nothing was searched for: / asks"
                                            : "there is nothing to search here");
        return;
    }
    guint count = list->count;
    guint start = list->pages ? list->top : list->selected;
    for (guint i = from_here ? 0 : 1; i <= count; i++) {
        guint offset = step > 0 ? i % count : (count - i % count) % count;
        guint row = (start + offset) % count;
        if (!row_matches(view, row, console->search))
            continue;
        if ((step > 0 && row < start) || (step < 0 && row > start))
            console_say(console, RECORD_INFO, "the search went on at the other end");
        list_select(list, row);
        cursor_moved(console);
        return;
    }
    console_say(console, RECORD_WARNING, "not found: %s", console->search);
}

static void typed(struct console *console, const char *text, gpointer data)
{
    (void)data;
    if (text == NULL || *text == '\0')
        return;
    g_free(console->search);
    console->search = g_strdup(text);
    find(console, 1, TRUE);
}

void search_ask(struct console *console)
{
    if (list_of(console_shown(console)) == NULL)
        console_say(console, RECORD_INFO, "there is nothing to search here");
    else
        prompt_open(console->prompt, PROMPT_SEARCH, "/", NULL, typed, NULL);
}

void search_next(struct console *console)
{
    find(console, 1, FALSE);
}

void search_previous(struct console *console)
{
    find(console, -1, FALSE);
}
