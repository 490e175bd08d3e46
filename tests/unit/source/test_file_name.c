/* File names: the pattern golang-migrate uses, and names beside it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "folder.h"
#include "source/file_name.h"

static void file_name__parse__follows_the_pattern(void **state)
{
    static const struct {
        const char *name;
        enum file_name_kind kind;
        gint64 version;
        enum direction direction;
        const char *title;
    } rows[] = {
        {"1_a.up.sql", FILE_NAME_MIGRATION, 1, DIRECTION_UP, "a"},
        {"000_zero.up.sql", FILE_NAME_MIGRATION, 0, DIRECTION_UP, "zero"},
        {"6_.up.sql", FILE_NAME_MIGRATION, 6, DIRECTION_UP, ""},
        {"9_g.h.i.up.sql", FILE_NAME_MIGRATION, 9, DIRECTION_UP, "g.h.i"},
        {"10_up.down.up.sql", FILE_NAME_MIGRATION, 10, DIRECTION_UP, "up.down"},
        {"12_a.up.down.sql", FILE_NAME_MIGRATION, 12, DIRECTION_DOWN, "a.up"},
        {"17_é ü.up.sql", FILE_NAME_MIGRATION, 17, DIRECTION_UP, "é ü"},
        {"20240101120000_Add-Users.down.sql", FILE_NAME_MIGRATION, 20240101120000, DIRECTION_DOWN,
         "Add-Users"},
        {"9223372036854775807_x.up.sql", FILE_NAME_MIGRATION, G_MAXINT64, DIRECTION_UP, "x"},
        {"000000000000000000000000000001_x.up.sql", FILE_NAME_MIGRATION, 1, DIRECTION_UP, "x"},
        {"1_a__.up.sql", FILE_NAME_MIGRATION, 1, DIRECTION_UP, "a__"},
        {"1_a.up.sql.up.bak", FILE_NAME_LEFTOVER, 1, DIRECTION_UP, "a.up.sql"},
        {"7_e.up.sql.bak", FILE_NAME_LEFTOVER, 7, DIRECTION_UP, "e"},
        {"7_e.down.sql.ORIG", FILE_NAME_LEFTOVER, 7, DIRECTION_DOWN, "e"},
        {"14_x.up.sql~", FILE_NAME_LEFTOVER, 14, DIRECTION_UP, "x"},
        {"14_x.up.sql.swp", FILE_NAME_LEFTOVER, 14, DIRECTION_UP, "x"},
        {"14_x.up.sql.rej", FILE_NAME_LEFTOVER, 14, DIRECTION_UP, "x"},
        {"8_f.up.md", FILE_NAME_DOCUMENT, 8, DIRECTION_UP, "f"},
        {"8_f.up.go", FILE_NAME_DOCUMENT, 8, DIRECTION_UP, "f"},
        {"11_a.down.up", FILE_NAME_FOREIGN, 11, DIRECTION_DOWN, "a"},
        {"16_z.up.", FILE_NAME_FOREIGN, 16, DIRECTION_UP, "z"},
        {"16_z.up.pgsql", FILE_NAME_FOREIGN, 16, DIRECTION_UP, "z"},
        {"16_z.up.SQL", FILE_NAME_FOREIGN, 16, DIRECTION_UP, "z"},
        {"9223372036854775808_x.up.sql", FILE_NAME_TOO_LARGE, -1, DIRECTION_UP, "x"},
        {"99999999999999999999_big.up.sql", FILE_NAME_TOO_LARGE, -1, DIRECTION_UP, "big"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct file_name parsed;
        file_name_parse(rows[i].name, &parsed);
        g_autofree char *title =
            g_strndup(rows[i].name + parsed.digits_length + 1, parsed.title_length);
        show_row(rows[i].name);
        assert_int_equal(parsed.kind, rows[i].kind);
        assert_int_equal(parsed.version, rows[i].version);
        assert_int_equal(parsed.direction, rows[i].direction);
        assert_string_equal(title, rows[i].title);
    }
}

static void file_name__parse__knows_what_was_probably_meant(void **state)
{
    static const struct {
        const char *name;
        enum file_name_kind kind;
    } rows[] = {
        {"3_c.up", FILE_NAME_LOOKALIKE},
        {"03_x.UP.sql", FILE_NAME_LOOKALIKE},
        {"v4_d.up.sql", FILE_NAME_LOOKALIKE},
        {"V1__init.sql", FILE_NAME_LOOKALIKE},
        {"-5_n.up.sql", FILE_NAME_LOOKALIKE},
        {"5.up.sql", FILE_NAME_LOOKALIKE},
        {" 13_x.up.sql", FILE_NAME_LOOKALIKE},
        {"0001_init.sql", FILE_NAME_LOOKALIKE},
        {"1_a\nb.up.sql", FILE_NAME_LOOKALIKE},
        {"#1_a.up.sql#", FILE_NAME_AUTOSAVE},
        {".18_h.up.sql", FILE_NAME_OTHER},
        {".1_a.up.sql.swp", FILE_NAME_OTHER},
        {".#1_a.up.sql", FILE_NAME_OTHER},
        {"README.md", FILE_NAME_OTHER},
        {"schema.sql", FILE_NAME_OTHER},
        {"00002_rename_root.go", FILE_NAME_OTHER},
        {"", FILE_NAME_OTHER},
        {"#", FILE_NAME_AUTOSAVE},
        {"_", FILE_NAME_OTHER},
        {"1_", FILE_NAME_OTHER},
        {"1_up.", FILE_NAME_OTHER},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct file_name parsed;
        file_name_parse(rows[i].name, &parsed);
        show_row(rows[i].name);
        assert_int_equal(parsed.kind, rows[i].kind);
        assert_int_equal(parsed.version, VERSION_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(file_name__parse__follows_the_pattern),
        cmocka_unit_test(file_name__parse__knows_what_was_probably_meant),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
