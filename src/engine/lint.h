/* Lint of a set of migrations, from its files alone: the findings of each, and in a few words what
 * each risks. */
#ifndef WINCH_ENGINE_LINT_H
#define WINCH_ENGINE_LINT_H

#include <glib.h>

#include "analysis/lint.h"
#include "analysis/lint_risk.h"
#include "base/autofree.h"
#include "base/cancellation.h"
#include "config/config.h"
#include "database/database.h"
#include "source/migration.h"

/* ---- settings -------------------------------------------------------------------------------- */

struct lint_settings {
    enum lint_level *levels; /* by lint_rule_index(); LINT_LEVELS: the rule's own */
    enum lint_level fail_on; /* findings from here up fail */
    unsigned server_version; /* 15; 0: nobody said, the newest known holds */
};

/* What the configuration in force says. */
void lint_settings_init(struct lint_settings *settings, const struct config *config);
void lint_settings_clear(struct lint_settings *settings);

/* Judges by the server connected to, unless the configuration names a version or it is no
 * PostgreSQL. */
void lint_settings_take_server(struct lint_settings *settings, const struct database_facts *facts);

/* The level in force of a rule. */
enum lint_level lint_settings_level(const struct lint_settings *settings,
                                    const struct lint_rule *rule);

/* ---- the picture ----------------------------------------------------------------------------- */

struct lint_row {
    const struct lint_finding *findings; /* up before down, by place */
    guint finding_count;
    enum lint_level worst;         /* LINT_OFF without a finding */
    unsigned risks_up, risks_down; /* LINT_RISK_BIT()s; lint_risk_words() */
};

/* Immutable, reference counted, safe to share between threads. Keeps the set alive. */
struct lint_picture;

/* Reads and judges every file of the set; blocks on the disk and computes. NULL when a file cannot
 * be read, and with the cancellation's error when that is raised; cancellation may be NULL. */
struct lint_picture *engine_lint(struct migration_set *set, const struct lint_settings *settings,
                                 struct cancellation *cancellation, GError **error);
struct lint_picture *lint_picture_ref(struct lint_picture *picture);
void lint_picture_unref(struct lint_picture *picture);
DEFINE_AUTOPTR(lint_picture, lint_picture_unref);

struct migration_set *lint_picture_set(const struct lint_picture *picture);
unsigned lint_picture_server_version(const struct lint_picture *picture);

/* By position in the set. Borrowed. */
const struct lint_row *lint_picture_row(const struct lint_picture *picture, guint index);

#endif
