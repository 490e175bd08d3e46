/* The pictures of what goes on in a database: their making, their sharing, and the forest of who
 * waits for whom. Knows no server. */
#include "database/activity_build.h"

#include <string.h>

#include "database/driver.h"

/* ---- names of runs --------------------------------------------------------------------------- */

/* Takes an unsigned number and the character behind it. */
static gboolean take_number(const char **at, char end, guint64 most, guint64 *number)
{
    char *after;
    if (!g_ascii_isdigit(**at))
        return FALSE;
    *number = g_ascii_strtoull(*at, &after, 10);
    if (*after != end || *number > most)
        return FALSE;
    *at = end != '\0' ? after + 1 : after;
    return TRUE;
}

static gboolean take_word(const char **at, const char *word)
{
    if (!g_str_has_prefix(*at, word))
        return FALSE;
    *at += strlen(word);
    return TRUE;
}

static gboolean parse(const char *at, struct run_name *name)
{
    guint64 version, step, steps;
    if (!take_word(&at, "winch ") || strspn(at, "0123456789abcdef") != 6 || at[6] != ' ')
        return FALSE;
    memcpy(name->run_id, at, 6);
    at += 7;
    name->goes_down = take_word(&at, "down ");
    if (!name->goes_down && !take_word(&at, "up "))
        return FALSE;
    if (!take_number(&at, ' ', G_MAXINT64, &version) || !take_number(&at, '/', G_MAXUINT, &step) ||
        !take_number(&at, '\0', G_MAXUINT, &steps))
        return FALSE;
    name->version = (gint64)version;
    name->step = (guint)step;
    name->steps = (guint)steps;
    return TRUE;
}

gboolean run_name_parse(const char *application, struct run_name *name)
{
    *name = (struct run_name){.version = -1};
    if (application != NULL && parse(application, name))
        return TRUE;
    *name = (struct run_name){.version = -1};
    return FALSE;
}

/* ---- sharing --------------------------------------------------------------------------------- */

/* Everything behind a picture. */
struct stock {
    GStringChunk *strings;
    GArray *sessions, *locks, *prepared, *forest;
    GPtrArray *pids;
};

static void stock_clear(struct stock *stock)
{
    g_string_chunk_free(stock->strings);
    g_array_unref(stock->sessions);
    g_array_unref(stock->locks);
    g_array_unref(stock->prepared);
    g_array_unref(stock->forest);
    g_ptr_array_unref(stock->pids);
}

struct pulse_box {
    struct pulse pulse; /* first: what callers see */
    struct stock stock;
};

struct activity_box {
    struct activity activity; /* first */
    struct stock stock;
};

static void pulse_clear(gpointer box)
{
    stock_clear(&((struct pulse_box *)box)->stock);
}

static void activity_clear(gpointer box)
{
    stock_clear(&((struct activity_box *)box)->stock);
}

struct pulse *pulse_ref(struct pulse *pulse)
{
    return g_atomic_rc_box_acquire((struct pulse_box *)pulse) != NULL ? pulse : NULL;
}

void pulse_unref(struct pulse *pulse)
{
    g_atomic_rc_box_release_full((struct pulse_box *)pulse, pulse_clear);
}

struct activity *activity_ref(struct activity *activity)
{
    return g_atomic_rc_box_acquire((struct activity_box *)activity) != NULL ? activity : NULL;
}

void activity_unref(struct activity *activity)
{
    g_atomic_rc_box_release_full((struct activity_box *)activity, activity_clear);
}

/* ---- gathering ------------------------------------------------------------------------------- */

void activity_builder_init(struct activity_builder *builder)
{
    builder->strings = g_string_chunk_new(4096);
    builder->sessions = g_array_new(FALSE, TRUE, sizeof(struct session));
    builder->locks = g_array_new(FALSE, TRUE, sizeof(struct relation_lock));
    builder->prepared = g_array_new(FALSE, TRUE, sizeof(struct prepared_transaction));
    builder->pids = g_ptr_array_new_with_free_func(g_free);
}

void activity_builder_clear(struct activity_builder *builder)
{
    if (builder->strings == NULL)
        return;
    g_string_chunk_free(builder->strings);
    g_array_unref(builder->sessions);
    g_array_unref(builder->locks);
    g_array_unref(builder->prepared);
    g_ptr_array_unref(builder->pids);
    memset(builder, 0, sizeof *builder);
}

const char *activity_builder_text(struct activity_builder *builder, const char *text)
{
    return text == NULL || *text == '\0' ? "" : g_string_chunk_insert(builder->strings, text);
}

struct session *activity_builder_session(struct activity_builder *builder, int pid)
{
    struct session session = {.pid = pid,
                              .user = "",
                              .database = "",
                              .client = "",
                              .application = "",
                              .state = "",
                              .wait_type = "",
                              .wait_event = "",
                              .query = "",
                              .backend_type = "",
                              .run = {.version = -1}};
    g_array_append_val(builder->sessions, session);
    return &g_array_index(builder->sessions, struct session, builder->sessions->len - 1);
}

void activity_builder_blocked_by(struct activity_builder *builder, struct session *session,
                                 const char *list)
{
    if (list == NULL || *list == '\0')
        return;
    g_auto(GStrv) words = g_strsplit(list, ",", -1);
    int *pids = g_new(int, g_strv_length(words));
    guint count = 0;
    for (guint i = 0; words[i] != NULL; i++) {
        int pid = (int)g_ascii_strtoll(words[i], NULL, 10);
        guint same = 0;
        while (same < count && pids[same] != pid)
            same++;
        if (same == count)
            pids[count++] = pid;
    }
    g_ptr_array_add(builder->pids, pids);
    session->blocked_by = pids;
    session->blocked_by_count = count;
}

void activity_builder_holder(struct activity_builder *builder, const struct lock_holder *holder)
{
    struct session *session = activity_builder_session(builder, holder->pid);
    session->user = activity_builder_text(builder, holder->user);
    session->database = activity_builder_text(builder, holder->database);
    session->client = activity_builder_text(builder, holder->client);
    session->application = activity_builder_text(builder, holder->application);
    session->state = activity_builder_text(builder, holder->state);
    session->query = activity_builder_text(builder, holder->query);
    session->state_since = holder->since;
    session->migration_lock = MIGRATION_LOCK_HELD;
    run_name_parse(session->application, &session->run);
}

/* ---- the forest ------------------------------------------------------------------------------ */

static int by_pid(gconstpointer a, gconstpointer b)
{
    const struct session *one = a, *other = b;
    return (one->pid > other->pid) - (one->pid < other->pid);
}

static int find_session(const struct session *sessions, guint count, int pid)
{
    guint low = 0, high = count;
    while (low < high) {
        guint middle = low + (high - low) / 2;
        if (sessions[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && sessions[low].pid == pid ? (int)low : -1;
}

struct planting {
    const struct session *sessions;
    guint count;
    gboolean *is_planted;
    GHashTable *waiting; /* pid of who is in the way first -> GArray of session indexes */
    GArray *forest;
};

static void gather_waiting(struct planting *planting)
{
    for (guint i = 0; i < planting->count; i++) {
        const struct session *session = &planting->sessions[i];
        if (session->blocked_by_count == 0)
            continue;
        gpointer key = GINT_TO_POINTER(session->blocked_by[0]);
        GArray *list = g_hash_table_lookup(planting->waiting, key);
        if (list == NULL) {
            list = g_array_new(FALSE, FALSE, sizeof(guint));
            g_hash_table_insert(planting->waiting, key, list);
        }
        g_array_append_val(list, i);
    }
}

static void plant_node(struct planting *planting, int pid, int session, guint depth)
{
    struct blocking_node node = {pid, session, depth, 0};
    if (session >= 0)
        planting->is_planted[session] = TRUE;
    g_array_append_val(planting->forest, node);
}

/* Depth first without recursion: a stack of what is still to be put below its blocker. A session
 * is planted once, so a deadlock that is not yet broken ends too. */
static void plant_tree(struct planting *planting, int pid, int root)
{
    g_autoptr(GArray) stack = g_array_new(FALSE, FALSE, sizeof(struct blocking_node));
    struct blocking_node next = {pid, root, 0, 0};
    g_array_append_val(stack, next);
    while (stack->len > 0) {
        next = g_array_index(stack, struct blocking_node, stack->len - 1);
        g_array_set_size(stack, stack->len - 1);
        if (next.session >= 0 && planting->is_planted[next.session])
            continue;
        plant_node(planting, next.pid, next.session, next.depth);
        const GArray *list = g_hash_table_lookup(planting->waiting, GINT_TO_POINTER(next.pid));
        for (guint i = list != NULL ? list->len : 0; i > 0; i--) {
            guint index = g_array_index(list, guint, i - 1);
            struct blocking_node below = {planting->sessions[index].pid, (int)index, next.depth + 1,
                                          0};
            g_array_append_val(stack, below);
        }
    }
}

/* The first blockers that wait for nobody, or are no session here; then what is left, in circles.
 */
static void plant_all(struct planting *planting)
{
    for (guint i = 0; i < planting->count; i++) {
        const struct session *session = &planting->sessions[i];
        if (session->blocked_by_count == 0 || planting->is_planted[i])
            continue;
        int blocker = session->blocked_by[0];
        int root = find_session(planting->sessions, planting->count, blocker);
        if (root < 0 ||
            (planting->sessions[root].blocked_by_count == 0 && !planting->is_planted[root]))
            plant_tree(planting, blocker, root);
    }
    for (guint i = 0; i < planting->count; i++)
        if (planting->sessions[i].blocked_by_count > 0 && !planting->is_planted[i])
            plant_tree(planting, planting->sessions[i].pid, (int)i);
}

/* How many nodes follow each one deeper than itself. */
static void count_below(GArray *forest)
{
    for (guint i = 0; i < forest->len; i++) {
        struct blocking_node *node = &g_array_index(forest, struct blocking_node, i);
        guint next = i + 1;
        while (next < forest->len &&
               g_array_index(forest, struct blocking_node, next).depth > node->depth)
            next++;
        node->below = next - i - 1;
    }
}

static GArray *forest_of(const GArray *sessions)
{
    struct planting planting = {
        .sessions = (const struct session *)(gconstpointer)sessions->data,
        .count = sessions->len,
        .is_planted = g_new0(gboolean, sessions->len + 1),
        .waiting = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL,
                                         (GDestroyNotify)g_array_unref),
        .forest = g_array_new(FALSE, TRUE, sizeof(struct blocking_node)),
    };
    gather_waiting(&planting);
    plant_all(&planting);
    count_below(planting.forest);
    g_hash_table_unref(planting.waiting);
    g_free(planting.is_planted);
    return planting.forest;
}

/* ---- sealing --------------------------------------------------------------------------------- */

static struct stock seal(struct activity_builder *builder)
{
    g_array_sort(builder->sessions, by_pid);
    struct stock stock = {
        .strings = builder->strings,
        .sessions = builder->sessions,
        .locks = builder->locks,
        .prepared = builder->prepared,
        .forest = forest_of(builder->sessions),
        .pids = builder->pids,
    };
    memset(builder, 0, sizeof *builder);
    return stock;
}

struct pulse *activity_builder_pulse(struct activity_builder *builder,
                                     const struct version_state *version)
{
    struct pulse_box *box = g_atomic_rc_box_new0(struct pulse_box);
    struct pulse *pulse = &box->pulse;
    pulse->version = *version;
    if (version->problem != NULL)
        pulse->version.problem = activity_builder_text(builder, version->problem);
    box->stock = seal(builder);
    pulse->history_rows = pulse->history_last_id = -1;
    pulse->runs = (const struct session *)(gconstpointer)box->stock.sessions->data;
    pulse->run_count = box->stock.sessions->len;
    pulse->holder = -1;
    for (guint i = 0; i < pulse->run_count && pulse->holder < 0; i++)
        if (pulse->runs[i].migration_lock == MIGRATION_LOCK_HELD)
            pulse->holder = (int)i;
    return pulse;
}

struct activity *activity_builder_activity(struct activity_builder *builder)
{
    struct activity_box *box = g_atomic_rc_box_new0(struct activity_box);
    struct activity *activity = &box->activity;
    box->stock = seal(builder);
    activity->sessions = (const struct session *)(gconstpointer)box->stock.sessions->data;
    activity->session_count = box->stock.sessions->len;
    activity->locks = (const struct relation_lock *)(gconstpointer)box->stock.locks->data;
    activity->lock_count = box->stock.locks->len;
    activity->forest = (const struct blocking_node *)(gconstpointer)box->stock.forest->data;
    activity->forest_count = box->stock.forest->len;
    activity->prepared =
        (const struct prepared_transaction *)(gconstpointer)box->stock.prepared->data;
    activity->prepared_count = box->stock.prepared->len;
    return activity;
}

const struct session *activity_session(const struct activity *activity, int pid)
{
    int index = find_session(activity->sessions, activity->session_count, pid);
    return index >= 0 ? &activity->sessions[index] : NULL;
}

/* ---- by driver ------------------------------------------------------------------------------- */

struct pulse *database_pulse(struct database *database, GError **error)
{
    return database->driver->pulse(database, error);
}

struct activity *database_activity(struct database *database, GError **error)
{
    return database->driver->activity(database, error);
}

gboolean database_session_end(struct database *database, int pid, gint64 began, gboolean terminates,
                              gboolean *was_told, GError **error)
{
    return database->driver->session_end(database, pid, began, terminates, was_told, error);
}
