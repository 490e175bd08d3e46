/* The gate before every change: what would happen, and the words that this very target asks for.
 * No Enter, no held key and no paste passes it: an empty line cancels, words count only when they
 * are typed, and the first half second counts nothing. */
#include "console/app.h"
#include "console/views.h"

#include "base/text.h"
#include "console/run_picture.h"
#include "console/wrap.h"

#include <string.h>

/* Rungs of the danger ladder. */
enum rung {
    RUNG_YES,    /* y, everything else is no */
    RUNG_TARGET, /* the target's version is typed */
    RUNG_WORDS,  /* database and target are typed, after the plan was read to its end */
};

struct gate_line {
    enum style style;
    char *text;
};

struct gate_view {
    struct view base;
    struct run_request *request; /* NULL: nothing is at the gate */
    guint question;              /* rises with each: answers to an older one are dropped */
    struct plan *plan;           /* NULL until it came, or for what has none */
    char *words;                 /* as the engine wants them; NULL: it asks for none */
    char *why;
    char *problem; /* why it cannot be done */
    gboolean is_ready;
    GPtrArray *lines; /* of struct gate_line *, as they are told */
    GPtrArray *rows;  /* of struct gate_line *, broken to the width */
    int columns;      /* that width; 0: to be broken anew */
    struct list list;
    gboolean is_read; /* to its end */
    GString *typed;
    gint64 opened_at; /* monotonic */
};

static struct gate_view *gate(struct view *view)
{
    return (struct gate_view *)(void *)view;
}

/* ---- what is at the gate ----------------------------------------------------------------------
 */

static gboolean is_planned(enum run_kind kind)
{
    return kind == RUN_MIGRATE || kind == RUN_DRY_RUN;
}

static enum rung rung_of(const struct gate_view *view)
{
    enum environment_class class_ = model_class(console_model(view->base.console));
    gboolean goes_up =
        view->request->kind == RUN_MIGRATE && view->plan != NULL && !plan_goes_down(view->plan);
    gboolean is_sharp = view->request->kind == RUN_FORCE || view->request->kind == RUN_DROP;
    if (view->words != NULL)
        return class_ == ENVIRONMENT_STAGING ? RUNG_TARGET : RUNG_WORDS;
    if (class_ == ENVIRONMENT_PRODUCTION)
        return RUNG_WORDS;
    if (class_ == ENVIRONMENT_STAGING || (is_sharp && class_ == ENVIRONMENT_DEVELOPMENT))
        return RUNG_TARGET;
    return class_ == ENVIRONMENT_UNKNOWN && !goes_up ? RUNG_WORDS : RUNG_YES;
}

static char *target_of(const struct gate_view *view)
{
    const struct model *model = console_model(view->base.console);
    switch (view->request->kind) {
    case RUN_FORCE:
        return model_version_text(model, view->request->version);
    case RUN_DROP:
        return g_strdup("drop");
    case RUN_INIT:
        return g_strdup("init");
    case RUN_ADOPT:
        return g_strdup("adopt");
    case RUN_END_SESSION:
        return g_strdup_printf("%d", view->request->pid);
    default:
        return view->plan != NULL ? model_version_text(model, view->plan->to) : g_strdup("?");
    }
}

/* What has to be typed; NULL on the lowest rung. */
static char *wanted(const struct gate_view *view)
{
    const struct model_server *server = console_model(view->base.console)->server;
    g_autofree char *target = target_of(view);
    switch (rung_of(view)) {
    case RUNG_TARGET:
        return g_strdup(target);
    case RUNG_WORDS:
        return g_strdup_printf("%s %s", server != NULL ? server->database : "?", target);
    case RUNG_YES:
        break;
    }
    return NULL;
}

static char *title_of(const struct gate_view *view)
{
    const struct model *model = console_model(view->base.console);
    static const char *const verbs[] = {
        [RUN_FORCE] = "FORCE the version row to",
        [RUN_INIT] = "INIT",
        [RUN_ADOPT] = "ADOPT",
        [RUN_DROP] = "DROP every table",
    };
    if (view->request->kind == RUN_FORCE) {
        g_autofree char *target = target_of(view);
        return g_strdup_printf("%s %s", verbs[RUN_FORCE], target);
    }
    if (view->request->kind == RUN_END_SESSION)
        return g_strdup_printf("%s session %d",
                               view->request->terminates ? "END" : "CANCEL what is done by",
                               view->request->pid);
    if (!is_planned(view->request->kind))
        return g_strdup(verbs[view->request->kind]);
    if (view->plan == NULL)
        return g_strdup("planning");
    g_autofree char *from = model_version_text(model, view->plan->from);
    g_autofree char *to = model_version_text(model, view->plan->to);
    const char *verb = plan_goes_down(view->plan) ? "ROLL BACK" : "MIGRATE";
    if (view->request->kind == RUN_DRY_RUN)
        verb = "DRY RUN";
    return g_strdup_printf("%s %s -> %s", verb, from, to);
}

/* ---- the lines that are to be read ------------------------------------------------------------
 */

static void line_free(gpointer data)
{
    struct gate_line *line = data;
    g_free(line->text);
    g_free(line);
}

static void add(struct gate_view *view, enum style style, const char *format, ...)
    G_GNUC_PRINTF(3, 4);
static void add(struct gate_view *view, enum style style, const char *format, ...)
{
    struct gate_line *line = g_new(struct gate_line, 1);
    va_list arguments;
    va_start(arguments, format);
    *line = (struct gate_line){style, g_strdup_vprintf(format, arguments)};
    va_end(arguments);
    g_ptr_array_add(view->lines, line);
}

static void add_statements(struct gate_view *view, const struct plan_step *step)
{
    for (guint i = 0; i < step->script->statements->len; i++) {
        const struct script_statement *statement =
            &g_array_index(step->script->statements, struct script_statement, i);
        g_autofree char *text = run_first_words(step->body + statement->offset, statement->length);
        add(view, STYLE_TEXT, "      %3u  %s", i + 1, text);
    }
}

static void add_plan(struct gate_view *view)
{
    const struct plan *plan = view->plan;
    for (guint i = 0; i < plan->notices->len; i++)
        add(view, STYLE_WARNING, "note: %s", (const char *)plan->notices->pdata[i]);
    for (guint i = 0; i < plan->steps->len; i++) {
        const struct plan_step *step = plan_step_at(plan, i);
        gboolean is_safe = run_mode_is_transactional(step->script->mode);
        g_autofree char *count =
            text_plural(step->script->statements->len, "statement", "statements");
        add(view, STYLE_STRONG, "%3u  %s %s  %s  %s", i + 1, direction_name(step->direction),
            step->migration->digits, step->migration->title, count);
        add(view, is_safe ? STYLE_TEXT : STYLE_WARNING, "      %s%s%s",
            run_mode_text(step->script->mode), is_safe ? "" : ": ",
            is_safe ? "" : step->script->mode_reason);
        add_statements(view, step);
    }
    if (view->request->kind == RUN_DRY_RUN) {
        add(view, STYLE_HEADING, "A dry run");
        add(view, STYLE_WARNING,
            "  runs this here and rolls it back: until then it holds the real locks; sequences "
            "may advance");
        return;
    }
    add(view, STYLE_HEADING, "If it fails");
    add(view, STYLE_TEXT,
        "  a transactional file leaves nothing, the version row included; what ran before it "
        "stays");
    for (guint i = 0; i < plan->steps->len; i++) {
        const struct plan_step *step = plan_step_at(plan, i);
        if (!run_mode_is_transactional(step->script->mode) && step->script->mode != RUN_EMPTY)
            add(view, STYLE_WARNING,
                "  %s is not transactional: a failure leaves its earlier statements in, and the "
                "row dirty",
                step->migration->digits);
    }
    if (plan_goes_down(plan))
        add(view, STYLE_WARNING,
            "  this version takes no backup: what a down drops is gone unless you have one");
}

static void add_other(struct gate_view *view)
{
    const struct engine_settings *settings = console_options(view->base.console)->settings;
    g_autofree char *target = target_of(view);
    switch (view->request->kind) {
    case RUN_FORCE:
        add(view, STYLE_TEXT, "Runs no migration. Under the migration lock, in one transaction:");
        add(view, STYLE_TEXT, "  the row of %s becomes %s, clean; recorded in history",
            settings->version_table, target);
        add(view, STYLE_WARNING, "Only right when the schema really is at that version.");
        break;
    case RUN_INIT:
        add(view, STYLE_TEXT, "Creates %s and the schema %s with the history, where missing.",
            settings->version_table, settings->own_schema);
        if (view->request->environment != NULL)
            add(view, STYLE_TEXT, "Records the environment: %s", view->request->environment);
        break;
    case RUN_ADOPT:
        add(view, STYLE_TEXT,
            "Records every file at or below the version row as assumed, with its");
        add(view, STYLE_TEXT, "checksum. Rewrites nothing.");
        break;
    case RUN_DROP:
        add(view, STYLE_WARNING, "Drops every table of the current schema, with CASCADE, in one");
        add(view, STYLE_WARNING, "transaction. The data is gone; this version takes no backup.");
        break;
    case RUN_END_SESSION:
        add(view, STYLE_TEXT, "%s", view->request->session);
        add(view, STYLE_WARNING, "%s",
            view->request->terminates
                ? "Its connection is closed and its transaction rolled back."
                : "Its statement is cancelled; a transaction that it has open stays, failed.");
        break;
    default:
        break;
    }
}

static void make_lines(struct gate_view *view)
{
    g_ptr_array_set_size(view->lines, 0);
    if (view->problem != NULL)
        add(view, STYLE_ERROR, "%s", view->problem);
    else if (view->plan != NULL)
        add_plan(view);
    else if (view->is_ready)
        add_other(view);
    if (view->request->reason != NULL)
        add(view, STYLE_TEXT, "reason: %s", view->request->reason);
    view->columns = 0;
}

/* Long lines go on below, further in than they began. */
static void lay_out(struct gate_view *view, int columns)
{
    if (view->columns == columns)
        return;
    view->columns = columns;
    g_ptr_array_set_size(view->rows, 0);
    for (guint i = 0; i < view->lines->len; i++) {
        const struct gate_line *line = view->lines->pdata[i];
        gsize indent = strspn(line->text, " ");
        g_autoptr(GPtrArray) parts =
            wrap_words(line->text + indent, columns - (int)MIN(indent, 20) - 2);
        for (guint j = 0; j < parts->len; j++) {
            struct gate_line *row = g_new(struct gate_line, 1);
            *row = (struct gate_line){
                line->style, g_strdup_printf("%*s%s", (int)MIN(indent, 20) + (j > 0 ? 2 : 0), "",
                                             (const char *)parts->pdata[j])};
            g_ptr_array_add(view->rows, row);
        }
    }
    view->list.pages = TRUE;
    list_resize(&view->list, view->rows->len);
}

/* ---- asking the engine, on the monitor's thread -----------------------------------------------
 */

struct gate_question {
    struct gate_view *view;
    guint question;
    enum run_kind kind;
    struct goal goal;
    char *target; /* for what has no plan */
};

struct gate_answer {
    struct plan *plan;
    char *words, *why;
};

static void question_free(gpointer data)
{
    struct gate_question *question = data;
    g_free(question->target);
    g_free(question);
}

static void answer_free(gpointer data)
{
    struct gate_answer *answer = data;
    if (answer->plan != NULL)
        plan_unref(answer->plan);
    g_free(answer->words);
    g_free(answer->why);
    g_free(answer);
}

static gpointer ask_engine(struct engine *engine, gpointer data, GError **error)
{
    const struct gate_question *question = data;
    struct gate_answer *answer = g_new0(struct gate_answer, 1);
    if (engine == NULL) {
        error_set(error, ERROR_NO_CONNECTION, "there is no connection");
        answer_free(answer);
        return NULL;
    }
    if (is_planned(question->kind)) {
        answer->plan = engine_plan(engine, &question->goal, error);
        if (answer->plan == NULL) {
            answer_free(answer);
            return NULL;
        }
        answer->words = engine_confirmation(engine, answer->plan, &answer->why);
    } else if (question->kind == RUN_FORCE || question->kind == RUN_DROP)
        answer->words = engine_confirmation_for(engine, question->target, &answer->why);
    return answer;
}

static void clear(struct gate_view *view)
{
    g_clear_pointer(&view->request, run_request_free);
    g_clear_pointer(&view->plan, plan_unref);
    g_clear_pointer(&view->words, g_free);
    g_clear_pointer(&view->why, g_free);
    g_clear_pointer(&view->problem, g_free);
    g_ptr_array_set_size(view->lines, 0);
    view->columns = 0;
    g_string_truncate(view->typed, 0);
    view->is_ready = view->is_read = FALSE;
    view->question++;
}

static void leave(struct gate_view *view, const char *what)
{
    struct console *console = view->base.console;
    clear(view);
    console_back(console);
    console_say(console, RECORD_INFO, "%s", what);
}

static void answered(struct console *console, gpointer data, gpointer result, const GError *error)
{
    const struct gate_question *question = data;
    struct gate_view *view = question->view;
    struct gate_answer *answer = result;
    if (question->question != view->question || view->request == NULL) {
        if (answer != NULL)
            answer_free(answer);
        return;
    }
    if (answer == NULL)
        view->problem = error_line(error);
    else {
        view->plan = g_steal_pointer(&answer->plan);
        view->words = g_steal_pointer(&answer->words);
        view->why = g_steal_pointer(&answer->why);
        answer_free(answer);
        if (view->plan != NULL && view->plan->steps->len == 0) {
            leave(view, "nothing to do: the database is there already");
            return;
        }
    }
    view->is_ready = view->problem == NULL;
    view->opened_at = g_get_monotonic_time();
    make_lines(view);
    console_redraw(console);
}

void gate_view_set(struct view *base, struct run_request *request)
{
    struct gate_view *view = gate(base);
    clear(view);
    view->request = request;
    view->list = (struct list){.pages = TRUE};
    view->opened_at = g_get_monotonic_time();
    struct gate_question *question = g_new0(struct gate_question, 1);
    *question = (struct gate_question){
        view, view->question, request->kind, request->goal,
        request->kind == RUN_FORCE || request->kind == RUN_DROP ? target_of(view) : NULL};
    console_ask(base->console, job_new(ask_engine, answered, question, question_free, answer_free));
}

/* ---- drawing ----------------------------------------------------------------------------------
 */

static void draw_question(struct gate_view *view, struct grid *grid, int row)
{
    g_autofree char *words = wanted(view);
    if (!view->is_ready) {
        grid_put(grid, row, 0, -1, view->problem != NULL ? STYLE_ERROR : STYLE_TEXT,
                 view->problem != NULL ? "This cannot be done as it stands.  Esc: back"
                                       : "planning ...  Esc: back");
        return;
    }
    if (words == NULL) {
        grid_put(grid, row, 0, -1, STYLE_STRONG, "Do it?  y: yes   n, Enter or Esc: no");
        return;
    }
    if (rung_of(view) == RUNG_WORDS && !view->is_read) {
        grid_put(grid, row, 0, -1, STYLE_WARNING,
                 "Read to the end first (Space, PgDn): then the words can be typed.  Esc: back");
        return;
    }
    grid_putf(grid, row, 0, -1, STYLE_STRONG,
              "Type  %s  and Enter.  Paste is ignored.  Enter alone or Esc cancels.", words);
    int used = grid_putf(grid, row + 1, 0, -1, STYLE_STRONG, "> %s", view->typed->str);
    gboolean is_matched = strcmp(view->typed->str, words) == 0;
    grid_put_right(grid, row + 1, 0, grid->columns, is_matched ? STYLE_GOOD : STYLE_TEXT,
                   is_matched ? "[ matched ]" : "[ not matched ]");
    grid_cursor(grid, row + 1, used);
    grid->shows_cursor = TRUE;
}

static void draw(struct view *base, struct grid *grid, const struct area *area)
{
    struct gate_view *view = gate(base);
    if (view->request == NULL) {
        grid_put(grid, area->row, 0, -1, STYLE_TEXT, "nothing is at the gate");
        return;
    }
    const struct model *model = console_model(base->console);
    g_autofree char *title = title_of(view);
    int rows = area->rows - 6;
    grid_clear(grid, &(struct area){area->row, 0, 1, grid->columns}, STYLE_BANNER_RUNNING);
    grid_putf(grid, area->row, 1, -1, STYLE_BANNER_RUNNING, "!! %s   %s   %s", title,
              model->server != NULL ? model->server->label : "",
              view->plan != NULL ? view->plan->id : "");
    if (view->why != NULL)
        grid_putf(grid, area->row + 1, 1, -1, STYLE_TEXT, "asked for: %s", view->why);
    lay_out(view, area->columns - 2);
    list_fit(&view->list, (guint)MAX(rows, 1));
    if (view->is_ready && view->list.top + view->list.height >= view->list.count)
        view->is_read = TRUE;
    for (guint i = 0; i < view->list.height && view->list.top + i < view->list.count; i++) {
        const struct gate_line *line = view->rows->pdata[view->list.top + i];
        grid_put(grid, area->row + 2 + (int)i, 1, -1, line->style, line->text);
    }
    g_autofree char *position = list_position(&view->list);
    grid_rule(grid, area->row + area->rows - 4, 0, grid->columns, NULL, position);
    grid_cursor(grid, area->row + area->rows - 3, 0);
    draw_question(view, grid, area->row + area->rows - 3);
}

/* ---- keys -------------------------------------------------------------------------------------
 */

static gpointer tell_session(struct engine *engine, gpointer data, GError **error)
{
    const struct run_request *request = data;
    gboolean was_told = FALSE;
    if (engine == NULL) {
        error_set(error, ERROR_NO_CONNECTION, "there is no connection");
        return NULL;
    }
    if (!engine_session_end(engine, request->pid, request->began, request->terminates, &was_told,
                            error))
        return NULL;
    return g_strdup_printf(was_told ? "session %d was told" : "session %d is not there any more",
                           request->pid);
}

static void session_told(struct console *console, gpointer data, gpointer result,
                         const GError *error)
{
    g_autofree char *said = result;
    (void)data;
    if (error != NULL)
        console_say_error(console, error);
    else
        console_say(console, RECORD_INFO, "%s", said);
}

/* By the monitor: a run that the session blocks keeps the runner busy. Takes over request. */
static void end_session(struct console *console, struct run_request *request)
{
    console_ask(console, job_new(tell_session, session_told, request,
                                 (GDestroyNotify)run_request_free, g_free));
}

/* What was seen is what runs: the plan's id goes with it and is compared under the lock. */
static void pass(struct gate_view *view)
{
    struct console *console = view->base.console;
    struct run_request *request = g_steal_pointer(&view->request);
    g_autofree char *title = NULL;
    request->plan_id = view->plan != NULL ? g_strdup(view->plan->id) : NULL;
    request->confirm = g_strdup(view->words);
    clear(view);
    console_back(console);
    gboolean is_dry_run = request->kind == RUN_DRY_RUN;
    if (request->kind == RUN_END_SESSION) {
        end_session(console, request);
        return;
    }
    if (!runner_start(console_runner(console), request)) {
        console_say(console, RECORD_WARNING, "a run is under way already (4)");
        return;
    }
    console_open(console, is_dry_run ? SCREEN_PLAN : SCREEN_RUN);
}

/* A key that repeats, or was on its way when the gate opened. */
#define DEAF_US 500000

static void enter(struct gate_view *view)
{
    g_autofree char *words = wanted(view);
    if (view->typed->len == 0)
        leave(view, "cancelled: nothing was changed");
    else if (strcmp(view->typed->str, words) == 0)
        pass(view);
    else
        console_say(view->base.console, RECORD_WARNING,
                    "the words are not those that are asked for: nothing was changed");
}

static void type(struct gate_view *view, guint32 code)
{
    if (code == KEYCODE_ENTER)
        enter(view);
    else if (code == KEYCODE_BACKSPACE && view->typed->len > 0) {
        const char *end =
            g_utf8_find_prev_char(view->typed->str, view->typed->str + view->typed->len);
        g_string_truncate(view->typed, end != NULL ? (gsize)(end - view->typed->str) : 0);
    } else if (code == KEYCODE_CTRL('u'))
        g_string_truncate(view->typed, 0);
    else if (code >= 0x20 && code < 0x110000 && code != KEYCODE_BACKSPACE && view->typed->len < 400)
        g_string_append_unichar(view->typed, code);
}

static gboolean moves(const struct key *key)
{
    const struct action *action = action_for_key(SCREEN_GATE, key->code);
    gboolean is_movement =
        action != NULL && action->id >= ACTION_DOWN && action->id <= ACTION_BOTTOM;
    return is_movement && (key->code >= 0x110000 || key->code < 0x20);
}

gboolean gate_view_key(struct view *base, const struct key *key)
{
    struct gate_view *view = gate(base);
    g_autofree char *words = view->request != NULL && view->is_ready ? wanted(view) : NULL;
    gboolean is_open = words != NULL && (rung_of(view) != RUNG_WORDS || view->is_read);
    if (key->code == KEYCODE_ESCAPE || key->code == KEYCODE_CTRL('c')) {
        leave(view, "cancelled: nothing was changed");
        return TRUE;
    }
    if (moves(key) || key->code == KEYCODE_CTRL('z'))
        return FALSE;
    if (key->is_pasted) {
        console_say(base->console, RECORD_WARNING, "pasted text does not count here");
        return TRUE;
    }
    if (key->code == ' ' && !is_open) {
        list_act(&view->list, ACTION_PAGE_DOWN, 0);
        return TRUE;
    }
    if (!view->is_ready || g_get_monotonic_time() - view->opened_at < DEAF_US)
        return !key_is_among(key->code, "? F1 v");
    if (words == NULL && key->code == 'y')
        pass(view);
    else if (is_open)
        type(view, key->code);
    else if (key_is_among(key->code, "? F1 v k j PgUp"))
        return FALSE;
    else if (words == NULL || key->code == 'q')
        leave(view, "cancelled: nothing was changed");
    return TRUE;
}

static char *why_not(struct view *base, enum action_id action)
{
    struct gate_view *view = gate(base);
    if (view->request == NULL || !view->is_ready ||
        (action != ACTION_VIEW_SQL && action != ACTION_HELP))
        return NULL;
    g_autofree char *words = wanted(view);
    return words != NULL ? g_strdup("letters are the words' now") : NULL;
}

static struct list *list_of(struct view *base)
{
    return &gate(base)->list;
}

static struct view *open_(struct console *console)
{
    struct gate_view *view = g_new0(struct gate_view, 1);
    view->base = (struct view){.ops = &gate_view_ops, .console = console};
    view->lines = g_ptr_array_new_with_free_func(line_free);
    view->rows = g_ptr_array_new_with_free_func(line_free);
    view->typed = g_string_new(NULL);
    return &view->base;
}

static void close_(struct view *base)
{
    struct gate_view *view = gate(base);
    clear(view);
    g_ptr_array_unref(view->lines);
    g_ptr_array_unref(view->rows);
    g_string_free(view->typed, TRUE);
    g_free(view);
}

const struct view_ops gate_view_ops = {
    .screen = SCREEN_GATE,
    .title = "Gate",
    .open = open_,
    .close = close_,
    .draw = draw,
    .why_not = why_not,
    .list = list_of,
};
