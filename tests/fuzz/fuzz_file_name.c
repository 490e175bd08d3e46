/* file_name_parse() on any name: its parts lie within the name, and it agrees with the pattern
 * that golang-migrate uses, as GLib's regular expressions read it. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/file_name.h"

static void require(gboolean holds)
{
    if (!holds)
        abort();
}

static void require_parts(const char *name, const struct file_name *parsed)
{
    const char *title = name + parsed->digits_length + 1;
    gboolean is_up = parsed->direction == DIRECTION_UP;
    require(parsed->digits_length > 0 && name[parsed->digits_length] == '_');
    require(parsed->digits_length + 1 + parsed->title_length < strlen(name));
    require(g_str_has_prefix(title + parsed->title_length, is_up ? ".up." : ".down."));
    require((parsed->kind == FILE_NAME_TOO_LARGE) == (parsed->version == VERSION_NONE));
    require(parsed->kind != FILE_NAME_MIGRATION || g_str_has_suffix(name, ".sql"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static GRegex *pattern;
    g_autofree char *name = g_strndup((const char *)data, size);
    struct file_name parsed;
    if (pattern == NULL)
        pattern = g_regex_new("\\A([0-9]+)_(.*)\\.(down|up)\\.(.*)\\z",
                              G_REGEX_RAW | G_REGEX_NEWLINE_LF, 0, NULL);
    file_name_parse(name, &parsed);
    gboolean is_match = parsed.kind <= FILE_NAME_TOO_LARGE;
    require(is_match == g_regex_match(pattern, name, 0, NULL));
    if (is_match)
        require_parts(name, &parsed);
    else
        require(parsed.version == VERSION_NONE);
    return 0;
}
