/* The engine: one directory of migrations, one database, and what may be done between them.
 *
 * Every function blocks on disk and server and belongs to one thread. Nothing prints. Changes take
 * the migration lock themselves, read the version row again under it, and plan again before they
 * run. */
#ifndef WINCH_ENGINE_ENGINE_H
#define WINCH_ENGINE_ENGINE_H

#include <glib.h>

#include "base/cancellation.h"
#include "database/activity.h"
#include "database/mark.h"
#include "engine/environment.h"
#include "engine/event.h"
#include "engine/plan.h"
#include "engine/settings.h"
#include "engine/status.h"

struct engine;

struct engine_callbacks {
    engine_event_fn on_event; /* may be NULL */
    void *data;
    struct cancellation *cancellation; /* may be NULL; referenced */
    statement_fn on_statement;         /* told of every statement sent, with data; may be NULL */
};

/* Loads the files and connects, trying again as the settings say while the server cannot be
 * reached. settings must outlive the engine. */
struct engine *engine_open(const struct engine_settings *settings,
                           const struct engine_callbacks *callbacks, GError **error);
/* The same with files that were loaded before. Takes over set, also on failure. */
struct engine *engine_open_with(const struct engine_settings *settings, struct migration_set *set,
                                const struct engine_callbacks *callbacks, GError **error);
/* TRUE when what kept engine_open() from connecting may pass, so that another try is worth it. */
gboolean engine_failure_may_pass(const GError *failure);
void engine_close(struct engine *engine);
DEFINE_AUTOPTR(engine, engine_close);

/* Reads the files again. FALSE with error when they do not hold together: the set read before stays
 * then. Plans and pictures made from it keep it alive; what was borrowed from engine_set() does
 * not. Blocks on the disk. */
gboolean engine_reload(struct engine *engine, GError **error);

const struct database_facts *engine_facts(const struct engine *engine);
const struct environment *engine_environment(const struct engine *engine);
struct migration_set *engine_set(const struct engine *engine);
enum sql_dialect engine_dialect(const struct engine *engine);
const char *engine_label(const struct engine *engine);
guint64 engine_round_trips(const struct engine *engine);
enum history_presence engine_history_presence(const struct engine *engine);

/* ---- looking: takes no lock, creates nothing ------------------------------------------------- */

/* ERROR_NO_CONNECTION where there is no such database file: a wrong path must not pass for an empty
 * database. Everything that only looks begins with this; changes that go up make the file. */
gboolean engine_exists(const struct engine *engine, GError **error);

gboolean engine_version(struct engine *engine, struct version_state *state, GError **error);
struct status *engine_status(struct engine *engine, GError **error);
/* The same, and the history it was made from (as engine_history()), read once. */
struct status *engine_status_and_history(struct engine *engine, GPtrArray **history,
                                         GError **error);
/* What both have become since: of the history the newer rows alone are read (their number is a
 * guess; where they do not follow upon it, all are), and no file is compared again whose record is
 * the same, unless the engine has loaded its files anew. before and *history were read together,
 * and stay as they are; *history is replaced. */
struct status *engine_status_since(struct engine *engine, const struct status *before, guint newer,
                                   GPtrArray **history, GError **error);
/* Of struct version_mark, by ascending version. */
GArray *engine_marks(struct engine *engine, GError **error);
/* The version that a name means here and now: the files, the version row, the marks. */
gboolean engine_resolve(struct engine *engine, const struct version_name *name, gint64 *version,
                        GError **error);
struct plan *engine_plan(struct engine *engine, const struct goal *goal, GError **error);
/* As database_history_read(). */
GPtrArray *engine_history(struct engine *engine, guint limit, GError **error);
/* What was measured of records, as engine_history() gave them: of struct impact, by ascending
 * history_id. */
GArray *engine_impacts(struct engine *engine, const GPtrArray *records, GError **error);
/* The stored text of a file that ran, as database_file_read(). */
GBytes *engine_file_read(struct engine *engine, const char *sha256, GError **error);
/* Recomputes the hash chain; ERROR_FINDINGS when it does not hold. rows may be NULL. */
gboolean engine_history_verify(struct engine *engine, gint64 *rows, GError **error);
/* What goes on in the database: as database_pulse() and database_activity(), for a thread that
 * watches with an engine of its own. The pictures may go to any thread. */
struct pulse *engine_pulse(struct engine *engine, GError **error);
struct activity *engine_activity(struct engine *engine, GError **error);
/* As database_session_end(): asked of any engine, also a read-only one, so the caller decides who
 * may. */
gboolean engine_session_end(struct engine *engine, int pid, gint64 began, gboolean terminates,
                            gboolean *was_told, GError **error);
int engine_lock_holder(struct engine *engine, struct lock_holder *holder, GError **error);

/* One thing that is not as it should be. */
struct finding {
    char *check; /* "version-table", "missing", "modified", "missed", "requires", "history",
                  * "schema", "constraint", "index", "duplicate-index", "foreign-key", "function" */
    char *message;
    gboolean is_notice; /* it may be meant: no reason to fail */
    gint64 version;     /* -1: none in particular */
};
void finding_free(struct finding *finding);
/* Of struct finding *. Findings are no error; NULL only when it could not look. */
GPtrArray *engine_validate(struct engine *engine, GError **error);
/* The same without a look at the schema: version table, files and history against each other. */
GPtrArray *engine_validate_files(struct engine *engine, GError **error);
/* How many of them are more than notices. */
guint findings_count(const GPtrArray *findings);

/* ---- changing -------------------------------------------------------------------------------- */

/* What a change was told beside its goal. */
struct change_options {
    const char *plan_id;   /* refuse under the lock when the plan is another; NULL: any */
    const char *confirm;   /* the typed words, as engine_confirmation() gives them; NULL: none */
    const char *reason;    /* recorded; may be NULL */
    const char *override;  /* why it is to be done although a policy says no; recorded. NULL: not */
    gboolean is_confirmed; /* somebody said yes, where no words are asked for */
};

/* The words that a change asks to be typed here ("DATABASE TARGET"), or NULL when none are asked.
 * why, not NULL, is set to who demands it ("environment unknown: ..."). Free both with g_free(). */
char *engine_confirmation(const struct engine *engine, const struct plan *plan, char **why);
/* The same for what has no plan: force to a version, drop. target is its word. */
char *engine_confirmation_for(const struct engine *engine, const char *target, char **why);

/* What came of a change. */
struct change_report {
    struct plan *plan;     /* what was planned under the lock; NULL when it did not get there */
    guint done;            /* steps that are in */
    gboolean is_unsettled; /* the last one's outcome could not be found out */
    gboolean is_unflushed; /* they committed, and whether the server had it on disk is not known */
    gint64 elapsed_us;
    char run_id[17];
    gint64 version; /* the version row afterwards, as far as it is known */
    gboolean is_dirty;
    guint statements_done, statements; /* of the step that left it dirty */
};
void change_report_clear(struct change_report *report);
/* The report in a sentence: what is in and where the database stands. failure is the error that the
 * change ended with, or NULL. NULL when nothing began. Raw text of no file. Free with g_free(). */
char *change_report_text(const struct engine *engine, const struct change_report *report,
                         const GError *failure);
/* "000044", "none": as the files write a version. Free with g_free(). */
char *change_version_text(const struct engine *engine, gint64 version);

/* Reaches the goal. TRUE also when there was nothing to do (report->plan has no steps). After a
 * failure the report says how far it came. Installs version table and own schema when missing. */
gboolean engine_migrate(struct engine *engine, const struct goal *goal,
                        const struct change_options *options, struct change_report *report,
                        GError **error);

/* Creates version table, own schema; records environment unless NULL. One that allows more than
 * what was recorded before passes the gate. */
gboolean engine_init(struct engine *engine, const char *environment,
                     const struct change_options *options, GError **error);
/* Whether recording this environment would let the database be asked for less than now. */
gboolean engine_lowers(const struct engine *engine, const char *environment);
char *engine_init_script(const struct engine *engine);

/* Sets the version row by hand: VERSION_NONE empties it. */
gboolean engine_force(struct engine *engine, gint64 version, const struct change_options *options,
                      GError **error);

/* Takes over a database that golang-migrate managed: records every file at or below the version
 * row as assumed, with its text. adopted receives how many. Rewrites nothing. */
gboolean engine_adopt(struct engine *engine, const struct change_options *options, guint *adopted,
                      GError **error);

/* Marks a version that is applied here (of mark version and kind count), or takes the mark away. */
gboolean engine_mark(struct engine *engine, const struct version_mark *mark, gboolean is_removed,
                     const struct change_options *options, GError **error);

/* Approves a plan for lifetime milliseconds, as the session_user of this engine: the second person
 * of a policy that asks for one. */
gboolean engine_approve(struct engine *engine, const char *plan_id, gint64 lifetime,
                        const struct change_options *options, GError **error);

/* Drops every table of the current schema. dropped receives names (char *), may be NULL. */
gboolean engine_drop(struct engine *engine, const struct change_options *options,
                     GPtrArray *dropped, GError **error);

/* Records a refusal that happened above the engine (a wrong confirmation), best effort. */
void engine_record_refusal(struct engine *engine, const char *message);

#endif
