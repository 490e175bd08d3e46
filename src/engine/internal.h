/* The engine's inside: the handle, and what its files offer each other. */
#ifndef WINCH_ENGINE_INTERNAL_H
#define WINCH_ENGINE_INTERNAL_H

#include "engine/engine.h"

struct engine {
    const struct engine_settings *settings;
    struct engine_callbacks callbacks;
    struct migration_set *set;
    struct database *database;
    struct environment environment;
    struct cancellation *cancellation; /* never NULL */
    char *identity;                    /* names the database in plan ids */
    gint64 timeout;                    /* for one statement, where its file says none: ms */
};

/* Sends one event to whoever listens; the kind decides which fields are set. */
void engine_tell(const struct engine *engine, const struct engine_event *event);
void engine_notice(const struct engine *engine, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* Says so where the change about to be made makes the database file too. */
void engine_tell_new(const struct engine *engine);

/* Waits, at most milliseconds, for a cancellation; TRUE when there is one. */
gboolean engine_pause(const struct engine *engine, gint64 milliseconds);

/* The failure that was to be tried again, as that of whoever cancelled instead. */
void engine_stopped_trying(const struct engine *engine, GError **failure);

/* retry_delay with jitter, growing with each attempt (from 1); milliseconds. */
gint64 engine_retry_delay(const struct engine *engine, guint attempt);

/* The version row now and what history makes of it. Both are the caller's. */
struct ledger *engine_ledger(struct engine *engine, struct version_state *state, GError **error);
/* The same for a row that was read already. */
struct ledger *engine_ledger_beside(struct engine *engine, const struct version_state *state,
                                    GError **error);
/* The dialect that the files of this database are written in. */
enum sql_dialect engine_dialect(const struct engine *engine);

struct plan *engine_plan_from(struct engine *engine, const struct version_state *state,
                              const struct ledger *ledger, const struct goal *goal, GError **error);

/* ERROR_REFUSED where --readonly was given. */
gboolean engine_may_write(const struct engine *engine, GError **error);
/* migrate.c: what a change and a preview look at and tell alike. ERROR_REFUSED when the plan is not
 * the one that was seen (NULL: any); ERROR_FAILED when there were fewer migrations than asked for.
 */
gboolean plan_is_as_seen(const struct plan *plan, const char *seen, GError **error);
gboolean plan_asks_too_much(const struct plan *plan, const struct goal *goal, GError **error);
void engine_tell_plan(const struct engine *engine, struct plan *plan);

/* Everything a change needs before it may write: not read-only, a version table that is ours, the
 * lock. Pair with engine_change_end(). */
gboolean engine_change_begin(struct engine *engine, GError **error);
void engine_change_end(struct engine *engine);

/* override.c: ERROR_REFUSED or ERROR_FAILED, with what is missing. */
gboolean history_must_be_writable(const struct engine *engine, GError **error);

/* recording.c: records with everything known on this side filled in. */
void run_id_make(char run_id[17]);
struct history_record *recording_new(const struct engine *engine, const char *run_id,
                                     enum history_kind kind, enum history_outcome outcome);
struct history_record *recording_of_step(const struct engine *engine, const char *run_id,
                                         const struct plan *plan, const struct plan_step *step);
struct history_record *recording_of_refusal(const struct engine *engine, const char *message);
/* Best effort: says so where it cannot be written. */
void recording_append_refusal(struct engine *engine, struct history_record *record);
/* What of an error history keeps. */
void recording_add_error(struct history_record *record, const GError *error);

/* The reason that is recorded of a change: that of its override goes first. Borrowed. */
const char *change_reason(const struct change_options *options);

/* gate.c: ERROR_REFUSED, recorded, unless every check passes and what is asked for was said; for
 * whoever holds the lock. *overrides, unless NULL: what was passed over by a reason, for the
 * record, or NULL; free with g_free(). */
struct gate_wish;
gboolean gate_pass(struct engine *engine, const struct gate_wish *wish,
                   const struct change_options *options, char **overrides, GError **error);

/* confirmation.c: "DATABASE TARGET". Free with g_free(). */
char *confirmation_words(const struct engine *engine, const char *target);
/* The words, or the same with the target under another name that stays what it is. given may be
 * NULL. */
gboolean confirmation_matches(const struct engine *engine, const char *words, const char *given);
/* ERROR_REFUSED, recorded, unless confirm is the words that are asked for. plan may
 * be NULL. */
gboolean confirmation_check(struct engine *engine, const struct plan *plan, const char *target,
                            const struct change_options *options, GError **error);

#endif
