/* Collects mistakes; one GError carries them all. */
#include "config/mistakes.h"

#include "base/error.h"
#include "base/text.h"

/* More than anybody reads at once; a hostile file must not fill the screen. */
#define SHOWN_MAX  50
#define QUOTED_MAX 60

struct mistake {
    const char *file;
    unsigned line;
    char *message;
};

struct mistakes {
    GArray *list; /* of struct mistake */
};

static void mistake_clear(gpointer data)
{
    struct mistake *mistake = data;
    g_free(mistake->message);
}

struct mistakes *mistakes_new(void)
{
    struct mistakes *mistakes = g_new0(struct mistakes, 1);
    mistakes->list = g_array_new(FALSE, FALSE, sizeof(struct mistake));
    g_array_set_clear_func(mistakes->list, mistake_clear);
    return mistakes;
}

void mistakes_free(struct mistakes *mistakes)
{
    if (mistakes == NULL)
        return;
    g_array_unref(mistakes->list);
    g_free(mistakes);
}

void mistakes_add(struct mistakes *mistakes, const char *file, unsigned line, const char *format,
                  ...)
{
    struct mistake mistake = {.file = file, .line = line};
    va_list arguments;
    va_start(arguments, format);
    mistake.message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_array_append_val(mistakes->list, mistake);
    /* cppcheck-suppress memleak ; the list has it now */
}

guint mistakes_count(const struct mistakes *mistakes)
{
    return mistakes->list->len;
}

/* Outside of files first, then by line. */
static gint compare(gconstpointer a, gconstpointer b)
{
    const struct mistake *left = a, *right = b;
    if ((left->file == NULL) != (right->file == NULL))
        return left->file == NULL ? -1 : 1;
    return left->line < right->line ? -1 : left->line > right->line;
}

/* qsort is not stable, and two mistakes on a line keep their order only so. */
static void sort(GArray *list)
{
    for (guint i = 1; i < list->len; i++) {
        struct mistake *mistakes = &g_array_index(list, struct mistake, 0);
        struct mistake moving = mistakes[i];
        guint at = i;
        for (; at > 0 && compare(&mistakes[at - 1], &moving) > 0; at--)
            mistakes[at] = mistakes[at - 1];
        mistakes[at] = moving;
    }
}

static void append_place(GString *out, const struct mistake *mistake)
{
    if (mistake->file == NULL)
        return;
    g_string_append(out, mistake->file);
    if (mistake->line > 0)
        g_string_append_printf(out, ":%u", mistake->line);
    g_string_append(out, ": ");
}

gboolean mistakes_report(struct mistakes *mistakes, GError **error)
{
    guint count = mistakes->list->len;
    if (count == 0)
        return TRUE;
    sort(mistakes->list);
    const struct mistake *first = &g_array_index(mistakes->list, struct mistake, 0);
    g_autoptr(GString) message = g_string_new(first->message);
    for (guint i = 1; i < MIN(count, SHOWN_MAX); i++) {
        const struct mistake *mistake = &g_array_index(mistakes->list, struct mistake, i);
        g_string_append_c(message, '\n');
        append_place(message, mistake);
        g_string_append(message, mistake->message);
    }
    if (count > SHOWN_MAX)
        g_string_append_printf(message, "\nand %u more", count - SHOWN_MAX);
    if (first->file != NULL)
        error_set_at(error, ERROR_CONFIG, first->file, first->line, "%s", message->str);
    else
        error_set(error, ERROR_CONFIG, "%s", message->str);
    return FALSE;
}

char *mistakes_quote(const char *text)
{
    g_autofree char *visible = text_visible(text, -1, TEXT_ONE_LINE);
    if (g_utf8_strlen(visible, -1) <= QUOTED_MAX)
        return g_strdup_printf("'%s'", visible);
    g_autofree char *head = g_utf8_substring(visible, 0, QUOTED_MAX);
    return g_strdup_printf("'%s…'", head);
}

char *mistakes_guess(const char *word, const char *const *candidates)
{
    const char *nearest = text_nearest(word, candidates);
    return nearest != NULL ? g_strdup_printf("; did you mean '%s'?", nearest) : g_strdup("");
}

char *mistakes_list(const char *const *words)
{
    GString *list = g_string_new(words[0]);
    for (guint i = 1; words[0] != NULL && words[i] != NULL; i++)
        g_string_append_printf(list, ", %s", words[i]);
    return g_string_free(list, FALSE);
}
