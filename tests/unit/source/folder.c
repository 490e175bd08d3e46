/* Temporary directories for tests of the source room. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib/gstdio.h>

#include "folder.h"

int folder_setup(void **state)
{
    *state = g_dir_make_tmp("winch-source-XXXXXX", NULL);
    return *state != NULL ? 0 : -1;
}

/* Never follows a link. */
static void remove_tree(const char *path)
{
    GStatBuf status;
    if (g_lstat(path, &status) == 0 && S_ISDIR(status.st_mode)) {
        g_autoptr(GDir) listing = g_dir_open(path, 0, NULL);
        const char *name;
        while (listing != NULL && (name = g_dir_read_name(listing)) != NULL) {
            g_autofree char *child = g_build_filename(path, name, NULL);
            remove_tree(child);
        }
    }
    g_remove(path);
}

int folder_teardown(void **state)
{
    /* A test that failed as nobody is somebody again. */
    if (seteuid(getuid()) != 0)
        return -1;
    remove_tree(*state);
    g_free(*state);
    return 0;
}

void folder_write(const char *folder, const char *name, const char *bytes, gssize length)
{
    g_autofree char *path = folder_path(folder, name);
    assert_true(g_file_set_contents(path, bytes, length, NULL));
}

char *folder_path(const char *folder, const char *name)
{
    return g_build_filename(folder, name, NULL);
}

void folder_as_nobody(const char *folder, int mode, void (*body)(const char *folder))
{
    uid_t before = geteuid();
    assert_int_equal(g_chmod(folder, mode), 0);
    if (before == 0)
        assert_int_equal(seteuid(65534), 0);
    body(folder);
    assert_int_equal(seteuid(before), 0);
}

void show_row(const char *text)
{
    g_autofree char *escaped = g_strescape(text, NULL);
    print_message("# row: %s\n", escaped);
}
