/* The wall between the drivers and everything else: one table of functions a driver. */
#ifndef WINCH_DATABASE_DRIVER_H
#define WINCH_DATABASE_DRIVER_H

#include "database/activity.h"
#include "database/circumstances.h"
#include "database/database.h"
#include "database/inventory.h"
#include "database/mark.h"
#include "database/rows.h"

/* Each driver's handle begins with this. */
struct database {
    const struct database_driver *driver;
    struct database_facts facts; /* strings owned by the driver's handle */
    enum history_presence history;
    guint64 round_trips;
    struct cancellation *cancellation; /* may be NULL */
    statement_fn on_statement;         /* may be NULL */
    void *statement_data;
};

/* As the functions of the same name in database.h. */
struct database_driver {
    const char *name;           /* "postgres" */
    const char *const *schemes; /* NULL-terminated, without "://" */
    struct database *(*open)(const struct database_options *options, GError **error);
    void (*close)(struct database *database);
    const char *(*label)(const struct database *database);
    gboolean (*version_read)(struct database *database, struct version_state *state,
                             GError **error);
    gboolean (*install)(struct database *database, GError **error);
    char *(*install_script)(const struct database *database);
    gboolean (*environment_read)(struct database *database, GError **error);
    gboolean (*environment_record)(struct database *database, const char *environment,
                                   GError **error);
    gboolean (*lock)(struct database *database, gint64 timeout, lock_wait_fn on_wait, void *data,
                     GError **error);
    void (*unlock)(struct database *database);
    int (*lock_holder)(struct database *database, struct lock_holder *holder, GError **error);
    const GArray *(*lock_ids)(const struct database *database);
    struct pulse *(*pulse)(struct database *database, GError **error);
    struct activity *(*activity)(struct database *database, GError **error);
    gboolean (*session_end)(struct database *database, int pid, gint64 began, gboolean terminates,
                            gboolean *was_told, GError **error);
    gboolean (*history_append)(struct database *database, struct history_record *record,
                               GError **error);
    GPtrArray *(*history_read)(struct database *database, guint limit, GError **error);
    gboolean (*history_head)(struct database *database, gint64 *rows, char **hash, GError **error);
    GArray *(*marks_read)(struct database *database, GError **error);
    gboolean (*mark_write)(struct database *database, const struct version_mark *mark,
                           gboolean is_removed, struct history_record *record, GError **error);
    /* NULL both: it has no users. */
    GArray *(*approvals_read)(struct database *database, const char *plan_id, GError **error);
    gboolean (*approve)(struct database *database, gint64 lifetime, struct history_record *record,
                        GError **error);
    /* NULL: it has neither owners nor replicas. */
    gboolean (*circumstances)(struct database *database, const GPtrArray *needed,
                              struct circumstances *circumstances, GError **error);
    gboolean (*clock)(struct database *database, gint64 *now, GError **error); /* NULL: ours */
    /* NULL both: the driver measures nothing. */
    gboolean (*impact_append)(struct database *database, const GArray *impacts, GError **error);
    GArray *(*impact_read)(struct database *database, gint64 from_id, GError **error);
    struct catalog *(*catalog_read)(struct database *database, GError **error);
    GPtrArray *(*flaws_read)(struct database *database, unsigned checks,
                             GError **error); /* or NULL */
    GArray *(*catalog_origins)(struct database *database,
                               const GPtrArray *differences); /* or NULL */
    GBytes *(*file_read)(struct database *database, const char *sha256, GError **error);
    gboolean (*run_begin)(struct database *database, struct history_record *record,
                          const struct run_file *files, guint count, GError **error);
    gboolean (*run)(struct database *database, const struct run_job *job, struct run_result *result,
                    GError **error);
    /* NULL: the driver waits for every answer anyway. */
    gboolean (*run_window)(struct database *database, const struct run_window *window, guint *done,
                           struct run_result *result, GError **error);
    gboolean (*rehearsal_begin)(struct database *database, gint64 lock_timeout, GError **error);
    gboolean (*rehearse)(struct database *database, const struct run_job *job,
                         struct run_result *result, GError **error);
    gboolean (*rehearsal_keep)(struct database *database, GError **error); /* NULL: cannot */
    void (*rehearsal_end)(struct database *database);
    gboolean counts_changes; /* inventory_list tells rows deleted and updated, by table */
    /* Lists by inventory_add() whatever could be lost; without names when is_brief. */
    gboolean (*inventory_list)(struct database *database, struct inventory *inventory,
                               gboolean is_brief, GError **error);
    /* The keys of what depends on the thing with this key, on that, and so on: appended to keys
     * (char *). NULL: nothing does that is not in its parents. */
    gboolean (*inventory_dependents)(struct database *database, const char *key, GPtrArray *keys,
                                     GError **error);
    gboolean (*losses_count)(struct database *database, GPtrArray *losses, gint64 budget,
                             gint64 lock_timeout, GError **error);
    /* NULL all four: rows are not compared. */
    struct table_states *(*tables_read)(struct database *database, GError **error);
    GArray *(*rows_sum)(struct database *database, const GPtrArray *tables, GError **error);
    GArray *(*rows_make)(struct database *database, const GPtrArray *tables, GError **error);
    gboolean (*script_run)(struct database *database, const char *script, GError **error);
    gboolean (*force)(struct database *database, gint64 version, struct history_record *record,
                      GError **error);
    gboolean (*drop)(struct database *database, struct history_record *record, GPtrArray *dropped,
                     GError **error);
};

extern const struct database_driver postgres_driver;
extern const struct database_driver sqlite_driver;

/* Every driver there is, NULL-terminated. In drivers.c, alone, so that a test may link one only. */
extern const struct database_driver *const database_drivers[];

#endif
