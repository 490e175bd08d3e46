/* notes_parse() on any bytes: it stays within them, and what follows the leading comment block
 * changes nothing about the notes. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/notes.h"
#include "source/release.h"

static void require(gboolean holds)
{
    if (!holds)
        abort();
}

struct outcome {
    GStringChunk *strings;
    struct problems problems;
    struct migration_notes notes;
};

static void parse(const char *text, gsize length, struct outcome *outcome)
{
    outcome->strings = g_string_chunk_new(256);
    problems_init(&outcome->problems, outcome->strings);
    notes_init(&outcome->notes);
    notes_parse(text, length, "file", &outcome->problems, &outcome->notes);
}

static void outcome_clear(struct outcome *outcome)
{
    notes_clear(&outcome->notes);
    problems_clear(&outcome->problems);
    g_string_chunk_free(outcome->strings);
}

static void require_sane(const struct migration_notes *notes)
{
    require(notes->release == NULL || release_is_valid(notes->release));
    require(notes->has_requires == (notes->requires != NULL));
    for (guint i = 0; notes->has_requires && i < notes->requires->len; i++)
        require(g_array_index(notes->requires, gint64, i) >
                (i > 0 ? g_array_index(notes->requires, gint64, i - 1) : VERSION_NONE));
    require(notes->ticket == NULL || g_utf8_validate(notes->ticket, -1, NULL));
    require(notes->timeout >= -1 && notes->lock_timeout >= -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    /* Of exactly this size, so that a read beyond it is seen. */
    g_autofree char *text = g_memdup2(data, size);
    struct outcome whole;
    parse(text, size, &whole);
    require_sane(&whole.notes);
    require(problems_are_none(&whole.problems, NULL) == (whole.problems.mistakes->len == 0));
    unsigned first = notes_first_line(text, size);
    require(first > 0 || whole.problems.mistakes->len == 0);
    if (notes_end_within(text, size)) {
        struct outcome longer;
        g_autofree char *more = g_strdup_printf("%*s\n-- winch: ticket LATE\n", (int)size, "");
        memcpy(more, text, size);
        parse(more, strlen("\n-- winch: ticket LATE\n") + size, &longer);
        require(g_strcmp0(whole.notes.ticket, longer.notes.ticket) == 0);
        require(whole.problems.mistakes->len == longer.problems.mistakes->len);
        outcome_clear(&longer);
    }
    outcome_clear(&whole);
    return 0;
}
