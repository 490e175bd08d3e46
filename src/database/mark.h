/* What people have said of versions and of plans: marks ("stable", "known-good"), and approvals by
 * a second person. Kept in the own schema, each change recorded in history with it. */
#ifndef WINCH_DATABASE_MARK_H
#define WINCH_DATABASE_MARK_H

#include <glib.h>

#include "database/database.h"

/* ---- marks ----------------------------------------------------------------------------------- */

enum mark_kind {
    MARK_STABLE,
    MARK_KNOWN_GOOD,
    MARK_KIND_COUNT,
};

/* "stable", "known-good". Static. */
const char *mark_kind_name(enum mark_kind kind);
/* FALSE for any other word. */
gboolean mark_kind_parse(const char *word, enum mark_kind *kind);

struct version_mark {
    gint64 version;
    enum mark_kind kind;
    gint64 marked_at; /* microseconds since 1970 */
    char *marked_by;  /* session_user, or the operating-system user with SQLite */
    char *reason;     /* or NULL */
};

/* Of struct version_mark, cleared with the array, by ascending version. Empty where none are kept,
 * or may not be read. */
GArray *database_marks_read(struct database *database, GError **error);

/* Sets a mark, or takes it away, with its record in one transaction; marking again replaces who,
 * when and why. Installs nothing: ERROR_FAILED where no marks can be kept. */
gboolean database_mark_write(struct database *database, const struct version_mark *mark,
                             gboolean is_removed, struct history_record *record, GError **error);

/* The newest version with this mark that is not above at_most; -1 when there is none. marks may be
 * NULL, here and below. */
gint64 marks_last(const GArray *marks, enum mark_kind kind, gint64 at_most);

/* "stable, known-good"; NULL when the version has no mark. Free with g_free(). */
char *marks_text(const GArray *marks, gint64 version);

/* ---- approvals ------------------------------------------------------------------------------- */

/* Times are the server's. */
struct approval {
    char *approver;      /* session_user, as the server knows it */
    gint64 approved_at;  /* microseconds since 1970 */
    gint64 expires_at;   /* the same */
    gboolean is_own;     /* by the session_user that asks */
    gboolean is_expired; /* when it was read */
};

/* Whether this kind of database can tell two people apart. */
gboolean database_has_approvals(const struct database *database);

/* Of struct approval, cleared with the array, oldest first. */
GArray *database_approvals_read(struct database *database, const char *plan_id, GError **error);

/* Approves record->plan_id for lifetime milliseconds, with its record in one transaction. */
gboolean database_approve(struct database *database, gint64 lifetime, struct history_record *record,
                          GError **error);

/* For the drivers: what the arrays above are made of. */
GArray *marks_new(void);
GArray *approvals_new(void);

#endif
