/* Mistakes and warnings about migration files, gathered. */
#include "source/problems.h"

/* More than this nobody reads. */
#define MISTAKES_TOLD 100

static void free_error(gpointer error)
{
    g_error_free(error);
}

void problems_init(struct problems *problems, GStringChunk *strings)
{
    problems->strings = strings;
    problems->warnings = g_array_new(FALSE, FALSE, sizeof(struct source_warning));
    problems->mistakes = g_ptr_array_new_with_free_func(free_error);
}

void problems_clear(struct problems *problems)
{
    g_clear_pointer(&problems->warnings, g_array_unref);
    g_clear_pointer(&problems->mistakes, g_ptr_array_unref);
}

void problems_mistake(struct problems *problems, const char *file, unsigned line,
                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    GError *mistake = NULL;
    error_set_at(&mistake, ERROR_SOURCE, file, line, "%s", message);
    g_ptr_array_add(problems->mistakes, mistake);
}

void problems_warning(struct problems *problems, const char *file, unsigned line,
                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    struct source_warning warning = {
        .file = g_string_chunk_insert(problems->strings, file),
        .line = line,
        .message = g_string_chunk_insert(problems->strings, message),
    };
    g_array_append_val(problems->warnings, warning);
}

gboolean problems_are_none(const struct problems *problems, GError **error)
{
    guint count = problems->mistakes->len;
    if (count == 0)
        return TRUE;
    const GError *first = g_ptr_array_index(problems->mistakes, 0);
    if (count == 1 || error == NULL) {
        g_propagate_error(error, g_error_copy(first));
        return FALSE;
    }
    GString *message = g_string_new(first->message);
    for (guint i = 1; i < count && i < MISTAKES_TOLD; i++) {
        g_autofree char *line = error_line(g_ptr_array_index(problems->mistakes, i));
        g_string_append_printf(message, "\n%s", line);
    }
    if (count > MISTAKES_TOLD)
        g_string_append_printf(message, "\nand %u more", count - MISTAKES_TOLD);
    const struct error_detail *place = error_detail(first);
    g_autofree char *text = g_string_free(message, FALSE);
    error_set_at(error, ERROR_SOURCE, place->file, place->line, "%s", text);
    return FALSE;
}
