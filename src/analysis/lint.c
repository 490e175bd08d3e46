/* Runs the rules over a migration: which ones hold, what was configured, what was allowed. */
#include "analysis/lint.h"

#include "analysis/lint_census.h"
#include "analysis/lint_memory.h"
#include "analysis/lint_private.h"
#include "base/text.h"

#include <string.h>

/* The newest release whose manual the rules were checked against. */
#define NEWEST_VERSION 18

static const struct {
    const char *name, *plural;
} levels[LINT_LEVELS] = {
    [LINT_OFF] = {"off", "off"},
    [LINT_NOTICE] = {"notice", "notices"},
    [LINT_WARNING] = {"warning", "warnings"},
    [LINT_ERROR] = {"error", "errors"},
};

const char *lint_level_name(enum lint_level level)
{
    return levels[level].name;
}

const char *lint_level_plural(enum lint_level level)
{
    return levels[level].plural;
}

enum lint_level lint_level_find(const char *name)
{
    guint level = 0;
    while (level < LINT_LEVELS && strcmp(levels[level].name, name) != 0)
        level++;
    return (enum lint_level)level;
}

unsigned lint_newest_version(void)
{
    return NEWEST_VERSION;
}

static void finding_clear(gpointer data)
{
    struct lint_finding *finding = data;
    g_free(finding->object);
    g_free(finding->message);
}

GArray *lint_findings_new(void)
{
    GArray *findings = g_array_new(FALSE, TRUE, sizeof(struct lint_finding));
    g_array_set_clear_func(findings, finding_clear);
    return findings;
}

/* ---- telling ----------------------------------------------------------------------------------
 */

/* What a rule reports at; most: LINT_LEVELS where the finding is as bad as the rule. */
static enum lint_level level_of(const struct lint_run *run, const struct lint_rule *rule,
                                enum lint_level most)
{
    enum lint_level said =
        run->options->levels != NULL ? run->options->levels[lint_rule_index(rule)] : LINT_LEVELS;
    return said != LINT_LEVELS ? said : MIN(rule->level, most);
}

static gboolean holds(const struct lint_run *run, const struct lint_rule *rule)
{
    unsigned version = run->options->server_version;
    return level_of(run, rule, LINT_LEVELS) != LINT_OFF && version >= rule->version_from &&
           (rule->version_to == 0 || version <= rule->version_to);
}

/* The first note that allows the rule is the one that counts. */
static gboolean is_allowed(struct lint_run *run)
{
    for (guint i = 0; i < run->subject->allow_count; i++)
        if (strcmp(run->subject->allows[i].rule, run->rule->name) == 0)
            return run->silenced[i] = TRUE;
    return FALSE;
}

/* Takes over object and message. */
static void add(struct lint_run *run, const struct lint_finding *place, enum lint_level most,
                char *object, char *message)
{
    struct lint_finding finding = *place;
    finding.rule = run->rule;
    finding.level = level_of(run, run->rule, most);
    finding.version = run->subject->version;
    finding.object = object;
    finding.message = message;
    if (is_allowed(run))
        finding_clear(&finding);
    else
        g_array_append_val(run->findings, finding);
}

static struct lint_finding place_of_action(const struct lint_run *run)
{
    return (struct lint_finding){.is_down = run->is_down,
                                 .statement = run->statement->index,
                                 .line = run->action->line,
                                 .column = run->action->column};
}

char *lint_object_text(const struct sql_action *action)
{
    g_autofree char *object = sql_object_text(&action->object);
    if (action->part != NULL && sql_action_has_part(action->kind))
        return g_strdup_printf("%s.%s", object, action->part);
    return g_steal_pointer(&object);
}

static struct sql_object without_public(const struct sql_object *object)
{
    struct sql_object plain = *object;
    if (g_strcmp0(plain.schema, "public") == 0)
        plain.schema = NULL;
    return plain;
}

char *lint_name(const struct sql_object *object)
{
    struct sql_object plain = without_public(object);
    return sql_object_text(&plain);
}

const char *lint_object(struct lint_run *run)
{
    g_free(run->name);
    return run->name = lint_name(&run->action->object);
}

char *lint_describe(const struct sql_action *action)
{
    struct sql_action plain = *action;
    plain.object = without_public(&action->object);
    plain.other = without_public(&action->other);
    return sql_action_describe(&plain);
}

void lint_report(struct lint_run *run, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    struct lint_finding place = place_of_action(run);
    add(run, &place, LINT_LEVELS, lint_object_text(run->action), message);
}

void lint_report_lower(struct lint_run *run, enum lint_level most, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    struct lint_finding place = place_of_action(run);
    add(run, &place, most, lint_object_text(run->action), message);
}

void lint_report_at(struct lint_run *run, guint statement, gsize offset, const char *object,
                    const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    struct lint_finding place = {.is_down = run->is_down, .statement = statement};
    script_locate(run->half->text, run->half->length, offset, &place.line, &place.column);
    add(run, &place, LINT_LEVELS, g_strdup(object), message);
}

void lint_report_line(struct lint_run *run, gboolean is_down, unsigned line, const char *object,
                      const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    char *message = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    struct lint_finding place = {
        .is_down = is_down, .statement = LINT_NO_STATEMENT, .line = line, .column = 1};
    add(run, &place, LINT_LEVELS, g_strdup(object), message);
}

/* ---- allow notes ------------------------------------------------------------------------------
 */

static void check_allow(struct lint_run *run, guint index)
{
    const struct lint_allow *allow = &run->subject->allows[index];
    const struct lint_rule *allowed = lint_rule_find(allow->rule);
    const char *const *others = run->subject->other_allows;
    if (allowed == NULL && others != NULL && g_strv_contains(others, allow->rule))
        return;
    if (allowed == NULL) {
        const char *nearest = text_nearest(allow->rule, lint_rule_names());
        if (nearest == NULL && others != NULL)
            nearest = text_nearest(allow->rule, others);
        run->rule = lint_rule_find("unknown-allow");
        if (holds(run, run->rule))
            lint_report_line(run, FALSE, allow->line, allow->rule, "there is no rule '%s'%s%s%s",
                             allow->rule, nearest != NULL ? "; did you mean '" : "",
                             nearest != NULL ? nearest : "", nearest != NULL ? "'?" : "");
        return;
    }
    run->rule = lint_rule_find("unused-allow");
    if (!run->silenced[index] && holds(run, allowed) && holds(run, run->rule) &&
        allowed != run->rule)
        lint_report_line(run, FALSE, allow->line, allow->rule,
                         "nothing here breaks '%s', so there is nothing to allow", allow->rule);
}

/* ---- running ----------------------------------------------------------------------------------
 */

gboolean lint_happens_now(const struct sql_action *action)
{
    return !lint_has(action, IN_BODY) || lint_has(action, IS_RUN);
}

void lint_each_action(struct lint_run *run, lint_each_fn tell, gpointer data)
{
    for (guint i = 0; i < lint_half_statements(run->half); i++) {
        run->statement = inspection_at(run->half->inspection, i);
        for (guint j = 0; j < run->statement->action_count; j++) {
            run->action = &run->statement->actions[j];
            if (lint_happens_now(run->action))
                tell(run, data);
        }
    }
    run->statement = NULL;
    run->action = NULL;
}

static void check_action(struct lint_run *run, gpointer data)
{
    (void)data;
    run->rule->check(run);
}

static void check_half(struct lint_run *run, gboolean is_down)
{
    const struct lint_subject *subject = run->subject;
    run->is_down = is_down;
    run->half = is_down ? &subject->down : &subject->up;
    run->census = is_down ? run->down : run->up;
    run->memory = is_down ? subject->between : subject->before;
    if (!run->half->exists || (run->rule->halves & (is_down ? LINT_DOWN : LINT_UP)) == 0)
        return;
    if (run->rule->scope == LINT_ACTION)
        lint_each_action(run, check_action, NULL);
    else
        run->rule->check(run);
}

static void check_rule(struct lint_run *run)
{
    if (run->rule->scope == LINT_NOTES || !holds(run, run->rule))
        return;
    if (run->rule->scope == LINT_MIGRATION) {
        run->rule->check(run);
        run->statement = NULL;
        run->action = NULL;
        return;
    }
    check_half(run, FALSE);
    check_half(run, TRUE);
}

static int compare(gconstpointer left, gconstpointer right)
{
    const struct lint_finding *a = left, *b = right;
    if (a->is_down != b->is_down)
        return a->is_down ? 1 : -1;
    if (a->line != b->line)
        return a->line < b->line ? -1 : 1;
    if (a->column != b->column)
        return a->column < b->column ? -1 : 1;
    if (a->rule != b->rule)
        return a->rule < b->rule ? -1 : 1;
    return strcmp(a->message, b->message);
}

/* Two ways to the same finding are one finding. */
static void drop_repeated(GArray *findings)
{
    for (guint i = findings->len; i-- > 1;)
        if (compare(&g_array_index(findings, struct lint_finding, i - 1),
                    &g_array_index(findings, struct lint_finding, i)) == 0)
            g_array_remove_index(findings, i);
}

void lint_migration(const struct lint_subject *subject, const struct lint_options *options,
                    GArray *findings)
{
    gboolean can_pair = subject->up.inspection != NULL && subject->down.inspection != NULL;
    g_autofree gboolean *silenced = g_new0(gboolean, subject->allow_count + 1);
    AUTOPTR(lint_census) *up = lint_census_new(&subject->up);
    AUTOPTR(lint_census) *down = lint_census_new(&subject->down);
    g_autoptr(GArray) found = lint_findings_new();
    struct lint_run run = {.subject = subject,
                           .options = options,
                           .findings = found,
                           .silenced = silenced,
                           .up = up,
                           .down = down};
    if (can_pair)
        run.pairs = pairs_new(subject->up.inspection, subject->down.inspection,
                              lint_memory_schema(subject->before));
    for (guint i = 0; (run.rule = lint_rule_at(i)) != NULL; i++)
        check_rule(&run);
    for (guint i = 0; i < subject->allow_count; i++)
        check_allow(&run, i);
    g_free(run.name);
    g_clear_pointer(&run.pairs, pairs_free);
    g_array_sort(found, compare);
    drop_repeated(found);
    g_array_set_clear_func(found, NULL);
    g_array_append_vals(findings, found->data, found->len);
}
