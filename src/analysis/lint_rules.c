/* The table of rules. What a lock is called, and what a statement takes, is said by sql_effects.h
 * alone.
 */
#include "analysis/lint_private.h"

#include <string.h>

#define UP   LINT_UP
#define DOWN LINT_DOWN
#define BOTH (LINT_UP | LINT_DOWN)

/* name, level, scope, halves, from, to, contract, summary, why, safe way, check */
static const struct lint_rule rules[] = {
    /* ---- locks, scans, rewrites */
    {"require-concurrent-index-creation", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "an index built on a table in use, without CONCURRENTLY",
     "Every write to the table waits until the index is built.",
     "CREATE INDEX CONCURRENTLY, alone in its file; afterwards look that the index is valid. On a "
     "partitioned table: CREATE INDEX ON ONLY the parent, CONCURRENTLY on each partition, then "
     "ALTER INDEX ... ATTACH PARTITION.",
     lint_index_creation},
    {"require-concurrent-index-deletion", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "an index dropped without CONCURRENTLY",
     "It waits for every query on the table, and everybody who comes later waits behind it.",
     "DROP INDEX CONCURRENTLY, alone in its file. It works neither on the index of a constraint "
     "nor on that of a partitioned table.",
     lint_index_deletion},
    {"require-concurrent-reindex", LINT_WARNING, LINT_ACTION, BOTH, 12, 0, FALSE,
     "REINDEX without CONCURRENTLY",
     "Writes wait until the index is rebuilt, and so does every query that plans to use it.",
     "REINDEX ... CONCURRENTLY, alone in its file.", lint_reindex},
    {"concurrent-in-transaction", LINT_ERROR, LINT_HALF, BOTH, 0, 0, FALSE,
     "what cannot run in a transaction, inside one or beside other statements",
     "In a transaction the server refuses it (SQLSTATE 25001). Beside other statements "
     "golang-migrate fails on it, and winch runs the file one statement at a time: a failure in "
     "the middle leaves the first half done and the version dirty.",
     "A file of its own, with nothing else in it and without BEGIN.", lint_concurrent_company},
    {"volatile-default", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "a column added with a default that has to be computed for every row",
     "The whole table is rewritten and every index built anew, while nobody reads or writes it. "
     "Constants and the current time are free since PostgreSQL 11.",
     "Add the column without a default, SET DEFAULT for new rows, fill the old ones in batches.",
     lint_volatile_default},
    {"stored-generated-column", LINT_WARNING, LINT_ACTION, BOTH, 12, 0, FALSE,
     "a stored generated column added to a table in use",
     "The whole table is rewritten while nobody reads or writes it.",
     "A plain column, a trigger that fills it, and a backfill in batches.", lint_generated_column},
    {"auto-increment-column", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "a serial or identity column added to a table in use",
     "The whole table is rewritten to number its rows, while nobody reads or writes it.",
     "A nullable column, a sequence as its default for new rows, and a backfill in batches.",
     lint_auto_increment},
    {"adding-required-field", LINT_ERROR, LINT_ACTION, BOTH, 0, 0, TRUE,
     "a NOT NULL column added without a default",
     "It fails as soon as the table has a row, and where it has none, the release that is still "
     "running cannot insert any more.",
     "Add it nullable, or with a constant default; make it NOT NULL when everybody fills it.",
     lint_required_field},
    {"set-not-null", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, TRUE,
     "SET NOT NULL without a constraint that proves it",
     "The whole table is read while nobody reads or writes it.",
     "ADD CONSTRAINT ... CHECK (column IS NOT NULL) NOT VALID; VALIDATE CONSTRAINT in a later "
     "migration; then SET NOT NULL, which from PostgreSQL 12 believes the constraint; drop it.",
     lint_set_not_null},
    {"constraint-missing-not-valid", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "a CHECK constraint added and validated at once",
     "The whole table is read while nobody reads or writes it.",
     "ADD CONSTRAINT ... NOT VALID, and VALIDATE CONSTRAINT in a later migration, which lets "
     "others read and write.",
     lint_check_constraint},
    {"validate-under-lock", LINT_WARNING, LINT_HALF, BOTH, 0, 0, FALSE,
     "a constraint validated in the transaction that added it",
     "The lock of ADD CONSTRAINT is held to the end, so the table is read under that one.",
     "VALIDATE CONSTRAINT in a migration of its own.", lint_validate_under_lock},
    {"adding-foreign-key-constraint", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "a foreign key added and validated at once",
     "The whole table is read, while writes to it and to the table it points at wait.",
     "ADD CONSTRAINT ... NOT VALID, and VALIDATE CONSTRAINT in a later migration.",
     lint_foreign_key},
    {"disallowed-unique-constraint", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "a unique or primary key constraint that builds its index itself",
     "The index is built while nobody reads or writes the table.",
     "CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT ... USING INDEX. For a primary key the "
     "columns have to be NOT NULL before, or the table is read under the lock after all.",
     lint_unique_constraint},
    {"exclusion-constraint", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "an exclusion constraint added to a table in use",
     "Its index is built while nobody reads or writes the table; there is neither NOT VALID nor "
     "USING INDEX for it.",
     "A new table with the constraint, filled in batches and swapped in; or a window.",
     lint_exclusion_constraint},
    {"changing-column-type", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, TRUE,
     "a column's type changed to one that is stored differently",
     "The whole table is rewritten and every index built anew, while nobody reads or writes it; "
     "the release that is still running may not understand what it finds.",
     "A new column, written by both releases, filled in batches, swapped in by a rename. Free are: "
     "a longer varchar, varchar to text, a numeric with more digits and the same scale.",
     lint_column_type},
    {"partition-attach", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "a table in use attached as a partition",
     "The table, and a default partition, are read whole under the lock unless a constraint "
     "proves what they hold.",
     "A CHECK constraint on the table that says the same as the bound, validated before; one on "
     "the default partition that rules the bound out.",
     lint_partition_attach},
    {"partition-detach", LINT_WARNING, LINT_ACTION, BOTH, 14, 0, FALSE,
     "a partition detached without CONCURRENTLY",
     "Every query on the partitioned table waits for it, and it for every query.",
     "DETACH PARTITION ... CONCURRENTLY, alone in its file; it does not work where there is a "
     "default partition.",
     lint_partition_detach},
    {"rewrite-table", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "VACUUM FULL, CLUSTER, SET LOGGED or UNLOGGED, another tablespace or access method",
     "The whole table is written anew while nobody reads or writes it.", "pg_repack, or a window.",
     lint_rewrite},
    {"domain-constraint", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "a constraint added to a domain and validated at once",
     "Every table that has a column of the domain is read whole, while writes to it wait.",
     "ALTER DOMAIN ... ADD CONSTRAINT ... NOT VALID, and VALIDATE CONSTRAINT in a later migration.",
     lint_domain_constraint},
    {"refresh-matview", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "REFRESH MATERIALIZED VIEW without CONCURRENTLY",
     "Nobody reads the view until it is filled again.",
     "REFRESH MATERIALIZED VIEW CONCURRENTLY, which needs a unique index on the view.",
     lint_refresh},
    {"hidden-parent-lock", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "a lock on the table that a foreign key points at",
     "The statement does not name the table, and locks it all the same, to the end of the "
     "transaction. Typical of downs.",
     "A migration of its own with a short lock_timeout: -- winch: lock_timeout 2s.",
     lint_hidden_parent},
    {"long-exclusive-hold", LINT_WARNING, LINT_HALF, BOTH, 0, 0, FALSE,
     "long work in a transaction that already shuts everybody out of a table",
     "The lock is held to the end of the transaction, so everybody waits for what follows too.",
     "What takes long in a migration of its own, before or after.", lint_long_hold},
    /* ---- compatibility and data loss */
    {"ban-drop-table", LINT_WARNING, LINT_ACTION, UP, 0, 0, TRUE,
     "a table dropped that this migration did not make",
     "Its rows are lost, and the release that is still running fails on it.",
     "Drop it when no release uses it any more and its rows are kept elsewhere.", lint_drop_table},
    {"ban-drop-column", LINT_WARNING, LINT_ACTION, UP, 0, 0, TRUE,
     "a column dropped that this migration did not make",
     "Its values are lost, and the release that is still running fails on it.",
     "Drop it when no release reads or writes it any more.", lint_drop_column},
    {"ban-drop-database", LINT_ERROR, LINT_ACTION, BOTH, 0, 0, TRUE, "DROP DATABASE",
     "Everything in it is lost, and no transaction brings it back.", "Not in a migration.",
     lint_drop_database},
    {"ban-drop-schema", LINT_WARNING, LINT_ACTION, UP, 0, 0, TRUE,
     "a schema dropped that this migration did not make",
     "Whatever is in it is lost, and the release that is still running fails on it.",
     "Drop what is in it first, by name, and the schema without CASCADE.", lint_drop_schema},
    {"drop-cascade", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, TRUE, "DROP ... CASCADE",
     "It takes along whatever depends on it today: views, foreign keys, columns, on each database "
     "perhaps others.",
     "List what depends on it (pg_depend), drop that by name, and leave CASCADE out.",
     lint_drop_cascade},
    {"ban-truncate", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, TRUE, "TRUNCATE",
     "Every row is lost, and nobody reads the table until the transaction ends.",
     "DELETE in batches, where the rows really are to go.", lint_truncate},
    {"ban-truncate-cascade", LINT_ERROR, LINT_ACTION, BOTH, 0, 0, TRUE, "TRUNCATE ... CASCADE",
     "It empties every table that has a foreign key to it too, and those that point at these.",
     "Name the tables.", lint_truncate_cascade},
    {"dml-without-where", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "UPDATE or DELETE of every row of a table in use",
     "Every row stays locked until the transaction ends, and the table is left twice as large.",
     "In batches, each in a transaction of its own, outside of the migration or with "
     "-- winch: transaction off.",
     lint_dml},
    {"renaming-column", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, TRUE, "a column renamed",
     "The release that is still running asks for the old name.",
     "A new column, written by both releases; or a view that has both names.", lint_rename_column},
    {"renaming-table", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, TRUE, "a table renamed",
     "The release that is still running asks for the old name.",
     "Rename it and make a view of the old name in the same transaction.", lint_rename_table},
    {"rename-enum-value", LINT_WARNING, LINT_ACTION, BOTH, 10, 0, TRUE,
     "a label of an enum renamed",
     "The release that is still running writes and expects the old label.",
     "Add the new label, write both releases' rows with it, and leave the old one.",
     lint_rename_enum_value},
    {"dropping-not-null", LINT_NOTICE, LINT_ACTION, BOTH, 0, 0, FALSE, "DROP NOT NULL",
     "The release that is still running may not expect to read NULL.",
     "Write the first NULL when every release reads it.", lint_drop_not_null},
    {"enum-value-added", LINT_NOTICE, LINT_ACTION, UP, 0, 0, FALSE, "a label added to an enum",
     "There is no statement that takes a label back: no down exists.",
     "Say -- winch: irreversible with the reason; or a CHECK constraint on a text column instead.",
     lint_enum_value},
    {"fk-without-index", LINT_WARNING, LINT_ACTION, UP, 0, 0, FALSE,
     "a foreign key without an index that begins with its columns",
     "Every delete of a row it points at, and every update of its key, reads the whole table.",
     "An index that begins with the columns of the foreign key.", lint_fk_index},
    {"json-column", LINT_NOTICE, LINT_ACTION, UP, 0, 0, FALSE, "a column of type json",
     "It has no equality: SELECT DISTINCT, GROUP BY and UNION fail on it.", "jsonb.",
     lint_json_column},
    {"type-change-under-view", LINT_ERROR, LINT_ACTION, BOTH, 0, 0, FALSE,
     "the type of a column changed that a view uses", "The server refuses it (SQLSTATE 0A000).",
     "Drop the view before, and make it again afterwards, in the same transaction.",
     lint_type_under_view},
    /* ---- robustness */
    {"transaction-nesting", LINT_WARNING, LINT_HALF, BOTH, 0, 0, FALSE,
     "transaction control other than one BEGIN ... COMMIT around the file",
     "The version row cannot commit with the statements: a failure leaves some of them in and the "
     "version dirty.",
     "No BEGIN and COMMIT: a migration is one transaction anyhow.", lint_transaction_nesting},
    {"uncommitted-transaction", LINT_ERROR, LINT_HALF, BOTH, 0, 0, FALSE,
     "a BEGIN that no COMMIT ends",
     "With golang-migrate everything in it is lost when the connection ends; winch refuses the "
     "file.",
     "COMMIT at the end, or no BEGIN.", lint_uncommitted},
    {"syntax-error", LINT_ERROR, LINT_HALF, BOTH, 0, 0, FALSE, "a file that no server can take",
     "A quote, comment or parenthesis does not end, or it holds what only psql understands.",
     "Mend it; such a file is refused before anything runs.", lint_syntax_error},
    {"set-without-local", LINT_NOTICE, LINT_ACTION, BOTH, 0, 0, FALSE, "SET without LOCAL",
     "With golang-migrate, and with session_state: carry, it holds for every file that follows in "
     "the same command, and not when they run one by one.",
     "SET LOCAL, which ends with the transaction.", lint_set},
    {"identifier-too-long", LINT_WARNING, LINT_HALF, BOTH, 0, 0, FALSE,
     "a name of more than 63 bytes",
     "The server cuts it off and says so in a notice that nobody reads; two long names may become "
     "one.",
     "A shorter name.", lint_identifier},
    {"prefer-timestamptz", LINT_NOTICE, LINT_ACTION, UP, 0, 0, FALSE,
     "a column of type timestamp without time zone",
     "It does not say which moment is meant; what it becomes depends on each session's time zone.",
     "timestamptz.", lint_timestamp},
    {"prefer-text-field", LINT_NOTICE, LINT_ACTION, UP, 0, 0, FALSE,
     "a column of type varchar(n) or char(n)",
     "It is no smaller and no faster than text; a shorter limit later rewrites the table.",
     "text, with a CHECK constraint where there is a limit.", lint_varchar},
    {"prefer-identity", LINT_NOTICE, LINT_ACTION, UP, 10, 0, FALSE, "a column of type serial",
     "Its sequence is an object apart, with an owner and rights of its own.",
     "bigint GENERATED ALWAYS AS IDENTITY.", lint_serial},
    {"prefer-bigint", LINT_NOTICE, LINT_ACTION, UP, 0, 0, FALSE,
     "a key of type integer or smallint",
     "It is full at 2,147,483,647 (32,767), and changing it then rewrites the table.", "bigint.",
     lint_small_key},
    {"if-not-exists-on-invalid-index", LINT_WARNING, LINT_ACTION, BOTH, 0, 0, FALSE,
     "CREATE INDEX CONCURRENTLY IF NOT EXISTS",
     "A build that failed leaves an invalid index of this name: the next try finds it, does "
     "nothing, and succeeds.",
     "Without IF NOT EXISTS; DROP INDEX CONCURRENTLY what a failure left.", lint_if_not_exists},
    {"not-analysed", LINT_NOTICE, LINT_HALF, BOTH, 0, 0, FALSE,
     "a statement that could not be looked into",
     "It is newer than the parser, or misspelt; no rule has been applied to it.",
     "Read it by hand.", lint_not_analysed},
    /* ---- up against down */
    {"down-missing", LINT_WARNING, LINT_MIGRATION, DOWN, 0, 0, FALSE, "an up without a down file",
     "winch refuses to go back over it; golang-migrate lowers the version and runs nothing.",
     "A down file; or -- winch: irreversible with the reason in the up.", lint_down_missing},
    {"down-empty", LINT_WARNING, LINT_MIGRATION, DOWN, 0, 0, FALSE,
     "a down file without a statement",
     "winch refuses to go back over it; golang-migrate lowers the version and runs nothing.",
     "What undoes the up; or -- winch: irreversible with the reason in the up.", lint_down_empty},
    {"down-incomplete", LINT_WARNING, LINT_MIGRATION, UP, 0, 0, FALSE,
     "something of the up that the down does not undo",
     "After the down the schema is not what it was, and the next up may fail on what was left.",
     "The statement that undoes it, in reverse order.", lint_down_incomplete},
    {"down-drops-more", LINT_WARNING, LINT_ACTION, DOWN, 0, 0, FALSE,
     "a down that takes away what its up did not make",
     "Going back destroys what was there before.", "Leave it out of the down.",
     lint_down_drops_more},
    {"down-loses-attributes", LINT_WARNING, LINT_MIGRATION, DOWN, 0, 0, FALSE,
     "a down that makes something again without all that it had",
     "Default, NOT NULL, constraint, index or grant are gone after an up and a down.",
     "Make it again as earlier migrations had made it.", lint_down_loses},
    {"irreversible", LINT_NOTICE, LINT_MIGRATION, DOWN, 0, 0, FALSE,
     "a down that makes a table or column again, and not what was in it",
     "Whoever goes back gets the schema, and an application that works on empty fields.",
     "Say -- winch: irreversible with the reason; or keep the data until it is certain that nobody "
     "goes back.",
     lint_irreversible},
    /* ---- notes against the SQL */
    {"undeclared-need", LINT_WARNING, LINT_MIGRATION, UP, 0, 0, FALSE,
     "an up that uses what a migration made that it does not require",
     "The requires notes are the order that winch keeps; by them the two may run the other way "
     "round.",
     "Add the version to the requires note.", lint_undeclared_need},
    {"phase-contradicted", LINT_WARNING, LINT_HALF, UP, 0, 0, TRUE,
     "a migration declared expand that breaks the release that is still running",
     "What is declared expand runs before the new release is there.",
     "Declare it contract, or cut it in two.", lint_phase},
    /* ---- allow notes */
    {"unused-allow", LINT_WARNING, LINT_NOTES, UP, 0, 0, FALSE,
     "an allow note that silenced nothing",
     "What it allowed is gone, and the next one of its kind would pass unseen.", "Take it out.",
     NULL},
    {"unknown-allow", LINT_WARNING, LINT_NOTES, UP, 0, 0, FALSE,
     "an allow note for a rule that does not exist", "It silences nothing.",
     "Write the rule's name as winch lint --rules has it.", NULL},
};

guint lint_rule_index(const struct lint_rule *rule)
{
    return (guint)(rule - rules);
}

guint lint_rule_count(void)
{
    return G_N_ELEMENTS(rules);
}

const struct lint_rule *lint_rule_at(guint index)
{
    return index < G_N_ELEMENTS(rules) ? &rules[index] : NULL;
}

const struct lint_rule *lint_rule_find(const char *name)
{
    for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
        if (strcmp(rules[i].name, name) == 0)
            return &rules[i];
    return NULL;
}

const char *const *lint_rule_names(void)
{
    static const char *names[G_N_ELEMENTS(rules) + 1];
    static gsize is_filled = 0;
    if (g_once_init_enter(&is_filled)) {
        for (gsize i = 0; i < G_N_ELEMENTS(rules); i++)
            names[i] = rules[i].name;
        g_once_init_leave(&is_filled, 1);
    }
    return names;
}
