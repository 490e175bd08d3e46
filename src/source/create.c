/* Writing a new pair of migration files, numbered as golang-migrate's `create` numbers them. */
#include "source/create.h"

#include <errno.h>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <string.h>

#include "source/file_name.h"
#include "source/version_name.h"

#define DEFAULT_DIGITS  6
#define MAX_DIGITS      18
#define DEFAULT_LAYOUT  "20060102150405"
#define TITLE_MAX_BYTES 200

/* Nothing in these reads as a note. */
static const char up_template[] =
    "-- %s\n"
    "--\n"
    "-- Runs in one transaction wherever the database allows it. Notes to winch go here, at the\n"
    "-- head, each a comment beginning with 'winch:' (release, requires, phase, transaction,\n"
    "-- lock_timeout, timeout, irreversible, ticket, check, allow).\n"
    "\n";
static const char down_template[] =
    "-- Undoes: %s\n"
    "--\n"
    "-- Has to leave the database as it was before the up, from the last statement to the first.\n"
    "-- 'winch down --dry-run' tries it and rolls it back. Where it cannot be, delete this file\n"
    "-- and give the up the note that it is irreversible, and the reason.\n"
    "-- Without a statement this file is refused as the down of an up that did something.\n"
    "\n";

/* The template's text behind its first line, which has the title. */
gboolean migration_is_template(const char *text, gsize length)
{
    const char *rest = strchr(up_template, '\n');
    gsize rest_length = strlen(rest);
    while (length > 0 && g_ascii_isspace(text[length - 1]))
        length--;
    while (rest_length > 0 && g_ascii_isspace(rest[rest_length - 1]))
        rest_length--;
    const char *newline = memchr(text, '\n', length);
    return newline != NULL && (gsize)(text + length - newline) == rest_length &&
           memcmp(newline, rest, rest_length) == 0;
}

void created_pair_free(struct created_pair *pair)
{
    g_free(pair->up);
    g_free(pair->down);
    g_free(pair);
}

/* --- the name --- */

static gboolean is_allowed(gunichar character)
{
    return g_unichar_isalnum(character) || g_unichar_ismark(character) || character == '_' ||
           character == '-' || character == '.';
}

static gboolean refuse_title(const char *title, const char *why, GError **error)
{
    error_set(error, ERROR_USAGE, "'%s' cannot be a migration's title: %s", title, why);
    error_advise(error, "use letters, digits, '_', '-' and '.'");
    return FALSE;
}

/* The title with spaces made '_'. Free with g_free(); NULL with an error. */
static char *clean_title(const char *title, GError **error)
{
    if (title == NULL || *title == '\0') {
        error_set(error, ERROR_USAGE, "the migration has no title");
        error_advise(error, "say in a few words what it does: winch create add_users");
        return NULL;
    }
    if (!g_utf8_validate(title, -1, NULL)) {
        refuse_title("...", "it is not valid UTF-8", error);
        return NULL;
    }
    g_autofree char *clean = g_strdelimit(g_strdup(title), " ", '_');
    for (const char *at = clean; *at != '\0'; at += g_utf8_skip[(guchar)*at]) {
        if (is_allowed(g_utf8_get_char(at)))
            continue;
        g_autofree char *why = g_unichar_isprint(g_utf8_get_char(at))
                                   ? g_strdup_printf("'%.*s' in it", g_utf8_skip[(guchar)*at], at)
                                   : g_strdup("a control character in it");
        refuse_title(title, why, error);
        return NULL;
    }
    if (strlen(clean) > TITLE_MAX_BYTES) {
        refuse_title(title, "it is longer than 200 bytes", error);
        return NULL;
    }
    return g_steal_pointer(&clean);
}

static gboolean check_extension(const char *extension, GError **error)
{
    if (extension == NULL || strcmp(extension + (*extension == '.'), "sql") == 0)
        return TRUE;
    error_set(error, ERROR_USAGE, "a file ending in '%s' would never be run", extension);
    error_advise(error, "leave the extension out, or write sql");
    return FALSE;
}

/* --- the version --- */

/* What of Go's layouts gives digits, longest first; its reference time is the second of January
 * 2006, 15:04:05. format is GDateTime's. */
static const struct {
    const char *token;
    const char *format;
} layout_tokens[] = {
    {"2006", "%Y"}, {"002", "%j"}, {"01", "%m"}, {"02", "%d"}, {"03", "%I"},
    {"04", "%M"},   {"05", "%S"},  {"06", "%y"}, {"15", "%H"},
};

static char *format_time(GDateTime *time, const char *layout)
{
    g_autoptr(GString) out = g_string_new(NULL);
    while (*layout != '\0') {
        gsize token = 0;
        while (token < G_N_ELEMENTS(layout_tokens) &&
               !g_str_has_prefix(layout, layout_tokens[token].token))
            token++;
        if (token == G_N_ELEMENTS(layout_tokens)) {
            g_string_append_c(out, *layout++);
            continue;
        }
        g_autofree char *part = g_date_time_format(time, layout_tokens[token].format);
        g_string_append(out, part);
        layout += strlen(layout_tokens[token].token);
    }
    return g_strdup(out->str);
}

static GTimeZone *find_zone(const char *name, GError **error)
{
    if (name == NULL)
        return g_time_zone_new_utc();
    if (strcmp(name, "Local") == 0)
        return g_time_zone_new_local();
    GTimeZone *zone = g_time_zone_new_identifier(name);
    if (zone == NULL) {
        error_set(error, ERROR_USAGE, "unknown time zone %s", name);
        error_advise(error, "write a name such as UTC, Local or Europe/Paris");
    }
    return zone;
}

static char *digits_of_time(const struct create_request *request, GError **error)
{
    const char *format = request->format != NULL ? request->format : DEFAULT_LAYOUT;
    gint64 now = request->now != 0 ? request->now : g_get_real_time();
    g_autoptr(GTimeZone) zone = find_zone(request->time_zone, error);
    if (zone == NULL)
        return NULL;
    if (strcmp(format, "unix") == 0)
        return g_strdup_printf("%" G_GINT64_FORMAT, now / G_USEC_PER_SEC);
    if (strcmp(format, "unixNano") == 0)
        return g_strdup_printf("%" G_GINT64_FORMAT, now * 1000);
    g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc(now / G_USEC_PER_SEC);
    g_autoptr(GDateTime) local = g_date_time_to_timezone(utc, zone);
    g_autofree char *digits = format_time(local, format);
    gint64 version;
    if (version_number_parse(digits, &version, NULL))
        return g_steal_pointer(&digits);
    error_set(error, ERROR_USAGE, "the time format '%s' gives '%s', which is no version", format,
              digits);
    error_advise(error, "write unix, unixNano or a layout of digits such as " DEFAULT_LAYOUT);
    return NULL;
}

/* What the directory's files, of whatever extension, have taken. */
struct taken {
    gint64 highest;
    char *owner; /* a file of the version that was asked for, or NULL; g_free() */
};

static gboolean scan(const char *directory, gint64 version, struct taken *taken, GError **error)
{
    const char *name;
    g_autoptr(GError) cause = NULL;
    g_autoptr(GDir) listing = g_dir_open(directory, 0, &cause);
    if (listing == NULL) {
        error_set(error, ERROR_FAILED, "%s", cause->message);
        return FALSE;
    }
    taken->highest = VERSION_NONE;
    while ((name = g_dir_read_name(listing)) != NULL) {
        struct file_name parsed;
        file_name_parse(name, &parsed);
        taken->highest = MAX(taken->highest, parsed.version);
        if (parsed.version != VERSION_NONE && parsed.version == version && taken->owner == NULL)
            taken->owner = g_strdup(name);
    }
    return TRUE;
}

static char *next_in_sequence(const struct create_request *request, GError **error)
{
    unsigned digits = request->digits != 0 ? request->digits : DEFAULT_DIGITS;
    struct taken taken = {0};
    if (digits > MAX_DIGITS) {
        error_set(error, ERROR_USAGE, "a version has at most %d digits, not %u", MAX_DIGITS,
                  digits);
        return NULL;
    }
    if (!scan(request->directory, VERSION_NONE, &taken, error))
        return NULL;
    gint64 next = taken.highest < 0 ? 1 : taken.highest == G_MAXINT64 ? 0 : taken.highest + 1;
    g_autofree char *number = g_strdup_printf("%0*" G_GINT64_FORMAT, (int)digits, next);
    if (next > 0 && strlen(number) == digits)
        return g_steal_pointer(&number);
    error_set(error, ERROR_USAGE, "the version after %" G_GINT64_FORMAT " does not fit %u digits",
              taken.highest, digits);
    error_advise(error, "ask for more digits, or for a version made from the time");
    return NULL;
}

static char *digits_of_request(const struct create_request *request, GError **error)
{
    struct taken taken = {0};
    gint64 version;
    if (request->numbering == CREATE_SEQUENCE)
        return next_in_sequence(request, error);
    g_autofree char *digits = digits_of_time(request, error);
    if (digits == NULL || !version_number_parse(digits, &version, error) ||
        !scan(request->directory, version, &taken, error))
        return NULL;
    g_autofree char *owner = taken.owner;
    if (owner == NULL)
        return g_steal_pointer(&digits);
    error_set(error, ERROR_FAILED, "version %s exists already: %s", digits, owner);
    error_advise(error, "wait a second and try again");
    return NULL;
}

/* --- the files --- */

static gboolean write_all(int file, const char *text)
{
    gsize length = strlen(text);
    while (length > 0) {
        ssize_t written = write(file, text, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return FALSE;
        text += written;
        length -= (gsize)written;
    }
    return TRUE;
}

/* A new file, or none at all. */
static gboolean write_new(const char *path, const char *text, GError **error)
{
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file < 0) {
        error_set_errno(error, ERROR_FAILED, errno, "cannot create %s", path);
        return FALSE;
    }
    int failure = write_all(file, text) ? 0 : errno;
    if (close(file) != 0 && failure == 0)
        failure = errno;
    if (failure == 0)
        return TRUE;
    g_unlink(path);
    error_set_errno(error, ERROR_FAILED, failure, "cannot write %s", path);
    return FALSE;
}

static gboolean write_pair(const struct created_pair *pair, const char *title, GError **error)
{
    g_autofree char *up = g_strdup_printf(up_template, title);
    g_autofree char *down = g_strdup_printf(down_template, title);
    if (!write_new(pair->up, up, error))
        return FALSE;
    if (write_new(pair->down, down, error))
        return TRUE;
    g_unlink(pair->up);
    return FALSE;
}

static char *path_of(const char *directory, const char *digits, const char *title, const char *half)
{
    g_autofree char *absolute = g_canonicalize_filename(directory, NULL);
    g_autofree char *name = g_strdup_printf("%s_%s.%s.sql", digits, title, half);
    return g_build_filename(absolute, name, NULL);
}

struct created_pair *migration_create(const struct create_request *request, GError **error)
{
    g_autofree char *title = clean_title(request->title, error);
    if (title == NULL || !check_extension(request->extension, error))
        return NULL;
    if (g_mkdir_with_parents(request->directory, 0777) != 0) {
        error_set_errno(error, ERROR_FAILED, errno, "cannot make the directory %s",
                        request->directory);
        return NULL;
    }
    g_autofree char *digits = digits_of_request(request, error);
    if (digits == NULL)
        return NULL;
    AUTOPTR(created_pair) *pair = g_new0(struct created_pair, 1);
    pair->up = path_of(request->directory, digits, title, "up");
    pair->down = path_of(request->directory, digits, title, "down");
    if (!write_pair(pair, title, error))
        return NULL;
    return g_steal_pointer(&pair);
}
