/* Config: every setting, its value and who gave it; the database as connected; the policy. */
#include "console/views.h"

#include "config/config.h"
#include "console/frame.h"
#include "console/panes.h"

#include <string.h>

/* A line of the screen. Its place among the lines never changes, so that the cursor may stand on
 * its number. */
struct row {
    gboolean is_heading;
    enum style style;
    enum config_key key; /* CONFIG_KEY_COUNT: not a setting */
    char *name;          /* without its section */
    char *value;         /* NULL: unset */
    char *origin;
};

struct config_view {
    struct view base;
    struct panes panes;
    GArray *rows; /* of struct row */
};

static struct config_view *of(struct view *view)
{
    return (struct config_view *)view;
}

static void row_clear(gpointer data)
{
    struct row *row = data;
    g_free(row->name);
    g_free(row->value);
    g_free(row->origin);
}

/* row is one of those there are. */
static const struct row *row_get(const struct config_view *view, guint row)
{
    return &g_array_index(view->rows, struct row, row);
}

/* NULL beyond the last. */
static const struct row *row_at(const struct config_view *view, guint row)
{
    return row < view->rows->len ? row_get(view, row) : NULL;
}

/* ---- rows -------------------------------------------------------------------------------------
 */

static void add_heading(struct config_view *view, const char *name)
{
    const struct row row = {TRUE, STYLE_HEADING, CONFIG_KEY_COUNT, g_strdup(name), NULL, NULL};
    g_array_append_val(view->rows, row);
}

static void add(struct config_view *view, enum style style, const char *name, const char *value,
                const char *origin)
{
    const struct row row = {FALSE,          style,           CONFIG_KEY_COUNT,
                            g_strdup(name), g_strdup(value), g_strdup(origin)};
    g_array_append_val(view->rows, row);
}

/* "database" of "migrations.database.url"; "general" for what has no section. Free with g_free().
 */
static char *section_of(const struct setting *setting)
{
    const char *path = setting->path + strlen("migrations.");
    const char *dot = strchr(path, '.');
    return dot != NULL ? g_strndup(path, (gsize)(dot - path)) : g_strdup("general");
}

static void add_setting(struct config_view *view, const struct config *config, enum config_key key)
{
    const struct setting *setting = setting_get(key);
    g_autofree char *value = config_describe(config, key);
    g_autofree char *origin =
        value != NULL ? config_origin_describe(config_origin(config, key)) : NULL;
    const char *name = strrchr(setting->path, '.') + 1;
    gboolean is_given = value != NULL && config_origin(config, key)->kind != ORIGIN_DEFAULT;
    if (!setting_is_used(key))
        origin = (g_free(origin), g_strdup("not used by this version"));
    add(view, is_given ? STYLE_STRONG : STYLE_TEXT, name, value, origin);
    g_array_index(view->rows, struct row, view->rows->len - 1).key = key;
}

static void add_settings(struct config_view *view, const struct config *config)
{
    g_autofree char *section = NULL;
    for (guint key = 0; key < CONFIG_KEY_COUNT; key++) {
        char *here = section_of(setting_get((enum config_key)key));
        if (g_strcmp0(here, section) != 0)
            add_heading(view, here);
        g_free(section);
        section = here;
        add_setting(view, config, (enum config_key)key);
    }
}

static const char *presence_words(enum history_presence presence)
{
    static const char *const words[] = {
        [HISTORY_ABSENT] = "none yet (:init creates it)",
        [HISTORY_PRESENT] = "readable and writable",
        [HISTORY_READ_ONLY] = "readable, not writable",
        [HISTORY_HIDDEN] = "there, but not readable by this role",
    };
    return words[presence];
}

static const char *or_unset(const char *text)
{
    return text != NULL && *text != '\0' ? text : NULL;
}

static void add_server(struct config_view *view, const struct model_server *server)
{
    g_autofree char *version =
        g_strdup_printf("%s %s", server->product != NULL ? server->product : "",
                        server->server_version != NULL ? server->server_version : "");
    g_autofree char *pid = g_strdup_printf("%d", server->backend_pid);
    add(view, STYLE_STRONG, "label", server->label, NULL);
    add(view, STYLE_TEXT, "database", or_unset(server->database), NULL);
    add(view, STYLE_TEXT, "host", or_unset(server->host), NULL);
    add(view, STYLE_TEXT, "port", or_unset(server->port), NULL);
    add(view, STYLE_TEXT, "user", or_unset(server->user), NULL);
    add(view, STYLE_TEXT, "server", version, NULL);
    add(view, STYLE_TEXT, "encryption", server->tls != NULL ? server->tls : "none", NULL);
    add(view, STYLE_TEXT, "backend pid", server->backend_pid != 0 ? pid : NULL, NULL);
    add(view, server->is_standby ? STYLE_WARNING : STYLE_TEXT, "standby",
        server->is_standby ? "yes: nothing can be changed here" : "no", NULL);
    add(view, STYLE_STRONG, "environment", server->environment, server->environment_said_by);
    add(view, STYLE_TEXT, "class", environment_class_name(server->class_), NULL);
    add(view, STYLE_TEXT, "history", presence_words(server->history_presence), NULL);
}

static void add_database(struct config_view *view, const struct model *model)
{
    const struct engine_settings *settings = console_options(view->base.console)->settings;
    add_heading(view, "the database as connected");
    if (model->server == NULL) {
        g_autofree char *why = model->link_why != NULL ? g_strdup_printf("no: %s", model->link_why)
                                                       : g_strdup("connecting");
        add(view, STYLE_WARNING, "connected", why, NULL);
    } else {
        g_autofree char *lost =
            model->link == LINK_LOST
                ? g_strdup_printf("lost: %s", model->link_why != NULL ? model->link_why : "")
                : NULL;
        add(view, lost != NULL ? STYLE_ERROR : STYLE_TEXT, "connected", lost != NULL ? lost : "yes",
            NULL);
        add_server(view, model->server);
    }
    if (settings != NULL) {
        add(view, STYLE_TEXT, "version table", settings->version_table, NULL);
        add(view, STYLE_TEXT, "own schema", settings->own_schema, NULL);
    }
}

static void add_policy(struct config_view *view, const struct config *config)
{
    const struct policy *policy = config_policy_in_force(config);
    add_heading(view, "the policy that the configuration asks for");
    add(view, STYLE_STRONG, "policy", policy->name, NULL);
    for (guint field = 0; field < POLICY_FIELD_COUNT; field++)
        add(view, STYLE_TEXT, policy_field_name(field), policy_field_word(policy, field), NULL);
}

static void settings_update(struct view *base)
{
    struct config_view *view = of(base);
    const struct config *config = console_options(base->console)->config;
    g_array_set_size(view->rows, 0);
    if (config != NULL) {
        add_settings(view, config);
        add_policy(view, config);
    }
    add_database(view, console_model(base->console));
    list_resize(&view->panes.list, view->rows->len);
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

#define NAME_COLUMNS 20

static void draw_row(struct grid *grid, const struct area *area, int line, const struct row *row)
{
    if (row->is_heading) {
        grid_rule(grid, line, area->column + 2, area->columns - 2, row->name, NULL);
        return;
    }
    int left = area->columns - 3 - NAME_COLUMNS - 1;
    int value = row->origin == NULL ? left : left * 55 / 100;
    grid_put(grid, line, area->column + 3, NAME_COLUMNS, STYLE_LABEL, row->name);
    grid_put(grid, line, area->column + 4 + NAME_COLUMNS, MAX(value, 0), row->style,
             row->value != NULL ? row->value : "-");
    if (row->origin != NULL)
        grid_put(grid, line, area->column + 5 + NAME_COLUMNS + value, MAX(left - value - 1, 0),
                 STYLE_FAINT, row->origin);
}

static void draw_list(struct config_view *view, struct grid *grid, const struct area *area)
{
    struct list *list = &view->panes.list;
    if (area->rows < 1)
        return;
    list_fit(list, (guint)area->rows);
    view->base.list_row = area->row;
    for (int line = 0; line < area->rows && list->top + (guint)line < list->count; line++) {
        guint row = list->top + (guint)line;
        draw_row(grid, area, area->row + line, row_get(view, row));
        if (row == list->selected)
            panes_mark(grid, area, area->row + line, !view->panes.is_detail);
    }
}

static void describe(const struct row *row, struct fields *fields)
{
    fields_clear(fields);
    if (row == NULL || row->is_heading)
        return;
    fields_add(fields, row->style, "value", row->value != NULL ? row->value : "not set");
    fields_add(fields, STYLE_TEXT, "said by", row->origin);
    if (row->key == CONFIG_KEY_COUNT)
        return;
    const struct setting *setting = setting_get(row->key);
    g_autofree char *expects = setting_expects(setting);
    fields_add(fields, STYLE_TEXT, "is", setting->summary);
    fields_add(fields, STYLE_TEXT, "may be", expects);
    fields_add(fields, STYLE_TEXT, "default", setting->default_text);
    fields_add(fields, STYLE_TEXT, "in a file", setting->path);
    fields_add(fields, STYLE_TEXT, "variable", setting->variable);
    fields_add(fields, STYLE_TEXT, "libpq's", setting->libpq_variable);
}

static void draw_detail(struct config_view *view, struct grid *grid, const struct area *area)
{
    const struct row *row = row_at(view, view->panes.list.selected);
    g_autofree char *title = row != NULL ? grid_visible(grid, row->name) : NULL;
    describe(row, view->panes.fields);
    panes_draw_detail(&view->panes, grid, area, title);
}

static void settings_draw(struct view *base, struct grid *grid, const struct area *area)
{
    struct config_view *view = of(base);
    const struct config *config = console_options(base->console)->config;
    struct area list, detail, below = {area->row + 1, area->column, area->rows - 1, area->columns};
    settings_update(base);
    const char *file = config != NULL ? config_file(config) : NULL;
    g_autofree char *position = list_position(&view->panes.list);
    g_autofree char *left =
        g_strdup_printf("Config  %s", file != NULL ? file : "no configuration file was read");
    panes_heading(grid, area, left, position);
    panes_split(&view->panes, &below, &list, &detail);
    draw_list(view, grid, &list);
    draw_detail(view, grid, &detail);
}

/* ---- doing ------------------------------------------------------------------------------------
 */

static gboolean settings_act(struct view *base, enum action_id action, guint count)
{
    struct config_view *view = of(base);
    (void)count;
    if (action == ACTION_OPEN)
        return panes_act(&view->panes, view->panes.is_zoomed ? ACTION_UNZOOM : ACTION_ZOOM);
    return panes_act(&view->panes, action);
}

static struct list *settings_list(struct view *base)
{
    return panes_list(&of(base)->panes);
}

static char *text_of(const struct row *row)
{
    if (row->is_heading)
        return g_strdup(row->name);
    return g_strdup_printf(
        "%-*s %s%s%s", NAME_COLUMNS, row->name, row->value != NULL ? row->value : "-",
        row->origin != NULL ? "  from " : "", row->origin != NULL ? row->origin : "");
}

static char *settings_row_text(struct view *base, guint row)
{
    struct config_view *view = of(base);
    const struct row *at = row_at(view, row);
    if (view->panes.is_detail)
        return fields_line(view->panes.fields, row);
    return at != NULL ? text_of(at) : NULL;
}

static char *settings_copy(struct view *base)
{
    struct config_view *view = of(base);
    const struct row *row = row_at(view, view->panes.list.selected);
    return row != NULL ? text_of(row) : NULL;
}

static char *settings_save(struct view *base)
{
    struct config_view *view = of(base);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < view->rows->len; i++) {
        const struct row *row = row_get(view, i);
        g_autofree char *line = text_of(row);
        g_string_append_printf(text, "%s%s\n", row->is_heading ? (i > 0 ? "\n" : "") : "  ", line);
    }
    return g_string_free(text, FALSE);
}

static struct view *settings_open(struct console *console)
{
    struct config_view *view = g_new0(struct config_view, 1);
    view->base = (struct view){.ops = &config_view_ops, .console = console};
    view->rows = g_array_new(FALSE, FALSE, sizeof(struct row));
    g_array_set_clear_func(view->rows, row_clear);
    panes_init(&view->panes);
    return &view->base;
}

static void settings_close(struct view *base)
{
    struct config_view *view = of(base);
    g_array_unref(view->rows);
    panes_clear(&view->panes);
    g_free(view);
}

const struct view_ops config_view_ops = {
    .screen = SCREEN_CONFIG,
    .title = "Config",
    .open = settings_open,
    .close = settings_close,
    .update = settings_update,
    .draw = settings_draw,
    .act = settings_act,
    .list = settings_list,
    .row_text = settings_row_text,
    .copy = settings_copy,
    .save = settings_save,
};
