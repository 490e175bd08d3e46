/* Runs a fuzz target without libFuzzer, in `make check`: over every file of its corpus, and over
 * every beginning of the short ones. */
#include <stdio.h>
#include <string.h>

#include <glib.h>

#include "fuzz.h"

#define SHORT_FILE 2048

/* An exact copy on the heap, so that the sanitizer sees a read past its end. */
static void feed(const char *bytes, gsize length)
{
    g_autofree char *copy = g_memdup2(bytes, length);
    LLVMFuzzerTestOneInput((const uint8_t *)(copy != NULL ? copy : ""), length);
}

static gboolean replay_file(const char *path)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *bytes = NULL;
    gsize length = 0;
    if (!g_file_get_contents(path, &bytes, &length, &error)) {
        printf("# %s\n", error->message);
        return FALSE;
    }
    for (gsize part = 0; length <= SHORT_FILE && part < length; part++)
        feed(bytes, part);
    feed(bytes, length);
    return TRUE;
}

/* TESTS/fuzz/corpus/NAME for a program called fuzz_NAME. */
static char *corpus_path(const char *program)
{
    g_autofree char *base = g_path_get_basename(program);
    const char *name = strstr(base, "fuzz_");
    const char *tests = g_getenv("WINCH_TESTS");
    return g_build_filename(tests != NULL ? tests : "tests", "fuzz", "corpus",
                            name != NULL ? name + strlen("fuzz_") : base, NULL);
}

int main(int argc, char **argv)
{
    g_autofree char *path = argc > 1 ? g_strdup(argv[1]) : corpus_path(argv[0]);
    g_autoptr(GError) error = NULL;
    g_autoptr(GDir) corpus = g_dir_open(path, 0, &error);
    const char *name = NULL;
    int count = 0;
    if (corpus == NULL) {
        printf("Bail out! %s\n", error->message);
        return 1;
    }
    while ((name = g_dir_read_name(corpus)) != NULL) {
        g_autofree char *file = g_build_filename(path, name, NULL);
        gboolean done = replay_file(file);
        printf("%s %d - %s\n", done ? "ok" : "not ok", ++count, name);
        fflush(stdout);
    }
    printf("1..%d\n", count);
    return count > 0 ? 0 : 1;
}
