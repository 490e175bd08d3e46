/* Catalogs: building, looking up, text there and back, fingerprints, differences. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "database/catalog.h"
#include "database/catalog_builder.h"

/* Rows of kind, identity, parent's kind, parent's identity, attribute, value; a row without a kind
 * is one more attribute of the object above. */
struct row {
    const char *kind, *identity, *parent_kind, *parent, *attribute, *value;
};

static struct catalog *build(const struct row *rows, GError **error)
{
    AUTOPTR(catalog_builder) *builder = catalog_builder_new();
    for (; rows->attribute != NULL || rows->kind != NULL; rows++) {
        if (rows->kind != NULL)
            catalog_builder_object(builder, rows->kind, rows->identity, rows->parent_kind,
                                   rows->parent);
        if (rows->attribute != NULL)
            catalog_builder_attribute(builder, rows->attribute, rows->value);
    }
    return catalog_builder_finish(builder, error);
}

#define TABLE        "table", "public.orders", NULL, NULL
#define COLUMN(name) "column", "public.orders." name, "table", "public.orders"
#define MORE         NULL, NULL, NULL, NULL
#define END                                                                                        \
    {                                                                                              \
        MORE, NULL, NULL                                                                           \
    }

static const struct row orders[] = {
    {COLUMN("total"), "type", "integer"},
    {MORE, CATALOG_POSITION, "2"},
    {COLUMN("id"), "type", "bigint"},
    {MORE, "not null", "yes"},
    {MORE, CATALOG_POSITION, "1"},
    {TABLE, "owner", "app"},
    {"function", "public.f()", NULL, NULL, "definition", "line one\n\tline \\two\r\n"},
    {"index", "public.orders_idx", "table", "public.orders", NULL, NULL},
    END,
};

static const char orders_text[] = "winch catalog 1\n"
                                  "function\tpublic.f()\n"
                                  "\tdefinition\tline one\\n\\tline \\\\two\\r\\n\n"
                                  "table\tpublic.orders\n"
                                  "\towner\tapp\n"
                                  "column\tpublic.orders.id\ttable\tpublic.orders\n"
                                  "\tnot null\tyes\n"
                                  "\tposition\t1\n"
                                  "\ttype\tbigint\n"
                                  "column\tpublic.orders.total\ttable\tpublic.orders\n"
                                  "\tposition\t2\n"
                                  "\ttype\tinteger\n"
                                  "index\tpublic.orders_idx\ttable\tpublic.orders\n";

static void catalog__text__is_canonical_whatever_the_order(void **state)
{
    (void)state;
    AUTOPTR(catalog) *catalog = build(orders, NULL);
    g_autofree char *text = catalog_text(catalog);
    g_autofree char *sum = g_compute_checksum_for_string(G_CHECKSUM_SHA256, text, -1);
    assert_string_equal(text, orders_text);
    assert_string_equal(catalog_fingerprint(catalog), sum);
}

static void catalog__parse__goes_there_and_back(void **state)
{
    (void)state;
    AUTOPTR(catalog) *built = build(orders, NULL);
    AUTOPTR(catalog) *read = catalog_parse(orders_text, strlen(orders_text), NULL);
    g_autofree char *text = catalog_text(read);
    assert_string_equal(text, orders_text);
    assert_string_equal(catalog_fingerprint(read), catalog_fingerprint(built));
    assert_string_equal(
        catalog_attribute(catalog_find(read, "function", "public.f()"), "definition"),
        "line one\n\tline \\two\r\n");
}

static void catalog__parse__refuses_what_is_not_one(void **state)
{
    (void)state;
    static const char *const broken[] = {
        "",
        "winch catalog 1",
        "winch catalog 2\n",
        "winch catalog 1\ntable\n",
        "winch catalog 1\ntable\ta\tb\n",
        "winch catalog 1\ntable\ta\tb\tc\td\n",
        "winch catalog 1\n\ta\tb\n",
        "winch catalog 1\ntable\ta\n\tname\n",
        "winch catalog 1\ntable\ta\n\tname\tvalue\tmore\n",
        "winch catalog 1\ntable\ta\\x\n",
        "winch catalog 1\ntable\ta\\\n",
        "winch catalog 1\ntable\ta",
        "winch catalog 1\ntable\t\n",
        "winch catalog 1\n\n",
        "winch catalog 1\ntable\ta\ntable\ta\n",
        "winch catalog 1\ntable\ta\n\tx\t1\n\tx\t2\n",
        "winch catalog 1\ntable\t\377\n",
    };
    for (gsize i = 0; i < G_N_ELEMENTS(broken); i++) {
        g_autoptr(GError) error = NULL;
        AUTOPTR(catalog) *catalog = catalog_parse(broken[i], strlen(broken[i]), &error);
        if (catalog != NULL)
            fail_msg("taken: %s", broken[i]);
        assert_true(error_is(error, ERROR_FAILED));
    }
    g_autoptr(GError) error = NULL;
    assert_null(catalog_parse("winch catalog 1\ntable\ta\0b\n", 27, &error));
    AUTOPTR(catalog) *empty = catalog_parse("winch catalog 1\n", 16, NULL);
    assert_int_equal(catalog_count(empty), 0);
}

static void catalog__build__refuses_the_same_twice(void **state)
{
    (void)state;
    static const struct row twice[] = {{TABLE, "owner", "a"}, {TABLE, "owner", "b"}, END};
    g_autoptr(GError) error = NULL;
    assert_null(build(twice, &error));
    assert_non_null(strstr(error->message, "table public.orders is there twice"));
}

static void catalog__build__makes_text_valid(void **state)
{
    (void)state;
    static const struct row rows[] = {{TABLE, "comment", "caf\351"}, END};
    AUTOPTR(catalog) *catalog = build(rows, NULL);
    g_autofree char *text = catalog_text(catalog);
    AUTOPTR(catalog) *read = catalog_parse(text, strlen(text), NULL);
    assert_non_null(read);
    assert_string_equal(catalog_attribute(catalog_at(read, 0), "comment"), "caf\357\277\275");
}

static void catalog__find__knows_kind_and_identity(void **state)
{
    (void)state;
    AUTOPTR(catalog) *catalog = build(orders, NULL);
    const struct catalog_object *id = catalog_find(catalog, "column", "public.orders.id");
    assert_non_null(id);
    assert_string_equal(catalog_object_name(id), "id");
    assert_string_equal(id->parent_kind, "table");
    assert_string_equal(catalog_attribute(id, "type"), "bigint");
    assert_null(catalog_attribute(id, "default"));
    assert_null(catalog_find(catalog, "table", "public.orders.id"));
    assert_null(catalog_find(catalog, "table", "public.order"));
    assert_string_equal(catalog_object_name(catalog_find(catalog, "index", "public.orders_idx")),
                        "public.orders_idx");
}

static void catalog__parts__are_those_of_one_parent(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {"table", "a", NULL, NULL, NULL, NULL},
        {"column", "a.z", "table", "a", CATALOG_POSITION, "1"},
        {"column", "a.b", "table", "a", CATALOG_POSITION, "10"},
        {"column", "a.c", "table", "a", CATALOG_POSITION, "9"},
        {"index", "i", "table", "a", NULL, NULL},
        {"table", "a.b", NULL, NULL, NULL, NULL},
        {"column", "0", "aaa", "unknown", NULL, NULL},
        END,
    };
    AUTOPTR(catalog) *catalog = build(rows, NULL);
    const struct catalog_object *table = catalog_find(catalog, "table", "a"), *part;
    const struct catalog_object unknown = {.kind = "aaa", .identity = "unknown"};
    GString *names = g_string_new(NULL);
    for (guint i = 0; (part = catalog_part_next(catalog, table, NULL, &i)) != NULL;)
        g_string_append_printf(names, "%s ", part->identity);
    for (guint i = 0; (part = catalog_part_next(catalog, table, "index", &i)) != NULL;)
        g_string_append_printf(names, "%s ", part->identity);
    for (guint i = 0; (part = catalog_part_next(catalog, &unknown, NULL, &i)) != NULL;)
        g_string_append_printf(names, "%s ", part->identity);
    g_autoptr(GPtrArray) columns = catalog_parts_in_order(catalog, table, "column");
    for (guint i = 0; i < columns->len; i++)
        g_string_append_printf(names, "%s ", catalog_object_name(columns->pdata[i]));
    assert_string_equal(names->str, "a.b a.c a.z i i 0 z c b ");
    g_string_free(names, TRUE);
    guint none = 0;
    const struct catalog_object *other = catalog_find(catalog, "table", "a.b");
    assert_null(catalog_part_next(catalog, other, NULL, &none));
    assert_null(catalog_part_next(catalog, other, NULL, &none));
}

/* ---- differences ----------------------------------------------------------------------------- */

static char *difference_of(const struct row *before, const struct row *after)
{
    AUTOPTR(catalog) *old = build(before, NULL);
    AUTOPTR(catalog) *new = build(after, NULL);
    g_autoptr(GPtrArray) differences = catalog_difference(old, new);
    GString *text = g_string_new(NULL);
    for (guint i = 0; i < differences->len; i++) {
        const struct catalog_difference *difference = g_ptr_array_index(differences, i);
        g_autofree char *line = catalog_difference_text(difference);
        g_string_append_printf(text, "%s%s\n", line, difference->is_implied ? " *" : "");
    }
    return g_string_free(text, FALSE);
}

static void assert_difference(const struct row *before, const struct row *after,
                              const char *expected)
{
    g_autofree char *text = difference_of(before, after);
    assert_string_equal(text, expected);
}

static void catalog__difference__names_what_changed(void **state)
{
    (void)state;
    static const struct row after[] = {
        {COLUMN("id"), "type", "bigint"},
        {MORE, "default", "7"},
        {MORE, CATALOG_POSITION, "1"},
        {COLUMN("total"), "type", "numeric(10,2)"},
        {MORE, CATALOG_POSITION, "2"},
        {TABLE, "owner", "app"},
        {"function", "public.f()", NULL, NULL, "definition", "line one\n\tline 2\n"},
        {"view", "public.v", NULL, NULL, "definition", "SELECT 1"},
        END,
    };
    assert_difference(orders, orders, "");
    assert_difference(orders, after,
                      "changed function public.f(): definition, below its first line\n"
                      "changed column public.orders.id: default is now 7\n"
                      "changed column public.orders.id: not null was yes, and is not set now\n"
                      "changed column public.orders.total: type integer became numeric(10,2)\n"
                      "removed index public.orders_idx\n"
                      "added view public.v\n");
}

static void catalog__difference__marks_what_goes_with_its_parent(void **state)
{
    (void)state;
    static const struct row none[] = {
        {"function", "public.f()", NULL, NULL, "definition", "line one\n\tline \\two\r\n"}, END};
    AUTOPTR(catalog) *old = build(orders, NULL);
    AUTOPTR(catalog) *new = build(none, NULL);
    g_autoptr(GPtrArray) differences = catalog_difference(old, new);
    assert_int_equal(differences->len, 4);
    assert_int_equal(catalog_difference_count(differences), 1);
    assert_difference(orders, none,
                      "removed table public.orders\n"
                      "removed column public.orders.id *\n"
                      "removed column public.orders.total *\n"
                      "removed index public.orders_idx *\n");
    assert_difference(none, orders,
                      "added table public.orders\n"
                      "added column public.orders.id *\n"
                      "added column public.orders.total *\n"
                      "added index public.orders_idx *\n");
}

static void catalog__difference__tells_order_from_change(void **state)
{
    (void)state;
    static const struct row swapped[] = {
        {COLUMN("id"), "type", "bigint"},
        {MORE, "not null", "yes"},
        {MORE, CATALOG_POSITION, "2"},
        {COLUMN("total"), "type", "integer"},
        {MORE, CATALOG_POSITION, "1"},
        {TABLE, "owner", "app"},
        {"function", "public.f()", NULL, NULL, "definition", "line one\n\tline \\two\r\n"},
        {"index", "public.orders_idx", "table", "public.orders", NULL, NULL},
        END,
    };
    AUTOPTR(catalog) *old = build(orders, NULL);
    AUTOPTR(catalog) *new = build(swapped, NULL);
    g_autoptr(GPtrArray) differences = catalog_difference(old, new);
    g_autoptr(GPtrArray) nothing = catalog_difference(old, old);
    assert_true(catalog_difference_is_order(differences));
    assert_false(catalog_difference_is_order(nothing));
    assert_string_not_equal(catalog_fingerprint(old), catalog_fingerprint(new));
    assert_string_equal(catalog_fingerprint_unordered(old), catalog_fingerprint_unordered(new));
    assert_difference(orders, swapped,
                      "order of columns in table public.orders: id, total became total, id\n");
}

static void catalog__difference__leaves_out_places_that_neighbours_moved(void **state)
{
    (void)state;
    static const struct row less[] = {
        {COLUMN("total"), "type", "integer"},
        {MORE, CATALOG_POSITION, "1"},
        {TABLE, "owner", "app"},
        {"function", "public.f()", NULL, NULL, "definition", "line one\n\tline \\two\r\n"},
        {"index", "public.orders_idx", "table", "public.orders", NULL, NULL},
        END,
    };
    assert_difference(orders, less, "removed column public.orders.id\n");
}

static void catalog__difference__follows_a_part_to_another_parent(void **state)
{
    (void)state;
    static const struct row owned[] = {
        {TABLE, NULL, NULL},
        {"sequence", "public.s", "table", "public.orders", "owned by", "public.orders.id"},
        {"sequence", "public.t", "table", "public.orders", NULL, NULL},
        END};
    static const struct row alone[] = {{TABLE, NULL, NULL},
                                       {"sequence", "public.s", NULL, NULL, NULL, NULL},
                                       {"sequence", "public.t", NULL, NULL, NULL, NULL},
                                       END};
    assert_difference(owned, alone,
                      "changed sequence public.s: owned by was public.orders.id, and is not set "
                      "now\n"
                      "changed sequence public.t: part of was public.orders, and is not set now\n");
    assert_difference(alone, owned,
                      "changed sequence public.s: owned by is now public.orders.id\n"
                      "changed sequence public.t: part of is now public.orders\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(catalog__text__is_canonical_whatever_the_order),
        cmocka_unit_test(catalog__parse__goes_there_and_back),
        cmocka_unit_test(catalog__parse__refuses_what_is_not_one),
        cmocka_unit_test(catalog__build__refuses_the_same_twice),
        cmocka_unit_test(catalog__build__makes_text_valid),
        cmocka_unit_test(catalog__find__knows_kind_and_identity),
        cmocka_unit_test(catalog__parts__are_those_of_one_parent),
        cmocka_unit_test(catalog__difference__names_what_changed),
        cmocka_unit_test(catalog__difference__marks_what_goes_with_its_parent),
        cmocka_unit_test(catalog__difference__tells_order_from_change),
        cmocka_unit_test(catalog__difference__leaves_out_places_that_neighbours_moved),
        cmocka_unit_test(catalog__difference__follows_a_part_to_another_parent),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
