/* What needs no server: lock ids, URLs as golang-migrate writes them, names and quoting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "database/postgres/postgres.h"

/* Ids that golang-migrate was seen to take, or its own function gave. */
static void lock_id__compute__matches_golang_migrate(void **state)
{
    static const struct {
        const char *schema, *table, *name;
        guint32 id;
    } rows[] = {
        {"public", "schema_migrations", "/appdb", 2964150615u},
        {"public", "schema_migrations", "appdb", 4014298803u},
        {"app", "schema_migrations", "/appdb", 1558438433u},
        {"app", "schema_migrations", "appdb", 2088639858u},
        {"public", "my_migrations", "/appdb", 2946578703u},
        {"app", "mig", "/appdb", 487315920u},
        {"public", "schema_migrations", "/", 2551455205u},
        {"public", "schema_migrations", "/données", 302117943u},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_int_equal(postgres_lock_id(rows[i].schema, rows[i].table, rows[i].name), rows[i].id);
}

static const char *value_of(const struct postgres_url *url, const char *keyword)
{
    for (guint i = 0; url->keywords[i] != NULL; i++)
        if (g_str_equal(url->keywords[i], keyword))
            return url->values[i];
    return NULL;
}

static void url__read__sorts_the_parameters(void **state)
{
    static const struct {
        const char *url, *keyword, *value;
    } rows[] = {
        {"postgres://u:p%40ss@db-1:6432/app?sslmode=require", "password", "p@ss"},
        {"postgres://u:p%40ss@db-1:6432/app?sslmode=require", "host", "db-1"},
        {"postgres://u:p%40ss@db-1:6432/app?sslmode=require", "sslmode", "require"},
        {"POSTGRES://db/app", "dbname", "app"},
        {"pgx5://db/app?x-multi-statement=true&port=7", "port", "7"},
        {"pgx://db/donn%C3%A9es", "dbname", "données"},
        {"postgres:///app?host=/run/pg&user=a%20b", "user", "a b"},
        {"postgres://u:a?b@h/app?search_path=x", "password", "a?b"},
        {"postgres://u:p@ss@w@db-1:6432/app", "password", "p@ss@w"},
        {"postgres://u:p@ss@w@db-1:6432/app", "host", "db-1"},
        {"postgres://me@tenant:p@h?application_name=x@y", "user", "me@tenant"},
        {"postgres://u:p@h1:1,[::1]:2/app", "port", "1,2"},
        {"postgres://db/app?search_path=a%2Cb%20c", "options", "-c search_path=a,b\\ c"},
        {"postgres://db/app?search_path=a+b", "options", "-c search_path=a\\ b"},
        {"postgres://db/app?statement_timeout=5&winch.x=\\", "options",
         "-c statement_timeout=5 -c winch.x=\\\\"},
        {"postgres://db/app?options=-c%20a=b&search_path=x", "options", "-c a=b -c search_path=x"},
        {"postgres://db/app?binary_parameters=yes&pool_max_conns=3", "options", NULL},
        {"host=db-2 dbname='a b' password='it\\'s'", "host", "db-2"},
        {"dbname='a b'", "dbname", "a b"},
        {"postgres://db/app", "client_encoding", "UTF8"},
        {"postgres://db/app?application_name=deploy", "application_name", "deploy"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct database_options options = {.url = rows[i].url};
        struct postgres_url url;
        g_autoptr(GError) error = NULL;
        if (!postgres_url_read(&options, &url, &error))
            fail_msg("%s: %s", rows[i].url, error->message);
        const char *value = value_of(&url, rows[i].keyword);
        if (g_strcmp0(value, rows[i].value) != 0)
            fail_msg("%s: %s is %s", rows[i].url, rows[i].keyword, value);
        postgres_url_clear(&url);
    }
}

/* Wherever the password's end is in doubt, nothing of it may come back in the message. */
static void url__read__repeats_nothing_of_an_unclear_password(void **state)
{
    static const char *const urls[] = {
        "postgres://u:sec@ret/word@h/db",     "postgres://u:sec/ret@h/db",
        "postgres://u:sec/ret@word@h/db",     "postgres://u:123/ret@h/db",
        "postgres://u:ret@h?ret@h/db",        "postgres://u:secret",
        "postgres://u:123?ret@h?x=1/db",      "postgres://u:sec@h?ret@word=x@h/db",
        "postgres://u:sec@h/db?ret@word=x@h", "postgres://u:sec#ret/x@h/db",
        "postgres://u:sec%zzret@h/db",
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(urls); i++) {
        struct database_options options = {.url = urls[i]};
        struct postgres_url url;
        g_autoptr(GError) error = NULL;
        if (postgres_url_read(&options, &url, &error)) {
            const char *host = value_of(&url, "host");
            if (host != NULL && (strstr(host, "ret") != NULL || strstr(host, "sec") != NULL))
                fail_msg("%s: host %s", urls[i], host);
            postgres_url_clear(&url);
            continue;
        }
        g_autofree char *line = error_line(error);
        assert_true(error_is(error, ERROR_CONFIG));
        if (strstr(line, "sec") != NULL || strstr(line, "ret") != NULL)
            fail_msg("%s: %s", urls[i], line);
    }
}

static void url__read__honours_golang_migrates_own(void **state)
{
    static const struct {
        const char *url, *path, *schema, *table;
        gint64 timeout;
        gboolean is_multi;
    } rows[] = {
        {"postgres://db/app", "/app", NULL, "schema_migrations", 0, FALSE},
        {"postgres://db", NULL, NULL, "schema_migrations", 0, FALSE},
        {"postgres:///?dbname=app", "/", NULL, "schema_migrations", 0, FALSE},
        {"postgres://db/donn%C3%A9es", "/données", NULL, "schema_migrations", 0, FALSE},
        {"postgres://db/a?x-migrations-table=app.mig", "/a", NULL, "app.mig", 0, FALSE},
        {"postgres://db/a?x-migrations-table=%22s%22.%22t%22&x-migrations-table-quoted=1", "/a",
         "s", "t", 0, FALSE},
        {"postgres://db/a?x-migrations-table=%22t.u%22&x-migrations-table-quoted=true", "/a", NULL,
         "t.u", 0, FALSE},
        {"postgres://db/a?x-statement-timeout=1500&x-multi-statement=T", "/a", NULL,
         "schema_migrations", 1500, TRUE},
        {"postgres://db/a?statement_timeout=2s", "/a", NULL, "schema_migrations", 2000, FALSE},
        {"postgres://db/a?statement_timeout=7&x-statement-timeout=8", "/a", NULL,
         "schema_migrations", 8, FALSE},
        {"postgres://db/a?x-unknown=1&x-lock-strategy=table", "/a", NULL, "schema_migrations", 0,
         FALSE},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct database_options options = {.url = rows[i].url};
        struct postgres_url url;
        g_autoptr(GError) error = NULL;
        if (!postgres_url_read(&options, &url, &error))
            fail_msg("%s: %s", rows[i].url, error->message);
        if (g_strcmp0(url.path, rows[i].path) != 0 || g_strcmp0(url.schema, rows[i].schema) != 0 ||
            g_strcmp0(url.table, rows[i].table) != 0)
            fail_msg("%s: %s %s %s", rows[i].url, url.path, url.schema, url.table);
        assert_int_equal(url.statement_timeout, rows[i].timeout);
        assert_int_equal(url.is_multi_statement, rows[i].is_multi);
        postgres_url_clear(&url);
    }
}

static void url__read__refuses_without_showing_the_password(void **state)
{
    static const char *const wrong[] = {
        "postgres://u:s3cret%@db/app",
        "postgres://u:100%s3cret@db/app",
        "postgres://u:s3cret@[::1/app",
        "postgres://u:s3cret@[::1]x/app",
        "postgres://u:s3\"c\"ret@[::1/app",
        "password=x s3cret",
        "password='s3cret",
        "postgres://u:s3cret@db/app?x-multi-statement=on",
        "postgres://u:s3cret@db/app?x-statement-timeout=-1",
        "postgres://u:s3cret@db/app?x-statement-timeout=abc",
        "postgres://u:s3cret@db/app?x-migrations-table=t&x-migrations-table-quoted=1",
        "postgres://u:s3cret@db/app?x-migrations-table=%22&x-migrations-table-quoted=1",
        "postgres://u:s3cret@db/app?bad%zzkey=1",
        "postgres://u:s3cret@db/app?no-setting=1",
        "pgx://u:s3cret@db/app?x-lock-strategy=table",
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        struct database_options options = {.url = wrong[i]};
        struct postgres_url url;
        g_autoptr(GError) error = NULL;
        if (postgres_url_read(&options, &url, &error))
            fail_msg("%s was taken", wrong[i]);
        assert_true(error_is(error, ERROR_CONFIG));
        assert_non_null(error_detail(error)->advice);
        if (strstr(error->message, "cret") != NULL)
            fail_msg("%s", error->message);
    }
}

static void url__read__refuses_two_different_tables(void **state)
{
    static const struct {
        const char *table;
        gboolean is_fine;
    } rows[] = {{"schema_migrations", TRUE},
                {"mig", TRUE},
                {NULL, TRUE},
                {"other", FALSE},
                {"app.mig", FALSE}};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct database_options options = {.url = "postgres://db/a?x-migrations-table=mig",
                                           .version_table = rows[i].table};
        struct postgres_url url;
        g_autoptr(GError) error = NULL;
        assert_int_equal(postgres_url_read(&options, &url, &error), rows[i].is_fine);
        if (rows[i].is_fine)
            assert_string_equal(url.table, "mig");
        postgres_url_clear(&url);
    }
}

static void table__parse__reads_plain_and_quoted(void **state)
{
    static const struct {
        const char *text, *schema, *table;
    } rows[] = {
        {"t", NULL, "t"},
        {"s.t", "s", "t"},
        {"\"My Table\"", NULL, "My Table"},
        {"\"a.b\".c", "a.b", "c"},
        {"My Table", NULL, "My Table"},
        {"\"a\"\"b\"", NULL, "a\"b"},
        {"données", NULL, "données"},
    };
    static const char *const wrong[] = {"",    ".",    "a.",   ".b",     "a.b.c", "\"",
                                        "\"a", "\"\"", "a\"b", "\"a\"b", "a..b",  "\"a\"\""};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *schema = NULL, *table = NULL;
        assert_true(postgres_table_parse(rows[i].text, &schema, &table, NULL));
        assert_int_equal(g_strcmp0(schema, rows[i].schema), 0);
        assert_string_equal(table, rows[i].table);
    }
    for (gsize i = 0; i < G_N_ELEMENTS(wrong); i++) {
        g_autofree char *schema = NULL, *table = NULL;
        g_autoptr(GError) error = NULL;
        if (postgres_table_parse(wrong[i], &schema, &table, &error))
            fail_msg("%s was taken", wrong[i]);
        assert_true(error_is(error, ERROR_CONFIG));
    }
}

static void quote__quote__keeps_names_and_texts_whole(void **state)
{
    g_autofree char *name = postgres_quote("a\"b.c");
    g_autofree char *plain = postgres_literal("it's");
    g_autofree char *escaped = postgres_literal("\\'; DROP");
    (void)state;
    assert_string_equal(name, "\"a\"\"b.c\"");
    assert_string_equal(plain, "'it''s'");
    assert_string_equal(escaped, " E'\\\\''; DROP'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lock_id__compute__matches_golang_migrate),
        cmocka_unit_test(url__read__sorts_the_parameters),
        cmocka_unit_test(url__read__repeats_nothing_of_an_unclear_password),
        cmocka_unit_test(url__read__honours_golang_migrates_own),
        cmocka_unit_test(url__read__refuses_without_showing_the_password),
        cmocka_unit_test(url__read__refuses_two_different_tables),
        cmocka_unit_test(table__parse__reads_plain_and_quoted),
        cmocka_unit_test(quote__quote__keeps_names_and_texts_whole),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
