/* File names, as golang-migrate's ^([0-9]+)_(.*)\.(down|up)\.(.*)$ reads them, and then stricter:
 * only .sql is run (docs/decisions/0010-which-files-are-migrations.md). */
#include "source/file_name.h"

#include <string.h>

#include "source/version_name.h"

static const char *const leftover_endings[] = {
    "~",      ".swp",      ".swo",  ".swx", ".bak",  ".backup",  ".orig",
    ".old",   ".save",     ".rej",  ".tmp", ".temp", ".part",    ".diff",
    ".patch", ".disabled", ".skip", ".off", ".mine", ".ignored", NULL,
};

static const char *const document_endings[] = {
    ".md",  ".markdown", ".txt",  ".rst",  ".adoc", ".html", ".pdf", ".log",
    ".csv", ".go",       ".py",   ".rb",   ".sh",   ".js",   ".ts",  ".java",
    ".kt",  ".php",      ".json", ".yaml", ".yml",  ".toml", NULL,
};

static gboolean ends_with(const char *name, const char *ending)
{
    gsize length = strlen(name), tail = strlen(ending);
    return length >= tail && g_ascii_strcasecmp(name + length - tail, ending) == 0;
}

static gboolean ends_with_one_of(const char *name, const char *const *endings)
{
    for (; *endings != NULL; endings++)
        if (ends_with(name, *endings))
            return TRUE;
    return FALSE;
}

/* The last ".up." or ".down." of text: its start, or NULL. */
static const char *last_direction(const char *text, enum direction *direction)
{
    for (const char *at = text + strlen(text); at > text;) {
        at--;
        if (g_str_has_prefix(at, ".up.")) {
            *direction = DIRECTION_UP;
            return at;
        }
        if (g_str_has_prefix(at, ".down.")) {
            *direction = DIRECTION_DOWN;
            return at;
        }
    }
    return NULL;
}

static enum file_name_kind kind_of_match(const char *name, const char *extension)
{
    if (strcmp(extension, "sql") == 0)
        return FILE_NAME_MIGRATION;
    if (ends_with_one_of(name, leftover_endings))
        return FILE_NAME_LEFTOVER;
    return ends_with_one_of(name, document_endings) ? FILE_NAME_DOCUMENT : FILE_NAME_FOREIGN;
}

/* The names other tools give, and slips of the pen. Hidden files are nobody's migrations. */
static enum file_name_kind kind_of_mismatch(const char *name)
{
    if (name[0] == '#')
        return ends_with(name, "#") ? FILE_NAME_AUTOSAVE : FILE_NAME_OTHER;
    if (name[0] == '.')
        return FILE_NAME_OTHER;
    const char *digits = name + strspn(name, " \t-_vV");
    if (!g_ascii_isdigit(*digits))
        return FILE_NAME_OTHER;
    g_autofree char *lower = g_ascii_strdown(name, -1);
    gboolean is_meant = ends_with(name, ".sql") || ends_with(name, ".up") ||
                        ends_with(name, ".down") || strstr(lower, ".up.") != NULL ||
                        strstr(lower, ".down.") != NULL;
    return is_meant ? FILE_NAME_LOOKALIKE : FILE_NAME_OTHER;
}

void file_name_parse(const char *name, struct file_name *parsed)
{
    gsize digits = strspn(name, "0123456789");
    const char *dot = NULL;
    memset(parsed, 0, sizeof *parsed);
    parsed->version = VERSION_NONE;
    if (digits > 0 && name[digits] == '_' && strchr(name, '\n') == NULL)
        dot = last_direction(name + digits + 1, &parsed->direction);
    if (dot == NULL) {
        parsed->kind = kind_of_mismatch(name);
        return;
    }
    parsed->digits_length = digits;
    parsed->title_length = (gsize)(dot - name) - digits - 1;
    const char *extension = strchr(dot + 1, '.') + 1;
    g_autofree char *number = g_strndup(name, digits);
    if (version_number_parse(number, &parsed->version, NULL))
        parsed->kind = kind_of_match(name, extension);
    else
        parsed->kind = FILE_NAME_TOO_LARGE;
}
