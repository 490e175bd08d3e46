/* A database in which somebody else may create things: nothing of theirs may be run by looking, or
 * by a change that does not ask for it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "support/cluster.h"
#include "support/program.h"

#define DATABASE_NAME "hostile"

/* An operator for every two types for which the server has none of its own: where a query compares
 * what is not of one type, it is found by the default search_path, before a conversion is tried
 * (manual, section 10.2). */
static const char shadows_sql[] =
    "SET search_path = pg_catalog;"
    "DO $do$ DECLARE o text; l text; r text;"
    " types text[] := "
    "'{oid,regclass,regproc,regprocedure,regtype,name,text,\"char\",int2,int4,int8,"
    "float8,numeric,interval,timestamptz,xid,bool,int2vector,_text,_name,_int2,pg_lsn,jsonb}';"
    " BEGIN FOREACH l IN ARRAY types LOOP FOREACH r IN ARRAY types LOOP"
    "  EXECUTE format('CREATE FUNCTION public.shadow(%s, %s) RETURNS bool LANGUAGE plpgsql AS %L',"
    "   l, r, 'BEGIN RAISE EXCEPTION ''a shadow was run''; END');"
    "  FOREACH o IN ARRAY '{=,<>,<,>,<=,>=,*,+,-,||,~,!~,~~,!~~,@>}'::text[] LOOP"
    "   IF NOT EXISTS (SELECT FROM pg_operator WHERE oprname = o AND oprleft = l::regtype"
    "    AND oprright = r::regtype) THEN"
    "    EXECUTE format('CREATE OPERATOR public.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION ="
    " public.shadow)', o, l, r);"
    "   END IF; END LOOP; END LOOP; END LOOP; END $do$";

struct place {
    char *directory, *url;
};

static int setup(void **state)
{
    struct place *place = g_new0(struct place, 1);
    place->directory = workspace_make();
    place->url = cluster_create_database(DATABASE_NAME);
    workspace_put(place->directory, "1_a.up.sql",
                  "CREATE TABLE public.a (i int);\nSELECT pg_advisory_lock(1);\n");
    workspace_put(place->directory, "1_a.down.sql", "DROP TABLE public.a;\n");
    workspace_put(place->directory, "2_b.up.sql", "CREATE INDEX ON public.a (i);\n");
    workspace_put(place->directory, "2_b.down.sql", "DROP INDEX public.a_i_idx;\n");
    *state = place;
    return 0;
}

static int teardown(void **state)
{
    struct place *place = *state;
    workspace_remove(place->directory);
    g_free(place->url);
    g_free(place);
    return 0;
}

#define EXPECT(place, code, ...)                                                                   \
    do {                                                                                           \
        struct program_result result =                                                             \
            program_run("-path", (place)->directory, "-database", (place)->url, "-environment",    \
                        "development", __VA_ARGS__, NULL);                                         \
        if (result.status != (code) || strstr(result.out, "shadow was run") != NULL ||             \
            strstr(result.err, "shadow was run") != NULL)                                          \
            fail_msg("%s: %d\n%s%s", #__VA_ARGS__, result.status, result.out, result.err);         \
        program_result_clear(&result);                                                             \
    } while (0)

static void hostile__operators__are_not_those_of_the_queries(void **state)
{
    struct place *place = *state;
    cluster_exec(DATABASE_NAME, shadows_sql);
    EXPECT(place, 0, "preview", "--on", "database");
    EXPECT(place, 0, "preview", "--on", "scratch");
    EXPECT(place, 0, "up");
    EXPECT(place, 0, "mark", "stable", "2");
    EXPECT(place, 0, "down", "1");
    EXPECT(place, 0, "status");
    EXPECT(place, 0, "gate");
    EXPECT(place, 0, "history");
    EXPECT(place, 0, "locks");
    EXPECT(place, 0, "validate");
    cluster_exec(DATABASE_NAME, "ALTER TABLE a ADD x int; CREATE INDEX beside ON a (x)");
    EXPECT(place, 6, "diff");
}

/* The path that a function brings along is looked at with the function, and nothing else is. */
static void hostile__path_of_a_function__is_not_the_checks(void **state)
{
    struct place *place = *state;
    EXPECT(place, 0, "up");
    cluster_exec(DATABASE_NAME,
                 "CREATE SCHEMA evil;"
                 "CREATE FUNCTION evil.shadow(text[], text) RETURNS text[] LANGUAGE plpgsql AS"
                 " $$BEGIN RAISE EXCEPTION 'a shadow was run'; END$$;"
                 "CREATE OPERATOR evil.|| (LEFTARG = text[], RIGHTARG = text, FUNCTION ="
                 " evil.shadow);"
                 "SET check_function_bodies = off;"
                 "CREATE FUNCTION evil.a() RETURNS int LANGUAGE sql"
                 " SET search_path = evil, pg_catalog AS 'SELECT 1';"
                 "CREATE FUNCTION evil.b() RETURNS int LANGUAGE sql"
                 " SET search_path = evil, pg_catalog AS 'SELECT nothing()'");
    EXPECT(place, 6, "validate");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(hostile__operators__are_not_those_of_the_queries, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(hostile__path_of_a_function__is_not_the_checks, setup,
                                        teardown),
    };
    return cmocka_run_group_tests(tests, cluster_setup, cluster_teardown);
}
