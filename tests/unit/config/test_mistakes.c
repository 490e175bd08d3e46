/* Every kind of mistake, with its file, line and what was probably meant. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "fixture.h"

#define M         "migrations:\n"
#define D         M "  database:\n"
#define O         M "  options:\n"
#define DURATIONS "write a whole number and a unit: 500ms, 30s, 5min, 2h, 1d or 1h30m"
#define VARIABLES                                                                                  \
    "not a variable: write ${NAME}, ${NAME:-default} or ${NAME:?message}, and $$ for a dollar "    \
    "sign"

static void assert_mistake(const char *yaml, const char *expected)
{
    g_autoptr(GError) error = NULL;
    struct config *config = fixture_load(yaml, NULL, NULL, &error);
    assert_null(config);
    assert_true(error_is(error, ERROR_CONFIG));
    g_autofree char *line = error_line(error);
    assert_string_equal(line, expected);
}

static void config__lint__names_each_mistake(void **state)
{
    static const struct {
        const char *yaml, *expected;
    } rows[] = {
        {M "  lint: {rules: []}\n",
         "c.yaml:2: migrations.lint.rules must be a mapping (levels by name), not a list"},
        {M "  lint:\n    rules: {ban-drop-colum: error}\n",
         "c.yaml:3: migrations.lint.rules: there is no rule 'ban-drop-colum'; did you mean "
         "'ban-drop-column'?"},
        {M "  lint:\n    rules:\n      prefer-text-field: of\n",
         "c.yaml:4: migrations.lint.rules.prefer-text-field: 'of' is none of off, notice, warning, "
         "error; did you mean 'off'?"},
        {M "  lint:\n    rules:\n      prefer-text-field: [off]\n",
         "c.yaml:4: migrations.lint.rules.prefer-text-field must be a single value, not a list"},
        {M "  lint:\n    fail_on: off\n",
         "c.yaml:3: migrations.lint.fail_on: 'off' is none of notice, warning, error"},
        {M "  lint:\n    server_version: 150004\n",
         "c.yaml:3: migrations.lint.server_version: '150004' is not a number from 10 to 99"},
        {M "  environments:\n    staging:\n      lint: off\n",
         "c.yaml:4: migrations.environments.staging.lint must be a mapping, not a single value"},
        {M "  environments:\n    staging:\n      lint:\n        rule: {}\n",
         "c.yaml:5: unknown key 'rule' in migrations.environments.staging.lint; did you mean "
         "'rules'?"},
        {M "  environments:\n    staging:\n      lint:\n        fail_on: warnings\n",
         "c.yaml:5: migrations.environments.staging.lint.fail_on: 'warnings' is none of notice, "
         "warning, error; did you mean 'warning'?"},
        {M "  environments:\n    staging:\n      lint: {rules: {prefer-txt-field: off}}\n",
         "c.yaml:4: migrations.environments.staging.lint.rules: there is no rule "
         "'prefer-txt-field'; did you mean 'prefer-text-field'?"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_mistake(rows[i].yaml, rows[i].expected);
}

static void config__load__names_each_mistake(void **state)
{
    static const struct {
        const char *yaml, *expected;
    } rows[] = {
        {"migration:\n", "c.yaml:1: unknown key 'migration' at the top; did you mean "
                         "'migrations'?"},
        {"database:\n  host: h\n", "c.yaml:1: unknown key 'database' at the top; did you mean "
                                   "'migrations.database'?"},
        {D "    hosst: h\n", "c.yaml:3: unknown key 'hosst' in migrations.database; did you mean "
                             "'host'?"},
        {D "    lock_timeout: 3s\n",
         "c.yaml:3: unknown key 'lock_timeout' in migrations.database; did you mean "
         "'migrations.options.lock_timeout'?"},
        {D "    xyzzy: h\n", "c.yaml:3: unknown key 'xyzzy' in migrations.database"},
        {D "    <<: h\n", "c.yaml:3: unknown key '<<' in migrations.database"},
        {M "  option: {}\n", "c.yaml:2: unknown key 'option' in migrations; did you mean "
                             "'options'?"},
        {D "    host: a\n    port: 1\n    host: b\n",
         "c.yaml:5: duplicate key 'host', first given on line 3"},
        {M "  alerts:\n  alerts:\n", "c.yaml:3: duplicate key 'alerts', first given on line 2"},
        {"- a\n", "c.yaml:1: the file must be a mapping, not a list"},
        {"text\n", "c.yaml:1: the file must be a mapping, not a single value"},
        {M "  database: []\n", "c.yaml:2: migrations.database must be a mapping, not a list"},
        {D "    host: [a]\n",
         "c.yaml:3: migrations.database.host must be a single value (text), not a list"},
        {O "    timeout: {a: b}\n",
         "c.yaml:3: migrations.options.timeout must be a single value (duration), not a mapping"},
        {M "  hooks:\n    on_event: notify\n",
         "c.yaml:3: migrations.hooks.on_event must be a list (list of commands), not a single "
         "value"},
        {M "  hooks:\n    on_event:\n    - a\n    - [b]\n",
         "c.yaml:5: migrations.hooks.on_event: each command must be a single value, not a list"},
        {M "  hooks:\n    on_event:\n    - 'a \"b'\n",
         "c.yaml:4: migrations.hooks.on_event: not a command: a quote in it does not end"},
        {M "  hooks:\n    on_event:\n    - ' '\n",
         "c.yaml:4: migrations.hooks.on_event: not a command: there is no word in it"},
        {O "    timeout: 5 parsecs\n",
         "c.yaml:3: migrations.options.timeout: '5 parsecs' is not a duration; " DURATIONS},
        {O "    timeout: 300\n",
         "c.yaml:3: migrations.options.timeout: '300' is not a duration; " DURATIONS},
        {O "    max_retries: many\n",
         "c.yaml:3: migrations.options.max_retries: 'many' is not a number from 0 to 1000"},
        {O "    max_retries: -1\n",
         "c.yaml:3: migrations.options.max_retries: '-1' is not a number from 0 to 1000"},
        {M "  validation:\n    check_indexes: ture\n",
         "c.yaml:3: migrations.validation.check_indexes: 'ture' is neither true nor false; did "
         "you mean 'true'?"},
        {D "    sslmode: requird\n",
         "c.yaml:3: migrations.database.sslmode: 'requird' is none of disable, allow, prefer, "
         "require, verify-ca, verify-full; did you mean 'require'?"},
        {D "    port: 70000\n",
         "c.yaml:3: migrations.database.port: '70000' is not a port from 1 to 65535"},
        {D "    port: 5432,x\n",
         "c.yaml:3: migrations.database.port: 'x' is not a port from 1 to 65535"},
        {M "  serve: {listen: localhost}\n",
         "c.yaml:2: migrations.serve.listen: 'localhost' is not an address and port, such as "
         "127.0.0.1:9187 or [::1]:9187"},
        {D "    url: postgras://h/db\n",
         "c.yaml:3: migrations.database.url: no driver is called 'postgras'; known are postgres "
         "and sqlite3; did you mean 'postgres'?"},
        {D "    url: topsecret\n",
         "c.yaml:3: migrations.database.url: neither a URL (postgres://user@host/database) nor a "
         "conninfo string (host=... dbname=...)"},
        {D "    host: ${DB_HOST}\n",
         "c.yaml:3: migrations.database.host: the environment variable DB_HOST is not set"},
        {D "    host: ${DB_HOST:?say which}\n",
         "c.yaml:3: migrations.database.host: the environment variable DB_HOST is not set: say "
         "which"},
        {D "    host: ${DB_HOST\n", "c.yaml:3: migrations.database.host: " VARIABLES},
        {D "    host: \"a\\nb\"\n",
         "c.yaml:3: migrations.database.host: a control character in a value"},
        {M "  environment: prodution\n",
         "c.yaml:2: migrations.environment: 'prodution' is none of development, staging, "
         "production, unknown; did you mean 'production'?"},
        {M "  environments: [a]\n",
         "c.yaml:2: migrations.environments must be a mapping, not a list"},
        {M "  environments:\n    qa: yes\n",
         "c.yaml:3: migrations.environments.qa must be a mapping, not a single value"},
        {M "  environments:\n    Q A: {}\n",
         "c.yaml:3: 'Q A' cannot name an environment: small letters, digits, - and _, beginning "
         "with a letter"},
        {M "  environments:\n    qa: {backups: off}\n",
         "c.yaml:3: unknown key 'backups' in migrations.environments.qa; did you mean 'backup'?"},
        {M "  environments:\n    qa: {backup: requird}\n",
         "c.yaml:3: migrations.environments.qa.backup: 'requird' is none of off, on, required; "
         "did you mean 'required'?"},
        {M "  environments:\n    qa: {reason: on}\n",
         "c.yaml:3: migrations.environments.qa.reason: 'on' is none of off, required"},
        {M "  environments:\n    qa: {up: [free]}\n",
         "c.yaml:3: migrations.environments.qa.up must be a single value, not a list"},
        {D "    password: a\n    password_file: b\n",
         "c.yaml:4: migrations.database.password_file besides migrations.database.password "
         "(c.yaml:3); keep one of them"},
        {D "    password_command: \"a 'b\"\n",
         "c.yaml:3: migrations.database.password_command: not a command: a quote in it does not "
         "end"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
        assert_mistake(rows[i].yaml, rows[i].expected);
}

static void config__load__tells_all_mistakes_in_file_order(void **state)
{
    (void)state;
    assert_mistake(M "  options:\n"
                     "    timeout: never\n"
                     "    lock_timout: 3s\n"
                     "  database:\n"
                     "    host: ${DB_HOST}\n"
                     "    host: h\n"
                     "  environments:\n"
                     "    production: {up: never}\n"
                     "  bakcup: {}\n",
                   "c.yaml:3: migrations.options.timeout: 'never' is not a duration; " DURATIONS
                   "\n"
                   "c.yaml:4: unknown key 'lock_timout' in migrations.options; did you mean "
                   "'lock_timeout'?\n"
                   "c.yaml:6: migrations.database.host: the environment variable DB_HOST is not "
                   "set\n"
                   "c.yaml:7: duplicate key 'host', first given on line 6\n"
                   "c.yaml:9: migrations.environments.production.up: 'never' is none of free, "
                   "confirm, typed\n"
                   "c.yaml:10: unknown key 'bakcup' in migrations; did you mean 'backup'?");
}

static void config__load__names_the_variable_and_the_option(void **state)
{
    const struct config_override option = {CONFIG_TIMEOUT, "soon", "--timeout"};
    const struct config_override empty = {CONFIG_DATABASE_URL, "", "-database"};
    g_autoptr(GError) both = NULL, unset = NULL, environment = NULL;
    (void)state;
    assert_null(fixture_load("x: 1\n", ENVIRONMENT("WINCH_LOCK_TIMEOUT=15", "PGPORT=no", ), &option,
                             &both));
    g_autofree char *line = error_line(both);
    assert_string_equal(line, "--timeout: 'soon' is not a duration; " DURATIONS "\n"
                              "WINCH_LOCK_TIMEOUT: '15' is not a duration; " DURATIONS "\n"
                              "PGPORT: 'no' is not a port from 1 to 65535\n"
                              "c.yaml:1: unknown key 'x' at the top");
    assert_null(fixture_load("", NULL, &empty, &unset));
    assert_string_equal(unset->message, "-database is empty; give it a value or leave it out");
    assert_null(fixture_load("", ENVIRONMENT("WINCH_ENVIRONMENT=prodution", ), NULL, &environment));
    assert_string_equal(environment->message,
                        "WINCH_ENVIRONMENT: 'prodution' is none of development, staging, "
                        "production, unknown; did you mean 'production'?");
}

static void config__load__refuses_hostile_yaml(void **state)
{
    static const struct {
        const char *yaml;
        gssize length;
        const char *expected;
    } rows[] = {
        {"a: &x [b]\nc: *x\n", -1,
         "c.yaml:1: anchors are not allowed; write the value out\n"
         "c.yaml:1: unknown key 'a' at the top\n"
         "c.yaml:2: aliases are not allowed; write the value out\n"
         "c.yaml:2: unknown key 'c' at the top"},
        {"migrations: !!map {}\n", -1,
         "c.yaml:1: tags are not allowed; put the value in quotes if it is meant as text"},
        {"migrations:\n---\nmigrations:\n", -1, "c.yaml:2: a second document; keep one a file"},
        {"? [a]\n: b\n", -1, "c.yaml:1: a key must be a word, not a list"},
        {"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[", -1,
         "c.yaml:1: nested too deeply (more than 16 levels)\n"
         "c.yaml:1: the file must be a mapping, not a list"},
        {"migrations:\n  options: {\n", -1, NULL},
        {"migrations:\n\toptions:\n", -1, NULL},
        {"migrations: \"\\0\"\n", -1,
         "c.yaml:1: a NUL character in a value\n"
         "c.yaml:1: migrations must be a mapping, not a single value"},
        {"a\n\377\n", -1, "c.yaml:2: not UTF-8"},
        {"a\nb\n\0c\n", 7, "c.yaml:3: a NUL byte"},
        {"\377\376a\0", 4, "c.yaml:1: not UTF-8"},
        {"a: \033[2J\n", -1, NULL},
        {"\"\\e[2J\\nx:1: y\": 1\n", -1, "c.yaml:1: unknown key '^[[2J x:1: y' at the top"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct config_sources sources = {.lookup = fixture_look_up};
        gsize length = rows[i].length < 0 ? strlen(rows[i].yaml) : (gsize)rows[i].length;
        g_autoptr(GError) error = NULL;
        assert_null(config_load_text(&sources, "c.yaml", rows[i].yaml, length, TRUE, &error));
        g_autofree char *line = error_line(error);
        if (rows[i].expected != NULL)
            assert_string_equal(line, rows[i].expected);
        else
            assert_non_null(strstr(line, ": not YAML: "));
    }
}

static void config__load__bounds_size_and_number(void **state)
{
    const struct config_sources sources = {.lookup = fixture_look_up};
    g_autofree char *large = g_strnfill(1024 * 1024 + 1, '#');
    g_autoptr(GString) many = g_string_new(NULL);
    g_autoptr(GError) too_large = NULL, too_many = NULL;
    (void)state;
    assert_null(config_load_text(&sources, "c.yaml", large, 1024 * 1024 + 1, TRUE, &too_large));
    assert_string_equal(too_large->message, "larger than 1 MiB");
    for (int i = 0; i < 60; i++)
        g_string_append_printf(many, "key%d: 1\n", i);
    assert_null(config_load_text(&sources, "c.yaml", many->str, many->len, TRUE, &too_many));
    assert_true(g_str_has_suffix(too_many->message, "\nand 10 more"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config__load__names_each_mistake),
        cmocka_unit_test(config__lint__names_each_mistake),
        cmocka_unit_test(config__load__tells_all_mistakes_in_file_order),
        cmocka_unit_test(config__load__names_the_variable_and_the_option),
        cmocka_unit_test(config__load__refuses_hostile_yaml),
        cmocka_unit_test(config__load__bounds_size_and_number),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
