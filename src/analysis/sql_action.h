/* What SQL does, a row a command: the words in which everything above speaks of migrations. */
#ifndef WINCH_ANALYSIS_SQL_ACTION_H
#define WINCH_ANALYSIS_SQL_ACTION_H

#include <glib.h>

#include "analysis/sql_object.h"

/* What becomes of the object, or of its part. */
enum sql_effect {
    SQL_CREATES,
    SQL_ALTERS,
    SQL_DROPS,
    SQL_WRITES,  /* rows */
    SQL_READS,   /* rows, or nothing */
    SQL_SESSION, /* settings, transactions, cursors: nothing that stays */
    SQL_RUNS,    /* code that may do anything: DO, CALL, EXECUTE */
};

/* What it means for the version of the application that still runs. */
enum sql_phase {
    SQL_NEUTRAL,  /* nothing, or nothing that can be told from it */
    SQL_EXPAND,   /* old and new work both */
    SQL_CONTRACT, /* breaks what still uses it */
    SQL_DEPENDS,  /* on its flags: sql_action_phase() decides */
};

/* clang-format off */
/* X(symbol, for people, machine word, kind of the thing (the part, where there is one), effect,
 *   undone by, phase) */
#define SQL_ACTION_TABLE(X)                                                                        \
    X(OTHER, "statement", "other", NONE, RUNS, OTHER, NEUTRAL)                                     \
    /* tables and their columns */                                                                 \
    X(CREATE_TABLE, "CREATE TABLE", "create-table", TABLE, CREATES, DROP_TABLE, EXPAND)            \
    X(CREATE_TABLE_AS, "CREATE TABLE AS", "create-table-as", TABLE, CREATES, DROP_TABLE, EXPAND)   \
    X(DROP_TABLE, "DROP TABLE", "drop-table", TABLE, DROPS, CREATE_TABLE, CONTRACT)                \
    X(RENAME_TABLE, "RENAME TABLE", "rename-table", TABLE, ALTERS, RENAME_TABLE, CONTRACT)         \
    X(ADD_COLUMN, "ADD COLUMN", "add-column", COLUMN, CREATES, DROP_COLUMN, DEPENDS)               \
    X(DROP_COLUMN, "DROP COLUMN", "drop-column", COLUMN, DROPS, ADD_COLUMN, CONTRACT)              \
    X(RENAME_COLUMN, "RENAME COLUMN", "rename-column", COLUMN, ALTERS, RENAME_COLUMN, CONTRACT)    \
    X(ALTER_COLUMN_TYPE, "ALTER COLUMN TYPE", "alter-column-type", COLUMN, ALTERS,                 \
      ALTER_COLUMN_TYPE, CONTRACT)                                                                 \
    X(SET_DEFAULT, "SET DEFAULT", "set-default", COLUMN, ALTERS, DROP_DEFAULT, EXPAND)             \
    X(DROP_DEFAULT, "DROP DEFAULT", "drop-default", COLUMN, ALTERS, SET_DEFAULT, CONTRACT)         \
    X(SET_NOT_NULL, "SET NOT NULL", "set-not-null", COLUMN, ALTERS, DROP_NOT_NULL, CONTRACT)       \
    X(DROP_NOT_NULL, "DROP NOT NULL", "drop-not-null", COLUMN, ALTERS, SET_NOT_NULL, EXPAND)       \
    X(SET_EXPRESSION, "SET EXPRESSION", "set-expression", COLUMN, ALTERS, SET_EXPRESSION, EXPAND)  \
    X(DROP_EXPRESSION, "DROP EXPRESSION", "drop-expression", COLUMN, ALTERS, OTHER, CONTRACT)      \
    X(ADD_IDENTITY, "ADD GENERATED AS IDENTITY", "add-identity", COLUMN, ALTERS, DROP_IDENTITY,    \
      EXPAND)                                                                                      \
    X(SET_IDENTITY, "SET GENERATED", "set-identity", COLUMN, ALTERS, SET_IDENTITY, NEUTRAL)        \
    X(DROP_IDENTITY, "DROP IDENTITY", "drop-identity", COLUMN, ALTERS, ADD_IDENTITY, CONTRACT)     \
    X(SET_STATISTICS, "SET STATISTICS", "set-statistics", COLUMN, ALTERS, SET_STATISTICS, NEUTRAL) \
    X(SET_STORAGE, "SET STORAGE", "set-storage", COLUMN, ALTERS, SET_STORAGE, NEUTRAL)             \
    X(SET_COMPRESSION, "SET COMPRESSION", "set-compression", COLUMN, ALTERS, SET_COMPRESSION,      \
      NEUTRAL)                                                                                     \
    X(SET_COLUMN_OPTIONS, "ALTER COLUMN SET", "set-column-options", COLUMN, ALTERS,                \
      RESET_COLUMN_OPTIONS, NEUTRAL)                                                               \
    X(RESET_COLUMN_OPTIONS, "ALTER COLUMN RESET", "reset-column-options", COLUMN, ALTERS,          \
      SET_COLUMN_OPTIONS, NEUTRAL)                                                                 \
    /* constraints */                                                                              \
    X(ADD_CHECK, "ADD CHECK", "add-check", CONSTRAINT, CREATES, DROP_CONSTRAINT, CONTRACT)         \
    X(ADD_FOREIGN_KEY, "ADD FOREIGN KEY", "add-foreign-key", CONSTRAINT, CREATES, DROP_CONSTRAINT, \
      CONTRACT)                                                                                    \
    X(ADD_PRIMARY_KEY, "ADD PRIMARY KEY", "add-primary-key", CONSTRAINT, CREATES, DROP_CONSTRAINT, \
      CONTRACT)                                                                                    \
    X(ADD_UNIQUE, "ADD UNIQUE", "add-unique", CONSTRAINT, CREATES, DROP_CONSTRAINT, CONTRACT)      \
    X(ADD_EXCLUSION, "ADD EXCLUDE", "add-exclusion", CONSTRAINT, CREATES, DROP_CONSTRAINT,         \
      CONTRACT)                                                                                    \
    X(ADD_NOT_NULL, "ADD NOT NULL", "add-not-null", CONSTRAINT, CREATES, DROP_CONSTRAINT,          \
      CONTRACT) /* 18 */                                                                           \
    X(VALIDATE_CONSTRAINT, "VALIDATE CONSTRAINT", "validate-constraint", CONSTRAINT, ALTERS,       \
      OTHER, NEUTRAL)                                                                              \
    X(ALTER_CONSTRAINT, "ALTER CONSTRAINT", "alter-constraint", CONSTRAINT, ALTERS,                \
      ALTER_CONSTRAINT, NEUTRAL)                                                                   \
    X(DROP_CONSTRAINT, "DROP CONSTRAINT", "drop-constraint", CONSTRAINT, DROPS, OTHER, EXPAND)     \
    X(RENAME_CONSTRAINT, "RENAME CONSTRAINT", "rename-constraint", CONSTRAINT, ALTERS,             \
      RENAME_CONSTRAINT, NEUTRAL)                                                                  \
    /* the rest of ALTER TABLE */                                                                  \
    X(ENABLE_TRIGGER, "ENABLE TRIGGER", "enable-trigger", TRIGGER, ALTERS, DISABLE_TRIGGER,        \
      NEUTRAL)                                                                                     \
    X(DISABLE_TRIGGER, "DISABLE TRIGGER", "disable-trigger", TRIGGER, ALTERS, ENABLE_TRIGGER,      \
      NEUTRAL)                                                                                     \
    X(ENABLE_RULE, "ENABLE RULE", "enable-rule", RULE, ALTERS, DISABLE_RULE, NEUTRAL)              \
    X(DISABLE_RULE, "DISABLE RULE", "disable-rule", RULE, ALTERS, ENABLE_RULE, NEUTRAL)            \
    X(ENABLE_ROW_SECURITY, "ENABLE ROW LEVEL SECURITY", "enable-row-security", TABLE, ALTERS,      \
      DISABLE_ROW_SECURITY, CONTRACT)                                                              \
    X(DISABLE_ROW_SECURITY, "DISABLE ROW LEVEL SECURITY", "disable-row-security", TABLE, ALTERS,   \
      ENABLE_ROW_SECURITY, NEUTRAL)                                                                \
    X(FORCE_ROW_SECURITY, "FORCE ROW LEVEL SECURITY", "force-row-security", TABLE, ALTERS,         \
      NO_FORCE_ROW_SECURITY, CONTRACT)                                                             \
    X(NO_FORCE_ROW_SECURITY, "NO FORCE ROW LEVEL SECURITY", "no-force-row-security", TABLE,        \
      ALTERS, FORCE_ROW_SECURITY, NEUTRAL)                                                         \
    X(SET_LOGGED, "SET LOGGED", "set-logged", TABLE, ALTERS, SET_UNLOGGED, NEUTRAL)                \
    X(SET_UNLOGGED, "SET UNLOGGED", "set-unlogged", TABLE, ALTERS, SET_LOGGED, NEUTRAL)            \
    X(SET_TABLESPACE, "SET TABLESPACE", "set-tablespace", TABLE, ALTERS, SET_TABLESPACE, NEUTRAL)  \
    X(SET_ACCESS_METHOD, "SET ACCESS METHOD", "set-access-method", TABLE, ALTERS,                  \
      SET_ACCESS_METHOD, NEUTRAL)                                                                  \
    X(SET_OPTIONS, "SET (...)", "set-options", TABLE, ALTERS, RESET_OPTIONS, NEUTRAL)              \
    X(RESET_OPTIONS, "RESET (...)", "reset-options", TABLE, ALTERS, SET_OPTIONS, NEUTRAL)          \
    X(CLUSTER_ON, "CLUSTER ON", "cluster-on", TABLE, ALTERS, SET_WITHOUT_CLUSTER, NEUTRAL)         \
    X(SET_WITHOUT_CLUSTER, "SET WITHOUT CLUSTER", "set-without-cluster", TABLE, ALTERS,            \
      CLUSTER_ON, NEUTRAL)                                                                         \
    X(REPLICA_IDENTITY, "REPLICA IDENTITY", "replica-identity", TABLE, ALTERS, REPLICA_IDENTITY,   \
      NEUTRAL)                                                                                     \
    X(INHERIT, "INHERIT", "inherit", TABLE, ALTERS, NO_INHERIT, NEUTRAL)                           \
    X(NO_INHERIT, "NO INHERIT", "no-inherit", TABLE, ALTERS, INHERIT, CONTRACT)                    \
    X(OF_TYPE, "OF", "of-type", TABLE, ALTERS, NOT_OF, NEUTRAL)                                    \
    X(NOT_OF, "NOT OF", "not-of", TABLE, ALTERS, OF_TYPE, NEUTRAL)                                 \
    X(ATTACH_PARTITION, "ATTACH PARTITION", "attach-partition", TABLE, ALTERS, DETACH_PARTITION,   \
      EXPAND)                                                                                      \
    X(DETACH_PARTITION, "DETACH PARTITION", "detach-partition", TABLE, ALTERS, ATTACH_PARTITION,   \
      CONTRACT)                                                                                    \
    X(ALTER_TABLE, "ALTER TABLE", "alter-table", TABLE, ALTERS, OTHER, NEUTRAL)                    \
    /* indexes and statistics */                                                                   \
    X(CREATE_INDEX, "CREATE INDEX", "create-index", INDEX, CREATES, DROP_INDEX, DEPENDS)           \
    X(DROP_INDEX, "DROP INDEX", "drop-index", INDEX, DROPS, CREATE_INDEX, NEUTRAL)                 \
    X(RENAME_INDEX, "RENAME INDEX", "rename-index", INDEX, ALTERS, RENAME_INDEX, NEUTRAL)          \
    X(ALTER_INDEX, "ALTER INDEX", "alter-index", INDEX, ALTERS, ALTER_INDEX, NEUTRAL)              \
    X(ATTACH_INDEX, "ALTER INDEX ATTACH PARTITION", "attach-index", INDEX, ALTERS, OTHER, NEUTRAL) \
    X(REINDEX, "REINDEX", "reindex", INDEX, ALTERS, OTHER, NEUTRAL)                                \
    X(CREATE_STATISTICS, "CREATE STATISTICS", "create-statistics", STATISTICS, CREATES,            \
      DROP_STATISTICS, NEUTRAL)                                                                    \
    X(ALTER_STATISTICS, "ALTER STATISTICS", "alter-statistics", STATISTICS, ALTERS,                \
      ALTER_STATISTICS, NEUTRAL)                                                                   \
    X(DROP_STATISTICS, "DROP STATISTICS", "drop-statistics", STATISTICS, DROPS,                    \
      CREATE_STATISTICS, NEUTRAL)                                                                  \
    /* views, sequences, foreign tables */                                                         \
    X(CREATE_VIEW, "CREATE VIEW", "create-view", VIEW, CREATES, DROP_VIEW, EXPAND)                 \
    X(ALTER_VIEW, "ALTER VIEW", "alter-view", VIEW, ALTERS, ALTER_VIEW, NEUTRAL)                   \
    X(RENAME_VIEW, "RENAME VIEW", "rename-view", VIEW, ALTERS, RENAME_VIEW, CONTRACT)              \
    X(DROP_VIEW, "DROP VIEW", "drop-view", VIEW, DROPS, CREATE_VIEW, CONTRACT)                     \
    X(CREATE_MATERIALIZED_VIEW, "CREATE MATERIALIZED VIEW", "create-materialized-view",            \
      MATERIALIZED_VIEW, CREATES, DROP_MATERIALIZED_VIEW, EXPAND)                                  \
    X(ALTER_MATERIALIZED_VIEW, "ALTER MATERIALIZED VIEW", "alter-materialized-view",               \
      MATERIALIZED_VIEW, ALTERS, ALTER_MATERIALIZED_VIEW, NEUTRAL)                                 \
    X(DROP_MATERIALIZED_VIEW, "DROP MATERIALIZED VIEW", "drop-materialized-view",                  \
      MATERIALIZED_VIEW, DROPS, CREATE_MATERIALIZED_VIEW, CONTRACT)                                \
    X(REFRESH_MATERIALIZED_VIEW, "REFRESH MATERIALIZED VIEW", "refresh-materialized-view",         \
      MATERIALIZED_VIEW, WRITES, OTHER, NEUTRAL)                                                   \
    X(CREATE_SEQUENCE, "CREATE SEQUENCE", "create-sequence", SEQUENCE, CREATES, DROP_SEQUENCE,     \
      EXPAND)                                                                                      \
    X(ALTER_SEQUENCE, "ALTER SEQUENCE", "alter-sequence", SEQUENCE, ALTERS, ALTER_SEQUENCE,        \
      NEUTRAL)                                                                                     \
    X(DROP_SEQUENCE, "DROP SEQUENCE", "drop-sequence", SEQUENCE, DROPS, CREATE_SEQUENCE, CONTRACT) \
    X(CREATE_FOREIGN_TABLE, "CREATE FOREIGN TABLE", "create-foreign-table", FOREIGN_TABLE,         \
      CREATES, DROP_FOREIGN_TABLE, EXPAND)                                                         \
    X(DROP_FOREIGN_TABLE, "DROP FOREIGN TABLE", "drop-foreign-table", FOREIGN_TABLE, DROPS,        \
      CREATE_FOREIGN_TABLE, CONTRACT)                                                              \
    /* types */                                                                                    \
    X(CREATE_TYPE, "CREATE TYPE", "create-type", TYPE, CREATES, DROP_TYPE, EXPAND)                 \
    X(CREATE_ENUM, "CREATE TYPE AS ENUM", "create-enum", TYPE, CREATES, DROP_TYPE, EXPAND)         \
    X(ALTER_TYPE, "ALTER TYPE", "alter-type", TYPE, ALTERS, ALTER_TYPE, CONTRACT)                  \
    X(ADD_ENUM_VALUE, "ADD VALUE", "add-enum-value", ENUM_VALUE, CREATES, OTHER, EXPAND)           \
    X(RENAME_ENUM_VALUE, "RENAME VALUE", "rename-enum-value", ENUM_VALUE, ALTERS,                  \
      RENAME_ENUM_VALUE, CONTRACT)                                                                 \
    X(ADD_ATTRIBUTE, "ADD ATTRIBUTE", "add-attribute", ATTRIBUTE, CREATES, DROP_ATTRIBUTE, EXPAND) \
    X(DROP_ATTRIBUTE, "DROP ATTRIBUTE", "drop-attribute", ATTRIBUTE, DROPS, ADD_ATTRIBUTE,         \
      CONTRACT)                                                                                    \
    X(ALTER_ATTRIBUTE, "ALTER ATTRIBUTE", "alter-attribute", ATTRIBUTE, ALTERS, ALTER_ATTRIBUTE,   \
      CONTRACT)                                                                                    \
    X(RENAME_ATTRIBUTE, "RENAME ATTRIBUTE", "rename-attribute", ATTRIBUTE, ALTERS,                 \
      RENAME_ATTRIBUTE, CONTRACT)                                                                  \
    X(RENAME_TYPE, "RENAME TYPE", "rename-type", TYPE, ALTERS, RENAME_TYPE, CONTRACT)              \
    X(DROP_TYPE, "DROP TYPE", "drop-type", TYPE, DROPS, CREATE_TYPE, CONTRACT)                     \
    X(CREATE_DOMAIN, "CREATE DOMAIN", "create-domain", DOMAIN, CREATES, DROP_DOMAIN, EXPAND)       \
    X(SET_DOMAIN_DEFAULT, "ALTER DOMAIN SET DEFAULT", "set-domain-default", DOMAIN, ALTERS,        \
      DROP_DOMAIN_DEFAULT, NEUTRAL)                                                                \
    X(DROP_DOMAIN_DEFAULT, "ALTER DOMAIN DROP DEFAULT", "drop-domain-default", DOMAIN, ALTERS,     \
      SET_DOMAIN_DEFAULT, NEUTRAL)                                                                 \
    X(SET_DOMAIN_NOT_NULL, "ALTER DOMAIN SET NOT NULL", "set-domain-not-null", DOMAIN, ALTERS,     \
      DROP_DOMAIN_NOT_NULL, CONTRACT)                                                              \
    X(DROP_DOMAIN_NOT_NULL, "ALTER DOMAIN DROP NOT NULL", "drop-domain-not-null", DOMAIN, ALTERS,  \
      SET_DOMAIN_NOT_NULL, EXPAND)                                                                 \
    X(ADD_DOMAIN_CONSTRAINT, "ALTER DOMAIN ADD CONSTRAINT", "add-domain-constraint", CONSTRAINT,   \
      CREATES, DROP_DOMAIN_CONSTRAINT, CONTRACT)                                                   \
    X(DROP_DOMAIN_CONSTRAINT, "ALTER DOMAIN DROP CONSTRAINT", "drop-domain-constraint",            \
      CONSTRAINT, DROPS, ADD_DOMAIN_CONSTRAINT, EXPAND)                                            \
    X(VALIDATE_DOMAIN_CONSTRAINT, "ALTER DOMAIN VALIDATE CONSTRAINT",                              \
      "validate-domain-constraint", CONSTRAINT, ALTERS, OTHER, NEUTRAL)                            \
    X(RENAME_DOMAIN_CONSTRAINT, "ALTER DOMAIN RENAME CONSTRAINT", "rename-domain-constraint",      \
      CONSTRAINT, ALTERS, RENAME_DOMAIN_CONSTRAINT, NEUTRAL)                                       \
    X(DROP_DOMAIN, "DROP DOMAIN", "drop-domain", DOMAIN, DROPS, CREATE_DOMAIN, CONTRACT)           \
    /* code */                                                                                     \
    X(CREATE_FUNCTION, "CREATE FUNCTION", "create-function", FUNCTION, CREATES, DROP_FUNCTION,     \
      EXPAND)                                                                                      \
    X(ALTER_FUNCTION, "ALTER FUNCTION", "alter-function", FUNCTION, ALTERS, ALTER_FUNCTION,        \
      NEUTRAL)                                                                                     \
    X(DROP_FUNCTION, "DROP FUNCTION", "drop-function", FUNCTION, DROPS, CREATE_FUNCTION, CONTRACT) \
    X(CREATE_TRIGGER, "CREATE TRIGGER", "create-trigger", TRIGGER, CREATES, DROP_TRIGGER, NEUTRAL) \
    X(RENAME_TRIGGER, "RENAME TRIGGER", "rename-trigger", TRIGGER, ALTERS, RENAME_TRIGGER,         \
      NEUTRAL)                                                                                     \
    X(DROP_TRIGGER, "DROP TRIGGER", "drop-trigger", TRIGGER, DROPS, CREATE_TRIGGER, NEUTRAL)       \
    X(CREATE_RULE, "CREATE RULE", "create-rule", RULE, CREATES, DROP_RULE, NEUTRAL)                \
    X(RENAME_RULE, "RENAME RULE", "rename-rule", RULE, ALTERS, RENAME_RULE, NEUTRAL)               \
    X(DROP_RULE, "DROP RULE", "drop-rule", RULE, DROPS, CREATE_RULE, NEUTRAL)                      \
    X(CREATE_POLICY, "CREATE POLICY", "create-policy", POLICY, CREATES, DROP_POLICY, NEUTRAL)      \
    X(ALTER_POLICY, "ALTER POLICY", "alter-policy", POLICY, ALTERS, ALTER_POLICY, NEUTRAL)         \
    X(RENAME_POLICY, "RENAME POLICY", "rename-policy", POLICY, ALTERS, RENAME_POLICY, NEUTRAL)     \
    X(DROP_POLICY, "DROP POLICY", "drop-policy", POLICY, DROPS, CREATE_POLICY, NEUTRAL)            \
    /* of a database */                                                                            \
    X(CREATE_SCHEMA, "CREATE SCHEMA", "create-schema", SCHEMA, CREATES, DROP_SCHEMA, EXPAND)       \
    X(RENAME_SCHEMA, "RENAME SCHEMA", "rename-schema", SCHEMA, ALTERS, RENAME_SCHEMA, CONTRACT)    \
    X(DROP_SCHEMA, "DROP SCHEMA", "drop-schema", SCHEMA, DROPS, CREATE_SCHEMA, CONTRACT)           \
    X(CREATE_EXTENSION, "CREATE EXTENSION", "create-extension", EXTENSION, CREATES,                \
      DROP_EXTENSION, EXPAND)                                                                      \
    X(ALTER_EXTENSION, "ALTER EXTENSION", "alter-extension", EXTENSION, ALTERS, ALTER_EXTENSION,   \
      NEUTRAL)                                                                                     \
    X(DROP_EXTENSION, "DROP EXTENSION", "drop-extension", EXTENSION, DROPS, CREATE_EXTENSION,      \
      CONTRACT)                                                                                    \
    X(CREATE_DATABASE, "CREATE DATABASE", "create-database", DATABASE, CREATES, DROP_DATABASE,     \
      EXPAND)                                                                                      \
    X(ALTER_DATABASE, "ALTER DATABASE", "alter-database", DATABASE, ALTERS, ALTER_DATABASE,        \
      NEUTRAL)                                                                                     \
    X(DROP_DATABASE, "DROP DATABASE", "drop-database", DATABASE, DROPS, CREATE_DATABASE, CONTRACT) \
    /* every other kind of object: object.kind says which */                                       \
    X(CREATE_OBJECT, "CREATE", "create", NONE, CREATES, DROP_OBJECT, EXPAND)                       \
    X(ALTER_OBJECT, "ALTER", "alter", NONE, ALTERS, ALTER_OBJECT, NEUTRAL)                         \
    X(RENAME_OBJECT, "RENAME", "rename", NONE, ALTERS, RENAME_OBJECT, CONTRACT)                    \
    X(DROP_OBJECT, "DROP", "drop", NONE, DROPS, CREATE_OBJECT, CONTRACT)                           \
    /* any kind of object */                                                                       \
    X(SET_SCHEMA, "SET SCHEMA", "set-schema", NONE, ALTERS, SET_SCHEMA, CONTRACT)                  \
    X(SET_OWNER, "OWNER TO", "set-owner", NONE, ALTERS, SET_OWNER, NEUTRAL)                        \
    X(GRANT, "GRANT", "grant", PRIVILEGE, CREATES, REVOKE, EXPAND)                                 \
    X(REVOKE, "REVOKE", "revoke", PRIVILEGE, DROPS, GRANT, CONTRACT)                               \
    X(GRANT_ROLE, "GRANT ROLE", "grant-role", ROLE, ALTERS, REVOKE_ROLE, EXPAND)                   \
    X(REVOKE_ROLE, "REVOKE ROLE", "revoke-role", ROLE, ALTERS, GRANT_ROLE, CONTRACT)               \
    X(GRANT_DEFAULT, "ALTER DEFAULT PRIVILEGES GRANT", "grant-default", DEFAULT_PRIVILEGE,         \
      CREATES, REVOKE_DEFAULT, NEUTRAL)                                                            \
    X(REVOKE_DEFAULT, "ALTER DEFAULT PRIVILEGES REVOKE", "revoke-default", DEFAULT_PRIVILEGE,      \
      DROPS, GRANT_DEFAULT, NEUTRAL)                                                               \
    X(DROP_OWNED, "DROP OWNED", "drop-owned", ROLE, DROPS, OTHER, CONTRACT)                        \
    X(REASSIGN_OWNED, "REASSIGN OWNED", "reassign-owned", ROLE, ALTERS, REASSIGN_OWNED, NEUTRAL)   \
    X(COMMENT, "COMMENT ON", "comment", NONE, ALTERS, COMMENT, NEUTRAL)                               \
    X(SECURITY_LABEL, "SECURITY LABEL ON", "security-label", NONE, ALTERS, SECURITY_LABEL, NEUTRAL)   \
    /* rows */                                                                                     \
    X(SELECT, "SELECT", "select", RELATION, READS, OTHER, NEUTRAL)                                 \
    X(INSERT, "INSERT", "insert", RELATION, WRITES, DELETE, NEUTRAL)                               \
    X(UPDATE, "UPDATE", "update", RELATION, WRITES, UPDATE, NEUTRAL)                               \
    X(DELETE, "DELETE", "delete", RELATION, WRITES, INSERT, NEUTRAL)                               \
    X(MERGE, "MERGE", "merge", RELATION, WRITES, OTHER, NEUTRAL)                                   \
    X(TRUNCATE, "TRUNCATE", "truncate", TABLE, WRITES, OTHER, CONTRACT)                            \
    X(COPY_FROM, "COPY FROM", "copy-from", RELATION, WRITES, OTHER, NEUTRAL)                       \
    X(COPY_TO, "COPY TO", "copy-to", RELATION, READS, OTHER, NEUTRAL)                              \
    /* upkeep */                                                                                   \
    X(VACUUM, "VACUUM", "vacuum", TABLE, WRITES, OTHER, NEUTRAL)                                   \
    X(ANALYZE, "ANALYZE", "analyze", TABLE, READS, OTHER, NEUTRAL)                                 \
    X(CLUSTER, "CLUSTER", "cluster", TABLE, WRITES, OTHER, NEUTRAL)                                \
    X(CHECKPOINT, "CHECKPOINT", "checkpoint", NONE, READS, OTHER, NEUTRAL)                         \
    X(ALTER_SYSTEM, "ALTER SYSTEM", "alter-system", SETTING, ALTERS, ALTER_SYSTEM, NEUTRAL)        \
    X(LOAD, "LOAD", "load", NONE, SESSION, OTHER, NEUTRAL)                                         \
    /* code run now */                                                                             \
    X(DO, "DO", "do", NONE, RUNS, OTHER, NEUTRAL)                                                  \
    X(CALL, "CALL", "call", ROUTINE, RUNS, OTHER, NEUTRAL)                                         \
    X(EXECUTE, "EXECUTE", "execute", NONE, RUNS, OTHER, NEUTRAL)                                   \
    X(EXPLAIN, "EXPLAIN", "explain", NONE, READS, OTHER, NEUTRAL)                                  \
    /* session and transaction */                                                                  \
    X(SET, "SET", "set", SETTING, SESSION, RESET, NEUTRAL)                                         \
    X(RESET, "RESET", "reset", SETTING, SESSION, SET, NEUTRAL)                                     \
    X(SHOW, "SHOW", "show", SETTING, READS, OTHER, NEUTRAL)                                        \
    X(SET_CONSTRAINTS, "SET CONSTRAINTS", "set-constraints", NONE, SESSION, OTHER, NEUTRAL)        \
    X(DISCARD, "DISCARD", "discard", NONE, SESSION, OTHER, NEUTRAL)                                \
    X(LOCK, "LOCK", "lock", RELATION, SESSION, OTHER, NEUTRAL)                                     \
    X(TRANSACTION, "transaction control", "transaction", NONE, SESSION, OTHER, NEUTRAL)            \
    X(PREPARE, "PREPARE", "prepare", NONE, SESSION, OTHER, NEUTRAL)                                \
    X(DEALLOCATE, "DEALLOCATE", "deallocate", NONE, SESSION, OTHER, NEUTRAL)                       \
    X(CURSOR, "cursor", "cursor", NONE, SESSION, OTHER, NEUTRAL)                                   \
    X(NOTIFY, "NOTIFY", "notify", NONE, SESSION, OTHER, NEUTRAL)                                   \
    X(LISTEN, "LISTEN", "listen", NONE, SESSION, OTHER, NEUTRAL)

/* X(symbol, machine word) */
#define SQL_FLAG_TABLE(X)                                                                          \
    X(CONCURRENTLY, "concurrently")                                                                \
    X(CASCADE, "cascade")                                                                          \
    X(IF_EXISTS, "if-exists")                                                                      \
    X(IF_NOT_EXISTS, "if-not-exists")                                                              \
    X(OR_REPLACE, "or-replace")                                                                    \
    X(ONLY, "only")                 /* ON ONLY, ALTER TABLE ONLY */                                \
    X(INLINE, "inline")             /* a column or constraint written inside CREATE TABLE, or a */ \
                                    /* constraint inside ADD COLUMN: its command comes before it */\
    X(NEW_TABLE, "new-table")       /* INLINE: written in the CREATE TABLE of its table */         \
    X(IN_BODY, "in-body")           /* found inside a DO block or a function */                    \
    X(IS_RUN, "is-run")             /* IN_BODY: of a DO, so that it happens now */                 \
    X(NOT_VALID, "not-valid")                                                                      \
    X(NOT_ENFORCED, "not-enforced") /* 18 */                                                       \
    X(USING_INDEX, "using-index")   /* the constraint takes over an index: other names it */       \
    X(NO_INHERIT, "no-inherit")                                                                    \
    X(DEFERRABLE, "deferrable")                                                                    \
    X(NAMED_BY_SERVER, "named-by-server") /* part or name is what PostgreSQL would choose */       \
    X(HAS_DEFAULT, "has-default")   /* the column, also of an INLINE constraint */                 \
    X(CONSTANT_DEFAULT, "constant-default")   /* needs no row: constants and stable functions */   \
    X(VOLATILE_DEFAULT, "volatile-default")   /* a function known to be volatile */                \
    X(UNKNOWN_DEFAULT, "unknown-default")     /* a function not known here */                      \
    X(NULL_DEFAULT, "null-default")           /* DEFAULT NULL: as good as none */                  \
    X(NOT_NULL, "not-null")                                                                        \
    X(GENERATED_STORED, "generated-stored")                                                        \
    X(GENERATED_VIRTUAL, "generated-virtual") /* 18 */                                             \
    X(IDENTITY, "identity")                                                                        \
    X(SERIAL, "serial")                                                                            \
    X(USING, "using")               /* ALTER TYPE ... USING */                                     \
    X(COLLATE, "collate")                                                                          \
    X(UNIQUE, "unique")             /* the column or the index */                                  \
    X(PRIMARY, "primary")           /* the column is the primary key */                            \
    X(REFERENCES, "references")     /* the column has a foreign key */                             \
    X(CHECK, "check")               /* the column has a CHECK */                                   \
    X(CHECK_NOT_NULL, "check-not-null") /* ADD CHECK (column IS NOT NULL): proves SET NOT NULL */  \
    X(PARTIAL, "partial")           /* CREATE INDEX ... WHERE */                                   \
    X(EXPRESSIONS, "expressions")   /* not all of the index's columns are plain */                 \
    X(ON_DELETE_CASCADE, "on-delete-cascade")                                                      \
    X(ON_DELETE_SET_NULL, "on-delete-set-null")                                                    \
    X(PARTITIONED, "partitioned")   /* PARTITION BY */                                             \
    X(PARTITION_OF, "partition-of") /* other is the parent */                                      \
    X(DEFAULT_PARTITION, "default-partition")                                                      \
    X(INHERITS, "inherits")         /* other is the first parent */                                \
    X(LIKE, "like")                 /* other table's columns: they are not listed */               \
    X(TEMPORARY, "temporary")                                                                      \
    X(UNLOGGED, "unlogged")                                                                        \
    X(WITH_DATA, "with-data")       /* CREATE ... AS, REFRESH: rows are made */                    \
    X(NO_WHERE, "no-where")         /* UPDATE, DELETE: every row */                                \
    X(RESTART_IDENTITY, "restart-identity")                                                        \
    X(FROM_PROGRAM, "program")      /* COPY ... PROGRAM */                                         \
    X(SERVER_FILE, "server-file")   /* COPY from or to a file on the server */                     \
    X(LOCAL, "local")               /* SET LOCAL */                                                \
    X(FULL, "full")                 /* VACUUM FULL */                                              \
    X(ALL, "all")                   /* every one: of the schema, of the database */                \
    X(FINALIZE, "finalize")         /* DETACH PARTITION FINALIZE */                                \
    X(BEFORE_AFTER, "before-after") /* ADD VALUE ... BEFORE or AFTER other.name */                 \
    X(LOCKS_ROWS, "locks-rows")     /* SELECT ... FOR UPDATE and the like */                      \
    X(NOWAIT, "nowait")
/* clang-format on */

#define SQL_ACTION_SYMBOL(symbol, text, word, object, effect, undone_by, phase) SQL_ACTION_##symbol,
enum sql_action_kind { SQL_ACTION_TABLE(SQL_ACTION_SYMBOL) SQL_ACTION_KINDS };
#undef SQL_ACTION_SYMBOL

#define SQL_FLAG_NUMBER(symbol, word) SQL_FLAG_NUMBER_##symbol,
enum sql_flag_number { SQL_FLAG_TABLE(SQL_FLAG_NUMBER) SQL_FLAGS };
#undef SQL_FLAG_NUMBER
#define SQL_FLAG(symbol) (G_GUINT64_CONSTANT(1) << SQL_FLAG_NUMBER_##symbol)

/* One command, or one subcommand of ALTER TABLE, or one object of a list. Strings are borrowed from
 * the inspection. */
struct sql_action {
    enum sql_action_kind kind;
    guint64 flags;            /* SQL_FLAG()s */
    struct sql_object object; /* for parts (columns, constraints, triggers ...): their owner */
    const char *part; /* column, constraint, trigger, rule, policy, enum value; privileges of GRANT
                         ("SELECT, INSERT", sorted; "ALL"); name of a setting; TRANSACTION: its
                         first words; REINDEX, DISCARD: of what. NULL: none */
    struct sql_object other; /* referenced table; new name, schema or owner; partition or parent;
                                an index's table; owner of a sequence (its column is other_part);
                                grantee; the function of a trigger; of COMMENT the kind of its part,
                                without a name. kind NONE: none */
    const char *other_part;  /* owning column; new name of the part; value of SET; mode of LOCK */
    const char *type;        /* of a column, as the server writes it: "character varying(20)" */
    const char *method;      /* of an index: "btree" */
    guint64 expression; /* a number for default, CHECK, USING or body: the same text, apart from
                           white space and places, has the same; 0: none */
    const char *const *columns;       /* of index, constraint, INSERT, UPDATE; expressions are "" */
    const char *const *other_columns; /* referenced columns; INCLUDE of an index */
    guint column_count, other_column_count;
    guint parent;          /* INLINE: index of the command it is written in, else its own */
    gsize offset, length;  /* in the text inspected; of IN_BODY: its whole statement */
    unsigned line, column; /* from 1; column in characters */
};

/* The table's columns. Static. */
const char *sql_action_text(enum sql_action_kind kind);
const char *sql_action_word(enum sql_action_kind kind);
enum sql_object_kind sql_action_object_kind(enum sql_action_kind kind);
enum sql_effect sql_action_effect(enum sql_action_kind kind);
const char *sql_flag_word(enum sql_flag_number flag);

/* True when one is what undoes the other, whichever way round. */
gboolean sql_action_is_inverse(enum sql_action_kind one, enum sql_action_kind other);

/* SQL_NEUTRAL, SQL_EXPAND or SQL_CONTRACT. */
enum sql_phase sql_action_phase(const struct sql_action *action);

/* True when what it touches is a part of object ("ADD COLUMN"), so that part names it. */
gboolean sql_action_has_part(enum sql_action_kind kind);

/* "ADD COLUMN users.email", "DROP INDEX public.users_email_idx", "CREATE COLLATION german": raw,
 * for text_visible(). Free with g_free(). */
char *sql_action_describe(const struct sql_action *action);

#endif
