/* What holds, and who said so: the requirements' file, precedence, connections, policies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/secret.h"
#include "fixture.h"

#include <glib/gstdio.h>
#include <unistd.h>

#define D "migrations:\n  database:\n"

static struct config *must_load(const char *text, const char **environment,
                                const struct config_override *option)
{
    g_autoptr(GError) error = NULL;
    struct config *config = fixture_load(text, environment, option, &error);
    if (error != NULL)
        fail_msg("%s", error->message);
    return config;
}

/* "host=h dbname=d": what libpq would be given, in order. */
static char *parameters_of(const struct config *config)
{
    AUTOPTR(config_database) *database = config_database_new(config);
    g_autoptr(GString) out = g_string_new(database->driver);
    for (guint i = 0; database->keywords[i] != NULL; i++)
        g_string_append_printf(out, " %s=%s", database->keywords[i], database->values[i]);
    return g_string_free(g_steal_pointer(&out), FALSE);
}

static void assert_parameters(const char *text, const char **environment,
                              const struct config_override *option, const char *expected)
{
    AUTOPTR(config) *config = must_load(text, environment, option);
    g_autofree char *parameters = parameters_of(config);
    assert_string_equal(parameters, expected);
}

static void assert_password(const char *text, const char **environment,
                            const struct config_override *option, const char *expected)
{
    AUTOPTR(config) *config = must_load(text, environment, option);
    char *password = NULL;
    assert_true(config_database_password(config, &password, NULL));
    if (expected == NULL)
        assert_null(password);
    else
        assert_string_equal(password, expected);
    secret_free(password);
}

static void config__load__takes_the_sample_file(void **state)
{
    g_autofree char *path =
        g_build_filename(g_getenv("WINCH_TESTS") != NULL ? g_getenv("WINCH_TESTS") : "tests", "..",
                         "configs", "migrations.yaml", NULL);
    const struct config_sources sources = {
        .file = path,
        .lookup = fixture_look_up,
        .lookup_data =
            ENVIRONMENT("DB_HOST=db.example", "DB_PORT=5433", "DB_NAME=app", "DB_USERNAME=owner",
                        "DB_PASSWORD=topsecret", "DB_SSL_MODE=verify-full", )};
    g_autoptr(GError) error = NULL;
    AUTOPTR(config) *config = config_load(&sources, &error);
    (void)state;
    if (error != NULL)
        fail_msg("%s", error->message);
    g_autofree char *parameters = parameters_of(config);
    g_autofree char *shown = config_describe(config, CONFIG_DATABASE_PASSWORD);
    assert_string_equal(parameters, "postgres host=db.example port=5433 dbname=app user=owner "
                                    "sslmode=verify-full");
    assert_string_equal(shown, "***");
    assert_string_equal(config_string(config, CONFIG_MIGRATIONS_PATH), "./migrations");
    assert_int_equal(config_duration(config, CONFIG_TIMEOUT), 300000);
    assert_int_equal(config_duration(config, CONFIG_LOCK_TIMEOUT), 30000);
    assert_int_equal(config_integer(config, CONFIG_MAX_RETRIES), 3);
    assert_int_equal(config_duration(config, CONFIG_RETRY_DELAY), 5000);
    assert_true(config_boolean(config, CONFIG_SCHEMA_CONSISTENCY));
    assert_int_equal(config_origin(config, CONFIG_TIMEOUT)->line, 14);
    assert_string_equal(config_file(config), path);
}

static void config__sizes__have_the_units_of_postgresql(void **state)
{
    static const struct {
        const char *text;
        gint64 bytes; /* -1: refused */
    } rows[] = {{"8192", 8192},       {"512kB", 512 * 1024}, {"100MB", 100 * 1024 * 1024},
                {"2 GB", 2LL << 30},  {"1TB", 1LL << 40},    {"100mb", -1},
                {"MB", -1},           {"1.5GB", -1},         {"-1MB", -1},
                {"99999999999TB", -1}};
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        struct setting_value value = {.text = NULL};
        g_autoptr(GError) error = NULL;
        gboolean is_size =
            setting_parse(setting_get(CONFIG_LARGE_TABLE), rows[i].text, 0, &value, &error);
        assert_int_equal(is_size, rows[i].bytes >= 0);
        if (is_size)
            assert_int_equal(value.number, rows[i].bytes);
        else
            assert_true(error_is(error, ERROR_CONFIG));
        setting_value_clear(&value);
    }
}

/* The comments of the sample file, as a file of their own. */
static void config__load__takes_every_addition(void **state)
{
    AUTOPTR(config) *config = must_load(
        "migrations:\n"
        "  environment: \"${APP_ENV:-development}\"\n"
        "  options: { version_table: ops.versions, own_schema: ops, on_hangup: cancel,\n"
        "             preview_max_age: 1h30m, session_state: carry }\n"
        "  backup: { directory: ./b, mode: touched, format: directory, jobs: 4, keep: 2,\n"
        "            verify: restore }\n"
        "  environments:\n"
        "    production: { approval: required }\n"
        "    qa: { rollback_to: last-stable }\n"
        "  limits: { max_blocked_sessions: 3, max_block_time: 6s }\n"
        "  hooks:\n"
        "    before_rollback: [ ]\n"
        "    on_event: [ 'notify --token ${TOKEN}', logger ]\n"
        "  alerts: { slow_migration: 5s }\n"
        "  serve: { listen: '[::1]:9188' }\n",
        ENVIRONMENT("TOKEN=topsecret", "APP_ENV=qa", ), NULL);
    g_autofree char *hooks = config_describe(config, CONFIG_ON_EVENT);
    (void)state;
    assert_string_equal(config_string(config, CONFIG_VERSION_TABLE), "ops.versions");
    assert_string_equal(config_string(config, CONFIG_ON_HANGUP), "cancel");
    assert_int_equal(config_duration(config, CONFIG_PREVIEW_MAX_AGE), 5400000);
    assert_int_equal(config_integer(config, CONFIG_BACKUP_JOBS), 4);
    assert_int_equal(config_duration(config, CONFIG_MAX_BLOCK_TIME), 6000);
    assert_string_equal(config_list(config, CONFIG_ON_EVENT)[0], "notify --token topsecret");
    assert_string_equal(config_list(config, CONFIG_ON_EVENT)[1], "logger");
    assert_null(config_list(config, CONFIG_ON_EVENT)[2]);
    assert_string_equal(hooks, "notify --token ${TOKEN}, logger");
    assert_true(config_is_set(config, CONFIG_BEFORE_ROLLBACK));
    assert_null(config_list(config, CONFIG_BEFORE_ROLLBACK)[0]);
    assert_string_equal(config_string(config, CONFIG_SERVE_LISTEN), "[::1]:9188");
    assert_string_equal(config_policy_in_force(config)->name, "qa");
    assert_int_equal(config_policy(config, "qa")->confirm, CONFIRM_TYPED);
    assert_int_equal(config_policy(config, "production")->approval, RULE_REQUIRED);
    assert_int_equal(config_policy(config, "production")->backup, RULE_REQUIRED);
    assert_null(config_policy(config, "none"));
}

static void config__load__defaults_are_valid(void **state)
{
    AUTOPTR(config) *config = must_load("", NULL, NULL);
    (void)state;
    for (guint key = 0; key < CONFIG_KEY_COUNT; key++) {
        const char *text = setting_get((enum config_key)key)->default_text;
        assert_int_equal(config_is_set(config, (enum config_key)key), text != NULL);
        assert_int_equal(config_origin(config, (enum config_key)key)->kind, ORIGIN_DEFAULT);
        assert_int_equal(setting_find(setting_get((enum config_key)key)->path), key);
    }
    assert_int_equal(config_duration(config, CONFIG_DATABASE_CONNECT_TIMEOUT), -1);
    assert_string_equal(config_policy_in_force(config)->name, "unknown");
    assert_parameters("", NULL, NULL, "postgres");
}

static void config__load__prefers_command_line_then_environment_then_file(void **state)
{
    static const struct config_override option = {CONFIG_TIMEOUT, "15", "-timeout"};
    static const char yaml[] = "migrations:\n  options:\n    timeout: 1s\n";
    const struct {
        const char *yaml;
        const char **environment;
        const struct config_override *option;
        gint64 milliseconds;
        const char *origin;
    } rows[] = {
        {"", NULL, NULL, 300000, "default"},
        {yaml, NULL, NULL, 1000, "c.yaml:3"},
        {yaml, ENVIRONMENT("WINCH_TIMEOUT=", ), NULL, 1000, "c.yaml:3"},
        {yaml, ENVIRONMENT("WINCH_TIMEOUT=2s", ), NULL, 2000, "WINCH_TIMEOUT"},
        {yaml, ENVIRONMENT("WINCH_TIMEOUT=2s", ), &option, 15000, "-timeout"},
        {"migrations:\n  options:\n    timeout: ''\n", NULL, NULL, 300000, "default"},
        {"migrations:\n  options:\n    timeout: ~\n", NULL, NULL, 300000, "default"},
        {"\357\273\277migrations:\n  options:\n    timeout: 1s\n", NULL, NULL, 1000, "c.yaml:3"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        AUTOPTR(config) *config = must_load(rows[i].yaml, rows[i].environment, rows[i].option);
        g_autofree char *origin = config_origin_describe(config_origin(config, CONFIG_TIMEOUT));
        assert_int_equal(config_duration(config, CONFIG_TIMEOUT), rows[i].milliseconds);
        assert_string_equal(origin, rows[i].origin);
    }
}

static void config__database__leaves_to_libpq_what_libpq_reads(void **state)
{
    static const char yaml[] = D "    host: file\n    name: app\n    connect_timeout: 1500ms\n";
    (void)state;
    assert_parameters(yaml, NULL, NULL, "postgres host=file dbname=app connect_timeout=2");
    assert_parameters(yaml, ENVIRONMENT("PGHOST=pg", "PGCONNECT_TIMEOUT=-1", ), NULL,
                      "postgres dbname=app");
    assert_parameters(yaml, ENVIRONMENT("PGHOST=pg", "WINCH_DATABASE_HOST=own", ), NULL,
                      "postgres host=own dbname=app connect_timeout=2");
    assert_parameters(yaml, ENVIRONMENT("PGSERVICE=live", ), NULL, "postgres");
    assert_parameters(D "    service: live\n    host: file\n", NULL, NULL,
                      "postgres service=live host=file");
    assert_parameters(D "    driver: sqlite3\n    name: dev.db\n    host: x\n",
                      ENVIRONMENT("PGDATABASE=pg", ), NULL, "sqlite3 dbname=dev.db");
}

static void config__database__a_url_serves_in_place_of_the_parts(void **state)
{
    static const struct config_override option = {CONFIG_DATABASE_URL, "postgres://cli/db",
                                                  "-database"};
    static const struct config_override sqlite = {CONFIG_DATABASE_URL, "sqlite3://dev.db",
                                                  "-database"};
    static const char yaml[] = D "    url: postgres://file/db\n    host: h\n    sslmode: require\n";
    (void)state;
    assert_parameters(yaml, NULL, NULL, "postgres sslmode=require dbname=postgres://file/db");
    assert_parameters(yaml, ENVIRONMENT("WINCH_DATABASE_HOST=own", "PGHOST=pg", ), NULL,
                      "postgres sslmode=require dbname=postgres://file/db host=own");
    assert_parameters(yaml, ENVIRONMENT("WINCH_DATABASE_URL=host=env", ), NULL,
                      "postgres dbname=host=env");
    assert_parameters(yaml, ENVIRONMENT("WINCH_DATABASE_HOST=own", ), &option,
                      "postgres dbname=postgres://cli/db");
    assert_parameters(yaml, NULL, &sqlite, "sqlite3 dbname=sqlite3://dev.db");
    AUTOPTR(config) *config = must_load(yaml, NULL, &sqlite);
    assert_string_equal(config_string(config, CONFIG_DATABASE_DRIVER), "sqlite3");
    assert_false(config_is_set(config, CONFIG_DATABASE_HOST));
}

static void config__load__misses_only_variables_that_would_be_used(void **state)
{
    static const struct config_override url = {CONFIG_DATABASE_URL, "postgres://h/db", "-database"};
    static const char host[] = D "    host: ${UNSET}\n";
    static const char password[] = D "    password: ${UNSET}\n";
    static const char option[] = "migrations:\n  options:\n    timeout: ${UNSET}\n";
    const struct {
        const char *yaml;
        const char **environment;
        const struct config_override *option;
        gboolean is_fine;
    } rows[] = {
        {host, NULL, NULL, FALSE},
        {host, ENVIRONMENT("WINCH_DATABASE_HOST=h", ), NULL, TRUE},
        {host, ENVIRONMENT("PGHOST=h", ), NULL, TRUE},
        {host, ENVIRONMENT("WINCH_DATABASE_NAME=n", ), NULL, FALSE},
        {host, ENVIRONMENT("WINCH_DATABASE_URL=postgres://h/db", ), NULL, TRUE},
        {host, ENVIRONMENT("PGSERVICE=live", ), NULL, TRUE},
        {host, ENVIRONMENT("WINCH_DATABASE_DRIVER=sqlite3", ), NULL, TRUE},
        {host, NULL, &url, TRUE},
        {D "    url: postgres://h/db\n    host: ${UNSET}\n", NULL, NULL, TRUE},
        {D "    url: ${UNSET}\n", NULL, NULL, FALSE},
        {D "    url: ${UNSET:-}\n    host: ${UNSET}\n", NULL, NULL, FALSE},
        {D "    name: ${UNSET}\n", ENVIRONMENT("WINCH_DATABASE_DRIVER=sqlite3", ), NULL, FALSE},
        {password, NULL, NULL, FALSE},
        {password, ENVIRONMENT("WINCH_DATABASE_PASSWORD_FILE=/p", ), NULL, TRUE},
        {password, ENVIRONMENT("PGPASSWORD=p", ), NULL, TRUE},
        {option, NULL, NULL, FALSE},
        {option, NULL, &url, FALSE},
        {option, ENVIRONMENT("WINCH_TIMEOUT=1s", ), NULL, TRUE},
        {D "    host: ${BROKEN\n", ENVIRONMENT("WINCH_DATABASE_HOST=h", ), NULL, FALSE},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        AUTOPTR(config) *config =
            fixture_load(rows[i].yaml, rows[i].environment, rows[i].option, &error);
        if ((config != NULL) != rows[i].is_fine)
            fail_msg("row %u: %s", (guint)i, error != NULL ? error->message : "no error");
    }
}

static void config__load__cannot_be_injected_into(void **state)
{
    AUTOPTR(config) *config =
        must_load(D "    host: ${H}\n", ENVIRONMENT("H=h, port: 1} # ${X}", ), NULL);
    (void)state;
    assert_string_equal(config_string(config, CONFIG_DATABASE_HOST), "h, port: 1} # ${X}");
    assert_false(config_is_set(config, CONFIG_DATABASE_PORT));
}

static void config__password__comes_from_the_highest_source(void **state)
{
    static const struct config_override bare = {CONFIG_DATABASE_URL, "postgres://u@cli/db",
                                                "-database"};
    static const struct config_override full = {CONFIG_DATABASE_URL, "postgres://u:own@cli/db",
                                                "-database"};
    static const char command[] = D "    password_command: echo commanded\n";
    static const char plain[] = D "    password: filed\n";
    (void)state;
    assert_password("", NULL, NULL, NULL);
    assert_password(plain, NULL, NULL, "filed");
    assert_password(command, NULL, NULL, "commanded");
    assert_password(plain, ENVIRONMENT("PGPASSWORD=pg", ), NULL, NULL);
    assert_password(command, ENVIRONMENT("PGPASSWORD=pg", ), NULL, NULL);
    assert_password(plain, ENVIRONMENT("WINCH_DATABASE_PASSWORD=env", ), NULL, "env");
    assert_password(plain, ENVIRONMENT("WINCH_DATABASE_PASSWORD_COMMAND=echo env", ), NULL, "env");
    /* A password of the file belongs to the file's server, not to one named elsewhere. */
    assert_password(plain, NULL, &bare, NULL);
    assert_password(plain, ENVIRONMENT("WINCH_DATABASE_PASSWORD=env", ), &bare, "env");
    assert_password(plain, ENVIRONMENT("WINCH_DATABASE_PASSWORD=env", ), &full, NULL);
    assert_password(D "    url: postgres://u@h/db\n    password: filed\n", NULL, NULL, "filed");
    assert_password(D "    url: postgres://u:own@h/db\n    password: filed\n", NULL, NULL, NULL);
    assert_password(D "    url: postgres://u:own@h/db\n",
                    ENVIRONMENT("WINCH_DATABASE_PASSWORD=env", ), NULL, "env");
}

static void config__password__failure_names_its_place(void **state)
{
    AUTOPTR(config) *config = must_load(D "    password_command: sh -c 'exit 4'\n", NULL, NULL);
    g_autoptr(GError) error = NULL;
    char *password = NULL;
    (void)state;
    assert_false(config_database_password(config, &password, &error));
    assert_null(password);
    g_autofree char *line = error_line(error);
    assert_string_equal(line, "c.yaml:3: password_command failed with exit status 4");
}

static void config__describe__shows_no_secret(void **state)
{
    AUTOPTR(config) *config =
        must_load(D "    url: postgres://u:t%40psecret@h/db\n    password_command: get ${TOKEN}\n",
                  ENVIRONMENT("TOKEN=topsecret", "WINCH_DATABASE_PASSWORD=envsecret", ), NULL);
    g_autofree char *scrubbed =
        config_scrub(config, "t%40psecret, t@psecret and envsecret are gone");
    (void)state;
    for (guint key = 0; key < CONFIG_KEY_COUNT; key++) {
        g_autofree char *shown = config_describe(config, (enum config_key)key);
        assert_true(shown == NULL || strstr(shown, "secret") == NULL);
    }
    assert_string_equal(scrubbed, "***, *** and *** are gone");
}

static void config__plain_password__is_refused_where_others_read(void **state)
{
    static const struct {
        const char *line;
        gboolean is_fine;
    } rows[] = {
        {"    password: topsecret\n", FALSE},
        {"    password: ${PW}\n", TRUE},
        {"    password: top${PW}\n", FALSE},
        {"    password: ${NONE:-topsecret}\n", FALSE},
        {"    password: ${NONE:-}\n", TRUE},
        {"    password: ''\n", TRUE},
        {"    password_file: /topsecret\n", TRUE},
        {"    url: postgres://u:topsecret@h/db\n", FALSE},
        {"    url: postgres://u:${PW}@h/db\n", TRUE},
        {"    url: postgres://u:${NONE:-topsecret}@h/db\n", FALSE},
        {"    url: postgres://u@h/db\n", TRUE},
        {"    url: host=h password=topsecret\n", FALSE},
        {"    url: host=h password=${PW} user=u\n", TRUE},
        {"    url: ${URL}\n", TRUE},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        const struct config_sources sources = {
            .lookup = fixture_look_up,
            .lookup_data = ENVIRONMENT("PW=topsecret", "URL=postgres://u:topsecret@h/db", )};
        g_autofree char *yaml = g_strconcat(D, rows[i].line, NULL);
        g_autoptr(GError) error = NULL;
        AUTOPTR(config) *shared =
            config_load_text(&sources, "c.yaml", yaml, strlen(yaml), FALSE, &error);
        AUTOPTR(config) *private =
            config_load_text(&sources, "c.yaml", yaml, strlen(yaml), TRUE, NULL);
        assert_non_null(private);
        if ((shared != NULL) != rows[i].is_fine)
            fail_msg("row %u", (guint)i);
        if (error == NULL)
            continue;
        assert_non_null(strstr(error->message, "a password in plain text in a file that others"));
        assert_null(strstr(error->message, "topsecret"));
        assert_int_equal(error_detail(error)->line, 3);
    }
}

static void config__policy__only_a_fallback_is_unknown(void **state)
{
    static const struct {
        const char *value, *policy;
    } rows[] = {
        {"development", "development"},        {"${APP_ENV:-production}", "development"},
        {"${NONE:-development}", "unknown"},   {"${NONE:-staging}", "unknown"},
        {"${NONE:-production}", "production"}, {"''", "unknown"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autofree char *yaml = g_strdup_printf("migrations:\n  environment: %s\n", rows[i].value);
        AUTOPTR(config) *config = must_load(yaml, ENVIRONMENT("APP_ENV=development", ), NULL);
        assert_string_equal(config_policy_in_force(config)->name, rows[i].policy);
    }
}

static void config__policy__tightens_field_by_field(void **state)
{
    struct policy policy = *policy_builtin(1);
    (void)state;
    assert_string_equal(policy.name, "staging");
    assert_true(policy_tighten(&policy, policy_builtin(2)));
    assert_string_equal(policy.name, "staging");
    for (guint field = 0; field < POLICY_FIELD_COUNT; field++)
        assert_string_equal(policy_field_word(&policy, field),
                            policy_field_word(policy_builtin(2), field));
    assert_false(policy_tighten(&policy, policy_builtin(0)));
    for (guint field = 0; field < POLICY_FIELD_COUNT; field++)
        for (const char *const *word = policy_field_words(field); *word != NULL; word++) {
            assert_true(policy_field_set(&policy, field, *word));
            assert_string_equal(policy_field_word(&policy, field), *word);
        }
    assert_false(policy_field_set(&policy, 0, "never"));
}

/* --- files -------------------------------------------------------------------------------------
 */

struct place {
    char *before, *directory;
};

static int enter_directory(void **state)
{
    struct place *place = g_new0(struct place, 1);
    place->before = g_get_current_dir();
    place->directory = g_dir_make_tmp("winch-XXXXXX", NULL);
    *state = place;
    return place->directory == NULL || g_chdir(place->directory) != 0 || g_mkdir("configs", 0700);
}

static int leave_directory(void **state)
{
    struct place *place = *state;
    g_unlink("configs/migrations.yaml");
    g_unlink("migrations.yaml");
    g_unlink("other.yaml");
    g_rmdir("configs");
    int result = g_chdir(place->before);
    g_rmdir(place->directory);
    g_free(place->before);
    g_free(place->directory);
    g_free(place);
    return result;
}

static char *file_found(const char *file, const char **environment)
{
    const struct config_sources sources = {
        .file = file, .lookup = fixture_look_up, .lookup_data = environment};
    g_autoptr(GError) error = NULL;
    AUTOPTR(config) *config = config_load(&sources, &error);
    if (config == NULL)
        return error_line(error);
    return g_strdup(config_file(config));
}

static void config__load__finds_its_file(void **state)
{
    (void)state;
    assert_null(file_found(NULL, NULL));
    assert_true(g_file_set_contents("migrations.yaml", "migrations:\n", -1, NULL));
    g_autofree char *near = file_found(NULL, NULL);
    assert_string_equal(near, "migrations.yaml");
    assert_true(g_file_set_contents("configs/migrations.yaml", "migrations:\n", -1, NULL));
    g_autofree char *usual = file_found(NULL, NULL);
    assert_string_equal(usual, "configs/migrations.yaml");
    assert_true(g_file_set_contents("other.yaml", "migrations:\n", -1, NULL));
    g_autofree char *named = file_found("other.yaml", ENVIRONMENT("WINCH_CONFIG=gone.yaml", ));
    assert_string_equal(named, "other.yaml");
    g_autofree char *variable = file_found(NULL, ENVIRONMENT("WINCH_CONFIG=other.yaml", ));
    assert_string_equal(variable, "other.yaml");
}

static void config__load__wants_the_file_it_was_given(void **state)
{
    (void)state;
    g_autofree char *option = file_found("gone.yaml", NULL);
    assert_string_equal(option, "configuration file gone.yaml: No such file or directory");
    g_autofree char *variable = file_found(NULL, ENVIRONMENT("WINCH_CONFIG=gone.yaml", ));
    assert_string_equal(variable, "configuration file gone.yaml (from WINCH_CONFIG): No such file "
                                  "or directory");
    g_autofree char *directory = file_found("configs", NULL);
    assert_string_equal(directory, "configuration file configs: Is a directory");
}

static void config__load__asks_the_file_who_may_read_it(void **state)
{
    static const char yaml[] = D "    password: topsecret\n";
    (void)state;
    assert_true(g_file_set_contents("migrations.yaml", yaml, -1, NULL));
    assert_int_equal(g_chmod("migrations.yaml", 0600), 0);
    g_autofree char *private = file_found(NULL, NULL);
    assert_string_equal(private, "migrations.yaml");
    assert_int_equal(g_chmod("migrations.yaml", 0640), 0);
    g_autofree char *shared = file_found(NULL, NULL);
    assert_true(g_str_has_prefix(shared, "migrations.yaml:3: migrations.database.password: a "
                                         "password in plain text"));
}

static void config__load__goes_without_a_database(void **state)
{
    static const char yaml[] = D "    host: ${DB_HOST}\n    password: ${DB_PASSWORD}\n"
                                 "  options:\n    migrations_path: sql\n";
    const struct config_sources sources = {.lookup = fixture_look_up, .needs_no_database = TRUE};
    g_autoptr(GError) error = NULL;
    (void)state;
    AUTOPTR(config) *config =
        config_load_text(&sources, "c.yaml", yaml, strlen(yaml), TRUE, &error);
    assert_null(error);
    assert_string_equal(config_string(config, CONFIG_MIGRATIONS_PATH), "sql");
    assert_null(config_string(config, CONFIG_DATABASE_HOST));
}

static void config__lint__is_what_its_environment_says(void **state)
{
    static const char yaml[] = "migrations:\n"
                               "  lint:\n"
                               "    fail_on: error\n"
                               "    rules: {ban-drop-column: notice, prefer-text-field: 'off'}\n"
                               "  environments:\n"
                               "    production:\n"
                               "      lint:\n"
                               "        fail_on: notice\n"
                               "        rules:\n"
                               "          ban-drop-column: error\n"
                               "    qa: {lint: {fail_on: warning}}\n";
    (void)state;
    AUTOPTR(config) *plain = must_load(yaml, NULL, NULL);
    assert_string_equal(config_level(plain, CONFIG_LINT_RULES, "ban-drop-column"), "notice");
    assert_string_equal(config_level(plain, CONFIG_LINT_RULES, "prefer-text-field"), "off");
    assert_null(config_level(plain, CONFIG_LINT_RULES, "ban-drop"));
    assert_string_equal(config_string(plain, CONFIG_LINT_FAIL_ON), "error");
    AUTOPTR(config) *named = must_load(yaml, ENVIRONMENT("WINCH_ENVIRONMENT=production", ), NULL);
    assert_string_equal(config_level(named, CONFIG_LINT_RULES, "ban-drop-column"), "error");
    assert_string_equal(config_level(named, CONFIG_LINT_RULES, "prefer-text-field"), "off");
    assert_string_equal(config_string(named, CONFIG_LINT_FAIL_ON), "notice");
    assert_int_equal(config_origin(named, CONFIG_LINT_FAIL_ON)->line, 8);
    g_autofree char *shown = config_describe(named, CONFIG_LINT_RULES);
    assert_string_equal(shown, "ban-drop-column: error, prefer-text-field: off");
    AUTOPTR(config) *overridden = must_load(
        yaml, ENVIRONMENT("WINCH_ENVIRONMENT=production", "WINCH_LINT_FAIL_ON=warning", ), NULL);
    assert_string_equal(config_string(overridden, CONFIG_LINT_FAIL_ON), "warning");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(config__sizes__have_the_units_of_postgresql),
        cmocka_unit_test(config__load__takes_the_sample_file),
        cmocka_unit_test(config__load__takes_every_addition),
        cmocka_unit_test(config__load__defaults_are_valid),
        cmocka_unit_test(config__load__prefers_command_line_then_environment_then_file),
        cmocka_unit_test(config__database__leaves_to_libpq_what_libpq_reads),
        cmocka_unit_test(config__database__a_url_serves_in_place_of_the_parts),
        cmocka_unit_test(config__load__misses_only_variables_that_would_be_used),
        cmocka_unit_test(config__load__cannot_be_injected_into),
        cmocka_unit_test(config__password__comes_from_the_highest_source),
        cmocka_unit_test(config__password__failure_names_its_place),
        cmocka_unit_test(config__describe__shows_no_secret),
        cmocka_unit_test(config__plain_password__is_refused_where_others_read),
        cmocka_unit_test(config__load__goes_without_a_database),
        cmocka_unit_test(config__lint__is_what_its_environment_says),
        cmocka_unit_test(config__policy__only_a_fallback_is_unknown),
        cmocka_unit_test(config__policy__tightens_field_by_field),
        cmocka_unit_test_setup_teardown(config__load__finds_its_file, enter_directory,
                                        leave_directory),
        cmocka_unit_test_setup_teardown(config__load__wants_the_file_it_was_given, enter_directory,
                                        leave_directory),
        cmocka_unit_test_setup_teardown(config__load__asks_the_file_who_may_read_it,
                                        enter_directory, leave_directory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
