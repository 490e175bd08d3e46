/* What the server is asked about the kinds of objects that few schemas have. */
#include "database/postgres/catalog_internal.h"

/* clang-format off */

#define ROLE(column) "quote_ident(pg_get_userbyid(" column "))"

#define DEFAULT_PRIVILEGES \
    "SELECT 'default privileges', 'FOR ROLE ' || " ROLE("d.defaclrole") " || CASE WHEN" \
    " d.defaclnamespace <> 0 THEN ' IN SCHEMA ' || quote_ident(n.nspname) ELSE '' END ||" \
    " ' ON ' || CASE d.defaclobjtype WHEN 'r' THEN 'TABLES' WHEN 'S' THEN 'SEQUENCES'" \
    " WHEN 'f' THEN 'FUNCTIONS' WHEN 'T' THEN 'TYPES' WHEN 'n' THEN 'SCHEMAS'" \
    " ELSE 'LARGE OBJECTS' END, " CATALOG_ALONE \
    "array_to_string(d.defaclacl, E'\\n') AS acl, " \
    "CASE WHEN d.defaclnamespace = 0 THEN array_to_string(acldefault(CASE d.defaclobjtype" \
    " WHEN 'S' THEN 's'::\"char\" ELSE d.defaclobjtype END, d.defaclrole), E'\\n') ELSE '' END" \
    " AS \"acl default\", pg_get_userbyid(d.defaclrole) AS \"acl owner\"" \
    " FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace" \
    " WHERE n.nspname IS DISTINCT FROM @OWN@"

#define EVENT_TRIGGERS \
    "SELECT 'event trigger', quote_ident(t.evtname), " CATALOG_ALONE \
    CATALOG_OWNER("t.evtowner") "t.evtevent AS event, t.evtfoid::regprocedure AS function, " \
    CATALOG_OPTIONS("t.evttags") " AS tags, " CATALOG_ENABLED("t.evtenabled") CATALOG_COMMENT \
    " FROM pg_event_trigger t" CATALOG_COMMENT_OF("t", "pg_event_trigger") \
    " WHERE " CATALOG_OURS("t", "pg_event_trigger")

#define STATISTICS \
    "SELECT 'statistics', quote_ident(sn.nspname) || '.' || quote_ident(s.stxname), " \
    CATALOG_RELATION_KIND ", " CATALOG_RELATION ", " \
    CATALOG_OWNER("s.stxowner") "pg_get_statisticsobjdef(s.oid) AS definition, " \
    "CASE WHEN s.stxstattarget >= 0 THEN s.stxstattarget END AS \"statistics target\", " \
    CATALOG_COMMENT CATALOG_FROM_RELATION \
    " JOIN pg_statistic_ext s ON s.stxrelid = c.oid" \
    " JOIN pg_namespace sn ON sn.oid = s.stxnamespace" \
    CATALOG_COMMENT_OF("s", "pg_statistic_ext") \
    " WHERE " CATALOG_IS_RELATION

#define PUBLISHED(columns, rows) \
    "(SELECT string_agg(quote_ident(n.nspname) || '.' || quote_ident(c.relname)" columns rows \
    ", ', ' ORDER BY n.nspname, c.relname) FROM pg_publication_rel r" \
    " JOIN pg_class c ON c.oid = r.prrelid JOIN pg_namespace n ON n.oid = c.relnamespace" \
    " WHERE r.prpubid = p.oid) AS tables, "
#define PUBLISHED_COLUMNS \
    " || coalesce(' (' || (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)" \
    " FROM pg_attribute a WHERE a.attrelid = r.prrelid AND a.attnum = ANY (r.prattrs)) || ')', '')"
#define PUBLISHED_ROWS " || coalesce(' WHERE ' || pg_get_expr(r.prqual, r.prrelid), '')"
#define PUBLISHED_SCHEMAS \
    "(SELECT string_agg(quote_ident(n.nspname), ', ' ORDER BY n.nspname)" \
    " FROM pg_publication_namespace r JOIN pg_namespace n ON n.oid = r.pnnspid" \
    " WHERE r.pnpubid = p.oid) AS schemas, "

#define PUBLICATIONS(tables, schemas) \
    "SELECT 'publication', quote_ident(p.pubname), " CATALOG_ALONE \
    CATALOG_OWNER("p.pubowner") CATALOG_IF("p.puballtables") " AS \"all tables\", " \
    "NULLIF(concat_ws(', ', CASE WHEN p.pubinsert THEN 'insert' END," \
    " CASE WHEN p.pubupdate THEN 'update' END, CASE WHEN p.pubdelete THEN 'delete' END," \
    " CASE WHEN p.pubtruncate THEN 'truncate' END), 'insert, update, delete, truncate')" \
    " AS publish, " CATALOG_IF("p.pubviaroot") " AS \"via root\", " \
    "NULLIF(to_jsonb(p) ->> 'pubgencols', 'n') AS \"generated columns\", " \
    tables schemas CATALOG_COMMENT \
    " FROM pg_publication p" CATALOG_COMMENT_OF("p", "pg_publication") \
    " WHERE " CATALOG_OURS("p", "pg_publication")

/* How it connects is not for everybody to read, and has a password in it. */
#define SUBSCRIPTIONS \
    "SELECT 'subscription', quote_ident(s.subname), " CATALOG_ALONE \
    CATALOG_OWNER("s.subowner") CATALOG_UNLESS("s.subenabled") " AS enabled, " \
    "s.subslotname AS slot, " CATALOG_OPTIONS("s.subpublications") " AS publications" \
    " FROM pg_subscription s WHERE s.subdbid = (SELECT d.oid FROM pg_database d" \
    " WHERE d.datname = current_database())"

#define WITHOUT "'oid', 'collname', 'collnamespace', 'collowner', 'collversion', 'collencoding'"

#define COLLATIONS \
    "SELECT 'collation', " CATALOG_NAME("l.collname") ", " CATALOG_ALONE \
    CATALOG_OWNER("l.collowner") "(to_jsonb(l) - ARRAY[" WITHOUT "])::text AS definition, " \
    CATALOG_COMMENT " FROM pg_collation l" CATALOG_IN_SCHEMA("l.collnamespace") \
    CATALOG_COMMENT_OF("l", "pg_collation") \
    " WHERE l.collencoding IN (-1, (SELECT d.encoding FROM pg_database d" \
    " WHERE d.datname = current_database())) AND " CATALOG_OURS("l", "pg_collation")

#define CONVERSIONS \
    "SELECT 'conversion', " CATALOG_NAME("v.conname") ", " CATALOG_ALONE \
    CATALOG_OWNER("v.conowner") "concat_ws(' ', pg_encoding_to_char(v.conforencoding), 'to'," \
    " pg_encoding_to_char(v.contoencoding), 'by', v.conproc, CASE WHEN v.condefault" \
    " THEN 'as default' END) AS definition, " CATALOG_COMMENT \
    " FROM pg_conversion v" CATALOG_IN_SCHEMA("v.connamespace") \
    CATALOG_COMMENT_OF("v", "pg_conversion") " WHERE " CATALOG_OURS("v", "pg_conversion")

/* What initdb made has an oid below this. */
#define OF_A_USER(alias, class) alias ".oid >= 16384 AND " CATALOG_OURS(alias, class)

#define CASTS \
    "SELECT 'cast', '(' || format_type(s.castsource, NULL) || ' AS ' ||" \
    " format_type(s.casttarget, NULL) || ')', " CATALOG_ALONE \
    "CASE WHEN s.castfunc <> 0 THEN s.castfunc::regprocedure END AS function, " \
    "CASE s.castmethod WHEN 'i' THEN 'inout' WHEN 'b' THEN 'binary' END AS method, " \
    "CASE s.castcontext WHEN 'a' THEN 'assignment' WHEN 'i' THEN 'implicit' END AS context, " \
    CATALOG_COMMENT " FROM pg_cast s" CATALOG_COMMENT_OF("s", "pg_cast") \
    " WHERE " CATALOG_NOT_PART("s", "pg_cast") " AND " OF_A_USER("s", "pg_cast")

#define OPERATORS \
    "SELECT 'operator', quote_ident(n.nspname) || '.' || o.oprname || '(' ||" \
    " CASE WHEN o.oprleft = 0 THEN 'NONE' ELSE format_type(o.oprleft, NULL) END || ', ' ||" \
    " CASE WHEN o.oprright = 0 THEN 'NONE' ELSE format_type(o.oprright, NULL) END || ')', " \
    CATALOG_ALONE CATALOG_OWNER("o.oprowner") \
    "NULLIF(o.oprcode::oid, 0)::regprocedure AS function, " \
    "NULLIF(o.oprcom, 0)::regoperator AS commutator, " \
    "NULLIF(o.oprnegate, 0)::regoperator AS negator, " \
    "NULLIF(o.oprrest::oid, 0)::regproc AS restrict, NULLIF(o.oprjoin::oid, 0)::regproc AS join, " \
    CATALOG_IF("o.oprcanmerge") " AS merges, " CATALOG_IF("o.oprcanhash") " AS hashes, " \
    CATALOG_COMMENT " FROM pg_operator o" CATALOG_IN_SCHEMA("o.oprnamespace") \
    CATALOG_COMMENT_OF("o", "pg_operator") " WHERE " CATALOG_OURS("o", "pg_operator")

#define OPERATOR_CLASSES \
    "SELECT 'operator class', " CATALOG_NAME("o.opcname") " || ' USING ' || am.amname, " \
    CATALOG_ALONE CATALOG_OWNER("o.opcowner") \
    "format_type(o.opcintype, NULL) AS type, " CATALOG_IF("o.opcdefault") " AS \"default\", " \
    "CASE WHEN o.opckeytype <> 0 THEN format_type(o.opckeytype, NULL) END AS storage, " \
    "quote_ident(fn.nspname) || '.' || quote_ident(f.opfname) AS family, " CATALOG_COMMENT \
    " FROM pg_opclass o" CATALOG_IN_SCHEMA("o.opcnamespace") " JOIN pg_am am ON am.oid = o.opcmethod" \
    " JOIN pg_opfamily f ON f.oid = o.opcfamily JOIN pg_namespace fn ON fn.oid = f.opfnamespace" \
    CATALOG_COMMENT_OF("o", "pg_opclass") " WHERE " CATALOG_OURS("o", "pg_opclass")

#define OPERATOR_FAMILIES \
    "SELECT 'operator family', " CATALOG_NAME("f.opfname") " || ' USING ' || am.amname, " \
    CATALOG_ALONE CATALOG_OWNER("f.opfowner") \
    "(SELECT string_agg(o.amopstrategy || ' ' || o.amopopr::regoperator, ', ' ORDER BY" \
    " o.amopstrategy, o.amopopr::regoperator::text COLLATE \"C\") FROM pg_amop o" \
    " WHERE o.amopfamily = f.oid) AS operators, " \
    "(SELECT string_agg(o.amprocnum || ' ' || o.amproc::regprocedure, ', ' ORDER BY" \
    " o.amprocnum, o.amproc::regprocedure::text COLLATE \"C\") FROM pg_amproc o" \
    " WHERE o.amprocfamily = f.oid) AS functions, " CATALOG_COMMENT \
    " FROM pg_opfamily f" CATALOG_IN_SCHEMA("f.opfnamespace") " JOIN pg_am am ON am.oid = f.opfmethod" \
    CATALOG_COMMENT_OF("f", "pg_opfamily") " WHERE " CATALOG_OURS("f", "pg_opfamily")

#define LANGUAGES \
    "SELECT 'language', quote_ident(l.lanname), " CATALOG_ALONE CATALOG_OWNER("l.lanowner") \
    CATALOG_IF("l.lanpltrusted") " AS trusted, " \
    "NULLIF(l.lanplcallfoid, 0)::regprocedure AS handler, " \
    "NULLIF(l.laninline, 0)::regprocedure AS inline, " \
    "NULLIF(l.lanvalidator, 0)::regprocedure AS validator, " \
    CATALOG_GRANTS("l.lanacl", "l", "l.lanowner") CATALOG_COMMENT \
    " FROM pg_language l" CATALOG_COMMENT_OF("l", "pg_language") \
    " WHERE " OF_A_USER("l", "pg_language")

#define TRANSFORMS \
    "SELECT 'transform', 'FOR ' || format_type(t.trftype, NULL) || ' LANGUAGE ' ||" \
    " quote_ident(l.lanname), " CATALOG_ALONE \
    "NULLIF(t.trffromsql::oid, 0)::regprocedure AS \"from sql\", " \
    "NULLIF(t.trftosql::oid, 0)::regprocedure AS \"to sql\", " CATALOG_COMMENT \
    " FROM pg_transform t JOIN pg_language l ON l.oid = t.trflang" \
    CATALOG_COMMENT_OF("t", "pg_transform") " WHERE " CATALOG_OURS("t", "pg_transform")

#define ACCESS_METHODS \
    "SELECT 'access method', quote_ident(m.amname), " CATALOG_ALONE \
    "CASE m.amtype WHEN 't' THEN 'table' ELSE 'index' END AS type, m.amhandler AS handler, " \
    CATALOG_COMMENT " FROM pg_am m" CATALOG_COMMENT_OF("m", "pg_am") \
    " WHERE " OF_A_USER("m", "pg_am")

#define FOREIGN_DATA_WRAPPERS \
    "SELECT 'foreign data wrapper', quote_ident(f.fdwname), " CATALOG_ALONE \
    CATALOG_OWNER("f.fdwowner") "NULLIF(f.fdwhandler, 0)::regprocedure AS handler, " \
    "NULLIF(f.fdwvalidator, 0)::regprocedure AS validator, " \
    CATALOG_OPTIONS("f.fdwoptions") " AS options, " \
    CATALOG_GRANTS("f.fdwacl", "F", "f.fdwowner") CATALOG_COMMENT \
    " FROM pg_foreign_data_wrapper f" CATALOG_COMMENT_OF("f", "pg_foreign_data_wrapper") \
    " WHERE " CATALOG_OURS("f", "pg_foreign_data_wrapper")

#define FOREIGN_SERVERS \
    "SELECT 'foreign server', quote_ident(s.srvname), " CATALOG_ALONE \
    CATALOG_OWNER("s.srvowner") "quote_ident(f.fdwname) AS wrapper, s.srvtype AS type, " \
    "s.srvversion AS version, " CATALOG_OPTIONS("s.srvoptions") " AS options, " \
    CATALOG_GRANTS("s.srvacl", "S", "s.srvowner") CATALOG_COMMENT \
    " FROM pg_foreign_server s JOIN pg_foreign_data_wrapper f ON f.oid = s.srvfdw" \
    CATALOG_COMMENT_OF("s", "pg_foreign_server") \
    " WHERE " CATALOG_OURS("s", "pg_foreign_server")

/* Their options have passwords in them, and are not for everybody to read. */
#define USER_MAPPINGS \
    "SELECT 'user mapping', 'FOR ' || CASE WHEN u.umuser = 0 THEN 'PUBLIC' ELSE quote_ident(" \
    "u.usename) END || ' SERVER ' || quote_ident(u.srvname), " CATALOG_ALONE \
    "NULL AS options FROM pg_user_mappings u"

#define TEXT_SEARCH_CONFIGURATIONS \
    "SELECT 'text search configuration', " CATALOG_NAME("f.cfgname") ", " CATALOG_ALONE \
    CATALOG_OWNER("f.cfgowner") \
    "(SELECT quote_ident(pn.nspname) || '.' || quote_ident(p.prsname) FROM pg_ts_parser p" \
    " JOIN pg_namespace pn ON pn.oid = p.prsnamespace WHERE p.oid = f.cfgparser) AS parser, " \
    "(SELECT string_agg(m.maptokentype || ' ' || m.mapdict::regdictionary, ', '" \
    " ORDER BY m.maptokentype, m.mapseqno) FROM pg_ts_config_map m WHERE m.mapcfg = f.oid)" \
    " AS mappings, " CATALOG_COMMENT \
    " FROM pg_ts_config f" CATALOG_IN_SCHEMA("f.cfgnamespace") \
    CATALOG_COMMENT_OF("f", "pg_ts_config") " WHERE " CATALOG_OURS("f", "pg_ts_config")

#define TEXT_SEARCH_DICTIONARIES \
    "SELECT 'text search dictionary', " CATALOG_NAME("d.dictname") ", " CATALOG_ALONE \
    CATALOG_OWNER("d.dictowner") \
    "(SELECT quote_ident(tn.nspname) || '.' || quote_ident(t.tmplname) FROM pg_ts_template t" \
    " JOIN pg_namespace tn ON tn.oid = t.tmplnamespace WHERE t.oid = d.dicttemplate)" \
    " AS template, d.dictinitoption AS options, " CATALOG_COMMENT \
    " FROM pg_ts_dict d" CATALOG_IN_SCHEMA("d.dictnamespace") \
    CATALOG_COMMENT_OF("d", "pg_ts_dict") " WHERE " CATALOG_OURS("d", "pg_ts_dict")

const struct catalog_query catalog_queries_rare[] = {
    {0, 0, DEFAULT_PRIVILEGES},
    {0, 0, EVENT_TRIGGERS},
    {0, 0, STATISTICS},
    {0, 150000, PUBLICATIONS(PUBLISHED("", ""), "")},
    {150000, 0, PUBLICATIONS(PUBLISHED(PUBLISHED_COLUMNS, PUBLISHED_ROWS), PUBLISHED_SCHEMAS)},
    {0, 0, SUBSCRIPTIONS},
    {0, 0, COLLATIONS},
    {0, 0, CONVERSIONS},
    {0, 0, CASTS},
    {0, 0, OPERATORS},
    {0, 0, OPERATOR_CLASSES},
    {0, 0, OPERATOR_FAMILIES},
    {0, 0, LANGUAGES},
    {0, 0, TRANSFORMS},
    {0, 0, ACCESS_METHODS},
    {0, 0, FOREIGN_DATA_WRAPPERS},
    {0, 0, FOREIGN_SERVERS},
    {0, 0, USER_MAPPINGS},
    {0, 0, TEXT_SEARCH_CONFIGURATIONS},
    {0, 0, TEXT_SEARCH_DICTIONARIES},
    {0, 0, NULL},
};
