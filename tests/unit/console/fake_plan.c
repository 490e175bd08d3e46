/* A small, real plan. */
#include "fake_plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <string.h>

static const struct {
    const char *name, *text;
} files[] = {
    {"000044_create_invoices.up.sql", "CREATE TABLE invoices (id int);\n"},
    {"000044_create_invoices.down.sql", "DROP TABLE invoices;\n"},
    {"000045_add_currency.up.sql",
     "ALTER TABLE invoices ADD COLUMN currency text;\nUPDATE invoices SET currency = 'EUR';\n"},
    {"000045_add_currency.down.sql", "ALTER TABLE invoices DROP COLUMN currency;\n"},
    {"000046_index_currency.up.sql",
     "ALTER TABLE invoices ALTER COLUMN currency SET NOT NULL;\n"
     "CREATE INDEX invoices_currency_idx ON invoices (currency);\n"},
    {"000046_index_currency.down.sql", "DROP INDEX invoices_currency_idx;\n"},
    {"000047_index_beside_others.up.sql",
     "CREATE INDEX CONCURRENTLY invoices_id_idx ON invoices (id);\nANALYZE invoices;\n"},
    {"000047_index_beside_others.down.sql", "DROP INDEX invoices_id_idx;\n"},
    {"000048_note.up.sql", "ALTER TABLE invoices ADD COLUMN note text;\n"},
};

struct fake_plan *fake_plan_new(void)
{
    g_autoptr(GError) error = NULL;
    g_autoptr(GPtrArray) records = g_ptr_array_new();
    struct fake_plan *fake = g_new0(struct fake_plan, 1);
    const struct version_state state = {.kind = VERSION_TABLE_WINCH, .version = 44};
    const struct goal goal = {.kind = GOAL_UP};
    fake->folder = g_dir_make_tmp("winch-console-XXXXXX", NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(files); i++) {
        g_autofree char *path = g_build_filename(fake->folder, files[i].name, NULL);
        assert_true(g_file_set_contents(path, files[i].text, -1, NULL));
    }
    AUTOPTR(migration_set) *set = migration_set_load(fake->folder, &error);
    assert_non_null(set);
    AUTOPTR(ledger) *ledger = ledger_new(records, &state);
    struct plan_context context = {set, &state, ledger, SQL_POSTGRESQL, NULL, "test"};
    fake->plan = plan_build(&context, &goal, &error);
    assert_non_null(fake->plan);
    return fake;
}

void fake_plan_free(struct fake_plan *fake)
{
    g_autoptr(GDir) dir = g_dir_open(fake->folder, 0, NULL);
    const char *name;
    while (dir != NULL && (name = g_dir_read_name(dir)) != NULL) {
        g_autofree char *path = g_build_filename(fake->folder, name, NULL);
        g_unlink(path);
    }
    g_rmdir(fake->folder);
    plan_unref(fake->plan);
    g_free(fake->folder);
    g_free(fake);
}

void fake_plan_hide_id(struct fake_plan *fake)
{
    memcpy(fake->plan->id, "0123456789abcdef", sizeof fake->plan->id);
}
