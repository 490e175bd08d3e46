/* Durations: one table of units, read and written. */
#include "base/duration.h"

#include "base/error.h"

#include <string.h>

static const struct {
    const char *name;
    gint64 milliseconds;
} units[] = {
    {"ms", 1},    {"s", 1000},    {"sec", 1000},   {"min", 60000},
    {"m", 60000}, {"h", 3600000}, {"d", 86400000},
};

#define DURATION_MAX_MS G_MAXINT32

static gint64 unit_milliseconds(const char *name, gsize length)
{
    for (gsize i = 0; i < G_N_ELEMENTS(units); i++)
        if (strlen(units[i].name) == length && strncmp(units[i].name, name, length) == 0)
            return units[i].milliseconds;
    return 0;
}

static gboolean refuse(const char *text, GError **error)
{
    error_set(error, ERROR_CONFIG, "'%s' is not a duration", text);
    error_advise(error, "write a whole number and a unit: 500ms, 30s, 5min, 2h, 1d or 1h30m");
    return FALSE;
}

gboolean duration_parse(const char *text, gint64 bare_unit_ms, gint64 *milliseconds, GError **error)
{
    gint64 total = 0;
    const char *at = text;
    if (*at == '\0')
        return refuse(text, error);
    while (*at != '\0') {
        const char *digits = at;
        gint64 number = 0;
        for (; g_ascii_isdigit(*at); at++) {
            number = number * 10 + (*at - '0');
            if (number > DURATION_MAX_MS)
                return refuse(text, error);
        }
        const char *unit = at;
        at += strspn(at, "abcdefghijklmnopqrstuvwxyz");
        gboolean is_bare = at == unit && *at == '\0' && digits == text;
        gint64 scale = is_bare ? bare_unit_ms : unit_milliseconds(unit, (gsize)(at - unit));
        if (is_bare && number == 0)
            scale = 1;
        if (unit == digits || scale == 0 || number > (DURATION_MAX_MS - total) / scale)
            return refuse(text, error);
        total += number * scale;
    }
    *milliseconds = total;
    return TRUE;
}

char *duration_format(gint64 microseconds)
{
    gint64 seconds = microseconds / G_USEC_PER_SEC;
    if (microseconds < 0)
        return g_strdup("0 ms");
    if (microseconds < 9950)
        return g_strdup_printf("%" G_GINT64_FORMAT ".%d ms", microseconds / 1000,
                               (int)(microseconds % 1000 / 100));
    if (microseconds < G_USEC_PER_SEC)
        return g_strdup_printf("%" G_GINT64_FORMAT " ms", microseconds / 1000);
    if (seconds < 60)
        return g_strdup_printf("%" G_GINT64_FORMAT ".%02d s", seconds,
                               (int)(microseconds % G_USEC_PER_SEC / 10000));
    if (seconds < 3600)
        return g_strdup_printf("%dm%02ds", (int)(seconds / 60), (int)(seconds % 60));
    return g_strdup_printf("%" G_GINT64_FORMAT "h%02dm", seconds / 3600, (int)(seconds / 60 % 60));
}
