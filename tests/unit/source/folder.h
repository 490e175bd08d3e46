/* A directory of files that exists for one test. */
#ifndef WINCH_TESTS_SOURCE_FOLDER_H
#define WINCH_TESTS_SOURCE_FOLDER_H

#include <glib.h>

/* setup and teardown for cmocka: *state is the path of a new, empty directory. */
int folder_setup(void **state);
int folder_teardown(void **state);

/* Writes a file of length bytes (-1: up to the NUL). */
void folder_write(const char *folder, const char *name, const char *bytes, gssize length);

/* folder/name. Free with g_free(). */
char *folder_path(const char *folder, const char *name);

/* Runs body as a user whom file modes bind (root reads everything), the folder having this mode. */
void folder_as_nobody(const char *folder, int mode, void (*body)(const char *folder));

/* Names the row of a table under test, so that a failure says which it was. */
void show_row(const char *text);

#endif
