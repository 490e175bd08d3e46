/* The gate before every change: what would happen, and the words that this very target asks for.
 * No Enter, no held key and no paste passes it: an empty line cancels, words count only when they
 * are typed, and the first half second counts nothing. */
#include "console/app.h"
#include "console/views.h"

#include "base/text.h"
#include "console/gate_answer.h"
#include "console/gate_losses.h"
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
    struct inquiry *counting;    /* what going back destroys is being counted; NULL */
    struct report *receipt;      /* NULL until it was, and for what destroys nothing by plan */
    char *uncounted;             /* why it could not be; NULL */
    struct gate *checks;         /* how the engine's gate stands; NULL: it has none for this */
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
    if (!gate_is_planned(view->request->kind))
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

static void add_check(struct gate_view *view, const struct gate_check *check)
{
    static const struct {
        const char *mark;
        enum style style;
    } verdicts[] = {
        [GATE_NOT_NEEDED] = {NULL, STYLE_TEXT},
        [GATE_OK] = {"  ok  ", STYLE_TEXT},
        [GATE_WARNING] = {" warn ", STYLE_WARNING},
        [GATE_FAILED] = {" FAIL ", STYLE_ERROR},
    };
    if (verdicts[check->verdict].mark == NULL)
        return;
    add(view, verdicts[check->verdict].style, "[%s] %-11s %s%s", verdicts[check->verdict].mark,
        check->name, check->found, check->is_overridden ? " (passed over, and recorded)" : "");
    if (check->verdict >= GATE_WARNING && check->advice != NULL)
        add(view, STYLE_TEXT, "                     %s", check->advice);
}

/* What stands in the way before what would run. */
static void add_checks(struct gate_view *view)
{
    guint failed = view->checks->failed, warnings = view->checks->warnings;
    g_autofree char *fails = text_plural(failed, "check fails", "checks fail");
    g_autofree char *warns = text_plural(warnings, "warning", "warnings");
    if (failed > 0)
        add(view, STYLE_ERROR, "%s: the gate is closed", fails);
    else
        add(view, STYLE_STRONG, "Every check passes%s%s", warnings > 0 ? ", with " : "",
            warnings > 0 ? warns : "");
    for (guint i = 0; i < view->checks->checks->len; i++)
        add_check(view, gate_check_at(view->checks, i));
}

static gboolean is_closed(const struct gate_view *view)
{
    return view->checks != NULL && view->checks->failed > 0;
}

static gboolean asks_reason(const struct gate_view *view)
{
    const struct gate_check *check =
        view->checks != NULL ? gate_check_find(view->checks, "reason") : NULL;
    return check != NULL && check->verdict == GATE_FAILED;
}

/* Everything that fails but the reason is of the kind that a reason outweighs. */
static gboolean may_override(const struct gate_view *view)
{
    guint outweighed = 0;
    for (guint i = 0; view->checks != NULL && i < view->checks->checks->len; i++) {
        const struct gate_check *check = gate_check_at(view->checks, i);
        if (check->verdict != GATE_FAILED)
            continue;
        if (!check->may_be_overridden && strcmp(check->name, "reason") != 0)
            return FALSE;
        outweighed += check->may_be_overridden;
    }
    return outweighed > 0;
}

/* Rows and values that are gone afterwards, each with how it was counted. */
static void add_receipt(struct gate_view *view)
{
    if (view->counting != NULL)
        add(view, STYLE_WARNING, "What goes back destroys: being counted");
    if (view->uncounted != NULL)
        add(view, STYLE_ERROR, "What goes back destroys could not be counted: %s", view->uncounted);
    if (view->receipt == NULL)
        return;
    add(view, view->receipt->style, "What goes back: %s", view->receipt->verdict);
    for (guint i = 0; i < view->receipt->rows->len; i++) {
        const struct report_row *row = view->receipt->rows->pdata[i];
        g_autofree char *version =
            model_version_text(console_model(view->base.console), row->version);
        add(view, row->style, "  [%-8s] %s  %s", row->mark, version, row->text);
    }
    add(view, STYLE_TEXT, "  %s", view->receipt->basis);
}

static void make_lines(struct gate_view *view)
{
    g_ptr_array_set_size(view->lines, 0);
    if (view->checks != NULL)
        add_checks(view);
    add_receipt(view);
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

static void forget_answer(struct gate_view *view)
{
    g_clear_pointer(&view->plan, plan_unref);
    g_clear_pointer(&view->checks, gate_unref);
    inquiry_abandon(view->counting);
    view->counting = NULL;
    g_clear_pointer(&view->receipt, report_free);
    g_clear_pointer(&view->uncounted, g_free);
    g_clear_pointer(&view->words, g_free);
    g_clear_pointer(&view->why, g_free);
    g_clear_pointer(&view->problem, g_free);
    g_string_truncate(view->typed, 0);
    view->is_ready = view->is_read = FALSE;
    view->question++;
}

static void clear(struct gate_view *view)
{
    g_clear_pointer(&view->request, run_request_free);
    forget_answer(view);
    g_ptr_array_set_size(view->lines, 0);
    view->columns = 0;
}

static void leave(struct gate_view *view, const char *what)
{
    struct console *console = view->base.console;
    clear(view);
    console_back(console);
    console_say(console, RECORD_INFO, "%s", what);
}

/* What came late has to be read as well before the words count. */
static void take_losses(struct console *console, gpointer data, guint question,
                        struct report *receipt, const GError *error)
{
    struct gate_view *view = data;
    if (question != view->question) {
        g_clear_pointer(&receipt, report_free);
        return;
    }
    view->counting = NULL;
    view->receipt = receipt;
    view->uncounted = error != NULL ? error_line(error) : NULL;
    view->is_read = FALSE;
    g_string_truncate(view->typed, 0);
    make_lines(view);
    console_redraw(console);
}

static void answered(struct console *console, gpointer data, gpointer result, const GError *error)
{
    const struct gate_asked *question = data;
    struct gate_view *view = question->view;
    struct gate_answer *answer = result;
    if (question->question != view->question || view->request == NULL) {
        if (answer != NULL)
            gate_answer_free(answer);
        return;
    }
    if (answer == NULL)
        view->problem = error_line(error);
    else {
        view->plan = g_steal_pointer(&answer->plan);
        view->checks = g_steal_pointer(&answer->checks);
        view->words = g_steal_pointer(&answer->words);
        view->why = g_steal_pointer(&answer->why);
        gate_answer_free(answer);
        if (view->plan != NULL && view->plan->steps->len == 0) {
            leave(view, "nothing to do: the database is there already");
            return;
        }
    }
    view->is_ready = view->problem == NULL;
    view->opened_at = g_get_monotonic_time();
    if (view->plan != NULL && plan_goes_down(view->plan) && view->request->kind == RUN_MIGRATE)
        view->counting =
            gate_losses_ask(console, &view->request->goal, view, view->question, take_losses);
    make_lines(view);
    console_redraw(console);
}

/* Asks, or asks again: whatever is typed has to be typed again. */
static void ask(struct gate_view *view)
{
    const struct run_request *request = view->request;
    forget_answer(view);
    view->list = (struct list){.pages = TRUE};
    view->opened_at = g_get_monotonic_time();
    struct gate_asked *question = g_new0(struct gate_asked, 1);
    *question = (struct gate_asked){
        .view = view,
        .question = view->question,
        .kind = request->kind,
        .goal = request->goal,
        .version = request->version,
        .target = gate_is_planned(request->kind) ? NULL : target_of(view),
        .reason = g_strdup(request->reason),
        .override = g_strdup(request->override),
    };
    console_ask(view->base.console,
                job_new(gate_answer_make, answered, question, gate_asked_free, gate_answer_free));
}

void gate_view_set(struct view *base, struct run_request *request)
{
    struct gate_view *view = gate(base);
    clear(view);
    view->request = request;
    ask(view);
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
    if (is_closed(view)) {
        grid_putf(grid, row, 0, -1, STYLE_ERROR, "Closed.  c: check again%s%s   Esc: back",
                  asks_reason(view) ? "   e: say why" : "",
                  may_override(view) ? "   O: pass over it, for a reason" : "");
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

/* ---- what opens a gate that is closed ----------------------------------------------------------
 */

static void say_reason(struct console *console, const char *text, gpointer data)
{
    struct gate_view *view = data;
    (void)console;
    if (text == NULL || *text == '\0' || view->request == NULL)
        return;
    g_free(view->request->reason);
    view->request->reason = g_strdup(text);
    ask(view);
}

static void say_override(struct console *console, const char *text, gpointer data)
{
    struct gate_view *view = data;
    (void)console;
    if (text == NULL || *text == '\0' || view->request == NULL)
        return;
    g_free(view->request->override);
    view->request->override = g_strdup(text);
    if (view->request->reason == NULL)
        view->request->reason = g_strdup(text);
    ask(view);
}

static gboolean act(struct view *base, enum action_id action, guint count)
{
    struct gate_view *view = gate(base);
    (void)count;
    switch (action) {
    case ACTION_GATE_AGAIN:
        ask(view);
        return TRUE;
    case ACTION_GATE_REASON:
        prompt_open(base->console->prompt, PROMPT_ANSWER, "why (recorded): ", view->request->reason,
                    say_reason, view);
        return TRUE;
    case ACTION_GATE_OVERRIDE:
        prompt_open(base->console->prompt, PROMPT_ANSWER,
                    "why the policy is passed over (recorded): ", NULL, say_override, view);
        return TRUE;
    default:
        return FALSE;
    }
}

gboolean gate_view_key(struct view *base, const struct key *key)
{
    struct gate_view *view = gate(base);
    g_autofree char *words = view->request != NULL && view->is_ready ? wanted(view) : NULL;
    gboolean is_open =
        words != NULL && !is_closed(view) && (rung_of(view) != RUNG_WORDS || view->is_read);
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
    if (is_closed(view) && key->code != 'q')
        return !key_is_among(key->code, "? F1 v k j PgUp c e O");
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
    switch (action) {
    case ACTION_GATE_AGAIN:
        return is_closed(view) ? NULL : g_strdup("no check fails");
    case ACTION_GATE_REASON:
        return asks_reason(view) ? NULL : g_strdup("no reason is asked for");
    case ACTION_GATE_OVERRIDE:
        return may_override(view) ? NULL : g_strdup("nothing fails that a reason outweighs");
    case ACTION_VIEW_SQL:
    case ACTION_HELP:
        break;
    default:
        return NULL;
    }
    if (view->request == NULL || !view->is_ready || is_closed(view))
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
    view->counting = NULL; /* the console's inquiries have ended before its views do */
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
    .act = act,
    .why_not = why_not,
    .list = list_of,
};
