/* Asked on the monitor's thread; nothing here is drawn. */
#include "console/gate_answer.h"

gboolean gate_is_planned(enum run_kind kind)
{
    return kind == RUN_MIGRATE || kind == RUN_DRY_RUN;
}

void gate_asked_free(gpointer data)
{
    struct gate_asked *question = data;
    g_free(question->target);
    g_free(question->reason);
    g_free(question->override);
    g_free(question);
}

void gate_answer_free(gpointer data)
{
    struct gate_answer *answer = data;
    if (answer->plan != NULL)
        plan_unref(answer->plan);
    if (answer->checks != NULL)
        gate_unref(answer->checks);
    g_free(answer->words);
    g_free(answer->why);
    g_free(answer);
}

/* FALSE where the engine has no gate: a dry run changes nothing, a session is nobody's plan. */
static gboolean wish_for(struct engine *engine, const struct gate_asked *question,
                         struct plan *plan, struct gate_wish *wish)
{
    static const struct {
        enum run_kind kind;
        enum gate_action action;
    } wishes[] = {{RUN_FORCE, GATE_FORCE},
                  {RUN_DROP, GATE_DROP},
                  {RUN_INIT, GATE_INIT},
                  {RUN_ADOPT, GATE_ADOPT}};
    struct version_state state = {.version = VERSION_NONE};
    if (question->kind == RUN_MIGRATE) {
        *wish = gate_wish_of_plan(plan, &question->goal);
        return TRUE;
    }
    for (gsize i = 0; i < G_N_ELEMENTS(wishes); i++) {
        if (wishes[i].kind != question->kind)
            continue;
        engine_version(engine, &state, NULL);
        *wish = (struct gate_wish){.action = wishes[i].action,
                                   .target = question->target,
                                   .from = state.version,
                                   .to = question->kind == RUN_FORCE  ? question->version
                                         : question->kind == RUN_DROP ? VERSION_NONE
                                                                      : state.version};
        return TRUE;
    }
    return FALSE;
}

static gboolean ask_checks(struct engine *engine, const struct gate_asked *question,
                           struct gate_answer *answer, GError **error)
{
    const struct change_options options = {
        .reason = question->reason, .override = question->override, .is_confirmed = TRUE};
    struct gate_wish wish;
    if (!wish_for(engine, question, answer->plan, &wish)) {
        if (answer->plan != NULL)
            answer->words = engine_confirmation(engine, answer->plan, &answer->why);
        return TRUE;
    }
    answer->checks = engine_gate(engine, &wish, &options, error);
    if (answer->checks == NULL)
        return FALSE;
    answer->why = g_strdup(answer->checks->why);
    if (answer->checks->question == GATE_ASKS_WORDS)
        answer->words = g_strdup(answer->checks->words);
    return TRUE;
}

gpointer gate_answer_make(struct engine *engine, gpointer data, GError **error)
{
    const struct gate_asked *question = data;
    struct gate_answer *answer = g_new0(struct gate_answer, 1);
    gboolean is_done = engine != NULL;
    if (engine == NULL)
        error_set(error, ERROR_NO_CONNECTION, "there is no connection");
    if (is_done && gate_is_planned(question->kind)) {
        answer->plan = engine_plan(engine, &question->goal, error);
        is_done = answer->plan != NULL;
    }
    if (is_done && (answer->plan == NULL || answer->plan->steps->len > 0))
        is_done = ask_checks(engine, question, answer, error);
    if (is_done)
        return answer;
    gate_answer_free(answer);
    return NULL;
}
