/* What is risky in migration files, by a table of rules: what each finds, why that hurts, and the
 * safe way. Downs are looked at like ups. Only what the parser understood is judged; the rest is
 * said not to be analysed. */
#ifndef WINCH_ANALYSIS_LINT_H
#define WINCH_ANALYSIS_LINT_H

#include <glib.h>

#include "analysis/inspection.h"
#include "analysis/script.h"

enum lint_level { LINT_OFF, LINT_NOTICE, LINT_WARNING, LINT_ERROR, LINT_LEVELS };

/* "off", "notice", "warning", "error"; "notices", "warnings", "errors". Static. */
const char *lint_level_name(enum lint_level level);
const char *lint_level_plural(enum lint_level level);

/* LINT_LEVELS when it is none. */
enum lint_level lint_level_find(const char *name);

/* ---- rules ----------------------------------------------------------------------------------- */

/* What a rule's check is called for, once each. */
enum lint_scope { LINT_ACTION, LINT_HALF, LINT_MIGRATION, LINT_NOTES };

enum lint_halves { LINT_UP = 1 << 0, LINT_DOWN = 1 << 1 };

struct lint_run;

struct lint_rule {
    const char *name; /* "ban-drop-column" */
    enum lint_level level;
    enum lint_scope scope;
    unsigned halves;        /* enum lint_halves: where it looks */
    unsigned version_from;  /* PostgreSQL versions it holds for: 12; 0: any */
    unsigned version_to;    /* the last one; 0: any */
    gboolean is_contract;   /* breaks the release that is still running */
    const char *summary;    /* one line, no full stop */
    const char *why, *safe; /* sentences */
    void (*check)(struct lint_run *run);
};

guint lint_rule_count(void);
const struct lint_rule *lint_rule_at(guint index); /* NULL beyond */
const struct lint_rule *lint_rule_find(const char *name);
guint lint_rule_index(const struct lint_rule *rule);

/* NULL-terminated, in the order of the table. Static. */
const char *const *lint_rule_names(void);

/* ---- findings -------------------------------------------------------------------------------- */

#define LINT_NO_STATEMENT G_MAXUINT

struct lint_finding {
    const struct lint_rule *rule;
    enum lint_level level; /* the rule's, or lower; what was configured where it was */
    gint64 version;
    gboolean is_down;
    guint statement;       /* in the script; LINT_NO_STATEMENT: the file as a whole */
    unsigned line, column; /* from 1; column in characters */
    char *object;          /* "public.users", "users.email"; NULL: none in particular */
    char *message;         /* raw: for text_visible() */
};

/* ---- a migration ----------------------------------------------------------------------------- */

struct lint_half {
    gboolean exists;
    const char *text; /* without byte order mark; "" when blank */
    gsize length;
    const struct script *script;         /* NULL when it could not be cut: failure says why */
    const struct inspection *inspection; /* NULL without a script */
    const GError *failure;
    gboolean is_uncommitted; /* the failure is a BEGIN without COMMIT */
};

struct lint_allow {
    const char *rule;
    unsigned line; /* of the up file */
};

/* Something the up uses that an earlier migration made and that the notes do not require. */
struct lint_need {
    const char *object; /* "table public.users" */
    const char *maker;  /* "000003" */
};

struct lint_memory;

/* Everything is borrowed for the call. */
struct lint_subject {
    gint64 version;
    struct lint_half up, down;
    const struct lint_allow *allows;
    guint allow_count;
    const char *const *other_allows; /* names that notes may allow and that are no rules of lint's;
                                      * NULL-terminated, or NULL */
    const struct lint_need *undeclared;
    guint undeclared_count;
    unsigned requires_line;            /* of the note in the up file; 0 without one */
    gboolean is_expand;                /* declared so */
    gboolean is_irreversible;          /* declared so */
    gboolean is_transaction_off;       /* declared so */
    const struct lint_memory *before;  /* what earlier migrations made */
    const struct lint_memory *between; /* after this up */
    const struct lint_memory *final;   /* after all of them */
};

struct lint_options {
    unsigned server_version;       /* 15 */
    const enum lint_level *levels; /* by lint_rule_index(); LINT_LEVELS: the rule's own */
};

/* Appends what it finds, sorted by half and place. Of struct lint_finding; make the array with
 * lint_findings_new(). Thread-safe. */
void lint_migration(const struct lint_subject *subject, const struct lint_options *options,
                    GArray *findings);
GArray *lint_findings_new(void);

/* The newest PostgreSQL whose behaviour the rules know. */
unsigned lint_newest_version(void);

#endif
