/* The table of commands. A row here is all that a new command needs, beside its function. */
#include "cli/command.h"

#include <string.h>

#define OPTIONS(...)                                                                               \
    (const char *const[])                                                                          \
    {                                                                                              \
        __VA_ARGS__, NULL                                                                          \
    }

#define LOOKS   (COMMAND_CONFIG | COMMAND_ENGINE)
#define CHANGES (COMMAND_CONFIG | COMMAND_ENGINE | COMMAND_CHANGES)

const struct command commands[] = {
    {"status", GROUP_LOOK, "", "what ran, what is pending, where the database stands",
     "A row for each migration: version, release, title, state, when it was applied,\n"
     "by whom and how long it took. 'assumed' ran as far as the version row tells,\n"
     "without a record; 'missed' lies below the version row and never ran;\n"
     "'modified' has changed since it ran; 'missing' ran and has no file any more.\n"
     "Exit status 3 when the database is dirty.",
     NULL, 0, 0, LOOKS, command_status},
    {"version", GROUP_LOOK, "", "the version row alone",
     "Prints the number, followed by (dirty) where it is. Exit status 1 when there is\n"
     "no version.",
     NULL, 0, -1, LOOKS, command_version},
    {"plan", GROUP_LOOK, "[TARGET]", "what would run, in which order, and how",
     "Everything up, or the way to TARGET: a version (3, 000003), a release (1.1.0),\n"
     "a release's migration (1.1.0.003), +N, -N, latest, last-stable, last-known-good\n"
     "(see 'mark') or none. The plan's id can be handed to a change with --plan, which\n"
     "then refuses to do anything else. With --verbose also the statements and what they\n"
     "are expected to lock, rewrite and read, and whether the application that still\n"
     "runs goes on working (expand) or not (contract): told from the SQL of this and\n"
     "all earlier migrations, not measured.",
     OPTIONS("down", "missed", "allow-empty-down"), 0, 1, LOOKS, command_plan},
    {"gate", GROUP_LOOK, "[TARGET]", "the checks before a change, and what it asks for",
     "What a rollback by policy would have to pass, or the way to TARGET (see 'plan'):\n"
     "whether the configuration and the database mean the same environment, who holds\n"
     "the lock, how far back the policy goes, what depends on what is dropped, and would\n"
     "stop it or go along, what is destroyed ('receipt', read from the files and counted),\n"
     "whether this very plan was previewed, who is in the way, whose tables they are,\n"
     "replicas, history, reason, approval and backup. Exit status 5 when a check fails. A\n"
     "change goes through the same checks under the lock; what is only told, as the rows\n"
     "that would be lost, is not looked at again there, but with --plan the plan has to be\n"
     "the one that was seen.",
     OPTIONS("down", "missed", "allow-empty-down", "plan", "reason", "override"), 0, 1, LOOKS,
     command_gate},
    {"history", GROUP_LOOK, "", "what was done, by whom, and how it ended",
     "Oldest first. --verify recomputes the hash chain and names the first row that\n"
     "was changed, is missing or stands elsewhere (exit status 6). --verbose adds what\n"
     "each was seen to cost: rows changed, WAL written by the server meanwhile, waits.",
     OPTIONS("limit", "verify"), 0, 0, LOOKS, command_history},
    {"graph", GROUP_LOOK, "[VERSION]", "what needs what, newest first",
     "From the requires notes; a file without one needs the version before it. P is\n"
     "pending, A applied, A* changed since, S skipped, X dirty. With VERSION what it\n"
     "needs and what needs it, also through others, and which objects say so: a table\n"
     "it uses and another one made. Where notes declare an order that leaves such a\n"
     "one out, that is said; --verbose looks for it in any case.",
     NULL, 0, 1, LOOKS, command_graph},
    {"diff", GROUP_LOOK, "[VERSION]", "what differs from the schema that was recorded",
     "Compares the schema as it is with the one recorded for VERSION (the current one)\n"
     "and names each difference; who wrote it last, where the server still knows; and,\n"
     "where that can be said, the statement that would undo it, as a comment where it\n"
     "may destroy, rewrite or fail. Nothing is run. --first takes the schema from when a\n"
     "migration last led up to the version, not the newest that was recorded for it.\n"
     "Exit status 6 when something differs, 1 when nothing was recorded. What extensions\n"
     "brought and winch's own objects do not count.",
     OPTIONS("first"), 0, 1, LOOKS, command_diff},
    {"locks", GROUP_LOOK, "", "who holds the migration lock, who waits for whom",
     "Also which relations a run has locked, and prepared transactions. Takes no lock\n"
     "itself. Queries of other roles are seen by a member of pg_monitor.",
     NULL, 0, 0, LOOKS, command_locks},
    {"config", GROUP_LOOK, "", "every setting, its value, and where it comes from",
     "Secrets are masked. No database is needed.", NULL, 0, 0, COMMAND_CONFIG, command_config},
    {"init", GROUP_CHANGE, "", "create version table and history",
     "Idempotent; other changes do it by themselves. With --environment the\n"
     "environment is recorded in the database; one that allows more than what was\n"
     "recorded before asks for typed words and a reason. --print-sql prints the script\n"
     "for somebody who has the rights.",
     OPTIONS("print-sql", "reason", "confirm"), 0, 0, CHANGES, command_init},
    {"up", GROUP_CHANGE, "[N]", "apply pending migrations, all or N",
     "Each transactional migration commits together with its version row and its\n"
     "history row, or leaves nothing. --dry-run is 'preview' of the same. --missed runs\n"
     "what lies below the version row and never ran. Production asks for a yes first:\n"
     "--yes in scripts.\n"
     "\n"
     "--in-flight N is for databases far away, and refused in production: up to N\n"
     "transactional migrations are sent before the first is answered. Each still\n"
     "commits by itself, and runs nothing unless the one before it is in. What cannot\n"
     "be sent ahead (not transactional, checks, COPY) waits its turn. Asked to stop\n"
     "after the migration under way, winch stops after those it has sent.",
     OPTIONS("to", "in-flight", "missed", "dry-run", "on", "scratch", "allow-large", "plan",
             "reason", "confirm", "yes"),
     0, 1, CHANGES, command_up},
    {"down", GROUP_CHANGE, "[N]", "take migrations back, one or N",
     "Without N one. A missing or empty down of an up that did something is refused\n"
     "unless --allow-empty-down says that it is meant. --all asks for typed words.",
     OPTIONS("all", "dry-run", "on", "scratch", "allow-large", "plan", "reason", "confirm", "yes",
             "override", "allow-empty-down"),
     0, 1, CHANGES, command_down},
    {"goto", GROUP_CHANGE, "TARGET", "up or down to a version",
     "TARGET as for 'plan'; 'none' is the empty database.",
     OPTIONS("dry-run", "on", "scratch", "allow-large", "plan", "reason", "confirm", "yes",
             "override", "allow-empty-down"),
     1, 1, CHANGES, command_goto},
    {"rollback", GROUP_CHANGE, "[TARGET]", "go back as far as the environment allows",
     "Without TARGET to where the environment's policy goes: in production the last\n"
     "version marked known good, in staging the last one marked stable, elsewhere one\n"
     "migration. Never up. The same gate stands before 'down', 'goto' and all else\n"
     "that goes back: 'winch gate' shows it. What a policy lets be overridden (a target\n"
     "that lies further back, a missing preview, a missing backup) goes on with\n"
     "--override REASON, and both are recorded. This version takes no backup: where\n"
     "one is required, a rollback is refused until somebody says so.",
     OPTIONS("dry-run", "on", "scratch", "allow-large", "plan", "reason", "confirm", "yes",
             "override", "allow-empty-down"),
     0, 1, CHANGES, command_rollback},
    {"emergency", GROUP_CHANGE, "", "go back to the safe version, at once",
     "To the last version marked known good, else the last one marked stable. Asks for\n"
     "the typed words and --reason TEXT in any environment, and for nothing else: the\n"
     "reason stands for a preview, a backup and a second person, and what it stood for\n"
     "is recorded. A database of another environment than was meant, and a history\n"
     "that cannot be written where the policy requires it, are refused all the same.",
     OPTIONS("dry-run", "on", "scratch", "allow-large", "plan", "reason", "confirm",
             "allow-empty-down"),
     0, 0, CHANGES, command_emergency},
    {"force", GROUP_CHANGE, "VERSION", "set the version row, run nothing",
     "For recovery: after the schema was mended by hand, the row says so. -1 or none\n"
     "empties the table. Recorded, with --reason.",
     OPTIONS("reason", "confirm", "yes", "override"), 1, 1, CHANGES, command_force},
    {"mark", GROUP_CHANGE, "KIND VERSION", "say that a version is stable, or known good",
     "KIND is stable or known-good. The newest version so marked that does not lie\n"
     "above the current one is last-stable, or last-known-good, wherever a version is\n"
     "asked for. Only what is applied here can be marked. --remove takes a mark away.\n"
     "'winch status' shows marks; history has who set them, and why.",
     OPTIONS("remove", "reason"), 2, 2, CHANGES, command_mark},
    {"approve", GROUP_CHANGE, "PLAN", "approve a plan, as a second person",
     "PLAN is the id that 'winch gate' and 'winch plan' show, or a refusal names. Where\n"
     "the environment's policy says approval: required, whatever goes back needs the\n"
     "approval of another database user than the one who runs it; the server says who\n"
     "approved. It holds for an hour or as long as --expires says, at most 7 days, and\n"
     "for exactly this plan: another text of a file, or another version row, makes it\n"
     "another plan. It is looked for again under the lock. The approver's role needs\n"
     "SELECT and INSERT on history and approvals in winch's schema.",
     OPTIONS("expires", "reason"), 1, 1, CHANGES, command_approve},
    {"adopt", GROUP_CHANGE, "", "take over a database that golang-migrate managed",
     "Records every file at or below the version row as assumed, with its checksum,\n"
     "so that later changes to them are seen. Rewrites nothing.",
     OPTIONS("reason"), 0, 0, CHANGES, command_adopt},
    {"drop", GROUP_CHANGE, "", "drop every table of the current schema",
     "What golang-migrate's drop does, in one transaction, recorded. -f does not ask,\n"
     "in development.",
     OPTIONS("f", "reason", "confirm", "yes", "override"), 0, 0, CHANGES, command_drop},
    {"lint", GROUP_PROVE, "[TARGET]", "what is risky in the files, up and down, and the safe way",
     "No database is needed. TARGET is a version, a range (3..7, 3.., ..7), a release,\n"
     "-N for the newest N, or pending, which asks the database; without it every file\n"
     "is looked at. --verbose says why each finding hurts, and what to write instead;\n"
     "--rules lists the rules. '-- winch: allow RULE reason' in the up file silences a\n"
     "rule for its migration, lint.rules in the configuration for all of them. Exit\n"
     "status 6 when there are findings at the level of --fail-on or above.",
     OPTIONS("rules", "format", "fail-on", "server-version"), 0, 1, COMMAND_CONFIG | COMMAND_FILES,
     command_lint},
    {"preview", GROUP_PROVE, "[TARGET]", "what a change would do, before it does it",
     "Runs what leads to TARGET (as for 'plan') where it does no harm, and shows for each\n"
     "statement: time, rows, the locks it takes and on what, which tables are read or\n"
     "written anew, what others would notice; then how the schema differs, who is in the\n"
     "way now, and what the preview does not show. --on says where: scratch is a copy of\n"
     "the schema on a private server, or on --scratch URL, thrown away afterwards;\n"
     "database is this one, in a transaction that is rolled back; catalog runs nothing.\n"
     "Without it database in development and with SQLite, scratch elsewhere. On a copy\n"
     "time and WAL here are estimates from the tables' sizes, and say so.\n"
     "In production --on database takes real locks, for a second at most to wait: it asks\n"
     "for the words of the change, and is refused where the copy shows that a large table\n"
     "(large_table) would be kept from everybody, unless --allow-large and --reason say\n"
     "otherwise. --verbose shows every lock, notice and word of the server. A preview that\n"
     "ran is recorded in history with its plan's id.",
     OPTIONS("down", "missed", "allow-empty-down", "on", "scratch", "allow-large", "plan", "reason",
             "confirm"),
     0, 1, LOOKS, command_preview},
    {"validate", GROUP_PROVE, "", "version table, files, history and schema against each other",
     "Also constraints that are not validated, indexes that are invalid or there twice,\n"
     "foreign keys without an index, functions whose SQL does not hold, and each\n"
     "difference from the schema recorded for this version (see 'diff'); validation.* in\n"
     "the configuration switches them. Exit status 6 when something is wrong; notices\n"
     "may be meant and do not count.",
     NULL, 0, 0, LOOKS, command_validate},
    {"receipt", GROUP_PROVE, "[TARGET]", "what going back to TARGET destroys, counted",
     "One step back, or the way to TARGET. Tables, columns, types, sequences and\n"
     "whatever goes with them; rows, values that are not null, bytes, and the rows\n"
     "written since the migration was applied. Exact within --budget, else an estimate\n"
     "that says so. --on database runs it in a transaction that is rolled back, which\n"
     "takes its locks for a moment (the default in development); --on catalog reads\n"
     "files and catalog and takes none. Exit status 6 when it would fail.",
     OPTIONS("on", "budget"), 0, 1, LOOKS, command_receipt},
    {"verify", GROUP_PROVE, "[RANGE]", "which downs undo their ups, proved on a scratch database",
     "Each migration up, down and up again, step by step, compared by catalog and by\n"
     "rows. exact; order: of columns alone; leftover, changed, lost: named; data: rows\n"
     "are not what they were; down fails; up again fails. Extensions and labels of an\n"
     "enum that stay are usual leftovers. RANGE is what TARGET is for 'lint'; what lies\n"
     "below runs up alone. The server is a private one, or --scratch URL; the\n"
     "configured database is not touched. What was found is kept, by the texts of the\n"
     "files, in XDG_CACHE_HOME/winch/verify. Exit status 6 for whatever is worse than\n"
     "order and usual leftovers, with --strict for those as well. An up file may say\n"
     "\"-- winch: allow verify-CLASS reason\", as in verify-lost, verify-no-down.",
     OPTIONS("scratch", "jobs", "seed", "no-cache", "strict", "junit"), 0, 1,
     COMMAND_CONFIG | COMMAND_FILES, command_verify},
    {"console", GROUP_SERVE, "", "the console: every screen, every key",
     "Also what winch does without a command on a terminal. Production is read-only\n"
     "until it is armed (w) or --write is given; --readonly cannot be armed. On a\n"
     "terminal that cannot place text the status is printed instead. See\n"
     "winch-console(1).",
     NULL, 0, 0, COMMAND_CONFIG | COMMAND_TERMINAL, command_console},
    {"wait", GROUP_SERVE, "", "wait until the database answers",
     "At most a minute, or --for DURATION. With --to VERSION also until it is there.",
     OPTIONS("for", "to"), 0, 0, 0, command_wait},
    {"run", GROUP_SERVE, "-- COMMAND", "wait, migrate, validate, then become COMMAND",
     "For a container's entry point. Of many that start at once one migrates, and\n"
     "the others go on when it is done.",
     OPTIONS("for", "yes"), 0, 0, COMMAND_CHANGES, command_run},
    {"create", GROUP_WRITE, "NAME", "write a new pair of files",
     "Numbered in sequence with six digits; --format takes the time instead. Nothing\n"
     "is overwritten.",
     OPTIONS("ext", "dir", "seq", "digits", "format", "tz"), 1, 1, COMMAND_CONFIG | COMMAND_FILES,
     command_create},
    {"demo", GROUP_WRITE, "", "the main job, on a throwaway PostgreSQL",
     "Starts a private server with the sample migrations and some data, and opens the\n"
     "console on it. Without a terminal, or with --plain, it migrates them up and back\n"
     "as text. Nothing is left.",
     NULL, 0, 0, 0, command_demo},
    {"help", GROUP_WRITE, "[COMMAND]", "this, or more about one command", "You are reading it.",
     NULL, 0, 1, 0, command_help},
    {.name = NULL},
};

const struct exit_status exit_statuses[] = {
    {0, "done"},
    {1, "failed"},
    {2, "usage, configuration or files"},
    {3, "dirty"},
    {4, "locked by another"},
    {5, "refused"},
    {6, "findings"},
    {7, "no connection"},
    {129, "hang-up"},
    {130, "cancelled"},
    {143, "terminated"},
    {0, NULL},
};

const struct command *command_find(const char *name)
{
    for (const struct command *command = commands; command->name != NULL; command++)
        if (strcmp(command->name, name) == 0)
            return command;
    return NULL;
}

const char *command_group_name(enum command_group group)
{
    static const char *const names[] = {
        [GROUP_LOOK] = "look",   [GROUP_CHANGE] = "change", [GROUP_PROVE] = "prove",
        [GROUP_SERVE] = "serve", [GROUP_WRITE] = "write",
    };
    return names[group];
}
