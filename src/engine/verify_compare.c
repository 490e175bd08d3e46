/* What a comparison means for a pair: which class each difference is of, and what was allowed. */
#include "engine/verify_prover.h"

#include <string.h>

#include "database/catalog.h"
#include "database/rows.h"

/* Beyond these a migration's findings are counted, not listed. */
#define FINDINGS_MAX 60

/* ---- classes --------------------------------------------------------------------------------- */

#define ALLOW "verify-"

/* A row a class. allow: what a note says that covers it, its word behind ALLOW. rules: names of
 * lint's rules whose `allow` note covers it too, blanks around. */
static const struct {
    const char *text, *allow, *rules;
    gboolean is_bad, is_bad_strictly;
} classes[VERIFY_CLASSES] = {
    [VERIFY_EXACT] = {"exact", ALLOW "exact", "", FALSE, FALSE},
    [VERIFY_ORDER] = {"order", ALLOW "order", "", FALSE, TRUE},
    [VERIFY_IRREVERSIBLE] = {"irreversible", ALLOW "irreversible", " irreversible ", FALSE, FALSE},
    [VERIFY_USUAL_LEFTOVER] = {"usual leftover", ALLOW "usual-leftover", " down-incomplete ", FALSE,
                               TRUE},
    [VERIFY_SKIPPED] = {"skipped", ALLOW "skipped", "", TRUE, TRUE},
    [VERIFY_NO_DOWN] = {"no down", ALLOW "no-down", " down-missing down-empty ", TRUE, TRUE},
    [VERIFY_LEFTOVER] = {"leftover", ALLOW "leftover", " down-incomplete ", TRUE, TRUE},
    [VERIFY_CHANGED] = {"changed", ALLOW "changed", " down-incomplete down-loses-attributes ", TRUE,
                        TRUE},
    [VERIFY_LOST] = {"lost", ALLOW "lost", " down-drops-more down-loses-attributes ", TRUE, TRUE},
    [VERIFY_DATA] = {"data", ALLOW "data", " irreversible ", TRUE, TRUE},
    [VERIFY_UP_AGAIN_FAILS] = {"up again fails", ALLOW "up-again-fails", " down-incomplete ", TRUE,
                               TRUE},
    [VERIFY_DOWN_FAILS] = {"down fails", ALLOW "down-fails", "", TRUE, TRUE},
    [VERIFY_UP_FAILS] = {"up fails", ALLOW "up-fails", "", TRUE, TRUE},
};

const char *verify_class_text(enum verify_class class_)
{
    return classes[class_].text;
}

const char *verify_class_word(enum verify_class class_)
{
    return classes[class_].allow + strlen(ALLOW);
}

/* All but the first: what is exact needs none. */
const char *const *verify_allow_names(void)
{
    static const char *names[VERIFY_CLASSES];
    static gsize is_filled = 0;
    if (g_once_init_enter(&is_filled)) {
        for (guint class_ = VERIFY_EXACT + 1; class_ < VERIFY_CLASSES; class_++)
            names[class_ - 1] = classes[class_].allow;
        g_once_init_leave(&is_filled, 1);
    }
    return names;
}

gboolean verify_class_is_bad(enum verify_class class_, gboolean is_strict)
{
    return is_strict ? classes[class_].is_bad_strictly : classes[class_].is_bad;
}

/* ---- results --------------------------------------------------------------------------------- */

static void finding_clear(gpointer data)
{
    struct verify_finding *finding = data;
    g_free(finding->text);
    g_free(finding->allowed);
    g_free(finding);
}

struct verify_result *verify_result_new(gint64 version)
{
    struct verify_result *result = g_new0(struct verify_result, 1);
    result->version = version;
    result->up_us = result->down_us = -1;
    result->findings = g_ptr_array_new_with_free_func(finding_clear);
    result->notes = g_ptr_array_new_with_free_func(g_free);
    return result;
}

void verify_result_free(struct verify_result *result)
{
    g_ptr_array_unref(result->findings);
    g_ptr_array_unref(result->notes);
    g_free(result);
}

void verify_add(struct verify_result *result, enum verify_class class_, const char *format, ...)
{
    struct verify_finding *finding = g_new0(struct verify_finding, 1);
    va_list arguments;
    va_start(arguments, format);
    finding->text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    finding->class_ = class_;
    g_ptr_array_add(result->findings, finding);
    result->class_ = MAX(result->class_, class_);
}

void verify_note(struct verify_result *result, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    g_ptr_array_add(result->notes, g_strdup_vprintf(format, arguments));
    va_end(arguments);
}

/* ---- catalogs -------------------------------------------------------------------------------- */

/* Labels cannot be taken out of an enum again (PostgreSQL's manual, ALTER TYPE). */
static gboolean is_usual(const struct catalog_difference *difference)
{
    if (difference->change == CATALOG_ADDED)
        return strcmp(difference->kind, "extension") == 0;
    return difference->change == CATALOG_CHANGED && strcmp(difference->kind, "enum") == 0 &&
           g_strcmp0(difference->attribute, "labels") == 0 && difference->before != NULL &&
           difference->after != NULL && strlen(difference->after) > strlen(difference->before);
}

/* An attribute that is not set any more is as lost as an object; one that was not, left over. */
static enum verify_class class_of(const struct catalog_difference *difference)
{
    if (is_usual(difference))
        return VERIFY_USUAL_LEFTOVER;
    switch (difference->change) {
    case CATALOG_ADDED:
        return VERIFY_LEFTOVER;
    case CATALOG_REMOVED:
        return VERIFY_LOST;
    case CATALOG_ORDER:
        return VERIFY_ORDER;
    case CATALOG_CHANGED:
        break;
    }
    if (difference->after == NULL)
        return VERIFY_LOST;
    return difference->before == NULL ? VERIFY_LEFTOVER : VERIFY_CHANGED;
}

static void add_difference(struct verify_result *result,
                           const struct catalog_difference *difference, gboolean again)
{
    enum verify_class class_ = class_of(difference);
    const char *then = again ? " (after up again)" : "";
    g_autofree char *text = catalog_difference_text(difference);
    if (difference->change == CATALOG_ADDED || difference->change == CATALOG_REMOVED)
        verify_add(result, class_, "%s %s%s", difference->kind, difference->identity, then);
    else if (difference->change == CATALOG_CHANGED && class_ != VERIFY_CHANGED &&
             class_ != VERIFY_USUAL_LEFTOVER)
        verify_add(result, class_, "%s of %s %s: %s%s", difference->attribute, difference->kind,
                   difference->identity,
                   difference->after == NULL ? difference->before : difference->after, then);
    else
        verify_add(result, class_, "%s%s", text, then);
}

void verify_compare_catalogs(struct verify_result *result, const struct catalog *before,
                             const struct catalog *after, gboolean again)
{
    guint listed = 0, more = 0;
    enum verify_class worst = VERIFY_EXACT;
    g_autoptr(GPtrArray) differences = catalog_difference(before, after);
    for (guint i = 0; i < differences->len; i++) {
        const struct catalog_difference *difference = differences->pdata[i];
        if (difference->is_implied)
            continue;
        if (listed++ < FINDINGS_MAX) {
            add_difference(result, difference, again);
            continue;
        }
        more++;
        worst = MAX(worst, class_of(difference));
    }
    if (more > 0)
        verify_add(result, worst, "and %u more differences", more);
}

/* ---- rows ------------------------------------------------------------------------------------ */

static const struct row_sum *find_sum(const GArray *sums, const struct row_sum *wanted)
{
    for (guint i = 0; i < sums->len; i++) {
        const struct row_sum *sum = &g_array_index(sums, struct row_sum, i);
        if (strcmp(sum->table, wanted->table) == 0 && g_strcmp0(sum->column, wanted->column) == 0)
            return sum;
    }
    return NULL;
}

/* Once their number differs, every column does. */
void verify_compare_rows(struct verify_result *result, const GArray *before, const GArray *after,
                         const char *what_rows)
{
    const char *told = NULL;
    for (guint i = 0; i < before->len; i++) {
        const struct row_sum *was = &g_array_index(before, struct row_sum, i);
        const struct row_sum *is = find_sum(after, was);
        if (is == NULL || strcmp(is->sum, was->sum) == 0 || g_strcmp0(told, was->table) == 0)
            continue;
        if (was->column == NULL) {
            told = was->table;
            verify_add(result, VERIFY_DATA, "%s had %s %s, and has %s after up and down (%s)",
                       was->table, was->sum, strcmp(was->sum, "1") == 0 ? "row" : "rows", is->sum,
                       what_rows);
        } else {
            verify_add(result, VERIFY_DATA, "other values in %s.%s after up and down (%s)",
                       was->table, was->column, what_rows);
        }
    }
}

/* ---- what is allowed ------------------------------------------------------------------------- */

static gboolean note_covers(const struct migration_allow *allow, enum verify_class class_)
{
    g_autofree char *rule = g_strdup_printf(" %s ", allow->rule);
    return strcmp(allow->rule, classes[class_].allow) == 0 ||
           strstr(classes[class_].rules, rule) != NULL;
}

void verify_judge(struct verify_result *result, const struct migration *migration)
{
    const GArray *allows = migration->notes.allows;
    result->class_ = VERIFY_EXACT;
    for (guint i = 0; i < result->findings->len; i++) {
        struct verify_finding *finding = result->findings->pdata[i];
        for (guint j = 0; allows != NULL && finding->allowed == NULL && j < allows->len; j++) {
            const struct migration_allow *allow = &g_array_index(allows, struct migration_allow, j);
            if (note_covers(allow, finding->class_))
                finding->allowed = g_strdup_printf("%s: %s", allow->rule, allow->reason);
        }
        if (finding->allowed == NULL)
            result->class_ = MAX(result->class_, finding->class_);
    }
}
