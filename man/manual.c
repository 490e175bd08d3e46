/* The manual's pages: a frame on standard input, in which a line @NAME@ becomes what the program's
 * tables say, in mdoc(7). `manual PAGE SCREENS <FRAME >PAGE.1`; a page is a row of a table here,
 * SCREENS the folder of the console's pictures. */
#include "analysis/lint.h"
#include "cli/command.h"
#include "config/setting.h"
#include "console/action.h"
#include "console/legend.h"

#include <stdio.h>
#include <string.h>

#define COLUMNS 78

/* ---- words ------------------------------------------------------------------------------------
 */

/* A full stop that ends a sentence: mdoc wants a new line then. */
static gboolean ends_sentence(const char *word)
{
    gsize length = strlen(word);
    return length > 1 && strchr(".!?", word[length - 1]) != NULL;
}

/* Two dashes that stand alone are no dash, and mandoc thinks they were meant as one. */
static void put_word(const char *word)
{
    if (*word == '.' || (*word == '\'' && word[1] == '\0'))
        fputs("\\&", stdout);
    gboolean is_comment = g_str_has_suffix(word, "--");
    for (; *word != '\0'; word++)
        fputs(*word == '\\'                ? "\\e"
              : *word == '-' && is_comment ? "\\-"
                                           : (char[]){*word, '\0'},
              stdout);
}

/* Running text: lines that fit, a sentence to a line, a paragraph where a line is empty. */
static void put_text(const char *text)
{
    g_auto(GStrv) words = g_strsplit_set(text, " \n", -1);
    gsize column = 0;
    for (char **word = words; *word != NULL; word++) {
        if (**word == '\0')
            continue;
        if (column > 0 && column + 1 + strlen(*word) > COLUMNS) {
            putchar('\n');
            column = 0;
        }
        if (column > 0)
            putchar(' ');
        if (column == 0 && **word == '\'')
            fputs("\\&", stdout);
        put_word(*word);
        column += strlen(*word) + 1;
        if (ends_sentence(*word)) {
            putchar('\n');
            column = 0;
        }
    }
    if (column > 0)
        putchar('\n');
}

/* A phrase of the tables as a sentence. */
static void put_sentence(const char *phrase)
{
    g_autofree char *sentence = g_strdup_printf("%c%s.", g_ascii_toupper(phrase[0]), phrase + 1);
    put_text(sentence);
}

/* ---- sections of winch(1) ---------------------------------------------------------------------
 */

static void put_option(const struct option *option)
{
    printf(".It Fl -%s", option->name);
    if (option->argument != NULL)
        printf(" Ar %s", option->argument);
    putchar('\n');
    put_sentence(option->help);
}

static void put_own_options(const struct command *command)
{
    if (command->options == NULL)
        return;
    puts(".Bl -tag -width Ds -compact");
    for (const char *const *name = command->options; *name != NULL; name++)
        for (const struct option *option = option_table; option->name != NULL; option++)
            if (strcmp(option->name, *name) == 0)
                put_option(option);
    puts(".El");
}

static void put_arguments(const char *arguments)
{
    g_autofree char *name = g_strdup(arguments);
    g_strdelimit(name, "[]-", ' ');
    g_strstrip(name);
    if (*name == '\0')
        return;
    fputs(strchr(arguments, '[') != NULL       ? " Op Ar "
          : g_str_has_prefix(arguments, "-- ") ? " Fl - Ar "
                                               : " Ar ",
          stdout);
    fputs(name, stdout);
}

static void put_commands(void)
{
    puts(".Bl -tag -width Ds");
    for (const struct command *command = commands; command->name != NULL; command++) {
        printf(".It Cm %s", command->name);
        put_arguments(command->arguments);
        putchar('\n');
        put_sentence(command->summary);
        put_text(command->manual);
        put_own_options(command);
    }
    puts(".El");
}

static void put_options(void)
{
    puts(".Bl -tag -width Ds");
    for (const struct option *option = option_table; option->name != NULL; option++)
        if (option->is_global)
            put_option(option);
    puts(".El");
}

static void put_environment(void)
{
    puts(".Bl -tag -width Ds");
    for (guint key = 0; key < CONFIG_KEY_COUNT; key++) {
        const struct setting *setting = setting_get((enum config_key)key);
        if (setting->variable == NULL || !setting_is_used((enum config_key)key))
            continue;
        printf(".It Ev %s\n", setting->variable);
        put_sentence(setting->summary);
        if (setting->default_text != NULL) {
            g_autofree char *text = g_strdup_printf("Without it: %s .", setting->default_text);
            put_text(text);
        }
    }
    puts(".El");
}

static void put_exit_statuses(void)
{
    puts(".Bl -tag -width Ds");
    for (const struct exit_status *row = exit_statuses; row->meaning != NULL; row++) {
        printf(".It %d\n", row->status);
        put_sentence(row->meaning);
    }
    puts(".El");
}

static void put_rules(void)
{
    puts(".Bl -tag -width Ds");
    for (guint i = 0; i < lint_rule_count(); i++) {
        const struct lint_rule *rule = lint_rule_at(i);
        printf(".It Sy %s Pq %s\n", rule->name, lint_level_name(rule->level));
        put_sentence(rule->summary);
        put_text(rule->why);
        g_autofree char *safe = g_strdup_printf("Instead: %s", rule->safe);
        put_text(safe);
    }
    puts(".El");
}

/* ---- sections of winch-console(1) -------------------------------------------------------------
 */

/* Keys and letters: some are what mdoc takes for punctuation. */
static void put_keys(const char *macro, const char *keys)
{
    g_auto(GStrv) names = g_strsplit(keys, " ", -1);
    printf(".It %s", macro);
    for (char **name = names; *name != NULL; name++) {
        fputs(" ", stdout);
        gboolean is_bare = g_ascii_isalnum(**name);
        fputs(is_bare ? "" : "\\&", stdout);
        put_word(*name);
        fputs(is_bare && g_ascii_ispunct((*name)[strlen(*name) - 1]) ? "\\&" : "", stdout);
    }
    putchar('\n');
}

static void put_action(const struct action *action, const char *keys)
{
    g_autoptr(GString) text = g_string_new(action->help);
    put_keys("Ic", keys);
    if (action->command != NULL)
        g_string_append_printf(text, "; as a command: %s", action->command);
    if (action->kind == ACTION_WRITES)
        g_string_append(text, "; not while read-only");
    put_sentence(text->str);
    printf(".Pq Ic :%s\n", action->name);
}

/* Told with its screen: what few screens have, and what has other keys there than elsewhere. */
static gboolean is_own(const struct action *action, enum screen screen)
{
    g_autofree char *here = action_keys_on(action, screen);
    g_autofree char *elsewhere = action_keys_on(action, SCREEN_TIMELINE);
    return (action->screens & SCREEN_BIT(screen)) != 0 &&
           (!action_is_general(action) ||
            ((action->screens & SCREEN_BIT(SCREEN_TIMELINE)) != 0 && strcmp(here, elsewhere) != 0));
}

static gboolean has_own_actions(enum screen screen)
{
    for (const struct action *action = actions; action->id != ACTION_NONE; action++)
        if (is_own(action, screen))
            return TRUE;
    return FALSE;
}

static void put_own_actions(enum screen screen)
{
    puts(".Bl -tag -width Ds");
    for (const struct action *action = actions; action->id != ACTION_NONE; action++) {
        g_autofree char *keys = action_keys_on(action, screen);
        if (is_own(action, screen))
            put_action(action, keys);
    }
    puts(".El");
}

/* The screens that a key leads to are what that key's row says. */
static void put_screens(void)
{
    for (int screen = 0; screen < SCREEN_COUNT; screen++) {
        g_autofree char *way = g_strdup_printf("to-%s", screen_name((enum screen)screen));
        const struct action *leads = action_named(way);
        if (leads == NULL && !has_own_actions((enum screen)screen))
            continue;
        printf(".Ss %s\n", screen_name((enum screen)screen));
        if (leads != NULL) {
            g_autofree char *keys = action_keys_on(leads, SCREEN_TIMELINE);
            g_autofree char *text = g_strdup_printf("%s: %s", keys, leads->help);
            put_sentence(text);
        }
        if (has_own_actions((enum screen)screen))
            put_own_actions((enum screen)screen);
    }
}

static void put_everywhere(void)
{
    puts(".Bl -tag -width Ds");
    for (const struct action *action = actions; action->id != ACTION_NONE; action++) {
        g_autofree char *keys = action_keys_on(action, SCREEN_TIMELINE);
        if (action_is_general(action))
            put_action(action, keys);
    }
    puts(".El");
}

static void put_letters(void)
{
    for (int screen = 0; screen < SCREEN_COUNT; screen++) {
        gboolean is_open = FALSE;
        for (const struct legend_row *row = legend; row->letter != NULL; row++) {
            if (row->screen != (enum screen)screen)
                continue;
            if (!is_open)
                printf(".Ss On the screen %s\n.Bl -tag -width Ds -compact\n",
                       screen_name((enum screen)screen));
            is_open = TRUE;
            put_keys("Li", row->letter);
            put_sentence(row->means);
        }
        if (is_open)
            puts(".El");
    }
}

/* ---- pages ------------------------------------------------------------------------------------
 */

struct section {
    const char *page, *name; /* "winch", "COMMANDS" */
    void (*put)(void);
};

static const char *screens; /* the folder of pictures */

/* A picture as it was captured, line by line. */
static void put_picture(const char *name)
{
    g_autofree char *path = g_build_filename(screens, name, NULL);
    g_autofree char *text = NULL;
    g_autoptr(GError) error = NULL;
    if (!g_file_get_contents(path, &text, NULL, &error))
        g_error("%s", error->message);
    g_auto(GStrv) lines = g_strsplit(g_strchomp(text), "\n", -1);
    puts(".Bd -literal");
    for (char **line = lines; *line != NULL; line++) {
        put_word(*line);
        putchar('\n');
    }
    puts(".Ed");
}

static void put_timeline(void)
{
    put_picture("timeline.txt");
}

static const struct section sections[] = {
    {"winch", "COMMANDS", put_commands},
    {"winch", "OPTIONS", put_options},
    {"winch", "ENVIRONMENT", put_environment},
    {"winch", "EXIT", put_exit_statuses},
    {"winch", "RULES", put_rules},
    {"winch-console", "SCREENS", put_screens},
    {"winch-console", "EVERYWHERE", put_everywhere},
    {"winch-console", "LETTERS", put_letters},
    {"winch-console", "TIMELINE", put_timeline},
};

static gboolean put_section(const char *page, const char *line)
{
    for (gsize i = 0; i < G_N_ELEMENTS(sections); i++) {
        g_autofree char *mark = g_strdup_printf("@%s@\n", sections[i].name);
        if (strcmp(sections[i].page, page) != 0 || strcmp(mark, line) != 0)
            continue;
        sections[i].put();
        return TRUE;
    }
    fprintf(stderr, "manual: %s has no section %s", page, line);
    return FALSE;
}

int main(int argc, char **argv)
{
    char line[1024];
    if (argc != 3) {
        fputs("usage: manual PAGE SCREENS <FRAME\n", stderr);
        return 2;
    }
    screens = argv[2];
    while (fgets(line, sizeof line, stdin) != NULL)
        if (line[0] != '@')
            fputs(line, stdout);
        else if (!put_section(argv[1], line))
            return 1;
    return fflush(stdout) == 0 ? 0 : 1;
}
