/* The table of actions: words, inverses, phases, descriptions; and names that match. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "analysis/sql_action.h"

static void sql_action__word__is_unique_and_plain(void **state)
{
    (void)state;
    g_autoptr(GHashTable) seen = g_hash_table_new(g_str_hash, g_str_equal);
    for (guint kind = 0; kind < SQL_ACTION_KINDS; kind++) {
        const char *word = sql_action_word(kind);
        assert_true(g_regex_match_simple("^[a-z]+(-[a-z]+)*$", word, 0, 0));
        assert_true(g_hash_table_add(seen, (gpointer)(guintptr)word));
        assert_true(*sql_action_text(kind) != '\0');
    }
}

static void sql_flag__word__is_unique(void **state)
{
    (void)state;
    for (guint flag = 0; flag < SQL_FLAGS; flag++)
        for (guint other = 0; other < flag; other++)
            assert_string_not_equal(sql_flag_word(flag), sql_flag_word(other));
}

static void sql_action__is_inverse__holds_both_ways(void **state)
{
    (void)state;
    for (guint one = 0; one < SQL_ACTION_KINDS; one++)
        for (guint other = 0; other < SQL_ACTION_KINDS; other++)
            assert_int_equal(sql_action_is_inverse(one, other), sql_action_is_inverse(other, one));
    assert_true(sql_action_is_inverse(SQL_ACTION_CREATE_TABLE, SQL_ACTION_DROP_TABLE));
    assert_true(sql_action_is_inverse(SQL_ACTION_DROP_CONSTRAINT, SQL_ACTION_ADD_UNIQUE));
    assert_true(sql_action_is_inverse(SQL_ACTION_RENAME_COLUMN, SQL_ACTION_RENAME_COLUMN));
    assert_false(sql_action_is_inverse(SQL_ACTION_CREATE_TABLE, SQL_ACTION_CREATE_TABLE));
    assert_false(sql_action_is_inverse(SQL_ACTION_ADD_ENUM_VALUE, SQL_ACTION_OTHER));
    assert_false(sql_action_is_inverse(SQL_ACTION_OTHER, SQL_ACTION_OTHER));
}

static void sql_action__phase__depends_on_flags(void **state)
{
    (void)state;
    struct sql_action action = {.kind = SQL_ACTION_ADD_COLUMN};
    assert_int_equal(sql_action_phase(&action), SQL_EXPAND);
    action.flags = SQL_FLAG(NOT_NULL);
    assert_int_equal(sql_action_phase(&action), SQL_CONTRACT);
    action.flags = SQL_FLAG(NOT_NULL) | SQL_FLAG(HAS_DEFAULT);
    assert_int_equal(sql_action_phase(&action), SQL_EXPAND);
    action.flags |= SQL_FLAG(NULL_DEFAULT);
    assert_int_equal(sql_action_phase(&action), SQL_CONTRACT);
    action.flags = SQL_FLAG(NOT_NULL) | SQL_FLAG(SERIAL);
    assert_int_equal(sql_action_phase(&action), SQL_EXPAND);
    action = (struct sql_action){.kind = SQL_ACTION_CREATE_INDEX};
    assert_int_equal(sql_action_phase(&action), SQL_EXPAND);
    action.flags = SQL_FLAG(UNIQUE);
    assert_int_equal(sql_action_phase(&action), SQL_CONTRACT);
    action.kind = SQL_ACTION_DROP_TABLE;
    assert_int_equal(sql_action_phase(&action), SQL_CONTRACT);
}

/* No row may be left at SQL_DEPENDS. */
static void sql_action__phase__is_always_decided(void **state)
{
    (void)state;
    for (guint kind = 0; kind < SQL_ACTION_KINDS; kind++) {
        struct sql_action action = {.kind = kind};
        assert_int_not_equal(sql_action_phase(&action), SQL_DEPENDS);
    }
}

static void assert_described(const struct sql_action *action, const char *expected)
{
    g_autofree char *text = sql_action_describe(action);
    assert_string_equal(text, expected);
}

static void sql_action__describe__names_object_and_part(void **state)
{
    (void)state;
    struct sql_object users = {SQL_OBJECT_TABLE, FALSE, "public", "users", NULL};
    struct sql_action action = {.kind = SQL_ACTION_ADD_COLUMN, .object = users, .part = "E mail"};
    assert_described(&action, "ADD COLUMN public.users.\"E mail\"");
    action = (struct sql_action){
        .kind = SQL_ACTION_ADD_CHECK, .object = users, .part = "users_age_check"};
    assert_described(&action, "ADD CHECK users_age_check ON public.users");
    action = (struct sql_action){.kind = SQL_ACTION_CREATE_INDEX,
                                 .flags = SQL_FLAG(CONCURRENTLY),
                                 .object = {SQL_OBJECT_INDEX, FALSE, NULL, "i", NULL}};
    assert_described(&action, "CREATE INDEX CONCURRENTLY i");
    action = (struct sql_action){.kind = SQL_ACTION_RENAME_TABLE,
                                 .object = users,
                                 .other = {SQL_OBJECT_TABLE, FALSE, "public", "people", NULL}};
    assert_described(&action, "RENAME TABLE public.users TO people");
    action = (struct sql_action){.kind = SQL_ACTION_CREATE_OBJECT,
                                 .object = {SQL_OBJECT_COLLATION, FALSE, NULL, "german", NULL}};
    assert_described(&action, "CREATE COLLATION german");
    action = (struct sql_action){.kind = SQL_ACTION_GRANT, .object = users, .part = "SELECT"};
    assert_described(&action, "GRANT SELECT ON public.users");
    action = (struct sql_action){.kind = SQL_ACTION_SET, .part = "search_path"};
    assert_described(&action, "SET search_path");
    action = (struct sql_action){.kind = SQL_ACTION_ADD_ENUM_VALUE,
                                 .object = {SQL_OBJECT_TYPE, FALSE, NULL, "mood", NULL},
                                 .part = "sad"};
    assert_described(&action, "ADD VALUE 'sad' OF mood");
}

static gboolean match(enum sql_object_kind kind, const char *schema, const char *name,
                      enum sql_object_kind other_kind, const char *other_schema,
                      const char *other_name)
{
    struct sql_object one = {kind, FALSE, schema, name, NULL};
    struct sql_object other = {other_kind, FALSE, other_schema, other_name, NULL};
    assert_int_equal(sql_object_matches(&one, &other), sql_object_matches(&other, &one));
    return sql_object_matches(&one, &other);
}

static void sql_object__matches__knows_kinds_and_schemas(void **state)
{
    (void)state;
    assert_true(match(SQL_OBJECT_TABLE, "a", "t", SQL_OBJECT_TABLE, "a", "t"));
    assert_true(match(SQL_OBJECT_TABLE, NULL, "t", SQL_OBJECT_TABLE, "a", "t"));
    assert_true(match(SQL_OBJECT_RELATION, "a", "t", SQL_OBJECT_VIEW, "a", "t"));
    assert_true(match(SQL_OBJECT_ROUTINE, "a", "t", SQL_OBJECT_PROCEDURE, "a", "t"));
    assert_true(match(SQL_OBJECT_TYPE, "a", "t", SQL_OBJECT_DOMAIN, "a", "t"));
    assert_false(match(SQL_OBJECT_TABLE, "b", "t", SQL_OBJECT_TABLE, "a", "t"));
    assert_false(match(SQL_OBJECT_TABLE, "a", "t", SQL_OBJECT_INDEX, "a", "t"));
    assert_false(match(SQL_OBJECT_TABLE, "a", "t", SQL_OBJECT_TABLE, "a", "u"));
    assert_false(match(SQL_OBJECT_TABLE, "a", NULL, SQL_OBJECT_TABLE, "a", NULL));
    struct sql_object one = {SQL_OBJECT_FUNCTION, FALSE, "a", "f", "(integer)"};
    struct sql_object other = {SQL_OBJECT_FUNCTION, FALSE, "a", "f", "(text)"};
    assert_false(sql_object_matches(&one, &other));
    other.arguments = NULL;
    assert_true(sql_object_matches(&one, &other));
    struct sql_object assumed = {SQL_OBJECT_TABLE, TRUE, "a", "t", NULL};
    struct sql_object elsewhere = {SQL_OBJECT_TABLE, FALSE, "b", "t", NULL};
    assert_true(sql_object_matches(&assumed, &elsewhere));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sql_action__word__is_unique_and_plain),
        cmocka_unit_test(sql_flag__word__is_unique),
        cmocka_unit_test(sql_action__is_inverse__holds_both_ways),
        cmocka_unit_test(sql_action__phase__depends_on_flags),
        cmocka_unit_test(sql_action__phase__is_always_decided),
        cmocka_unit_test(sql_action__describe__names_object_and_part),
        cmocka_unit_test(sql_object__matches__knows_kinds_and_schemas),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
