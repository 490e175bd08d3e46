/* How files have to be run, and why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "analysis/script.h"

struct row {
    const char *text;
    const char *mode;
    const char *reason; /* the beginning of it */
    unsigned line;
    const char *begin_modes;
};

#define ALL   "nothing in it forbids"
#define BLOCK "one BEGIN ... COMMIT around"
#define OWN   "its own transaction control"

static void check_rows(const struct row *rows, gsize count, enum sql_dialect dialect,
                       gboolean transaction_off)
{
    for (gsize i = 0; i < count; i++) {
        const struct row *row = &rows[i];
        g_autoptr(GError) error = NULL;
        AUTOPTR(script) *script =
            script_parse(row->text, strlen(row->text), dialect, transaction_off, "x.sql", &error);
        if (script == NULL)
            fail_msg("%s: %s", row->text, error->message);
        if (strcmp(run_mode_name(script->mode), row->mode) != 0)
            fail_msg("%s: %s, not %s", row->text, run_mode_name(script->mode), row->mode);
        if (!g_str_has_prefix(script->mode_reason, row->reason))
            fail_msg("%s: %s, not %s", row->text, script->mode_reason, row->reason);
        if (script->reason_line != row->line)
            fail_msg("%s: line %u, not %u", row->text, script->reason_line, row->line);
        if (g_strcmp0(script->begin_modes, row->begin_modes) != 0)
            fail_msg("%s: %s", row->text, script->begin_modes);
    }
}

static void run_mode__decide__postgresql(void **state)
{
    static const struct row rows[] = {
        {"", "empty", "no statement", 0, NULL},
        {"-- BEGIN;\n;;", "empty", "no statement", 0, NULL},
        {"SELECT 1", "transaction", ALL, 0, NULL},
        {"SAVEPOINT a; x; ROLLBACK TO a; RELEASE a", "transaction", ALL, 0, NULL},
        {"DO $$ BEGIN END $$; CALL p()", "transaction", ALL, 0, NULL},
        {"-- x\nBEGIN; a; COMMIT; -- y", "own-block", BLOCK, 2, NULL},
        {"begin; end", "own-block", "one BEGIN ... COMMIT", 1, NULL},
        {"START TRANSACTION READ WRITE; a; COMMIT", "own-block", "one START TRANSACTION ...", 1,
         "READ WRITE"},
        {"BEGIN WORK isolation /* x */ level serializable, not deferrable READ WRITE; a; END WORK",
         "own-block", BLOCK, 1, "ISOLATION LEVEL SERIALIZABLE, NOT DEFERRABLE, READ WRITE"},
        {"BEGIN; SAVEPOINT a; RELEASE a; COMMIT AND NO CHAIN", "own-block", BLOCK, 1, NULL},
        {"BEGIN;\na;\nVACUUM;\nCOMMIT", "own-block", "VACUUM cannot run in a transaction, but", 3,
         NULL},
        {"BEGIN; CALL p(); COMMIT", "own-block", BLOCK, 1, NULL},
        {"BEGIN READ ONLY; a; COMMIT", "separate", "its own BEGIN is READ ONLY", 1, NULL},
        {"BEGIN NONSENSE; a; COMMIT", "separate", "its own BEGIN has a mode", 1, NULL},
        {"BEGIN READ WRITE,; a; COMMIT", "separate", "its own BEGIN has a mode", 1, NULL},
        {"BEGIN; a; ROLLBACK", "separate", OWN " (BEGIN)", 1, NULL},
        {"BEGIN; a; COMMIT; b", "separate", OWN " (BEGIN)", 1, NULL},
        {"a;\nBEGIN; b; COMMIT", "separate", OWN " (BEGIN)", 2, NULL},
        {"BEGIN; a; COMMIT; BEGIN; b; COMMIT", "separate", OWN, 1, NULL},
        {"BEGIN; a; BEGIN; b; COMMIT", "separate", OWN, 1, NULL},
        {"a; COMMIT;\nb", "separate", OWN " (COMMIT)", 1, NULL},
        {"COMMIT", "separate", OWN " (COMMIT)", 1, NULL},
        {"BEGIN; a; COMMIT AND CHAIN; b; COMMIT", "separate", OWN, 1, NULL},
        {"BEGIN; a; PREPARE TRANSACTION 'x'", "separate", OWN, 1, NULL},
        {"COMMIT PREPARED 'x'", "separate", OWN " (COMMIT PREPARED)", 1, NULL},
        {"\nVACUUM t", "separate", "VACUUM cannot run in a transaction", 2, NULL},
        {"a; CREATE INDEX CONCURRENTLY i ON t (a)", "separate",
         "CREATE INDEX CONCURRENTLY cannot run in a transaction; what stands beside it", 1, NULL},
        {"CALL p()", "separate", "CALL alone", 1, NULL},
        {"DO $$BEGIN COMMIT; END$$; a", "separate", "DO that commits cannot run", 1, NULL},
        {"COPY t TO STDOUT; a", "separate", "COPY TO STDOUT", 1, NULL},
        {"BEGIN; COPY t TO STDOUT; COMMIT", "separate", "COPY TO STDOUT", 1, NULL},
        {"CREATE FUNCTION f() AS 'BEGIN; COMMIT;'; a", "transaction", ALL, 0, NULL},
        {"CREATE PROCEDURE p() AS $$ BEGIN COMMIT; END $$ LANGUAGE plpgsql", "transaction", ALL, 0,
         NULL},
    };
    (void)state;
    check_rows(rows, G_N_ELEMENTS(rows), SQL_POSTGRESQL, FALSE);
}

static void run_mode__decide__uncertain_backslashes(void **state)
{
#define OFF "SET standard_conforming_strings = off;\n"
    static const struct row rows[] = {
        {OFF "SELECT 'it\\'s;'; b", "whole", "standard_conforming_strings", 2, NULL},
        {OFF "SELECT 'it\\'s", "whole", "standard_conforming_strings", 2, NULL},
        {OFF "SELECT 1;\nSELECT 'a\\\\b'", "whole", "standard_conforming_strings", 3, NULL},
        {"BEGIN;" OFF "SELECT N'\\n'; COMMIT", "whole", "standard_conforming_strings", 2, NULL},
        {"set local STANDARD_CONFORMING_STRINGS to 'off';'\\'", "whole", "standard", 1, NULL},
        {"SELECT pg_catalog.set_config('standard_conforming_strings', 'off', false);'\\'", "whole",
         "standard", 1, NULL},
        {OFF "SELECT E'it\\'s;'; b", "transaction", ALL, 0, NULL},
        {OFF "SELECT 'a', \"\\\", $$\\$$, U&'\\0041'", "transaction", ALL, 0, NULL},
        {"SELECT '\\';" OFF, "transaction", ALL, 0, NULL},
        {OFF "SET standard_conforming_strings TO on; SELECT '\\'", "transaction", ALL, 0, NULL},
        {OFF "RESET ALL; SELECT '\\'", "transaction", ALL, 0, NULL},
        {"SET standard_conforming_strings = on; SELECT '\\'", "transaction", ALL, 0, NULL},
    };
#undef OFF
    (void)state;
    check_rows(rows, G_N_ELEMENTS(rows), SQL_POSTGRESQL, FALSE);
}

static void run_mode__decide__transaction_off(void **state)
{
    static const struct row rows[] = {
        {"a", "separate", "-- winch: transaction off", 0, NULL},
        {"BEGIN; a; COMMIT", "separate", "-- winch: transaction off", 0, NULL},
        {"-- a", "empty", "no statement", 0, NULL},
        {"SET standard_conforming_strings = off; '\\'", "whole", "standard", 1, NULL},
    };
    (void)state;
    check_rows(rows, G_N_ELEMENTS(rows), SQL_POSTGRESQL, TRUE);
}

static void run_mode__decide__sqlite(void **state)
{
    static const struct row rows[] = {
        {"BEGIN IMMEDIATE TRANSACTION; a; END TRANSACTION", "own-block", BLOCK, 1, "IMMEDIATE"},
        {"BEGIN TRANSACTION; a; COMMIT", "own-block", BLOCK, 1, NULL},
        {"CREATE TRIGGER t BEGIN a; END; b", "transaction", ALL, 0, NULL},
        {"PRAGMA foreign_keys = off; a", "separate", "PRAGMA foreign_keys cannot run", 1, NULL},
        {"VACUUM", "separate", "VACUUM cannot run", 1, NULL},
    };
    (void)state;
    check_rows(rows, G_N_ELEMENTS(rows), SQL_SQLITE, FALSE);
}

static void run_mode__decide__refuses_an_open_block(void **state)
{
    static const struct {
        const char *text;
        const char *message;
        unsigned line;
    } rows[] = {
        {"a;\nBEGIN; b", "BEGIN without COMMIT: the work would be lost", 2},
        {"BEGIN", "BEGIN without COMMIT: the work would be lost", 1},
        {"START TRANSACTION; a", "START TRANSACTION without COMMIT: the work would be lost", 1},
        {"BEGIN; COMMIT;\nBEGIN; a", "BEGIN without COMMIT: the work would be lost", 2},
        {"BEGIN; a;\nCOMMIT AND CHAIN", "AND CHAIN without COMMIT: the work would be lost", 2},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows) * 2; i++) {
        g_autoptr(GError) error = NULL;
        const char *text = rows[i / 2].text;
        assert_null(script_parse(text, strlen(text), SQL_POSTGRESQL, i % 2 == 1, "x.sql", &error));
        assert_true(error_is(error, ERROR_SOURCE));
        assert_string_equal(error->message, rows[i / 2].message);
        assert_int_equal(error_detail(error)->line, rows[i / 2].line);
        assert_non_null(error_detail(error)->advice);
    }
}

static void run_mode__text__has_words_for_every_mode(void **state)
{
    (void)state;
    for (int mode = RUN_EMPTY; mode <= RUN_WHOLE; mode++) {
        assert_non_null(run_mode_text((enum run_mode)mode));
        assert_int_equal(run_mode_is_transactional((enum run_mode)mode),
                         mode != RUN_SEPARATE && mode != RUN_WHOLE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(run_mode__decide__postgresql),
        cmocka_unit_test(run_mode__decide__uncertain_backslashes),
        cmocka_unit_test(run_mode__decide__transaction_off),
        cmocka_unit_test(run_mode__decide__sqlite),
        cmocka_unit_test(run_mode__decide__refuses_an_open_block),
        cmocka_unit_test(run_mode__text__has_words_for_every_mode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
