/* One rule a thing that differs. */
#include "console/sampled.h"

#include "base/text.h"

#include <glib.h>
#include <string.h>

/* What makes up for another width. */
enum make_up {
    NOTHING, /* it ends the line, or is in a sentence that does */
    BEFORE,  /* it stands to the right in its column */
    BEHIND,  /* it stands to the left in its column, or in a heading before a fill */
};

/* Patterns of GRegex; the group "it" is what is replaced. */
#define DURATION "(?<it>\\d+(\\.\\d+)? (s|ms))\\b(?! at most)"
#define DRY_RUN  "dry run: 1 migration ran and rolled back in 12 ms; the database is at 000005 as"
static const struct {
    const char *pattern, *sample;
    enum make_up make_up;
} rules[] = {
    {"(?<it>\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d)", "2026-11-24 12:04:05", NOTHING},
    {"(?<it>\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d)(?!:)", "2026-11-24 12:04", NOTHING},
    {"(?<![\\d:-])(?<it>\\d\\d:\\d\\d:\\d\\d)", "12:04:05", NOTHING},
    {"ARMED (?<it>\\d\\d:\\d\\d)", "14:59", NOTHING},
    {"^Run .* done  " DURATION, "12 ms", BEHIND},
    {"(?<=  )(?<!done  )" DURATION, "12 ms", BEFORE},
    {"(?<!  )(?<![\\d.])" DURATION, "12 ms", NOTHING},
    /* A sentence that is broken or cut where its duration leaves it. */
    {"^(?<it>dry run: 1 migration ran and rolled back in .*…)$", DRY_RUN "…", NOTHING},
    {"^(?<it>dry run: 1 migration ran and rolled back in .*[^…])$", DRY_RUN, NOTHING},
    {"^(?<it>  (at 000005 )?(as )?before)$", "  before", NOTHING},
    {"role=postgres  PG (?<it>\\d+(\\.\\d+)?)", "15.18", BEHIND},
    {"^[> ] (?<it>\\d+)  +winch ", "4711", BEHIND},
    {"^── (?<it>\\d+) postgres winch", "4711", BEHIND},
    {"(backend |^pid +)(?<it>\\d+)", "4711", NOTHING},
    {"(?<it>\\b[0-9a-f]{16}\\b)", "7c1e09a46b02d95f", NOTHING},
    {"^[> ] \\d{4}-\\S+ \\S+ (?<it>[0-9a-f]{6}) ", "3fa2b7", NOTHING},
    {"^[> ] \\d{4}-.{65}(?<it>\\S+)$", "jan", NOTHING},
    {"^os user +(?<it>\\S+)$", "jan", NOTHING},
    {"^host +(?<it>\\S+)$", "bastion", NOTHING},
};

/* In the next gap or rule behind it. */
static char *fill_behind(char *text)
{
    char *gap = strstr(text, "   "), *rule = strstr(text, "──");
    if (gap == NULL || rule == NULL)
        return gap != NULL ? gap : rule;
    return MIN(gap, rule);
}

static void make_up(GString *line, char *at, int wider)
{
    gsize unit = (gsize)(g_utf8_next_char(at) - at);
    gssize place = at - line->str;
    g_autofree char *fill = g_strndup(at, unit);
    for (; wider < 0; wider++)
        g_string_insert(line, place, fill);
    for (; wider > 0 && strncmp(line->str + place, fill, unit) == 0; wider--)
        g_string_erase(line, place, (gssize)unit);
}

static void replace(GString *line, int start, int end, const char *sample, enum make_up how)
{
    g_autofree char *old = g_strndup(line->str + start, (gsize)(end - start));
    int wider = text_width(sample) - text_width(old);
    char *fill;
    g_string_erase(line, start, end - start);
    g_string_insert(line, start, sample);
    fill = how == BEFORE   ? line->str + start - 1
           : how == BEHIND ? fill_behind(line->str + start)
                           : NULL;
    if (fill != NULL)
        make_up(line, fill, wider);
}

static void apply(GString *line, gsize rule)
{
    g_autoptr(GRegex) regex = g_regex_new(rules[rule].pattern, 0, 0, NULL);
    int from = 0, start, end;
    g_assert(regex != NULL);
    for (;;) {
        g_autoptr(GMatchInfo) match = NULL;
        if (from > (int)line->len ||
            !g_regex_match_full(regex, line->str, -1, from, 0, &match, NULL) ||
            !g_match_info_fetch_named_pos(match, "it", &start, &end))
            return;
        replace(line, start, end, rules[rule].sample, rules[rule].make_up);
        from = start + (int)strlen(rules[rule].sample);
    }
}

char *sampled_screen(const char *screen)
{
    g_auto(GStrv) lines = g_strsplit(screen, "\n", -1);
    GString *out = g_string_new(NULL);
    for (guint i = 0; lines[i] != NULL; i++) {
        g_autoptr(GString) line = g_string_new(lines[i]);
        for (gsize rule = 0; rule < G_N_ELEMENTS(rules); rule++)
            apply(line, rule);
        g_string_append_printf(out, "%s%s", i > 0 ? "\n" : "", line->str);
    }
    return g_string_free(out, FALSE);
}
