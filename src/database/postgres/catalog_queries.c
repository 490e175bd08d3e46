/* What the server is asked about the kinds of objects that every schema has. */
#include "database/postgres/catalog_internal.h"

/* clang-format off */

#define SCHEMAS \
    "SELECT 'schema', quote_ident(n.nspname), " CATALOG_ALONE \
    CATALOG_OWNER("n.nspowner") CATALOG_GRANTS("n.nspacl", "n", "n.nspowner") CATALOG_COMMENT \
    " FROM pg_namespace n" CATALOG_COMMENT_OF("n", "pg_namespace") \
    " WHERE " CATALOG_SCHEMA " AND " CATALOG_OURS("n", "pg_namespace")

#define PARENTS \
    " LEFT JOIN (SELECT h.inhrelid, string_agg(" CATALOG_RELATION ", ', ' ORDER BY h.inhseqno)" \
    " AS names FROM pg_inherits h JOIN pg_class c ON c.oid = h.inhparent" \
    " JOIN pg_namespace n ON n.oid = c.relnamespace GROUP BY h.inhrelid) h ON h.inhrelid = c.oid"

#define MARKED_INDEX(mark) \
    "(SELECT quote_ident(ic.relname) FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid" \
    " WHERE i.indrelid = c.oid AND i." mark ")"

/* Tables, views, materialized views, foreign tables. */
#define RELATIONS \
    "SELECT " CATALOG_RELATION_KIND ", " CATALOG_RELATION ", " CATALOG_ALONE \
    CATALOG_OWNER("c.relowner") \
    "CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition, " \
    "CASE c.relpersistence WHEN 'u' THEN 'unlogged' END AS persistence, " \
    "CASE WHEN c.relkind = 'p' THEN pg_get_partkeydef(c.oid) END AS \"partition key\", " \
    "CASE WHEN c.relispartition THEN h.names END AS \"partition of\", " \
    "pg_get_expr(c.relpartbound, c.oid) AS \"partition bound\", " \
    "CASE WHEN NOT c.relispartition THEN h.names END AS inherits, " \
    "CASE WHEN c.reloftype <> 0 THEN format_type(c.reloftype, NULL) END AS \"of type\", " \
    "(SELECT am.amname FROM pg_am am WHERE am.oid = c.relam AND am.amname <> 'heap')" \
    " AS \"access method\", " \
    "(SELECT t.spcname FROM pg_tablespace t WHERE t.oid = c.reltablespace) AS tablespace, " \
    CATALOG_OPTIONS("c.reloptions") " AS options, " \
    "(SELECT " CATALOG_OPTIONS("t.reloptions") " FROM pg_class t WHERE t.oid = c.reltoastrelid)" \
    " AS \"toast options\", " \
    CATALOG_IF("c.relrowsecurity") " AS \"row level security\", " \
    CATALOG_IF("c.relforcerowsecurity") " AS \"row level security forced\", " \
    "CASE WHEN c.relkind IN ('r', 'p', 'm') THEN CASE c.relreplident WHEN 'n' THEN 'nothing'" \
    " WHEN 'f' THEN 'full' WHEN 'i' THEN 'index ' || " MARKED_INDEX("indisreplident") " END END" \
    " AS \"replica identity\", " \
    "CASE WHEN c.relkind IN ('r', 'm', 'p') AND c.relhasindex THEN " \
    MARKED_INDEX("indisclustered") " END AS \"clustered on\", " \
    CATALOG_UNLESS("c.relispopulated") " AS populated, " \
    "f.server AS server, f.options AS \"server options\", " \
    CATALOG_GRANTS("c.relacl", "r", "c.relowner") CATALOG_COMMENT \
    CATALOG_FROM_RELATION CATALOG_COMMENT_OF("c", "pg_class") PARENTS \
    " LEFT JOIN (SELECT f.ftrelid, quote_ident(s.srvname) AS server, " \
    CATALOG_OPTIONS("f.ftoptions") " AS options FROM pg_foreign_table f" \
    " JOIN pg_foreign_server s ON s.oid = f.ftserver) f ON f.ftrelid = c.oid" \
    " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND " CATALOG_IS_RELATION

/* A column's place counts from 1 on without the holes that dropped columns leave. Some builds of
 * the server keep a number of their own among the options (pg_attver). */
#define COLUMNS(not_null, compression) \
    "SELECT CASE WHEN c.relkind = 'c' THEN 'attribute' ELSE 'column' END, " \
    CATALOG_RELATION " || '.' || quote_ident(a.attname), " \
    CATALOG_RELATION_KIND ", " CATALOG_RELATION ", " \
    "row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS position, " \
    "format_type(a.atttypid, a.atttypmod) AS type, " \
    not_null " AS \"not null\", " \
    "CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END AS \"default\", " \
    "CASE a.attgenerated WHEN 's' THEN pg_get_expr(d.adbin, d.adrelid) || ' STORED'" \
    " WHEN 'v' THEN pg_get_expr(d.adbin, d.adrelid) || ' VIRTUAL' END AS generated, " \
    "CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'by default' END AS identity, " \
    "CASE WHEN a.attcollation <> t.typcollation THEN " \
    CATALOG_COLLATION("a.attcollation") " END AS collation, " \
    "CASE WHEN c.relkind NOT IN ('v', 'c') AND a.attstorage <> t.typstorage THEN CASE a.attstorage" \
    " WHEN 'p' THEN 'plain' WHEN 'e' THEN 'external' WHEN 'm' THEN 'main' ELSE 'extended' END" \
    " END AS storage, " compression \
    "CASE WHEN a.attstattarget >= 0 THEN a.attstattarget END AS \"statistics target\", " \
    "CASE WHEN a.attoptions IS NOT NULL THEN (SELECT string_agg(o, ', ' ORDER BY o COLLATE \"C\")" \
    " FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg\\_attver=%') END AS options, " \
    "CASE WHEN a.attfdwoptions IS NOT NULL THEN " CATALOG_OPTIONS("a.attfdwoptions") " END" \
    " AS \"server options\", " \
    "CASE WHEN a.attinhcount > 0 THEN CASE WHEN a.attislocal THEN 'and defined here'" \
    " ELSE 'yes' END END AS inherited, " \
    CATALOG_GRANTS("a.attacl", "c", "c.relowner") CATALOG_COMMENT \
    CATALOG_FROM_RELATION " JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0" \
    " AND NOT a.attisdropped" \
    " LEFT JOIN pg_type t ON t.oid = a.atttypid" \
    " LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum" \
    " LEFT JOIN pg_description x ON x.objoid = a.attrelid AND x.classoid = 'pg_class'::regclass" \
    " AND x.objsubid = a.attnum" \
    " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') AND " CATALOG_IS_RELATION \
    " AND c.reltype NOT IN " CATALOG_MEMBERS("pg_type")

#define COMPRESSION \
    "CASE a.attcompression WHEN 'p' THEN 'pglz' WHEN 'l' THEN 'lz4' END AS compression, "

#define NOT_NULL CATALOG_IF("a.attnotnull")

/* From 18 on such a column has a constraint, which may be not valid yet, or not for children. */
#define NOT_NULL_CONSTRAINT \
    "CASE WHEN a.attnotnull THEN coalesce((SELECT CASE WHEN NOT o.convalidated THEN 'not valid'" \
    " WHEN o.connoinherit THEN 'no inherit' END FROM pg_constraint o WHERE o.conrelid = a.attrelid" \
    " AND o.contype = 'n' AND o.conkey[1] = a.attnum), 'yes') END"

/* Whether it is validated is an attribute of its own, not the end of its definition. What a foreign
 * key to a partitioned table repeats for each partition is part of it. An index behind a constraint
 * is the constraint's; so are the triggers of a foreign key, which can be switched off. */
#define CONSTRAINTS \
    "SELECT 'constraint', " CATALOG_ON("k.conname") \
    "CASE WHEN k.convalidated THEN pg_get_constraintdef(k.oid)" \
    " ELSE regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') END AS definition, " \
    CATALOG_UNLESS("k.convalidated") " AS valid, " \
    "CASE WHEN k.coninhcount > 0 THEN CASE WHEN k.conislocal THEN 'and defined here'" \
    " ELSE 'yes' END END AS inherited, " \
    CATALOG_UNLESS("i.indisvalid AND i.indisready") " AS \"index valid\", " \
    "CASE WHEN ic.reltablespace <> 0 THEN (SELECT t.spcname FROM pg_tablespace t" \
    " WHERE t.oid = ic.reltablespace) END AS \"index tablespace\", " \
    "CASE WHEN ic.reloptions IS NOT NULL THEN " CATALOG_OPTIONS("ic.reloptions") " END" \
    " AS \"index options\", " \
    "ix.description AS \"index comment\", " \
    "(SELECT string_agg(DISTINCT CASE r.tgenabled WHEN 'D' THEN 'off' WHEN 'R' THEN 'replica'" \
    " ELSE 'always' END, ', ') FROM pg_trigger r WHERE r.tgconstraint = k.oid AND r.tgisinternal" \
    " AND r.tgenabled <> 'O' AND k.contype = 'f') AS triggers, " \
    CATALOG_COMMENT \
    CATALOG_FROM_RELATION " JOIN pg_constraint k ON k.conrelid = c.oid" \
    " LEFT JOIN pg_index i ON i.indexrelid = k.conindid AND k.contype IN ('p', 'u', 'x')" \
    " LEFT JOIN pg_class ic ON ic.oid = i.indexrelid" \
    " LEFT JOIN pg_description ix ON ix.objoid = ic.oid AND ix.classoid = 'pg_class'::regclass" \
    " AND ix.objsubid = 0" \
    CATALOG_COMMENT_OF("k", "pg_constraint") \
    " WHERE k.contype IN ('c', 'f', 'p', 'u', 'x') AND (k.contype <> 'f' OR k.conparentid = 0)" \
    " AND " CATALOG_IS_RELATION

#define INDEXES \
    "SELECT 'index', quote_ident(n.nspname) || '.' || quote_ident(ic.relname), " \
    CATALOG_RELATION_KIND ", " CATALOG_RELATION ", " \
    "pg_get_indexdef(i.indexrelid) AS definition, " \
    CATALOG_UNLESS("i.indisvalid") " AS valid, " \
    CATALOG_UNLESS("i.indisready") " AS ready, " \
    "CASE WHEN ic.reltablespace <> 0 THEN (SELECT t.spcname FROM pg_tablespace t" \
    " WHERE t.oid = ic.reltablespace) END AS tablespace, " \
    "CASE WHEN ic.relispartition THEN (SELECT quote_ident(pn.nspname) || '.' ||" \
    " quote_ident(p.relname) FROM pg_inherits h JOIN pg_class p ON p.oid = h.inhparent" \
    " JOIN pg_namespace pn ON pn.oid = p.relnamespace WHERE h.inhrelid = ic.oid) END" \
    " AS \"partition of\", " \
    "CASE WHEN i.indnatts > 0 AND i.indexprs IS NOT NULL THEN (SELECT string_agg(" \
    "a.attname || ' ' || a.attstattarget, ', ' ORDER BY a.attnum) FROM pg_attribute a" \
    " WHERE a.attrelid = ic.oid AND a.attstattarget >= 0) END AS \"statistics targets\", " \
    CATALOG_COMMENT \
    CATALOG_FROM_RELATION " JOIN pg_index i ON i.indrelid = c.oid" \
    " JOIN pg_class ic ON ic.oid = i.indexrelid" \
    " LEFT JOIN pg_constraint k ON k.conindid = i.indexrelid AND k.conrelid = i.indrelid" \
    " AND k.contype IN ('p', 'u', 'x')" \
    CATALOG_COMMENT_OF("ic", "pg_class") \
    " WHERE k.oid IS NULL AND c.relkind IN ('r', 'p', 'm') AND " CATALOG_IS_RELATION

#define SEQUENCES \
    "SELECT 'sequence', " CATALOG_RELATION ", " \
    "CASE WHEN o.oid IS NOT NULL THEN 'table' END, o.name, " \
    CATALOG_OWNER("c.relowner") \
    "format_type(s.seqtypid, NULL) AS type, s.seqstart AS start, s.seqincrement AS increment, " \
    "s.seqmin AS minimum, s.seqmax AS maximum, s.seqcache AS cache, " \
    CATALOG_IF("s.seqcycle") " AS cycle, " \
    "o.name || '.' || quote_ident(o.attname) AS \"owned by\", " \
    "CASE c.relpersistence WHEN 'u' THEN 'unlogged' END AS persistence, " \
    CATALOG_GRANTS("c.relacl", "s", "c.relowner") CATALOG_COMMENT \
    CATALOG_FROM_RELATION " JOIN pg_sequence s ON s.seqrelid = c.oid" \
    " LEFT JOIN (SELECT d.objid AS oid, " CATALOG_RELATION " AS name, a.attname FROM pg_depend d" \
    " JOIN pg_class c ON c.oid = d.refobjid JOIN pg_namespace n ON n.oid = c.relnamespace" \
    " JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid" \
    " WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass" \
    " AND d.objsubid = 0 AND d.refobjsubid > 0 AND d.deptype IN ('a', 'i')" \
    " AND EXISTS (SELECT FROM pg_sequence q WHERE q.seqrelid = d.objid)) o ON o.oid = c.oid" \
    CATALOG_COMMENT_OF("c", "pg_class") \
    " WHERE c.relkind = 'S' AND " CATALOG_IS_RELATION

#define TRIGGERS \
    "SELECT 'trigger', " CATALOG_ON("t.tgname") \
    "pg_get_triggerdef(t.oid) AS definition, " CATALOG_ENABLED("t.tgenabled") CATALOG_COMMENT \
    CATALOG_FROM_RELATION " JOIN pg_trigger t ON t.tgrelid = c.oid AND NOT t.tgisinternal" \
    CATALOG_COMMENT_OF("t", "pg_trigger") \
    " WHERE " CATALOG_IS_RELATION

#define RULES \
    "SELECT 'rule', " CATALOG_ON("r.rulename") \
    "pg_get_ruledef(r.oid) AS definition, " CATALOG_ENABLED("r.ev_enabled") CATALOG_COMMENT \
    CATALOG_FROM_RELATION " JOIN pg_rewrite r ON r.ev_class = c.oid AND r.rulename <> '_RETURN'" \
    CATALOG_COMMENT_OF("r", "pg_rewrite") \
    " WHERE " CATALOG_IS_RELATION

#define POLICIES \
    "SELECT 'policy', " CATALOG_ON("p.polname") \
    "CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE'" \
    " WHEN 'd' THEN 'DELETE' ELSE 'ALL' END AS command, " \
    "CASE WHEN p.polpermissive THEN 'PERMISSIVE' ELSE 'RESTRICTIVE' END AS \"as\", " \
    "(SELECT string_agg(CASE WHEN o = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(o)) END," \
    " ', ' ORDER BY pg_get_userbyid(o)) FROM unnest(p.polroles) o) AS roles, " \
    "pg_get_expr(p.polqual, p.polrelid) AS \"using\", " \
    "pg_get_expr(p.polwithcheck, p.polrelid) AS \"with check\", " CATALOG_COMMENT \
    CATALOG_FROM_RELATION " JOIN pg_policy p ON p.polrelid = c.oid" \
    CATALOG_COMMENT_OF("p", "pg_policy") \
    " WHERE " CATALOG_IS_RELATION

/* What came with something else, as the constructors of a range did, is part of that. */
#define FUNCTIONS \
    "SELECT CASE p.prokind WHEN 'p' THEN 'procedure' ELSE 'function' END, " \
    CATALOG_NAME("p.proname") " || '(' || oidvectortypes(p.proargtypes) || ')', " CATALOG_ALONE \
    CATALOG_OWNER("p.proowner") \
    "pg_get_functiondef(p.oid) AS definition, " \
    CATALOG_GRANTS("p.proacl", "f", "p.proowner") CATALOG_COMMENT \
    " FROM pg_proc p" CATALOG_IN_SCHEMA("p.pronamespace") CATALOG_COMMENT_OF("p", "pg_proc") \
    " WHERE p.prokind <> 'a' AND " CATALOG_NOT_PART("p", "pg_proc") \
    " AND " CATALOG_OURS("p", "pg_proc")

#define FUNCTION_OF(column) "'" column " ' || NULLIF(a.agg" column "::oid, 0)::regproc"

#define AGGREGATES \
    "SELECT 'aggregate', " \
    CATALOG_NAME("p.proname") " || '(' || oidvectortypes(p.proargtypes) || ')', " CATALOG_ALONE \
    CATALOG_OWNER("p.proowner") \
    "concat_ws(', ', 'arguments ' || NULLIF(pg_get_function_arguments(p.oid), '')," \
    " 'stype ' || format_type(a.aggtranstype, NULL), 'sspace ' || NULLIF(a.aggtransspace, 0)," \
    " " FUNCTION_OF("transfn") ", " FUNCTION_OF("finalfn") ", " FUNCTION_OF("combinefn") "," \
    " " FUNCTION_OF("serialfn") ", " FUNCTION_OF("deserialfn") "," \
    " " FUNCTION_OF("mtransfn") ", " FUNCTION_OF("minvtransfn") ", " FUNCTION_OF("mfinalfn") "," \
    " 'mstype ' || format_type(NULLIF(a.aggmtranstype, 0), NULL)," \
    " 'initcond ' || quote_literal(a.agginitval), 'minitcond ' || quote_literal(a.aggminitval)," \
    " 'sortop ' || NULLIF(a.aggsortop, 0)::regoperator, 'kind ' || NULLIF(a.aggkind, 'n')::text," \
    " 'parallel ' || p.proparallel::text, CASE WHEN a.aggfinalextra THEN 'finalfunc_extra' END)" \
    " AS definition, " \
    CATALOG_GRANTS("p.proacl", "f", "p.proowner") CATALOG_COMMENT \
    " FROM pg_aggregate a JOIN pg_proc p ON p.oid = a.aggfnoid" \
    CATALOG_IN_SCHEMA("p.pronamespace") CATALOG_COMMENT_OF("p", "pg_proc") \
    " WHERE " CATALOG_OURS("p", "pg_proc")

/* Enums, domains, ranges, composite types and those in C; neither arrays nor the rows of tables. */
#define TYPES \
    "SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range'" \
    " ELSE 'type' END, " CATALOG_NAME("t.typname") ", " CATALOG_ALONE \
    CATALOG_OWNER("t.typowner") \
    "CASE WHEN t.typtype = 'e' THEN (SELECT string_agg(quote_literal(l.enumlabel), ', '" \
    " ORDER BY l.enumsortorder) FROM pg_enum l WHERE l.enumtypid = t.oid) END AS labels, " \
    "CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS type, " \
    "CASE WHEN t.typtype = 'd' THEN t.typdefault END AS \"default\", " \
    "CASE WHEN t.typtype = 'd' AND t.typnotnull THEN 'yes' END AS \"not null\", " \
    "CASE WHEN t.typtype = 'd' AND t.typcollation <> b.typcollation THEN " \
    CATALOG_COLLATION("t.typcollation") " END AS collation, " \
    "CASE WHEN t.typtype = 'r' THEN concat_ws(', ', 'subtype ' || format_type(r.rngsubtype, NULL)," \
    " 'collation ' || " CATALOG_COLLATION("r.rngcollation") "," \
    " 'subtype_opclass ' || (SELECT quote_ident(o.opcname) FROM pg_opclass o" \
    " WHERE o.oid = r.rngsubopc)," \
    " 'canonical ' || NULLIF(r.rngcanonical::oid, 0)::regproc," \
    " 'subtype_diff ' || NULLIF(r.rngsubdiff::oid, 0)::regproc," \
    " 'multirange ' || format_type((to_jsonb(r) ->> 'rngmultitypid')::oid, NULL)) END" \
    " AS definition, " \
    "CASE WHEN t.typtype = 'p' THEN 'yes' END AS shell, " \
    "CASE WHEN t.typtype = 'b' THEN concat_ws(', ', 'input ' || t.typinput, 'output ' ||" \
    " t.typoutput, 'receive ' || NULLIF(t.typreceive::oid, 0)::regproc," \
    " 'send ' || NULLIF(t.typsend::oid, 0)::regproc, 'length ' || t.typlen," \
    " CASE WHEN t.typbyval THEN 'passedbyvalue' END, 'alignment ' || t.typalign::text," \
    " 'storage ' || t.typstorage::text, 'category ' || t.typcategory::text," \
    " 'default ' || t.typdefault, 'element ' || format_type(NULLIF(t.typelem, 0), NULL)) END" \
    " AS base, " \
    CATALOG_GRANTS("t.typacl", "T", "t.typowner") CATALOG_COMMENT \
    " FROM pg_type t" CATALOG_IN_SCHEMA("t.typnamespace") \
    " LEFT JOIN pg_type b ON b.oid = t.typbasetype" \
    " LEFT JOIN pg_range r ON r.rngtypid = t.oid" \
    CATALOG_COMMENT_OF("t", "pg_type") \
    " WHERE (t.typtype IN ('e', 'd', 'r') OR (t.typtype = 'p' AND NOT t.typisdefined)" \
    " OR (t.typtype = 'c' AND EXISTS (SELECT FROM pg_class c WHERE c.oid = t.typrelid" \
    " AND c.relkind = 'c')) OR (t.typtype = 'b' AND NOT EXISTS (SELECT FROM pg_type e" \
    " WHERE e.oid = t.typelem AND e.typarray = t.oid)))" \
    " AND " CATALOG_OURS("t", "pg_type")

#define DOMAIN_CONSTRAINTS \
    "SELECT 'constraint', quote_ident(k.conname) || ' ON DOMAIN ' || " CATALOG_NAME("t.typname") \
    ", 'domain', " CATALOG_NAME("t.typname") ", " \
    "regexp_replace(pg_get_constraintdef(k.oid), ' NOT VALID$', '') AS definition, " \
    CATALOG_UNLESS("k.convalidated") " AS valid, " CATALOG_COMMENT \
    " FROM pg_constraint k JOIN pg_type t ON t.oid = k.contypid" \
    CATALOG_IN_SCHEMA("t.typnamespace") CATALOG_COMMENT_OF("k", "pg_constraint") \
    " WHERE k.contypid <> 0 AND k.contype = 'c' AND " CATALOG_OURS("t", "pg_type")

#define EXTENSIONS \
    "SELECT 'extension', quote_ident(e.extname), " CATALOG_ALONE \
    "e.extversion AS version, quote_ident(n.nspname) AS schema, " CATALOG_COMMENT \
    " FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace" \
    CATALOG_COMMENT_OF("e", "pg_extension")

const struct catalog_query catalog_queries[] = {
    {0, 0, SCHEMAS},
    {0, 0, RELATIONS},
    {0, 140000, COLUMNS(NOT_NULL, "")},
    {140000, 180000, COLUMNS(NOT_NULL, COMPRESSION)},
    {180000, 0, COLUMNS(NOT_NULL_CONSTRAINT, COMPRESSION)},
    {0, 0, CONSTRAINTS},
    {0, 0, INDEXES},
    {0, 0, SEQUENCES},
    {0, 0, TRIGGERS},
    {0, 0, RULES},
    {0, 0, POLICIES},
    {0, 0, FUNCTIONS},
    {0, 0, AGGREGATES},
    {0, 0, TYPES},
    {0, 0, DOMAIN_CONSTRAINTS},
    {0, 0, EXTENSIONS},
    {0, 0, NULL},
};
