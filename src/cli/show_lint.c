/* lint: what is risky in the files, for people and for those who annotate changes with it. */
#include "cli/command.h"

#include "cli/selection.h"
#include "engine/lint.h"

#include <string.h>

/* ---- what is asked for ----------------------------------------------------------------------- */

/* What is looked at, and how. */
struct view {
    struct command_context *context;
    struct selection selection;
    struct migration_set *set; /* the selection's */
    struct lint_settings settings;
    struct lint_picture *picture;
    guint counts[LINT_LEVELS]; /* of what is shown */
    guint chosen, touched;     /* migrations: looked at, with a finding */
};

static void view_clear(struct view *view)
{
    lint_settings_clear(&view->settings);
    g_clear_pointer(&view->picture, lint_picture_unref);
    selection_clear(&view->selection);
}

/* Where the database was asked, it also says which server the rules are to think of. */
static gboolean choose(struct view *view, const char *target, GError **error)
{
    struct command_context *context = view->context;
    if (!selection_read(context, target, &view->selection, error))
        return FALSE;
    view->set = view->selection.set;
    if (context->engine != NULL && view->settings.server_version == 0)
        lint_settings_take_server(&view->settings, engine_facts(context->engine));
    return TRUE;
}

/* ---- findings ---------------------------------------------------------------------------------
 */

static const char *file_of(const struct view *view, const struct lint_finding *finding)
{
    const struct migration *migration = migration_set_find(view->set, finding->version);
    const struct migration_half *half = finding->is_down ? &migration->down : &migration->up;
    if (half->path == NULL) /* a file that is missing is told where its other half is */
        half = finding->is_down ? &migration->up : &migration->down;
    return half->path;
}

typedef void (*finding_fn)(struct view *view, const struct lint_finding *finding, gpointer data);

static void each_finding(struct view *view, finding_fn tell, gpointer data)
{
    for (guint i = 0; i < migration_set_count(view->set); i++) {
        const struct lint_row *row = lint_picture_row(view->picture, i);
        for (guint j = 0; view->selection.is_chosen[i] && j < row->finding_count; j++)
            tell(view, &row->findings[j], data);
    }
}

static void count(struct view *view)
{
    for (guint i = 0; i < migration_set_count(view->set); i++) {
        const struct lint_row *row = lint_picture_row(view->picture, i);
        if (!view->selection.is_chosen[i])
            continue;
        view->chosen++;
        view->touched += row->finding_count > 0;
        for (guint j = 0; j < row->finding_count; j++)
            view->counts[row->findings[j].level]++;
    }
}

static void add_json(struct view *view, const struct lint_finding *finding, gpointer data)
{
    json_t *object = json_object();
    gboolean has_statement = finding->statement != LINT_NO_STATEMENT;
    json_object_set_new(object, "rule", json_string(finding->rule->name));
    json_object_set_new(object, "level", json_string(lint_level_name(finding->level)));
    json_object_set_new(object, "version", json_integer(finding->version));
    json_object_set_new(
        object, "direction",
        json_string(direction_name(finding->is_down ? DIRECTION_DOWN : DIRECTION_UP)));
    json_object_set_new(object, "file", output_string(file_of(view, finding)));
    json_object_set_new(object, "line", json_integer(finding->line));
    json_object_set_new(object, "column", json_integer(finding->column));
    json_object_set_new(object, "statement",
                        has_statement ? json_integer(finding->statement + 1) : json_null());
    json_object_set_new(object, "object", output_string(finding->object));
    json_object_set_new(object, "message", output_string(finding->message));
    json_object_set_new(object, "why", json_string(finding->rule->why));
    json_object_set_new(object, "safe_way", json_string(finding->rule->safe));
    json_object_set_new(object, "is_contract", json_boolean(finding->rule->is_contract));
    json_array_append_new(data, object);
}

static json_t *risks_json(unsigned risks)
{
    json_t *list = json_array();
    for (unsigned risk = 0; risk < LINT_RISKS; risk++)
        if ((risks & LINT_RISK_BIT(risk)) != 0)
            json_array_append_new(list, json_string(lint_risk_word((enum lint_risk)risk)));
    return list;
}

static void document_fill(struct view *view)
{
    json_t *document = view->context->document;
    json_t *findings = json_array(), *migrations = json_array();
    each_finding(view, add_json, findings);
    for (guint i = 0; i < migration_set_count(view->set); i++) {
        const struct lint_row *row = lint_picture_row(view->picture, i);
        if (!view->selection.is_chosen[i])
            continue;
        json_t *object = json_object();
        json_object_set_new(object, "version",
                            json_integer(migration_set_at(view->set, i)->version));
        json_object_set_new(object, "risks_up", risks_json(row->risks_up));
        json_object_set_new(object, "risks_down", risks_json(row->risks_down));
        json_array_append_new(migrations, object);
    }
    json_object_set_new(document, "server_version",
                        json_integer(lint_picture_server_version(view->picture)));
    json_object_set_new(document, "fail_on", json_string(lint_level_name(view->settings.fail_on)));
    json_object_set_new(document, "findings", findings);
    json_object_set_new(document, "migrations", migrations);
    for (int level = LINT_NOTICE; level < LINT_LEVELS; level++)
        json_object_set_new(document, lint_level_plural((enum lint_level)level),
                            json_integer(view->counts[level]));
}

/* ---- text: as compilers write -----------------------------------------------------------------
 */

static enum output_role role_of(enum lint_level level)
{
    static const enum output_role roles[LINT_LEVELS] = {
        [LINT_NOTICE] = ROLE_PLAIN, [LINT_WARNING] = ROLE_WARNING, [LINT_ERROR] = ROLE_BAD};
    return roles[level];
}

static void show_finding(struct view *view, const struct lint_finding *finding, gpointer data)
{
    struct output *output = view->context->output;
    g_autofree char *file = output_safe(file_of(view, finding));
    g_autofree char *message = output_safe(finding->message);
    (void)data;
    output_line(output, role_of(finding->level), "%s:%u:%u: %s: %s [%s]", file, finding->line,
                finding->column, lint_level_name(finding->level), message, finding->rule->name);
    if (!output->is_verbose)
        return;
    output_line(output, ROLE_PLAIN, "    why:      %s", finding->rule->why);
    output_line(output, ROLE_PLAIN, "    instead:  %s", finding->rule->safe);
}

/* "12 findings (1 error, 8 warnings, 3 notices) in 5 of 31 migrations" */
static void show_summary(const struct view *view)
{
    g_autoptr(GString) levels = g_string_new(NULL);
    guint all = 0;
    for (int level = LINT_LEVELS - 1; level >= LINT_NOTICE; level--) {
        if (view->counts[level] == 0)
            continue;
        g_autofree char *count = text_plural(view->counts[level], lint_level_name(level),
                                             lint_level_plural((enum lint_level)level));
        g_string_append_printf(levels, "%s%s", levels->len > 0 ? ", " : "", count);
        all += view->counts[level];
    }
    g_autofree char *findings = text_plural(all, "finding", "findings");
    g_autofree char *looked_at = text_plural(view->chosen, "migration", "migrations");
    if (view->context->output->is_quiet)
        return;
    if (all == 0)
        output_line(view->context->output, ROLE_GOOD, "no finding in %s, for PostgreSQL %u",
                    looked_at, lint_picture_server_version(view->picture));
    else
        output_line(
            view->context->output, ROLE_PLAIN, "%s (%s) in %u of %s, for PostgreSQL %u%s", findings,
            levels->str, view->touched, looked_at, lint_picture_server_version(view->picture),
            view->context->output->is_verbose ? "" : "; --verbose says why, and what to do");
}

static void show_text(struct view *view)
{
    each_finding(view, show_finding, NULL);
    show_summary(view);
}

/* ---- GitHub's workflow commands ---------------------------------------------------------------
 */

/* A value in a workflow command (GitHub's @actions/core, command.ts): properties escape more. */
static char *escape(const char *text, gboolean is_property)
{
    g_autofree char *safe = output_safe(text);
    GString *out = g_string_new(NULL);
    for (const char *at = safe; *at != '\0'; at++)
        if (*at == '%' || *at == '\r' || *at == '\n' || (is_property && (*at == ':' || *at == ',')))
            g_string_append_printf(out, "%%%02X", (guchar)*at);
        else
            g_string_append_c(out, *at);
    return g_string_free(out, FALSE);
}

static void show_annotation(struct view *view, const struct lint_finding *finding, gpointer data)
{
    g_autofree char *file = escape(file_of(view, finding), TRUE);
    g_autofree char *what = g_strdup_printf("%s. %s Instead: %s", finding->message,
                                            finding->rule->why, finding->rule->safe);
    g_autofree char *message = escape(what, FALSE);
    (void)data;
    output_line(view->context->output, ROLE_PLAIN, "::%s file=%s,line=%u,col=%u,title=%s::%s",
                lint_level_name(finding->level), file, finding->line, finding->column,
                finding->rule->name, message);
}

static void show_github(struct view *view)
{
    each_finding(view, show_annotation, NULL);
}

/* ---- GitLab's code quality report -------------------------------------------------------------
 */

/* The same finding has the same one while lines move; of several that are alike, each its own. */
static char *fingerprint(const struct view *view, const struct lint_finding *finding,
                         GHashTable *seen)
{
    g_autofree char *identity =
        g_strdup_printf("%s\n%s\n%s\n%s", finding->rule->name, file_of(view, finding),
                        finding->object != NULL ? finding->object : "", finding->message);
    guint times = GPOINTER_TO_UINT(g_hash_table_lookup(seen, identity));
    g_autofree char *numbered = g_strdup_printf("%s\n%u", identity, times);
    g_hash_table_insert(seen, g_steal_pointer(&identity), GUINT_TO_POINTER(times + 1));
    return g_compute_checksum_for_string(G_CHECKSUM_SHA256, numbered, -1);
}

struct gitlab {
    json_t *report;
    GHashTable *seen; /* identity -> how often */
};

static void add_issue(struct view *view, const struct lint_finding *finding, gpointer data)
{
    static const char *const severities[LINT_LEVELS] = {
        [LINT_NOTICE] = "info", [LINT_WARNING] = "major", [LINT_ERROR] = "critical"};
    struct gitlab *gitlab = data;
    g_autofree char *print = fingerprint(view, finding, gitlab->seen);
    g_autofree char *description =
        g_strdup_printf("%s. Instead: %s", finding->message, finding->rule->safe);
    json_t *issue = json_object(), *location = json_object(), *lines = json_object();
    json_object_set_new(lines, "begin", json_integer(finding->line));
    json_object_set_new(location, "path", output_string(file_of(view, finding)));
    json_object_set_new(location, "lines", lines);
    json_object_set_new(issue, "description", output_string(description));
    json_object_set_new(issue, "check_name", json_string(finding->rule->name));
    json_object_set_new(issue, "fingerprint", json_string(print));
    json_object_set_new(issue, "severity", json_string(severities[finding->level]));
    json_object_set_new(issue, "location", location);
    json_array_append_new(gitlab->report, issue);
}

static void show_gitlab(struct view *view)
{
    struct gitlab gitlab = {json_array(),
                            g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL)};
    each_finding(view, add_issue, &gitlab);
    g_hash_table_unref(gitlab.seen);
    output_json(view->context->output, gitlab.report);
}

static const struct {
    const char *name;
    void (*show)(struct view *view);
} formats[] = {{"text", show_text}, {"github", show_github}, {"gitlab", show_gitlab}};

static gboolean find_format(struct command_context *context, guint *format, GError **error)
{
    const char *name = invocation_value(context->invocation, "format");
    const char *names[G_N_ELEMENTS(formats) + 1] = {NULL};
    for (*format = 0; *format < G_N_ELEMENTS(formats); (*format)++) {
        names[*format] = formats[*format].name;
        if (name == NULL || strcmp(name, formats[*format].name) == 0)
            break;
    }
    if (*format == G_N_ELEMENTS(formats)) {
        const char *nearest = text_nearest(name, names);
        error_set(error, ERROR_USAGE, "lint writes text, github or gitlab, not '%s'", name);
        if (nearest != NULL)
            error_advise(error, "did you mean --format %s?", nearest);
        return FALSE;
    }
    if (name != NULL && context->output->is_json) {
        error_set(error, ERROR_USAGE, "--format and --json cannot both be meant");
        error_advise(error, "give one of them");
        return FALSE;
    }
    return TRUE;
}

/* ---- rules ------------------------------------------------------------------------------------
 */

static json_t *rule_json(const struct lint_rule *rule, enum lint_level level)
{
    json_t *object = json_object();
    json_object_set_new(object, "name", json_string(rule->name));
    json_object_set_new(object, "level", json_string(lint_level_name(level)));
    json_object_set_new(object, "default_level", json_string(lint_level_name(rule->level)));
    json_object_set_new(object, "summary", json_string(rule->summary));
    json_object_set_new(object, "why", json_string(rule->why));
    json_object_set_new(object, "safe_way", json_string(rule->safe));
    json_object_set_new(object, "up", json_boolean((rule->halves & LINT_UP) != 0));
    json_object_set_new(object, "down", json_boolean((rule->halves & LINT_DOWN) != 0));
    json_object_set_new(object, "is_contract", json_boolean(rule->is_contract));
    json_object_set_new(object, "from_server_version",
                        rule->version_from > 0 ? json_integer(rule->version_from) : json_null());
    return object;
}

static void show_rules(struct command_context *context, const struct lint_settings *settings)
{
    json_t *list = json_array();
    for (guint i = 0; i < lint_rule_count(); i++) {
        const struct lint_rule *rule = lint_rule_at(i);
        enum lint_level level = lint_settings_level(settings, rule);
        json_array_append_new(list, rule_json(rule, level));
        output_line(context->output, role_of(level), "%-8s %s", lint_level_name(level), rule->name);
        output_line(context->output, ROLE_PLAIN, "         %s", rule->summary);
        if (!context->output->is_verbose)
            continue;
        output_line(context->output, ROLE_PLAIN, "    why:      %s", rule->why);
        output_line(context->output, ROLE_PLAIN, "    instead:  %s", rule->safe);
    }
    json_object_set_new(context->document, "rules", list);
}

/* ---- the command ------------------------------------------------------------------------------
 */

static gboolean end(const struct view *view, GError **error)
{
    guint bad = 0;
    for (int level = (int)view->settings.fail_on; level < LINT_LEVELS; level++)
        bad += view->counts[level];
    if (bad == 0)
        return TRUE;
    g_autofree char *findings = text_plural(bad, "finding", "findings");
    error_set(error, ERROR_FINDINGS, "%s at the level '%s'%s", findings,
              lint_level_name(view->settings.fail_on),
              view->settings.fail_on < LINT_ERROR ? " or above" : "");
    error_advise(error, "mend them, or say -- winch: allow RULE and the reason in the up file");
    return FALSE;
}

static gboolean lint(struct view *view, GError **error)
{
    guint format;
    struct command_context *context = view->context;
    if (!find_format(context, &format, error) ||
        !choose(view, invocation_argument(context->invocation, 0), error))
        return FALSE;
    view->picture = engine_lint(view->set, &view->settings, context->cancellation, error);
    if (view->picture == NULL)
        return FALSE;
    count(view);
    if (context->output->is_json)
        document_fill(view);
    else
        formats[format].show(view);
    return end(view, error);
}

gboolean command_lint(struct command_context *context, GError **error)
{
    struct view view = {.context = context};
    gboolean is_clean = TRUE;
    lint_settings_init(&view.settings, context->config);
    if (invocation_has(context->invocation, "rules"))
        show_rules(context, &view.settings);
    else
        is_clean = lint(&view, error);
    view_clear(&view);
    return is_clean;
}
