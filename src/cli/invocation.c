/* golang-migrate reads its command line with Go's flag package: -x, --x, -x=v and -x v mean the
 * same, and switches take no value but by "=". So does this. */
#include "cli/invocation.h"

#include "base/text.h"
#include "cli/command.h"
#include "config/connection_text.h"

#include <string.h>

const struct option option_table[] = {
    {"config", "FILE", NULL, "configuration file; default ./configs/migrations.yaml", TRUE},
    {"database", "URL", "database.url", "database, as URL or conninfo string", TRUE},
    {"path", "DIRECTORY", "options.migrations_path", "directory of the migration files", TRUE},
    {"source", "URL", NULL, "the same as file://DIRECTORY", TRUE},
    {"environment", "NAME", "environment", "environment this database is in", TRUE},
    {"version-table", "TABLE", "options.version_table", "version table", TRUE},
    {"own-schema", "SCHEMA", "options.own_schema", "schema of winch's history", TRUE},
    {"timeout", "DURATION", "options.timeout", "longest time for one statement", TRUE},
    {"lock-timeout", "DURATION", "options.lock_timeout", "longest wait for a lock; bare: seconds",
     TRUE},
    {"max-retries", "N", "options.max_retries", "how often what may pass is tried again", TRUE},
    {"retry-delay", "DURATION", "options.retry_delay", "wait before trying again", TRUE},
    {"on-hangup", "WHAT", "options.on_hangup", "when the terminal goes away: finish or cancel",
     TRUE},
    {"fingerprint", "WHEN", "options.fingerprint", "when the schema is recorded: run, each or off",
     TRUE},
    {"prefetch", "N", NULL, "taken for golang-migrate's sake; has no effect", TRUE},
    {"readonly", NULL, NULL, "refuse every change", TRUE},
    {"write", NULL, NULL, "console: allow changes in production from the start", TRUE},
    {"a11y", NULL, NULL, "console: for screen readers: the cursor shows where one is", TRUE},
    {"json", NULL, NULL, "print one JSON document", TRUE},
    {"color", "WHEN", NULL, "auto, always or never", TRUE},
    {"ascii", NULL, NULL, "no character beyond ASCII", TRUE},
    {"plain", NULL, NULL, "plain lines instead of a progress bar", TRUE},
    {"quiet", NULL, NULL, "results and errors alone", TRUE},
    {"verbose", NULL, NULL, "more: every statement, every source", TRUE},
    {"version", NULL, NULL, "print winch's version", TRUE},
    {"help", NULL, NULL, "print help", TRUE},
    {"dry-run", NULL, NULL, "preview it instead", FALSE},
    {"on", "WHERE", NULL, "where it is tried: catalog, scratch or database", FALSE},
    {"scratch", "URL", NULL, "server where databases may be made; default a private one", FALSE},
    {"allow-large", NULL, NULL, "preview in production although a large table is locked", FALSE},
    {"confirm", "WORDS", NULL, "the words this change asks for: \"DATABASE TARGET\"", FALSE},
    {"yes", NULL, NULL, "yes to what is asked with y; never stands for typed words", FALSE},
    {"reason", "TEXT", NULL, "why; recorded in history", FALSE},
    {"override", "REASON", NULL, "go on against what may be overridden; recorded", FALSE},
    {"plan", "ID", NULL, "refuse when the plan is not this one any more", FALSE},
    {"to", "VERSION", NULL, "stop at this version", FALSE},
    {"for", "DURATION", NULL, "how long to wait at most; bare: seconds", FALSE},
    {"in-flight", "N", NULL, "send up to N migrations ahead; not in production", FALSE},
    {"missed", NULL, NULL, "run what lies below the current version and never ran", FALSE},
    {"allow-empty-down", NULL, NULL, "lower the version where a down does nothing", FALSE},
    {"all", NULL, NULL, "all of them", FALSE},
    {"f", NULL, NULL, "do not ask, in development", FALSE},
    {"remove", NULL, NULL, "take the mark away", FALSE},
    {"expires", "DURATION", NULL, "how long the approval holds; default 1h", FALSE},
    {"first", NULL, NULL, "the schema from when the version was reached", FALSE},
    {"limit", "N", NULL, "the newest N", FALSE},
    {"verify", NULL, NULL, "recompute the hash chain", FALSE},
    {"jobs", "N", NULL, "how many are at work beside each other", FALSE},
    {"seed", "FILE", NULL, "rows to put in below the range; or VERSION=FILE", FALSE},
    {"no-cache", NULL, NULL, "look again at what is known", FALSE},
    {"strict", NULL, NULL, "take the order of columns and usual leftovers seriously", FALSE},
    {"junit", "FILE", NULL, "also write the results there, as JUnit's XML", FALSE},
    {"budget", "DURATION", "options.receipt_budget", "longest time for counting what would be lost",
     FALSE},
    {"print-sql", NULL, NULL, "print the SQL instead of running it", FALSE},
    {"rules", NULL, NULL, "list the rules, with the levels in force", FALSE},
    {"fail-on", "LEVEL", "lint.fail_on", "what fails: notice, warning or error; default warning",
     FALSE},
    {"server-version", "N", "lint.server_version", "PostgreSQL version to judge by: 16", FALSE},
    {"down", "N", NULL, "plan N migrations down", FALSE},
    {"ext", "EXTENSION", NULL, "extension of the files; default sql", FALSE},
    {"dir", "DIRECTORY", NULL, "where to write; default the migrations path", FALSE},
    {"seq", NULL, NULL, "number in sequence (the default)", FALSE},
    {"digits", "N", NULL, "digits of the number; default 6", FALSE},
    {"format", "FORMAT", NULL,
     "create: the time instead, as 20060102150405, unix or unixNano; lint: text, github or gitlab",
     FALSE},
    {"tz", "ZONE", NULL, "time zone of that time; default UTC", FALSE},
    {NULL, NULL, NULL, NULL, FALSE},
};

/* Go's flag package knows -h for help. */
static const struct option *option_find(const char *name)
{
    if (strcmp(name, "h") == 0)
        name = "help";
    for (const struct option *option = option_table; option->name != NULL; option++)
        if (strcmp(option->name, name) == 0)
            return option;
    return NULL;
}

static gboolean command_takes(const struct command *command, const char *name)
{
    for (const char *const *taken = command->options; taken != NULL && *taken != NULL; taken++)
        if (strcmp(*taken, name) == 0)
            return TRUE;
    return FALSE;
}

/* ---- mistakes -------------------------------------------------------------------------------- */

static void advise_nearest(GError **error, const char *word, GPtrArray *names, const char *prefix)
{
    g_ptr_array_add(names, NULL);
    const char *nearest = text_nearest(word, (const char *const *)names->pdata);
    if (nearest != NULL)
        error_advise(error, "did you mean %s%s?", prefix, nearest);
    else
        error_advise(error, "see 'winch help'");
}

static gboolean refuse_option(const char *name, const struct command *command, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const struct option *option = option_table; option->name != NULL; option++)
        if (option->is_global || command == NULL || command_takes(command, option->name))
            g_ptr_array_add(names, (gpointer)(gsize)option->name);
    if (command == NULL)
        error_set(error, ERROR_USAGE, "there is no option --%s", name);
    else
        error_set(error, ERROR_USAGE, "'%s' has no option --%s", command->name, name);
    advise_nearest(error, name, names, "--");
    return FALSE;
}

static gboolean refuse_command(const char *word, GError **error)
{
    g_autoptr(GPtrArray) names = g_ptr_array_new();
    for (const struct command *command = commands; command->name != NULL; command++)
        g_ptr_array_add(names, (gpointer)(gsize)command->name);
    g_autofree char *masked = connection_mask(word);
    error_set(error, ERROR_USAGE, "there is no command '%s'", masked);
    advise_nearest(error, word, names, "");
    return FALSE;
}

/* ---- reading ----------------------------------------------------------------------------------
 */

/* Where the reading stands. */
struct reader {
    int argc;
    char *const *argv;
    int at;
    struct invocation *invocation;
};

static gboolean is_negative_number(const char *word)
{
    return word[0] == '-' && g_ascii_isdigit(word[1]) &&
           strspn(word + 1, "0123456789") == strlen(word + 1);
}

static gboolean switch_value(const struct option *option, const char *value, gboolean *is_on,
                             GError **error)
{
    static const char *const yes[] = {"1", "t", "T", "true", "TRUE", "True", NULL};
    static const char *const no[] = {"0", "f", "F", "false", "FALSE", "False", NULL};
    *is_on = value == NULL || g_strv_contains(yes, value);
    if (*is_on || g_strv_contains(no, value))
        return TRUE;
    error_set(error, ERROR_USAGE, "--%s is a switch and takes no value '%s'", option->name, value);
    error_advise(error, "write --%s", option->name);
    return FALSE;
}

static gboolean keep_switch(struct reader *reader, const struct option *option, const char *value,
                            GError **error)
{
    gboolean is_on;
    if (!switch_value(option, value, &is_on, error))
        return FALSE;
    if (is_on)
        g_hash_table_replace(reader->invocation->values, (gpointer)(gsize)option->name,
                             g_strdup(""));
    else
        g_hash_table_remove(reader->invocation->values, option->name);
    return TRUE;
}

static gboolean keep_value(struct reader *reader, const struct option *option, const char *value,
                           GError **error)
{
    if (value == NULL && reader->at + 1 < reader->argc)
        value = reader->argv[++reader->at];
    if (value == NULL || *value == '\0') {
        error_set(error, ERROR_USAGE, "--%s needs a value", option->name);
        error_advise(error, "write --%s %s", option->name, option->argument);
        return FALSE;
    }
    g_hash_table_replace(reader->invocation->values, (gpointer)(gsize)option->name,
                         g_strdup(value));
    return TRUE;
}

static gboolean read_option(struct reader *reader, const char *word, GError **error)
{
    const struct command *command = reader->invocation->command;
    word += word[1] == '-' ? 2 : 1;
    const char *equals = strchr(word, '=');
    g_autofree char *name =
        equals != NULL ? g_strndup(word, (gsize)(equals - word)) : g_strdup(word);
    const char *value = equals != NULL ? equals + 1 : NULL;
    const struct option *option = option_find(name);
    gboolean is_taken = option != NULL && (option->is_global || command == NULL ||
                                           command_takes(command, option->name));
    if (!is_taken)
        return refuse_option(name, command, error);
    return option->argument == NULL ? keep_switch(reader, option, value, error)
                                    : keep_value(reader, option, value, error);
}

static gboolean read_word(struct reader *reader, const char *word, GError **error)
{
    struct invocation *invocation = reader->invocation;
    if (invocation->command == NULL) {
        invocation->command = command_find(word);
        return invocation->command != NULL || refuse_command(word, error);
    }
    g_ptr_array_add(invocation->arguments, g_strdup(word));
    return TRUE;
}

/* What follows a bare "--": the command of `run`, or arguments that look like options. */
static void read_rest(struct reader *reader)
{
    struct invocation *invocation = reader->invocation;
    gboolean is_run = invocation->command != NULL && strcmp(invocation->command->name, "run") == 0;
    GPtrArray *rest = is_run ? invocation->trailing : invocation->arguments;
    while (++reader->at < reader->argc)
        g_ptr_array_add(rest, g_strdup(reader->argv[reader->at]));
}

static gboolean read_all(struct reader *reader, GError **error)
{
    for (; reader->at < reader->argc; reader->at++) {
        const char *word = reader->argv[reader->at];
        gboolean is_argument = word[0] != '-' || word[1] == '\0' ||
                               (reader->invocation->command != NULL && is_negative_number(word));
        if (strcmp(word, "--") == 0 && reader->invocation->command != NULL)
            read_rest(reader);
        else if (!(is_argument ? read_word(reader, word, error) : read_option(reader, word, error)))
            return FALSE;
    }
    return TRUE;
}

/* Options may stand before their command, so what it takes is looked at in the end. */
static gboolean options_fit(const struct invocation *invocation, GError **error)
{
    GHashTableIter iter;
    gpointer name;
    if (invocation->command == NULL)
        return TRUE;
    g_hash_table_iter_init(&iter, invocation->values);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        if (!option_find(name)->is_global && !command_takes(invocation->command, name))
            return refuse_option(name, invocation->command, error);
    return TRUE;
}

static gboolean arguments_fit(const struct invocation *invocation, GError **error)
{
    const struct command *command = invocation->command;
    int count = (int)invocation->arguments->len;
    if (command == NULL || invocation_has(invocation, "help"))
        return TRUE;
    gboolean too_few = count < command->arguments_min;
    if (!too_few && (command->arguments_max < 0 || count <= command->arguments_max))
        return TRUE;
    error_set(error, ERROR_USAGE,
              too_few ? "'%s' needs an argument" : "too many arguments for '%s'", command->name);
    error_advise(error, "write winch %s %s", command->name, command->arguments);
    return FALSE;
}

struct invocation *invocation_parse(int argc, char *const *argv, GError **error)
{
    AUTOPTR(invocation) *invocation = g_new0(struct invocation, 1);
    invocation->arguments = g_ptr_array_new_with_free_func(g_free);
    invocation->trailing = g_ptr_array_new_with_free_func(g_free);
    invocation->values = g_hash_table_new_full(g_str_hash, g_str_equal, NULL, g_free);
    struct reader reader = {argc, argv, 1, invocation};
    if (!read_all(&reader, error) || !options_fit(invocation, error) ||
        !arguments_fit(invocation, error))
        return NULL;
    g_ptr_array_add(invocation->trailing, NULL);
    return g_steal_pointer(&invocation);
}

void invocation_free(struct invocation *invocation)
{
    g_ptr_array_unref(invocation->arguments);
    g_ptr_array_unref(invocation->trailing);
    g_hash_table_unref(invocation->values);
    g_free(invocation);
}

const char *invocation_value(const struct invocation *invocation, const char *option)
{
    return g_hash_table_lookup(invocation->values, option);
}

gboolean invocation_has(const struct invocation *invocation, const char *option)
{
    return invocation_value(invocation, option) != NULL;
}

const char *invocation_argument(const struct invocation *invocation, guint index)
{
    return index < invocation->arguments->len ? invocation->arguments->pdata[index] : NULL;
}

gboolean invocation_count(const char *text, const char *what, guint *count, GError **error)
{
    guint64 number;
    if (g_ascii_string_to_unsigned(text, 10, 0, G_MAXINT, &number, NULL)) {
        *count = (guint)number;
        return TRUE;
    }
    error_set(error, ERROR_USAGE, "%s is not '%s'", what, text);
    error_advise(error, "write a whole number");
    return FALSE;
}

gboolean invocation_one_of(const struct invocation *invocation, const char *const *options,
                           const char *argument, GError **error)
{
    g_autofree char *first = invocation_argument(invocation, 0) != NULL ? g_strdup(argument) : NULL;
    for (; *options != NULL; options++) {
        if (!invocation_has(invocation, *options))
            continue;
        if (first != NULL) {
            error_set(error, ERROR_USAGE, "--%s and %s cannot both be meant", *options, first);
            error_advise(error, "give one of them");
            return FALSE;
        }
        first = g_strconcat("--", *options, NULL);
    }
    return TRUE;
}
