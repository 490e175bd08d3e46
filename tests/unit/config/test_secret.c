/* Passwords from files and commands: refused where others could read them, never waited for
 * without end. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"
#include "config/secret.h"

#include <glib/gstdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/magic.h>
#include <sys/vfs.h>
#endif

struct place {
    char *directory;
    char *file;
};

static int make_place(void **state)
{
    struct place *place = g_new0(struct place, 1);
    place->directory = g_dir_make_tmp("winch-XXXXXX", NULL);
    place->file = g_build_filename(place->directory, "password", NULL);
    *state = place;
    return place->directory == NULL;
}

static int remove_place(void **state)
{
    struct place *place = *state;
    g_unlink(place->file);
    g_rmdir(place->directory);
    g_free(place->file);
    g_free(place->directory);
    g_free(place);
    return 0;
}

static void write_file(const struct place *place, const char *bytes, gssize length, mode_t mode)
{
    assert_true(g_file_set_contents(place->file, bytes, length, NULL));
    assert_int_equal(g_chmod(place->file, mode), 0);
}

static void secret__from_file__is_the_first_line(void **state)
{
    static const struct {
        const char *bytes, *secret;
    } rows[] = {
        {"secret", "secret"},       {"secret\n", "secret"},     {"secret\r\nmore\n", "secret"},
        {" sp ace \n", " sp ace "}, {"\303\251\n", "\303\251"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        write_file(*state, rows[i].bytes, -1, 0600);
        char *secret = secret_from_file(((struct place *)*state)->file, NULL);
        assert_string_equal(secret, rows[i].secret);
        secret_free(secret);
    }
}

static void secret__from_file__refuses_what_others_can_read(void **state)
{
    static const mode_t modes[] = {0640, 0604, 0644, 0660};
    const struct place *place = *state;
    for (gsize i = 0; i < G_N_ELEMENTS(modes); i++) {
        g_autoptr(GError) error = NULL;
        write_file(place, "topsecret\n", -1, modes[i]);
        assert_null(secret_from_file(place->file, &error));
        assert_true(error_is(error, ERROR_CONFIG));
        assert_non_null(strstr(error->message, "others than its owner"));
        assert_null(strstr(error->message, "topsecret"));
    }
}

static void secret__from_file__refuses_what_is_no_password(void **state)
{
    const struct place *place = *state;
    g_autofree char *large = g_strnfill(5000, 'x');
    const struct {
        const char *bytes;
        gssize length;
        const char *message;
    } rows[] = {
        {"", 0, "no password on the first line"},
        {"\nsecret", -1, "no password on the first line"},
        {"a\0b\n", 4, "the first line is no password"},
        {large, -1, "the first line is no password"},
    };
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        write_file(place, rows[i].bytes, rows[i].length, 0600);
        assert_null(secret_from_file(place->file, &error));
        assert_non_null(strstr(error->message, rows[i].message));
    }
    g_autoptr(GError) missing = NULL, directory = NULL;
    assert_null(secret_from_file("/nonexistent/password", &missing));
    assert_non_null(strstr(missing->message, "/nonexistent/password: No such file"));
    assert_null(secret_from_file(place->directory, &directory));
    assert_non_null(strstr(directory->message, "not a regular file"));
}

static void secret__from_command__is_the_first_line(void **state)
{
    static const struct {
        const char *command, *secret;
    } rows[] = {
        {"printf 'secret\\nmore\\n'", "secret"},
        {"printf %s '$HOME; `id`'", "$HOME; `id`"},
        {"sh -c 'cat; echo secret'", "secret"},
        {"sh -c 'echo secret; exec >&- 2>&-; sleep 0.1'", "secret"},
        {"sh -c 'echo secret; sleep 30 & exit 0'", "secret"},
        {"sh -c 'echo secret; yes | head -c 300000'", "secret"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        char *secret = secret_from_command(rows[i].command, 20000, NULL);
        assert_string_equal(secret, rows[i].secret);
        secret_free(secret);
    }
}

static void secret__from_command__tells_how_it_failed(void **state)
{
    static const struct {
        const char *command, *message;
    } rows[] = {
        {"sh -c 'echo half; echo no such entry >&2; exit 3'",
         "password_command failed with exit status 3: 'no such entry'"},
        {"false", "password_command failed with exit status 1"},
        {"true", "password_command: no password on the first line"},
        {"sh -c 'kill -9 $$'", "password_command was ended by signal 9"},
        {"yes", "password_command gave no answer within 0.2 s and was killed"},
        {"sleep 30", "password_command gave no answer within 0.2 s and was killed"},
    };
    (void)state;
    for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
        g_autoptr(GError) error = NULL;
        gint64 timeout = strstr(rows[i].message, "0.2 s") != NULL ? 200 : 20000;
        assert_null(secret_from_command(rows[i].command, timeout, &error));
        assert_true(error_is(error, ERROR_CONFIG));
        assert_string_equal(error->message, rows[i].message);
    }
    g_autoptr(GError) error = NULL;
    assert_null(secret_from_command("/nonexistent/program", 1000, &error));
    assert_non_null(strstr(error->message, "password_command: "));
}

static void secret__scrub__hides_every_occurrence(void **state)
{
    g_autofree char *scrubbed = secret_scrub("topsecret and topsecret", "topsecret");
    g_autofree char *short_one = secret_scrub("a cat", "a");
    g_autofree char *none = secret_scrub("text", NULL);
    (void)state;
    assert_string_equal(scrubbed, "*** and ***");
    assert_string_equal(short_one, "a cat");
    assert_string_equal(none, "text");
}

#ifdef __linux__
/* A secret as containers get it: root's, on tmpfs, readable by all. Elsewhere there is none to look
 * at, and only that nobody else may write it. */
static void secret__from_file__takes_what_a_container_is_handed(void **state)
{
    g_autofree char *path = g_strdup_printf("/dev/shm/winch-secret-%d", (int)getpid());
    struct statfs system;
    (void)state;
    if (geteuid() != 0 || statfs("/dev/shm", &system) != 0 || system.f_type != TMPFS_MAGIC)
        skip();
    assert_true(g_file_set_contents(path, "secret\n", -1, NULL));
    assert_int_equal(g_chmod(path, 0444), 0);
    g_autofree char *handed = secret_from_file(path, NULL);
    assert_int_equal(g_chmod(path, 0466), 0);
    g_autofree char *writable = secret_from_file(path, NULL);
    assert_int_equal(g_chmod(path, 0444), 0);
    int changed = chown(path, 65534, (gid_t)-1);
    g_autofree char *foreign = secret_from_file(path, NULL);
    g_unlink(path);
    assert_string_equal(handed, "secret");
    assert_null(writable);
    assert_int_equal(changed, 0);
    assert_null(foreign);
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(secret__from_file__is_the_first_line, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(secret__from_file__refuses_what_others_can_read, make_place,
                                        remove_place),
        cmocka_unit_test_setup_teardown(secret__from_file__refuses_what_is_no_password, make_place,
                                        remove_place),
#ifdef __linux__
        cmocka_unit_test(secret__from_file__takes_what_a_container_is_handed),
#endif
        cmocka_unit_test(secret__from_command__is_the_first_line),
        cmocka_unit_test(secret__from_command__tells_how_it_failed),
        cmocka_unit_test(secret__scrub__hides_every_occurrence),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
