/* What the rules' checks are told, and how they tell. */
#ifndef WINCH_ANALYSIS_LINT_PRIVATE_H
#define WINCH_ANALYSIS_LINT_PRIVATE_H

#include "analysis/lint.h"
#include "analysis/pairs.h"
#include "analysis/schema.h"
#include "analysis/sql_effects.h"

/* What one half makes and destroys, to be asked by name. */
struct lint_census;

struct lint_run {
    const struct lint_subject *subject;
    const struct lint_options *options;
    const struct lint_rule *rule;
    GArray *findings;
    gboolean *silenced; /* by position of the allow note: whether it silenced something */
    struct lint_census *up, *down;
    struct pairs *pairs; /* NULL without two halves that could be looked into */
    /* the half looked at; LINT_MIGRATION: none */
    gboolean is_down;
    const struct lint_half *half;
    struct lint_census *census;       /* of this half */
    const struct lint_memory *memory; /* before this half */
    /* LINT_ACTION: what is looked at */
    const struct inspected_statement *statement;
    const struct sql_action *action;
    char *name; /* lint_object()'s */
};

/* ---- telling (lint.c) ------------------------------------------------------------------------ */

/* At run->action, of its object. */
void lint_report(struct lint_run *run, const char *format, ...) G_GNUC_PRINTF(2, 3);

/* The same at most at this level, unless another was configured. */
void lint_report_lower(struct lint_run *run, enum lint_level most, const char *format, ...)
    G_GNUC_PRINTF(3, 4);

/* At a statement of run->half, at a byte of its text. object may be NULL. */
void lint_report_at(struct lint_run *run, guint statement, gsize offset, const char *object,
                    const char *format, ...) G_GNUC_PRINTF(5, 6);

/* At a line of one of the halves. */
void lint_report_line(struct lint_run *run, gboolean is_down, unsigned line, const char *object,
                      const char *format, ...) G_GNUC_PRINTF(5, 6);

/* "users.email": of the action's object and part. Free with g_free(). */
char *lint_object_text(const struct sql_action *action);

/* What a function's body does happens when it is called, if ever. */
gboolean lint_happens_now(const struct sql_action *action);

/* "users", "audit.users": public goes without saying. Free with g_free(). */
char *lint_name(const struct sql_object *object);

/* The same of run->action's object; borrowed until the next call. */
const char *lint_object(struct lint_run *run);

/* "ADD COLUMN users.email": sql_action_describe() with such names. Free with g_free(). */
char *lint_describe(const struct sql_action *action);

/* Every action of the half that happens when it runs, as run->statement and run->action. */
typedef void (*lint_each_fn)(struct lint_run *run, gpointer data);
void lint_each_action(struct lint_run *run, lint_each_fn tell, gpointer data);

/* ---- asking (lint_facts.c) --------------------------------------------------------------------
 */

#define lint_has(action, flag) (((action)->flags & SQL_FLAG(flag)) != 0)

/* Whether anybody can be in the way of run->action on this table: not when the half made it before,
 * or drops it afterwards. */
gboolean lint_is_in_use(const struct lint_run *run, const struct sql_object *table);

/* DROP ... IF EXISTS of what no file up to schema has made is there to be safe. */
gboolean lint_is_precaution(const struct lint_run *run, const struct schema *schema);

/* Says what the action locks, reads whole or writes anew, as sql_effects.h has it; a notice at most
 * unless is_sure. */
void lint_report_locks(struct lint_run *run, gboolean is_sure);

/* "ACCESS EXCLUSIVE on t and p": what the action locks of tables in use. Free with g_free(). */
char *lint_locks_text(const struct lint_run *run);

/* Whether it writes a table in use anew. */
enum sql_answer lint_rewrites(const struct lint_run *run);

/* Whether it reads all of a table in use, to prove, build or rewrite something. */
gboolean lint_reads_whole(const struct lint_run *run);

/* Whether readers of a table in use wait for it: ACCESS EXCLUSIVE. */
gboolean lint_shuts_out(const struct lint_run *run);

/* Whether writers of a table in use wait for it. */
gboolean lint_blocks(const struct lint_run *run);

/* "ACCESS EXCLUSIVE": the strongest lock that an action takes on this table. Static. */
const char *lint_lock_name(const struct lint_run *run, const struct sql_action *action,
                           const struct sql_object *table);

/* As the files before leave it; NULL when they do not make it. */
const struct schema_relation *lint_relation(const struct lint_run *run,
                                            const struct sql_object *name);

/* The table of an index that the files make; FALSE when none does. */
gboolean lint_index_table(const struct lint_run *run, const struct sql_object *index,
                          struct sql_object *table);

gboolean lint_is_partitioned(const struct lint_run *run, const struct sql_object *table);

/* Whether a validated constraint says that the action's column is not NULL. */
gboolean lint_is_proved_not_null(const struct lint_run *run);

/* ---- the checks of the rules: one each, in the order of the table -------------------------------
 */

void lint_index_creation(struct lint_run *run);
void lint_index_deletion(struct lint_run *run);
void lint_reindex(struct lint_run *run);
void lint_concurrent_company(struct lint_run *run);
void lint_volatile_default(struct lint_run *run);
void lint_generated_column(struct lint_run *run);
void lint_auto_increment(struct lint_run *run);
void lint_required_field(struct lint_run *run);
void lint_set_not_null(struct lint_run *run);
void lint_check_constraint(struct lint_run *run);
void lint_validate_under_lock(struct lint_run *run);
void lint_foreign_key(struct lint_run *run);
void lint_unique_constraint(struct lint_run *run);
void lint_exclusion_constraint(struct lint_run *run);
void lint_column_type(struct lint_run *run);
void lint_partition_attach(struct lint_run *run);
void lint_partition_detach(struct lint_run *run);
void lint_rewrite(struct lint_run *run);
void lint_domain_constraint(struct lint_run *run);
void lint_refresh(struct lint_run *run);
void lint_hidden_parent(struct lint_run *run);
void lint_long_hold(struct lint_run *run);
void lint_drop_table(struct lint_run *run);
void lint_drop_column(struct lint_run *run);
void lint_drop_database(struct lint_run *run);
void lint_drop_schema(struct lint_run *run);
void lint_drop_cascade(struct lint_run *run);
void lint_truncate(struct lint_run *run);
void lint_truncate_cascade(struct lint_run *run);
void lint_dml(struct lint_run *run);
void lint_rename_column(struct lint_run *run);
void lint_rename_table(struct lint_run *run);
void lint_rename_enum_value(struct lint_run *run);
void lint_drop_not_null(struct lint_run *run);
void lint_enum_value(struct lint_run *run);
void lint_fk_index(struct lint_run *run);
void lint_json_column(struct lint_run *run);
void lint_type_under_view(struct lint_run *run);
void lint_transaction_nesting(struct lint_run *run);
void lint_uncommitted(struct lint_run *run);
void lint_syntax_error(struct lint_run *run);
void lint_set(struct lint_run *run);
void lint_identifier(struct lint_run *run);
void lint_timestamp(struct lint_run *run);
void lint_varchar(struct lint_run *run);
void lint_serial(struct lint_run *run);
void lint_small_key(struct lint_run *run);
void lint_if_not_exists(struct lint_run *run);
void lint_not_analysed(struct lint_run *run);
void lint_down_missing(struct lint_run *run);
void lint_down_empty(struct lint_run *run);
void lint_down_incomplete(struct lint_run *run);
void lint_down_drops_more(struct lint_run *run);
void lint_down_loses(struct lint_run *run);
void lint_irreversible(struct lint_run *run);
void lint_undeclared_need(struct lint_run *run);
void lint_phase(struct lint_run *run);

#endif
