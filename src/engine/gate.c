/* The gate: which checks a change has to pass, what opens it, and what is recorded of it. */
#include "base/text.h"
#include "engine/gate_internal.h"

#include <string.h>

static const char *const verdict_names[] = {
    [GATE_NOT_NEEDED] = "not needed",
    [GATE_OK] = "ok",
    [GATE_WARNING] = "warning",
    [GATE_FAILED] = "failed",
};

static const char *const question_names[] = {
    [GATE_ASKS_NOTHING] = "nothing",
    [GATE_ASKS_YES] = "yes",
    [GATE_ASKS_WORDS] = "words",
};

const char *gate_verdict_name(enum gate_verdict verdict)
{
    return verdict_names[verdict];
}

const char *gate_question_name(enum gate_question question)
{
    return question_names[question];
}

static void check_clear(gpointer data)
{
    struct gate_check *check = data;
    g_free(check->found);
    g_free(check->advice);
}

struct gate *gate_ref(struct gate *gate)
{
    g_atomic_ref_count_inc(&gate->references);
    return gate;
}

void gate_unref(struct gate *gate)
{
    if (gate == NULL || !g_atomic_ref_count_dec(&gate->references))
        return;
    if (gate->plan != NULL)
        plan_unref(gate->plan);
    g_free(gate->id);
    g_free(gate->environment);
    g_free(gate->said_by);
    g_array_unref(gate->checks);
    if (gate->receipt != NULL)
        receipt_free(gate->receipt);
    g_free(gate->words);
    g_free(gate->why);
    g_free(gate);
}

const struct gate_check *gate_check_at(const struct gate *gate, guint index)
{
    return &g_array_index(gate->checks, struct gate_check, index);
}

const struct gate_check *gate_check_find(const struct gate *gate, const char *name)
{
    for (guint i = 0; i < gate->checks->len; i++)
        if (strcmp(gate_check_at(gate, i)->name, name) == 0)
            return gate_check_at(gate, i);
    return NULL;
}

gboolean gate_goes_back(const struct gate_wish *wish)
{
    return wish->action == GATE_DOWN || wish->action == GATE_FORCE || wish->action == GATE_DROP ||
           wish->action == GATE_LOWER;
}

struct gate_wish gate_wish_of_plan(struct plan *plan, const struct goal *goal)
{
    return (struct gate_wish){.action = plan_goes_down(plan) ? GATE_DOWN : GATE_UP,
                              .plan = plan,
                              .from = plan->from,
                              .to = plan->to,
                              .is_emergency = goal->kind == GOAL_EMERGENCY};
}

/* ---- answers --------------------------------------------------------------------------------- */

void gate_answer(struct gate_check *check, enum gate_verdict verdict, const char *advice,
                 const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    check->verdict = verdict;
    check->found = g_strdup_vprintf(format, arguments);
    check->advice = g_strdup(advice);
    va_end(arguments);
}

void gate_answer_unknown(struct gate_check *check, enum gate_verdict verdict, GError *error)
{
    gate_answer(check, verdict, NULL, "could not be looked at: %s", error->message);
    g_error_free(error);
}

/* ---- making one ------------------------------------------------------------------------------ */

/* What has no plan is named by what it would do, and where. */
static char *id_of(const struct engine *engine, const struct gate_wish *wish)
{
    if (wish->plan != NULL)
        return g_strdup(wish->plan->id);
    g_autofree char *text = g_strdup_printf("%s\n%d\n%s\n%" G_GINT64_FORMAT, engine->identity,
                                            (int)wish->action, wish->target, wish->from);
    char *id = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    id[16] = '\0';
    return id;
}

/* An emergency's reason stands for the evidence, the backup and the second person. */
static void override(struct gate_look *look, const struct gate_row *row, struct gate_check *check)
{
    gboolean is_emergency = look->wish->is_emergency; /* refused by itself without a reason */
    const char *reason = look->options->override;
    gboolean is_given = reason != NULL && reason[strspn(reason, " \t\r\n")] != '\0';
    check->may_be_overridden =
        check->verdict == GATE_FAILED &&
        (row->may_be_overridden || (is_emergency && strcmp(row->name, "approval") == 0));
    if (!check->may_be_overridden || (!is_given && !is_emergency))
        return;
    check->is_overridden = TRUE;
    check->verdict = GATE_WARNING;
}

static enum gate_question question_of(const struct gate_wish *wish, const struct policy *policy)
{
    static const enum gate_question by_up[] = {
        [UP_FREE] = GATE_ASKS_NOTHING, [UP_CONFIRM] = GATE_ASKS_YES, [UP_TYPED] = GATE_ASKS_WORDS};
    static const enum gate_question by_confirm[] = {[CONFIRM_NONE] = GATE_ASKS_NOTHING,
                                                    [CONFIRM_YES] = GATE_ASKS_YES,
                                                    [CONFIRM_TYPED] = GATE_ASKS_WORDS};
    gboolean is_all = wish->plan != NULL && wish->plan->kind == GOAL_DOWN_ALL;
    if (wish->action == GATE_LOWER || wish->is_emergency || is_all)
        return GATE_ASKS_WORDS;
    if (wish->action == GATE_UP)
        return by_up[policy->up];
    return gate_goes_back(wish) ? by_confirm[policy->confirm] : GATE_ASKS_NOTHING;
}

static char *why_of(const struct gate *gate, const struct gate_wish *wish)
{
    gboolean is_all = wish->plan != NULL && wish->plan->kind == GOAL_DOWN_ALL;
    if (is_all && gate->policy.confirm == CONFIRM_NONE)
        return g_strdup("all migrations would go down");
    if (wish->is_emergency)
        return g_strdup("an emergency passes over what is otherwise asked for first");
    if (wish->action == GATE_LOWER)
        return g_strdup("less would be asked for from then on");
    return g_strdup_printf("environment %s (%s)", gate->environment, gate->said_by);
}

static void ask(struct gate *gate, const struct engine *engine, const struct gate_wish *wish)
{
    g_autofree char *target =
        wish->target != NULL ? g_strdup(wish->target) : change_version_text(engine, wish->to);
    gate->question = question_of(wish, &gate->policy);
    gate->words = confirmation_words(engine, target);
    if (gate->question != GATE_ASKS_NOTHING)
        gate->why = why_of(gate, wish);
}

static struct gate *gate_make(struct engine *engine, const struct gate_wish *wish,
                              const struct change_options *options, gboolean is_locked)
{
    struct gate *gate = g_new0(struct gate, 1);
    g_atomic_ref_count_init(&gate->references);
    gate->action = wish->action;
    gate->plan = wish->plan != NULL ? plan_ref(wish->plan) : NULL;
    gate->id = id_of(engine, wish);
    gate->environment = g_strdup(engine->environment.name);
    gate->said_by = g_strdup(engine->environment.said_by);
    gate->policy = engine->environment.policy;
    gate->policy.name = gate->environment;
    gate->checks = g_array_new(FALSE, TRUE, sizeof(struct gate_check));
    g_array_set_clear_func(gate->checks, check_clear);
    struct gate_look look = {
        .engine = engine, .wish = wish, .options = options, .gate = gate, .is_locked = is_locked};
    for (const struct gate_row *row = gate_rows; row->name != NULL; row++) {
        struct gate_check check = {.name = row->name};
        if (row->is_for_people && is_locked)
            continue;
        row->look(&look, &check);
        if (check.found == NULL)
            continue;
        override(&look, row, &check);
        gate->failed += check.verdict == GATE_FAILED;
        gate->warnings += check.verdict == GATE_WARNING;
        g_array_append_val(gate->checks, check);
    }
    g_clear_pointer(&look.marks, g_array_unref);
    g_clear_pointer(&look.history, g_ptr_array_unref);
    g_clear_pointer(&look.activity, activity_unref);
    g_clear_pointer(&look.relations, g_ptr_array_unref);
    g_clear_error(&look.receipt_failure);
    gate->receipt = look.receipt;
    ask(gate, engine, wish);
    return gate;
}

struct gate *engine_gate(struct engine *engine, const struct gate_wish *wish,
                         const struct change_options *options, GError **error)
{
    struct version_state state;
    if (!engine_exists(engine, error) || !database_version_read(engine->database, &state, error))
        return NULL;
    return gate_make(engine, wish, options, FALSE);
}

/* ---- passing it ------------------------------------------------------------------------------ */

static void record_refusal(struct engine *engine, const struct gate *gate,
                           const struct gate_wish *wish, const struct change_options *options,
                           const char *message)
{
    AUTOPTR(history_record) *record = recording_of_refusal(engine, message);
    record->plan_id = g_strdup(gate->id);
    record->from_version = wish->from;
    record->to_version = record->version = wish->to;
    record->reason = g_strdup(options->override != NULL ? options->override : options->reason);
    recording_append_refusal(engine, record);
}

/* Every failed check, and what to do about each. */
static void refuse_checks(const struct gate *gate, GError **error)
{
    g_autoptr(GString) found = g_string_new(NULL), advice = g_string_new(NULL);
    guint overridable = 0;
    for (guint i = 0; i < gate->checks->len; i++) {
        const struct gate_check *check = gate_check_at(gate, i);
        if (check->verdict != GATE_FAILED)
            continue;
        g_string_append_printf(found, "%s%s", found->len > 0 ? "; " : "", check->found);
        if (check->advice != NULL)
            g_string_append_printf(advice, "%s%s", advice->len > 0 ? "; " : "", check->advice);
        overridable += check->may_be_overridden;
    }
    if (overridable == gate->failed)
        g_string_append_printf(advice,
                               "%sor say why it is to be done all the same: --override "
                               "REASON, which is recorded",
                               advice->len > 0 ? "; " : "");
    error_set(error, ERROR_REFUSED, "%s", found->str);
    error_advise(error, "%s", advice->str);
}

static gboolean is_confirmed(const struct engine *engine, const struct gate *gate,
                             const struct change_options *options)
{
    return gate->question == GATE_ASKS_NOTHING ||
           (gate->question == GATE_ASKS_YES && options->is_confirmed) ||
           confirmation_matches(engine, gate->words, options->confirm);
}

static void refuse_words(const struct engine *engine, const struct gate *gate,
                         const struct change_options *options, GError **error)
{
    gboolean is_lax =
        engine->environment.class_ == ENVIRONMENT_UNKNOWN && gate->action != GATE_LOWER;
    if (options->confirm != NULL)
        error_set(error, ERROR_REFUSED, "the words typed are not \"%s\": %s", gate->words,
                  gate->why);
    else if (gate->question == GATE_ASKS_YES)
        error_set(error, ERROR_REFUSED, "this needs a yes: %s", gate->why);
    else
        error_set(error, ERROR_REFUSED, "this needs the words \"%s\": %s", gate->words, gate->why);
    error_advise(error, "give %s--confirm '%s'%s",
                 gate->question == GATE_ASKS_YES ? "--yes, or " : "", gate->words,
                 is_lax ? ", or --environment development where that is true" : "");
}

/* What was passed over by a reason, for the record: "over target, backup". */
static char *overrides_of(const struct gate *gate)
{
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < gate->checks->len; i++)
        if (gate_check_at(gate, i)->is_overridden)
            g_string_append_printf(text, "%s%s: %s", text->len > 0 ? "; " : "in spite of ",
                                   gate_check_at(gate, i)->name, gate_check_at(gate, i)->found);
    return g_string_free(text, text->len == 0);
}

gboolean gate_pass(struct engine *engine, const struct gate_wish *wish,
                   const struct change_options *options, char **overrides, GError **error)
{
    AUTOPTR(gate) *gate = gate_make(engine, wish, options, TRUE);
    g_autoptr(GError) refusal = NULL;
    if (gate->failed > 0)
        refuse_checks(gate, &refusal);
    else if (!is_confirmed(engine, gate, options))
        refuse_words(engine, gate, options, &refusal);
    if (refusal == NULL) {
        char *spite = overrides_of(gate);
        if (overrides != NULL)
            *overrides = spite;
        else
            g_free(spite);
        return TRUE;
    }
    record_refusal(engine, gate, wish, options, refusal->message);
    g_propagate_error(error, g_steal_pointer(&refusal));
    return FALSE;
}
