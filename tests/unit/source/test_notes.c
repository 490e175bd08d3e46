/* Header notes: where they may stand, what they may say, what is told when they do not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"
#include "source/notes.h"

/* Parsed notes of one text, with everything they need. */
struct parsed {
    GStringChunk *strings;
    struct problems problems;
    struct migration_notes notes;
};

static int setup(void **state)
{
    struct parsed *parsed = g_new0(struct parsed, 1);
    parsed->strings = g_string_chunk_new(1024);
    problems_init(&parsed->problems, parsed->strings);
    notes_init(&parsed->notes);
    *state = parsed;
    return 0;
}

static int teardown(void **state)
{
    struct parsed *parsed = *state;
    notes_clear(&parsed->notes);
    problems_clear(&parsed->problems);
    g_string_chunk_free(parsed->strings);
    g_free(parsed);
    return 0;
}

static void parse(struct parsed *parsed, const char *text, gssize length)
{
    notes_clear(&parsed->notes);
    notes_init(&parsed->notes);
    g_ptr_array_set_size(parsed->problems.mistakes, 0);
    g_array_set_size(parsed->problems.warnings, 0);
    notes_parse(text, length < 0 ? strlen(text) : (gsize)length, "f.sql", &parsed->problems,
                &parsed->notes);
}

static char *mistakes(const struct parsed *parsed)
{
    g_autoptr(GError) error = NULL;
    return problems_are_none(&parsed->problems, &error) ? g_strdup("") : error_line(error);
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL)
        fail_msg("'%s' is not in '%s'", part, text);
}

static void notes__parse__reads_every_key(void **state)
{
    struct parsed *parsed = *state;
    const struct migration_notes *notes = &parsed->notes;
    parse(parsed,
          "-- Adds things.\n"
          "-- winch: release 1.1.0\n"
          "-- winch: requires 000002, 000001 2\n"
          "-- winch: phase contract\n"
          "-- winch: transaction off\n"
          "-- winch: lock_timeout 2s\n"
          "-- winch: timeout 30min\n"
          "-- winch: irreversible drops a column of no use\n"
          "-- winch: ticket OPS-123\n"
          "-- winch: check no_orphans: SELECT 1 FROM a WHERE b::text = 'x:y';\n"
          "-- winch: check two: with x as (select 1) select * from x where false\n"
          "-- winch: allow ban-drop-column nobody reads it\n"
          "DROP TABLE x;\n",
          -1);
    g_autofree char *told = mistakes(parsed);
    assert_string_equal(told, "");
    assert_int_equal(parsed->problems.warnings->len, 0);
    assert_string_equal(notes->release, "1.1.0");
    assert_int_equal(notes->release_line, 2);
    assert_true(notes->has_requires);
    assert_int_equal(notes->requires->len, 2);
    assert_int_equal(g_array_index(notes->requires, gint64, 0), 1);
    assert_int_equal(g_array_index(notes->requires, gint64, 1), 2);
    assert_int_equal(notes->phase, PHASE_CONTRACT);
    assert_int_equal(notes->transaction, TRANSACTION_OFF);
    assert_int_equal(notes->lock_timeout, 2000);
    assert_int_equal(notes->timeout, 1800000);
    assert_string_equal(notes->irreversible, "drops a column of no use");
    assert_string_equal(notes->ticket, "OPS-123");
    assert_int_equal(notes->checks->len, 2);
    const struct migration_check *check = &g_array_index(notes->checks, struct migration_check, 0);
    assert_string_equal(check->name, "no_orphans");
    assert_string_equal(check->sql, "SELECT 1 FROM a WHERE b::text = 'x:y'");
    assert_int_equal(check->line, 10);
    const struct migration_allow *allow = &g_array_index(notes->allows, struct migration_allow, 0);
    assert_string_equal(allow->rule, "ban-drop-column");
    assert_string_equal(allow->reason, "nobody reads it");
}

static void notes__parse__says_nothing_where_nothing_is_said(void **state)
{
    struct parsed *parsed = *state;
    parse(parsed, "CREATE TABLE a ();", -1);
    assert_null(parsed->notes.release);
    assert_null(parsed->notes.irreversible);
    assert_null(parsed->notes.requires);
    assert_false(parsed->notes.has_requires);
    assert_int_equal(parsed->notes.lock_timeout, -1);
    assert_int_equal(parsed->notes.timeout, -1);
    parse(parsed, "-- winch: irreversible\n-- winch: requires none\n", -1);
    assert_string_equal(parsed->notes.irreversible, "");
    assert_true(parsed->notes.has_requires);
    assert_int_equal(parsed->notes.requires->len, 0);
}

static void notes__parse__finds_them_in_the_leading_block_only(void **state)
{
    static const struct {
        const char *text;
        const char *ticket;
        unsigned warning_line;
    } rows[] = {
        {"-- winch: ticket A", "A", 0},
        {"\n\n  \t-- winch: ticket A\n", "A", 0},
        {"\xef\xbb\xbf-- winch: ticket A\r\nSELECT 1;\r\n", "A", 0},
        {"-- x\r-- winch: ticket A\rSELECT 1;", "A", 0},
        {"/* a /* nested */ -- winch: ticket B\n */\n-- winch: ticket A\n", "A", 0},
        {"/* a */ -- winch: ticket A\n", "A", 0},
        {"--winch:ticket A\n", "A", 0},
        {"--   Winch  :   TICKET\tA  \n", "A", 0},
        {"SELECT 1;\n\n-- winch: ticket A\n", NULL, 3},
        {"-- x\nBEGIN;\n-- winch: ticket A\n", NULL, 3},
        {"SELECT 1; -- winch: ticket A\n", NULL, 0},
        {"-- winch ticket A\n", NULL, 1},
        {"-- winch is a hoist\n-- winchester: ticket A\n-- my winch: ticket A\n", NULL, 0},
        {"/* winch: ticket A */", NULL, 0},
        {"/* unfinished\n-- winch: ticket A\n", NULL, 0},
        {"", NULL, 0},
        {"-", NULL, 0},
        {"--", NULL, 0},
        {"/*", NULL, 0},
        {"*/", NULL, 0},
    };
    struct parsed *parsed = *state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const GArray *warnings = parsed->problems.warnings;
        show_row(rows[i].text);
        parse(parsed, rows[i].text, -1);
        assert_int_equal(parsed->problems.mistakes->len, 0);
        if (rows[i].ticket == NULL)
            assert_null(parsed->notes.ticket);
        else
            assert_string_equal(parsed->notes.ticket, rows[i].ticket);
        assert_int_equal(warnings->len, rows[i].warning_line > 0 ? 1 : 0);
        if (warnings->len > 0)
            assert_int_equal(g_array_index(warnings, struct source_warning, 0).line,
                             rows[i].warning_line);
    }
}

static void notes__parse__names_each_mistake_with_its_line(void **state)
{
    static const struct {
        const char *note;
        const char *told;
    } rows[] = {
        {"relase 1.0.0", "f.sql:2: there is no note 'relase'; did you mean 'release'?"},
        {"lock-timeout 1s", "did you mean 'lock_timeout'?"},
        {"zzzzzzzzzz", "there are release, requires, phase"},
        {"", "there is no note ''"},
        {"release", "the note 'release' says nothing"},
        {"release 1", "the note 'release' cannot be '1'"},
        {"release 1.1.0 ships in May", "cannot be '1.1.0 ships in May'"},
        {"requires", "the note 'requires' says nothing"},
        {"requires x1", "cannot be 'x1'"},
        {"requires none 1", "cannot be 'none 1'"},
        {"requires -1", "cannot be '-1'"},
        {"requires 9223372036854775808", "cannot be '9223372036854775808'"},
        {"phase both", "expand or contract"},
        {"transaction maybe", "on or off"},
        {"lock_timeout 5", "500ms"},
        {"lock_timeout -5s", "500ms"},
        {"timeout soon", "500ms"},
        {"timeout 99999999d", "500ms"},
        {"ticket", "says nothing"},
        {"check", "says nothing"},
        {"check a SELECT 1", "NAME: SELECT"},
        {"check a b: SELECT 1", "a name of letters"},
        {"check : SELECT 1", "a name of letters"},
        {"check a:", "says nothing"},
        {"check a: DELETE FROM b", "cannot be 'DELETE FROM b'"},
        {"check a: selection", "cannot be 'selection'"},
        {"allow", "says nothing"},
        {"allow some-rule", "cannot be 'some-rule'"},
        {"ticket \xff", "not valid UTF-8"},
    };
    struct parsed *parsed = *state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *text = g_strdup_printf("-- x\n-- winch: %s\nSELECT 1;\n", rows[i].note);
        parse(parsed, text, -1);
        g_autofree char *told = mistakes(parsed);
        assert_int_equal(parsed->problems.mistakes->len, 1);
        assert_contains(told, "f.sql:2: ");
        assert_contains(told, rows[i].told);
    }
}

static void notes__parse__refuses_a_key_given_twice(void **state)
{
    struct parsed *parsed = *state;
    parse(parsed, "-- winch: release 1.0.0\n-- winch: RELEASE 1.0.0\n", -1);
    g_autofree char *told = mistakes(parsed);
    assert_string_equal(told, "f.sql:2: the note 'release' stands in line 1 already");
    parse(parsed, "-- winch: check a: SELECT 1\n-- winch: check a: SELECT 2\n", -1);
    g_autofree char *checks = mistakes(parsed);
    assert_string_equal(checks, "f.sql:2: a check named 'a' stands in line 1 already");
    parse(parsed, "-- winch: allow a b\n-- winch: allow a c\n", -1);
    assert_int_equal(parsed->problems.mistakes->len, 0);
}

static void notes__parse__refuses_a_nul(void **state)
{
    static const char text[] = "-- winch: ticket A\0B\nSELECT 1;\n";
    struct parsed *parsed = *state;
    parse(parsed, text, sizeof text - 1);
    g_autofree char *told = mistakes(parsed);
    assert_contains(told, "f.sql:1: ");
}

static void notes__end_within__asks_for_more_only_inside_the_block(void **state)
{
    static const struct {
        const char *text;
        gboolean is_whole;
    } rows[] = {
        {"SELECT 1", TRUE},
        {"-- a\nSELECT", TRUE},
        {"/* a */ SELECT", TRUE},
        {"-x ", TRUE},
        {"", FALSE},
        {"   \n", FALSE},
        {"-- a", FALSE},
        {"-- a\n", FALSE},
        {"-- a\n-", FALSE},
        {"/* a", FALSE},
        {"/* a /* */", FALSE},
        {"/* a */", FALSE},
        {"/* a */\n/", FALSE},
        {"\xef", FALSE},
        {"\xef\xbb", FALSE},
        {"\xef\xbb\xbf", FALSE},
        {"\xef\xbb\xbfS", TRUE},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        show_row(rows[i].text);
        assert_int_equal(notes_end_within(rows[i].text, strlen(rows[i].text)), rows[i].is_whole);
    }
}

static void notes__first_line__finds_the_first(void **state)
{
    const char *text = "/* a\n */\n-- x\n-- winch: nonsense\n-- winch: release 1.0\n";
    (void)state;
    assert_int_equal(notes_first_line(text, strlen(text)), 4);
    assert_int_equal(notes_first_line("SELECT 1;\n-- winch: x\n", 22), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(notes__parse__reads_every_key, setup, teardown),
        cmocka_unit_test_setup_teardown(notes__parse__says_nothing_where_nothing_is_said, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(notes__parse__finds_them_in_the_leading_block_only, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(notes__parse__names_each_mistake_with_its_line, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(notes__parse__refuses_a_key_given_twice, setup, teardown),
        cmocka_unit_test_setup_teardown(notes__parse__refuses_a_nul, setup, teardown),
        cmocka_unit_test(notes__end_within__asks_for_more_only_inside_the_block),
        cmocka_unit_test(notes__first_line__finds_the_first),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
