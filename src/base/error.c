/* The one error domain: GError, extended by what a database person needs to know. */
#include "base/error.h"

#include <string.h>

/* Named as G_DEFINE_EXTENDED_ERROR wants them. */
typedef struct error_detail WinchErrorPrivate;

static void winch_error_private_init(WinchErrorPrivate *detail)
{
    memset(detail, 0, sizeof *detail);
}

static void winch_error_private_copy(const WinchErrorPrivate *from, WinchErrorPrivate *to)
{
    to->file = g_strdup(from->file);
    to->line = from->line;
    to->column = from->column;
    memcpy(to->sqlstate, from->sqlstate, sizeof to->sqlstate);
    to->statement = g_strdup(from->statement);
    to->line_text = g_strdup(from->line_text);
    to->detail = g_strdup(from->detail);
    to->hint = g_strdup(from->hint);
    to->context = g_strdup(from->context);
    to->advice = g_strdup(from->advice);
    to->is_lasting = from->is_lasting;
}

static void winch_error_private_clear(WinchErrorPrivate *detail)
{
    g_free(detail->file);
    g_free(detail->statement);
    g_free(detail->line_text);
    g_free(detail->detail);
    g_free(detail->hint);
    g_free(detail->context);
    g_free(detail->advice);
}

/* The macro's own body drops a const. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wcast-qual"
G_DEFINE_EXTENDED_ERROR(WinchError, winch_error)
#pragma GCC diagnostic pop

/* One row a kind: exit status (documented in winch(1)) and the word used in JSON. */
static const struct {
    int exit_status;
    const char *name;
} error_kinds[] = {
    [ERROR_FAILED] = {1, "failed"},
    [ERROR_USAGE] = {2, "usage"},
    [ERROR_CONFIG] = {2, "config"},
    [ERROR_SOURCE] = {2, "source"},
    [ERROR_DIRTY] = {3, "dirty"},
    [ERROR_LOCKED] = {4, "locked"},
    [ERROR_REFUSED] = {5, "refused"},
    [ERROR_FINDINGS] = {6, "findings"},
    [ERROR_NO_CONNECTION] = {7, "no-connection"},
    [ERROR_UNKNOWN_OUTCOME] = {1, "unknown-outcome"},
    [ERROR_HANGUP] = {129, "hangup"},
    [ERROR_CANCELLED] = {130, "cancelled"},
    [ERROR_TERMINATED] = {143, "terminated"},
};

static void set_message(GError **error, enum error_code code, char *message)
{
    if (error != NULL)
        *error = g_error_new_literal(WINCH_ERROR, (int)code, message);
    g_free(message);
}

void error_set(GError **error, enum error_code code, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_message(error, code, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

void error_set_at(GError **error, enum error_code code, const char *file, unsigned line,
                  const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    set_message(error, code, g_strdup_vprintf(format, arguments));
    va_end(arguments);
    if (error != NULL) {
        struct error_detail *detail = error_detail_edit(*error);
        detail->file = g_strdup(file);
        detail->line = line;
    }
}

void error_set_errno(GError **error, enum error_code code, int error_number, const char *format,
                     ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_autofree char *what = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    set_message(error, code, g_strdup_printf("%s: %s", what, g_strerror(error_number)));
}

void error_advise(GError **error, const char *format, ...)
{
    struct error_detail *detail =
        error != NULL && *error != NULL ? error_detail_edit(*error) : NULL;
    if (detail == NULL)
        return;
    va_list arguments;
    va_start(arguments, format);
    g_free(detail->advice);
    detail->advice = g_strdup_vprintf(format, arguments);
    va_end(arguments);
}

const struct error_detail *error_detail(const GError *error)
{
    return error != NULL && error->domain == WINCH_ERROR ? winch_error_get_private(error) : NULL;
}

struct error_detail *error_detail_edit(GError *error)
{
    return error != NULL && error->domain == WINCH_ERROR ? winch_error_get_private(error) : NULL;
}

gboolean error_is(const GError *error, enum error_code code)
{
    return g_error_matches(error, WINCH_ERROR, (int)code);
}

int error_exit_status(const GError *error)
{
    if (error == NULL)
        return 0;
    return error->domain == WINCH_ERROR ? error_kinds[error->code].exit_status : 1;
}

const char *error_code_name(const GError *error)
{
    return error != NULL && error->domain == WINCH_ERROR ? error_kinds[error->code].name : "failed";
}

char *error_line(const GError *error)
{
    const struct error_detail *detail = error_detail(error);
    GString *line = g_string_new(NULL);
    if (detail != NULL && detail->file != NULL) {
        g_string_append(line, detail->file);
        if (detail->line > 0)
            g_string_append_printf(line, ":%u", detail->line);
        if (detail->line > 0 && detail->column > 0)
            g_string_append_printf(line, ":%u", detail->column);
        g_string_append(line, ": ");
    }
    g_string_append(line, error->message);
    if (detail != NULL && detail->advice != NULL)
        g_string_append_printf(line, "; %s", detail->advice);
    return g_string_free(line, FALSE);
}
