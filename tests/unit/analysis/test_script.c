/* Statement boundaries and places, and the errors that no server is needed for. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/script.h"

/* The statements, each between "{" and "}"; an error as its message. */
static char *pieces(const char *text, gsize length, enum sql_dialect dialect)
{
    g_autoptr(GError) error = NULL;
    AUTOPTR(script) *script = script_parse(text, length, dialect, FALSE, "x.sql", &error);
    GString *out = g_string_new(script == NULL ? error->message : NULL);
    for (guint i = 0; script != NULL && i < script->statements->len; i++) {
        struct script_statement *at =
            &g_array_index(script->statements, struct script_statement, i);
        g_string_append_c(out, '{');
        g_string_append_len(out, text + at->offset, (gssize)at->length);
        g_string_append_c(out, '}');
    }
    return g_string_free(out, FALSE);
}

struct row {
    const char *text;
    const char *pieces;
};

static void check_rows(const struct row *rows, gsize count, enum sql_dialect dialect)
{
    for (gsize i = 0; i < count; i++) {
        g_autofree char *found = pieces(rows[i].text, strlen(rows[i].text), dialect);
        if (strcmp(found, rows[i].pieces) != 0)
            fail_msg("%s: %s, not %s", rows[i].text, found, rows[i].pieces);
    }
}

static void script__parse__splits_postgresql(void **state)
{
    static const struct row rows[] = {
        {"", ""},
        {" \n-- only\n/* comments */", ""},
        {";;; ;", ""},
        {"a", "{a}"},
        {"a;", "{a}"},
        {"a;b", "{a}{b}"},
        {" a ; ; b ; ", "{a}{b}"},
        {"-- x\na -- y;\n;/* z; */b /* w */", "{a}{b}"},
        {"a /* in; */ b -- out", "{a /* in; */ b}"},
        {"SELECT ';'; b", "{SELECT ';'}{b}"},
        {"SELECT 'it''s;'; b", "{SELECT 'it''s;'}{b}"},
        {"SELECT 'a\\'; b", "{SELECT 'a\\'}{b}"},
        {"SELECT E'a\\';'; b", "{SELECT E'a\\';'}{b}"},
        {"SELECT E'a'\n'\\';'; b", "{SELECT E'a'\n'\\';'}{b}"},
        {"SELECT \";\" ; b", "{SELECT \";\"}{b}"},
        {"SELECT U&\";\" ; b", "{SELECT U&\";\"}{b}"},
        {"SELECT $$;$$; b", "{SELECT $$;$$}{b}"},
        {"SELECT $a$;$$;$b$;$a$; b", "{SELECT $a$;$$;$b$;$a$}{b}"},
        {"SELECT a$b$c; d$b$", "{SELECT a$b$c}{d$b$}"},
        {"SELECT $1; b", "{SELECT $1}{b}"},
        {"a/* /* ; */ ; */; b", "{a}{b}"},
        {"a\r\n;\r\nb\r\n", "{a}{b}"},
        {"-- mac\ra;b", "{a}{b}"},
        {"SELECT 1--;\n;b", "{SELECT 1}{b}"},
        {"SELECT 1*--;\n2;b", "{SELECT 1*--;\n2}{b}"},
        {"a\f;\vb", "{a}{b}"},
        {"a\xc2\xa0;b", "{a\xc2\xa0}{b}"},
        {"CREATE RULE r AS ON INSERT TO t DO (a; b); c",
         "{CREATE RULE r AS ON INSERT TO t DO (a; b)}{c}"},
        {"SELECT (1;2); b", "{SELECT (1;2)}{b}"},
        {"a); b", "{a)}{b}"},
        {"SELECT x[1;2]; b", "{SELECT x[1}{2]}{b}"},
        {"CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END; b",
         "{CREATE FUNCTION f() RETURNS int BEGIN ATOMIC SELECT 1; SELECT 2; END}{b}"},
        {"create or replace procedure p() begin /*x*/ atomic select case when a then case b when 1 "
         "then 2 end else 3 end; end; b",
         "{create or replace procedure p() begin /*x*/ atomic select case when a then case b when "
         "1 "
         "then 2 end else 3 end; end}{b}"},
        {"CREATE FUNCTION f(begin int, \"end\" int) BEGIN ATOMIC SELECT t.end, 1 AS case, begin; "
         "END; b",
         "{CREATE FUNCTION f(begin int, \"end\" int) BEGIN ATOMIC SELECT t.end, 1 AS case, begin; "
         "END}{b}"},
        {"CREATE FUNCTION f() BEGIN ATOMIC SELECT (CASE WHEN a THEN 1 END); END; b",
         "{CREATE FUNCTION f() BEGIN ATOMIC SELECT (CASE WHEN a THEN 1 END); END}{b}"},
        {"CREATE FUNCTION f() BEGIN ATOMIC END; b", "{CREATE FUNCTION f() BEGIN ATOMIC END}{b}"},
        {"CREATE TABLE begin (atomic int); b", "{CREATE TABLE begin (atomic int)}{b}"},
        {"SELECT begin atomic; b", "{SELECT begin atomic}{b}"},
        {"CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN CASE WHEN a THEN 1 END; b",
         "{CREATE FUNCTION f() RETURNS int LANGUAGE sql RETURN CASE WHEN a THEN 1 END}{b}"},
        {"CREATE FUNCTION f() AS $f$ BEGIN a; END; $f$ LANGUAGE plpgsql; b",
         "{CREATE FUNCTION f() AS $f$ BEGIN a; END; $f$ LANGUAGE plpgsql}{b}"},
        {"DO 'BEGIN a; END'; b", "{DO 'BEGIN a; END'}{b}"},
        {"INSERT INTO t VALUES (E'#!/bin/sh\\n[ \"$1\" = \\'x\\' ] && echo $$; exit'); b",
         "{INSERT INTO t VALUES (E'#!/bin/sh\\n[ \"$1\" = \\'x\\' ] && echo $$; exit')}{b}"},
        {"CREATE SCHEMA s CREATE TABLE t (a int) CREATE VIEW v AS SELECT 1; b",
         "{CREATE SCHEMA s CREATE TABLE t (a int) CREATE VIEW v AS SELECT 1}{b}"},
        {"CREATE TRIGGER t AFTER INSERT ON x EXECUTE FUNCTION f(); b",
         "{CREATE TRIGGER t AFTER INSERT ON x EXECUTE FUNCTION f()}{b}"},
        {"SELECT a ->> 'b;', '{}'::jsonb #- '{a}' ; b",
         "{SELECT a ->> 'b;', '{}'::jsonb #- '{a}'}{b}"},
        {"SELECT 0x1F, 1_000, 1e5;b", "{SELECT 0x1F, 1_000, 1e5}{b}"},
        {"SELECT 'ü;'; ä", "{SELECT 'ü;'}{ä}"},
        {"SELECT 2", "{SELECT 2}"},
        {"'COPY t FROM stdin'; b", "{'COPY t FROM stdin'}{b}"},
    };
    (void)state;
    check_rows(rows, G_N_ELEMENTS(rows), SQL_POSTGRESQL);
}

static void script__parse__splits_sqlite(void **state)
{
    static const struct row rows[] = {
        {"a;b;", "{a}{b}"},
        {"SELECT `;`, [;], \";\", ';'; b", "{SELECT `;`, [;], \";\", ';'}{b}"},
        {"SELECT $$; b$$", "{SELECT $$}{b$$}"},
        {"/* a /* b */ c; d", "{c}{d}"},
        {"SELECT 'a\\'; b", "{SELECT 'a\\'}{b}"},
        {"CREATE TRIGGER t AFTER INSERT ON x BEGIN a; b; END; c",
         "{CREATE TRIGGER t AFTER INSERT ON x BEGIN a; b; END}{c}"},
        {"create temp trigger t begin select case when a then b end; end; c",
         "{create temp trigger t begin select case when a then b end; end}{c}"},
        {"CREATE TRIGGER t BEGIN a; -- x\n END -- y\n", "{CREATE TRIGGER t BEGIN a; -- x\n END}"},
        {"BEGIN; a; COMMIT", "{BEGIN}{a}{COMMIT}"},
        {"CREATE TABLE trigger (a); END; b", "{CREATE TABLE trigger (a)}{END}{b}"},
        {"SELECT (1;2)", "{SELECT (1}{2)}"},
        {"CREATE TRIGGER t BEGIN a; b;", "CREATE TRIGGER without END"},
        {"SELECT [a", "unterminated quoted name"},
    };
    (void)state;
    check_rows(rows, G_N_ELEMENTS(rows), SQL_SQLITE);
}

static void script__parse__says_where_what_is_wrong(void **state)
{
    static const struct {
        const char *text;
        const char *message;
        unsigned line;
        unsigned column;
        const char *line_text;
    } rows[] = {
        {"a;\n ü 'b\nc", "unterminated quoted string", 2, 4, " ü 'b"},
        {"a;\r\n\"b", "unterminated quoted name", 2, 1, "\"b"},
        {"/* /* */", "unterminated /* comment", 1, 1, "/* /* */"},
        {"a /*", "unterminated /* comment", 1, 3, "a /*"},
        {"a;\n\nSELECT $f$ b $F$", "unterminated dollar-quoted string", 3, 8, "SELECT $f$ b $F$"},
        {"a;\n\\i b.sql", "psql meta-command \\i: only psql knows it", 2, 1, "\\i b.sql"},
        {"SELECT 1 \\gset", "psql meta-command \\gset: only psql knows it", 1, 10,
         "SELECT 1 \\gset"},
        {"a;\n\\.\n", "psql meta-command \\.: only psql knows it", 2, 1, "\\."},
        {"\\", "psql meta-command \\: only psql knows it", 1, 1, "\\"},
        {"a;\nCOPY t FROM stdin;\n1\tit's\t\\N\n\\.\n",
         "COPY FROM STDIN needs data that a migration file cannot carry", 2, 1,
         "COPY t FROM stdin;"},
        {"SELECT 1;\nCREATE TABLE t (a int, b (c);\nSELECT 2;",
         "a parenthesis that is never closed", 2, 16, "CREATE TABLE t (a int, b (c);"},
        {"CREATE FUNCTION f()\n BEGIN ATOMIC SELECT 1;", "BEGIN ATOMIC without END", 2, 2,
         " BEGIN ATOMIC SELECT 1;"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        assert_null(script_parse(rows[i].text, strlen(rows[i].text), SQL_POSTGRESQL, FALSE, "x.sql",
                                 &error));
        assert_true(error_is(error, ERROR_SOURCE));
        assert_string_equal(error->message, rows[i].message);
        assert_string_equal(error_detail(error)->file, "x.sql");
        assert_int_equal(error_detail(error)->line, rows[i].line);
        assert_int_equal(error_detail(error)->column, rows[i].column);
        assert_string_equal(error_detail(error)->line_text, rows[i].line_text);
        assert_non_null(error_detail(error)->advice);
        assert_null(
            script_parse(rows[i].text, strlen(rows[i].text), SQL_POSTGRESQL, FALSE, "x.sql", NULL));
    }
}

static void script__parse__says_where_statements_are(void **state)
{
    static const char text[] = "-- head\n\r\n  ä; SELECT 'ü\n'; b;\r\n\tc";
    static const unsigned places[][2] = {{3, 3}, {3, 6}, {4, 4}, {5, 2}};
    g_autoptr(GError) error = NULL;
    AUTOPTR(script) *script =
        script_parse(text, sizeof(text) - 1, SQL_POSTGRESQL, FALSE, "x", &error);
    (void)state;
    assert_non_null(script);
    assert_int_equal(script->statements->len, G_N_ELEMENTS(places));
    for (guint i = 0; i < G_N_ELEMENTS(places); i++) {
        struct script_statement *at =
            &g_array_index(script->statements, struct script_statement, i);
        unsigned line, column;
        assert_int_equal(at->line, places[i][0]);
        assert_int_equal(at->column, places[i][1]);
        script_locate(text, sizeof(text) - 1, at->offset, &line, &column);
        assert_int_equal(line, places[i][0]);
        assert_int_equal(column, places[i][1]);
    }
}

static void script__locate__stays_within_the_text(void **state)
{
    unsigned line, column;
    (void)state;
    script_locate("a\nbc", 4, 100, &line, &column);
    assert_int_equal(line, 2);
    assert_int_equal(column, 3);
    script_locate("", 0, 0, &line, &column);
    assert_int_equal(line, 1);
    assert_int_equal(column, 1);
}

static void script__parse__counts_the_deepest_parentheses(void **state)
{
    static const char text[] = "SELECT ((1)), '((((('; SELECT (((1))), 2; SELECT (1)";
    AUTOPTR(script) *script =
        script_parse(text, sizeof(text) - 1, SQL_POSTGRESQL, FALSE, "x", NULL);
    (void)state;
    assert_int_equal(script->depth, 3);
}

/* What would take minutes if any part of it were more than linear. */
static void script__parse__is_linear(void **state)
{
    static const struct {
        const char *head;
        const char *repeated;
        const char *tail;
    } rows[] = {
        {"", "SELECT E'#!/bin/sh\\necho \\'$1; x\\'', $b$ it's; $b$;\n", ""},
        {"SELECT ", "(", ""},
        {"CREATE TABLE t ", "begin atomic ", ""},
        {"", "/*", ""},
        {"SELECT ", "$a ", ""},
        {"SELECT ", "$a", ""},
        {"SELECT $a$", "$a ", "$a$"},
        {"SELECT ", "'a' \n\n--\n", ""},
        {"ALTER TABLE t ", "DETACH PARTITION ", ""},
        {"CREATE SUBSCRIPTION s ", "WITH ( ) ", ""},
        {"REINDEX (", "CONNECT = ", ")"},
        {"DO $$ ", "; COMMIT ", "$$"},
        {"", "a;", ""},
        {"", "BEGIN;COMMIT;", ""},
        {"INSERT INTO t VALUES ", "(1,'a'),", "(2)"},
    };
    enum { REPEATS = 30000 };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows) * 2; i++) {
        enum sql_dialect dialect = i % 2 == 0 ? SQL_POSTGRESQL : SQL_SQLITE;
        g_autoptr(GString) text = g_string_new(rows[i / 2].head);
        for (guint j = 0; j < REPEATS; j++)
            g_string_append(text, rows[i / 2].repeated);
        g_string_append(text, rows[i / 2].tail);
        g_autoptr(GError) error = NULL;
        AUTOPTR(script) *script = script_parse(text->str, text->len, dialect, FALSE, "x", &error);
        assert_true((script == NULL) == (error != NULL));
    }
}

static void script__parse__takes_a_long_file(void **state)
{
    static const char *const statements[] = {
        "CREATE FUNCTION f%1$u() RETURNS trigger LANGUAGE plpgsql AS $body$\nDECLARE x text := "
        "'it''s; $$';\nBEGIN\n  EXECUTE $q$ COMMIT; $q$;\n  RETURN NEW;\nEND;\n$body$",
        "INSERT INTO scripts VALUES (%1$u, E'#!/bin/sh\\nset -e; for i in \\'a\\' \"b\"; do\\n"
        "  echo $$ -- $i /* ; \\ndone\\n')",
        "COMMENT ON TABLE t%1$u IS 'a; b -- c /* d'",
        "CREATE RULE r%1$u AS ON INSERT TO v DO INSTEAD (INSERT INTO a VALUES (1); DELETE FROM b)",
    };
    g_autoptr(GString) text = g_string_new("-- a header; with a semicolon\n");
    g_autoptr(GPtrArray) expected = g_ptr_array_new_with_free_func(g_free);
    (void)state;
    for (guint i = 0; text->len < 200 * 1024; i++) {
        char *statement = g_strdup_printf("SELECT %u", i);
        const char *format = statements[i % G_N_ELEMENTS(statements)];
        g_autoptr(GString) written = g_string_new(format);
        g_autofree char *number = g_strdup_printf("%u", i);
        g_string_replace(written, "%1$u", number, 0);
        g_ptr_array_add(expected, statement);
        g_ptr_array_add(expected, g_strdup(written->str));
        g_string_append_printf(text, "%s; -- note; %u\n\n%s ;\n", statement, i, written->str);
    }
    AUTOPTR(script) *script = script_parse(text->str, text->len, SQL_POSTGRESQL, FALSE, "x", NULL);
    assert_non_null(script);
    assert_int_equal(script->statements->len, expected->len);
    for (guint i = 0; i < expected->len; i++) {
        struct script_statement *at =
            &g_array_index(script->statements, struct script_statement, i);
        g_autofree char *found = g_strndup(text->str + at->offset, at->length);
        assert_string_equal(found, expected->pdata[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(script__parse__splits_postgresql),
        cmocka_unit_test(script__parse__splits_sqlite),
        cmocka_unit_test(script__parse__says_where_what_is_wrong),
        cmocka_unit_test(script__parse__says_where_statements_are),
        cmocka_unit_test(script__locate__stays_within_the_text),
        cmocka_unit_test(script__parse__counts_the_deepest_parentheses),
        cmocka_unit_test(script__parse__is_linear),
        cmocka_unit_test(script__parse__takes_a_long_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
