/* Proving pairs: up, down and up again for each migration, step by step on a scratch database,
 * compared by catalog and by rows. The configured database is never touched. */
#ifndef WINCH_ENGINE_VERIFY_H
#define WINCH_ENGINE_VERIFY_H

#include <glib.h>

#include "base/autofree.h"
#include "base/cancellation.h"
#include "engine/settings.h"
#include "source/migration.h"

/* What came of a migration, from good to bad. */
enum verify_class {
    VERIFY_EXACT,          /* the down undoes the up, and the up runs again to the same end */
    VERIFY_ORDER,          /* the same, but columns stand in another order */
    VERIFY_IRREVERSIBLE,   /* declared so: only the up ran */
    VERIFY_USUAL_LEFTOVER, /* left behind, as is commonly meant: extensions, labels of an enum */
    VERIFY_SKIPPED,        /* not looked at: what it needs did not go up */
    VERIFY_NO_DOWN,        /* an up that does something, and no down */
    VERIFY_LEFTOVER,       /* the down leaves something behind */
    VERIFY_CHANGED,        /* the down leaves something in another shape */
    VERIFY_LOST,           /* the down takes away what was there before the up */
    VERIFY_DATA,           /* rows that were there before are gone or changed */
    VERIFY_UP_AGAIN_FAILS,
    VERIFY_DOWN_FAILS,
    VERIFY_UP_FAILS,
    VERIFY_CLASSES
};

/* "up again fails" for people, "up-again-fails" for machines and for `allow verify-...`. Static. */
const char *verify_class_text(enum verify_class class_);
const char *verify_class_word(enum verify_class class_);
/* What an `allow` note may say of verify's: "verify-order", ... NULL-terminated. Static. */
const char *const *verify_allow_names(void);
/* TRUE for what fails a verification; strictly, the order of columns and usual leftovers too. */
gboolean verify_class_is_bad(enum verify_class class_, gboolean is_strict);

/* One difference, or one failure. */
struct verify_finding {
    enum verify_class class_;
    char *text;    /* for people, raw: "lost: index public.orders_total_idx" without its class */
    char *allowed; /* by this note's reason; NULL: by none */
};

struct verify_result {
    gint64 version;
    enum verify_class class_; /* the worst of those that are not allowed; EXACT without one */
    GPtrArray *findings;      /* of struct verify_finding * */
    GPtrArray *notes;         /* of char *: for people, raw: what could not be looked at, and why */
    gint64 up_us, down_us;    /* of the first run of each; -1: it did not run */
    gboolean is_cached;       /* it was known before, by the same texts */
};

struct verify_report {
    struct migration_set *set;
    GPtrArray *results; /* of struct verify_result *, ascending by version: those in range */
    char *server;       /* where it ran; NULL: everything was known before */
    guint cached;
    GPtrArray *notices; /* of char *, for people, raw */
    gint64 elapsed_us;
};

/* Rows of somebody's own, put in once this version is reached. */
struct verify_seed {
    gint64 version;
    char *text;
};

struct verify_options {
    const gboolean *is_chosen;   /* by position in the set: which are looked at; the ups of others
                                  * below them run. NULL: all */
    const char *scratch_url;     /* NULL: a private server */
    const char *cache_directory; /* made where it is missing; NULL: no cache */
    guint jobs;                  /* databases that are worked in beside each other; 0: as many as
                                  * there are processors, on a private server */
    const GArray *seeds;         /* of struct verify_seed, ascending; may be NULL */
    struct cancellation *cancellation; /* may be NULL */
    /* Told of each result, in the order in which they become known, on the calling thread. */
    void (*on_result)(const struct verify_result *result, guint done, guint total, void *data);
    /* Told what it is about: "starting a private PostgreSQL". May be NULL, as on_result. */
    void (*on_progress)(const char *text, void *data);
    void *data;
};

/* Blocks. Findings are no error; error is what kept it from looking. */
struct verify_report *verify_run(struct migration_set *set, const struct engine_settings *settings,
                                 const struct verify_options *options, GError **error);
void verify_report_free(struct verify_report *report);
DEFINE_AUTOPTR(verify_report, verify_report_free);

/* How many results are bad. */
guint verify_report_bad(const struct verify_report *report, gboolean is_strict);

struct verify_result *verify_result_new(gint64 version);
void verify_result_free(struct verify_result *result);
DEFINE_AUTOPTR(verify_result, verify_result_free);

#endif
