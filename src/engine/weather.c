/* Lock weather, from a picture of the sessions and the locks that a plan needs. */
#include "engine/weather.h"

#include <string.h>

#define LONG_TRANSACTION (5 * 60 * G_USEC_PER_SEC)

static const struct {
    const char *word, *text;
} kinds[] = {
    [WEATHER_HOLDS] = {"holds", "in the way"},
    [WEATHER_WAITS] = {"waits", "waits already"},
    [WEATHER_BEHIND] = {"behind", "would wait behind"},
    [WEATHER_WRAPAROUND] = {"wraparound", "autovacuum against wraparound"},
    [WEATHER_DUMP] = {"dump", "pg_dump"},
    [WEATHER_LONG] = {"long", "old transaction"},
};

const char *weather_kind_word(enum weather_kind kind)
{
    return kinds[kind].word;
}

const char *weather_kind_text(enum weather_kind kind)
{
    return kinds[kind].text;
}

static gint64 age_of(const struct weather *weather, const struct session *session)
{
    gint64 since = session->waiting_since != 0       ? session->waiting_since
                   : session->transaction_since != 0 ? session->transaction_since
                                                     : session->state_since;
    return since != 0 ? MAX(weather->activity->taken_at - since, 0) : 0;
}

static void add(struct weather *weather, struct weather_session entry)
{
    for (guint i = 0; i < weather->sessions->len; i++) {
        struct weather_session *known =
            &g_array_index(weather->sessions, struct weather_session, i);
        if (known->session != entry.session)
            continue;
        if (entry.kind < known->kind)
            *known = entry;
        return;
    }
    g_array_append_val(weather->sessions, entry);
}

/* What a lock of another means for one need. */
static void weigh_lock(struct weather *weather, const struct relation_lock *lock,
                       const struct weather_need *need)
{
    const struct session *session = activity_session(weather->activity, lock->pid);
    enum lock_mode mode = lock_mode_parse(lock->mode);
    if (session == NULL || session->is_own || strcmp(lock->relation, need->relation) != 0)
        return;
    gboolean is_in_the_way = lock_mode_conflicts(mode, need->mode);
    add(weather, (struct weather_session){
                     .kind = !lock->is_granted ? WEATHER_WAITS
                             : is_in_the_way   ? WEATHER_HOLDS
                                               : WEATHER_BEHIND,
                     .session = session,
                     .relation = need->relation,
                     .held = mode,
                     .needed = need->mode,
                     .age_us = age_of(weather, session),
                 });
}

static gboolean is_long(const struct weather *weather, const struct session *session)
{
    return session->transaction_since != 0 &&
           weather->activity->taken_at - session->transaction_since > LONG_TRANSACTION;
}

static void weigh_session(struct weather *weather, const struct session *session)
{
    struct weather_session entry = {.session = session, .age_us = age_of(weather, session)};
    if (session->is_own)
        return;
    if (session->is_wraparound)
        entry.kind = WEATHER_WRAPAROUND;
    else if (strcmp(session->application, "pg_dump") == 0)
        entry.kind = WEATHER_DUMP;
    else if (is_long(weather, session))
        entry.kind = WEATHER_LONG;
    else
        return;
    add(weather, entry);
}

static gint compare(gconstpointer one, gconstpointer other)
{
    const struct weather_session *a = one, *b = other;
    if (a->kind != b->kind)
        return (gint)a->kind - (gint)b->kind;
    return a->age_us > b->age_us ? -1 : a->age_us < b->age_us;
}

static void count(struct weather *weather)
{
    for (guint i = 0; i < weather->sessions->len; i++) {
        enum weather_kind kind = g_array_index(weather->sessions, struct weather_session, i).kind;
        weather->in_the_way += kind == WEATHER_HOLDS;
        weather->waiting += kind == WEATHER_WAITS;
        weather->behind += kind == WEATHER_BEHIND;
    }
    weather->is_cut = weather->activity->is_cut;
    for (guint i = 0; i < weather->activity->session_count; i++)
        weather->hidden += weather->activity->sessions[i].is_hidden;
}

struct weather *weather_new(struct activity *activity, const GArray *needs)
{
    struct weather *weather = g_new0(struct weather, 1);
    weather->activity = activity_ref(activity);
    weather->sessions = g_array_new(FALSE, TRUE, sizeof(struct weather_session));
    for (guint i = 0; i < activity->lock_count; i++)
        for (guint j = 0; j < needs->len; j++)
            weigh_lock(weather, &activity->locks[i], &g_array_index(needs, struct weather_need, j));
    for (guint i = 0; i < activity->session_count; i++)
        weigh_session(weather, &activity->sessions[i]);
    g_array_sort(weather->sessions, compare);
    count(weather);
    return weather;
}

void weather_free(struct weather *weather)
{
    activity_unref(weather->activity);
    g_array_unref(weather->sessions);
    g_free(weather);
}
