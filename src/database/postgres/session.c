/* What a migration may change in the session, and putting it back, so that one file never changes
 * what the next one means. The file may have left any search_path: every name is qualified, and
 * comparisons are functions, because operators are looked up by that path too. */
#include "database/postgres/run_internal.h"

#include <string.h>

/* ---- texts that come back ------------------------------------------------------------------- */

/* All that the texts below depend on. */
enum {
    TEXT_PUT_BACK = 1 << 0, /* else the settings */
    TEXT_LOCAL = 1 << 1,
    TEXT_GUARDED = 1 << 2,
    TEXT_RESETS = 1 << 3,
    TEXT_KEEPS = 1 << 4,
    TEXT_LOCKED = 1 << 5,
    TEXT_REHEARSAL = 1 << 6,
    TEXT_BLIND = 1 << 7, /* the client is not checked */
    TEXT_SYNCHRONOUS = 1 << 8,
    TEXT_SEES_WAL = 1 << 9,
    TEXT_MEASURES = 1 << 10,
    TEXT_FLIGHT = 1 << 11,
    TEXT_LOCK_IDS = 1 << 12, /* and up: how many */
};

static guint flags_of(const struct postgres_run *run, guint flags)
{
    const struct postgres *postgres = run->postgres;
    return flags | (run->job->keeps_session_state ? TEXT_KEEPS : 0) |
           (postgres->holds_lock ? TEXT_LOCKED : 0) | (run->is_rehearsal ? TEXT_REHEARSAL : 0) |
           (postgres->cannot_check_client ? TEXT_BLIND : 0) |
           (run->job->commits_synchronously ? TEXT_SYNCHRONOUS : 0) |
           (postgres->can_see_wal ? TEXT_SEES_WAL : 0) | (run->job->measures ? TEXT_MEASURES : 0) |
           (run->flight != NULL ? TEXT_FLIGHT : 0) | postgres->lock_ids->len * TEXT_LOCK_IDS;
}

/* What make() gives for these flags, made once for a connection: they come with every migration. */
static const char *text_of(struct postgres_run *run, guint flags,
                           char *(*make)(const struct postgres_run *run, guint flags))
{
    struct postgres *postgres = run->postgres;
    gpointer key = GUINT_TO_POINTER(flags_of(run, flags));
    if (postgres->session_texts == NULL)
        postgres->session_texts = g_hash_table_new_full(NULL, NULL, NULL, g_free);
    char *text = g_hash_table_lookup(postgres->session_texts, key);
    if (text == NULL) {
        text = make(run, flags);
        g_hash_table_insert(postgres->session_texts, key, text);
    }
    return text;
}

/* ---- begin and settings --------------------------------------------------------------------- */

static gboolean has_access_mode(const char *modes)
{
    return g_regex_match_simple("\\bread\\s+(write|only)\\b", modes, G_REGEX_CASELESS, 0);
}

/* READ WRITE, because default_transaction_read_only may say otherwise. */
gboolean session_begin_send(struct postgres_run *run, const char *modes)
{
    if (modes == NULL || *modes == '\0')
        return pipeline_send_own(run, MESSAGE_BEGIN, 0, "BEGIN READ WRITE", 0, NULL);
    g_autofree char *begin =
        g_strdup_printf("BEGIN %s%s", modes, has_access_mode(modes) ? "" : ", READ WRITE");
    return pipeline_send(run, MESSAGE_BEGIN, 0, begin, 0, NULL);
}

/* Our lock's ids as arguments of a function each, in the order of the array. */
static void append_lock_calls(GString *sql, const struct postgres *postgres, const char *function)
{
    for (guint i = 0; postgres->lock_ids != NULL && i < postgres->lock_ids->len; i++)
        g_string_append_printf(sql, "pg_catalog.%s(%u), ", function,
                               g_array_index(postgres->lock_ids, guint32, i));
}

/* Classid of an advisory lock of the transaction, by which guard_of() knows it again: "winc". */
#define GUARD_CLASS "2003398243"

/* While the transaction holds the lock too, a file that releases the session's lets nobody in. What
 * nobody reads is one column, because both sides pay for each: num_nulls() takes any type, in
 * order. The last column notes which transaction this is; see guard_of(). */
static char *settings_sql(const struct postgres_run *run, guint flags)
{
    gboolean is_local = (flags & TEXT_LOCAL) != 0;
    GString *sql = g_string_new("SELECT pg_catalog.num_nulls(");
    const char *local = is_local ? "true" : "false";
    if (is_local && run->postgres->holds_lock)
        append_lock_calls(sql, run->postgres, "pg_try_advisory_xact_lock");
    if (is_local)
        g_string_append(sql, "pg_catalog.pg_advisory_xact_lock_shared(" GUARD_CLASS
                             ", pg_catalog.pg_backend_pid()), ");
    for (int i = 1; i <= (run->is_rehearsal ? 2 : 3); i++) {
        static const char *const names[] = {"statement_timeout", "application_name",
                                            "lock_timeout"};
        g_string_append_printf(sql, "pg_catalog.set_config('%s', $%d, %s), ", names[i - 1], i,
                               local);
    }
    /* The lock set it for the session; RESET ALL after another file took it. */
    if (run->postgres->holds_lock && !run->postgres->cannot_check_client &&
        PQserverVersion(run->postgres->main) >= 140000)
        g_string_append_printf(
            sql, "pg_catalog.set_config('client_connection_check_interval', '5s', %s), ", local);
    /* The server's own words about rewrites and scans; any role may ask for them. */
    if (run->is_rehearsal && run->job->measures)
        g_string_append_printf(sql, "pg_catalog.set_config('client_min_messages', 'debug1', %s), ",
                               local);
    if (run->job->commits_synchronously || !is_local)
        g_string_append(sql, "CASE WHEN pg_catalog.texteq(pg_catalog.current_setting("
                             "'synchronous_commit'), 'off') THEN pg_catalog.set_config("
                             "'synchronous_commit', 'on', true) END), ");
    else
        g_string_append(sql, "pg_catalog.set_config('synchronous_commit', 'off', true)), ");
    g_string_append(sql, run->postgres->can_see_wal ? "pg_catalog.pg_current_wal_insert_lsn(), "
                                                    : "NULL, ");
    g_string_append(sql, "pg_catalog.set_config('winch.xid', CAST("
                         "pg_catalog.pg_current_xact_id() AS pg_catalog.text), true)");
    return g_string_free(sql, FALSE);
}

gboolean session_settings_send(struct postgres_run *run, gboolean is_local)
{
    char lock_timeout[24], timeout[24];
    const struct run_job *job = run->job;
    g_snprintf(lock_timeout, sizeof lock_timeout, "%" G_GINT64_FORMAT, job->lock_timeout);
    g_snprintf(timeout, sizeof timeout, "%" G_GINT64_FORMAT, job->timeout);
    const char *name =
        job->application_name != NULL ? job->application_name : run->postgres->application_name;
    const char *const parameters[] = {timeout, name != NULL ? name : "winch", lock_timeout};
    const char *sql = text_of(run, is_local ? TEXT_LOCAL : 0, settings_sql);
    /* A rehearsal has one lock timeout for the whole of it. */
    return pipeline_send_own(run, MESSAGE_SETTINGS, 0, sql, run->is_rehearsal ? 2 : 3, parameters);
}

/* ---- putting back --------------------------------------------------------------------------- */

/* What is put back inside the transaction, in this order: a session authorization decides about
 * the role, and both about who may set session_replication_role. */
enum { PUT_BACK_COUNT = 5 };
static const char *const put_back_names[PUT_BACK_COUNT] = {
    "session_authorization", "role", "search_path", "session_replication_role", "row_security"};

static void put_back_values(const struct postgres *postgres, const char *values[PUT_BACK_COUNT])
{
    values[0] = postgres->base.facts.session_user;
    values[1] = postgres->role;
    values[2] = postgres->search_path;
    values[3] = postgres->session_replication_role;
    values[4] = postgres->row_security;
}

gboolean session_mentions(const struct run_job *job, const char *word)
{
    gsize length = strlen(word);
    for (gsize i = 0; i + length <= job->text_length; i++)
        if (g_ascii_tolower(job->text[i]) == *word &&
            g_ascii_strncasecmp(job->text + i, word, length) == 0)
            return TRUE;
    return FALSE;
}

/* An expression that fails unless this still is the transaction that we began: the setting local
 * to it is gone after any COMMIT or ROLLBACK. RESET ALL takes it too, so a file that mentions
 * RESET is judged by an advisory lock of the transaction. */
#define GUARD_ELSE                                                                                 \
    " ELSE CAST(pg_catalog.concat('winch: the transaction of the file was ended by the file, ',"   \
    " pg_catalog.pg_backend_pid()) AS pg_catalog.bool) END"
static const char *guard_of(gboolean resets)
{
    if (resets)
        return "CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE "
               "pg_catalog.int4eq(l.pid, pg_catalog.pg_backend_pid()) AND "
               "pg_catalog.texteq(l.locktype, 'advisory') AND "
               "pg_catalog.oideq(l.classid, " GUARD_CLASS ")) THEN true" GUARD_ELSE;
    return "CASE WHEN pg_catalog.texteq(pg_catalog.current_setting('winch.xid', true), "
           "CAST(pg_catalog.pg_current_xact_id() AS pg_catalog.text)) THEN true" GUARD_ELSE;
}

/* Set with what a file in flight commits, and gone with the RESET ALL behind it: the next one runs
 * nothing while it is there. */
#define UNRESET "winch.unreset"

static char *put_back_sql(const struct postgres_run *run, guint flags)
{
    const struct postgres *postgres = run->postgres;
    gboolean is_local = (flags & TEXT_LOCAL) != 0, is_guarded = (flags & TEXT_GUARDED) != 0;
    GString *sql = g_string_new("SELECT ");
    g_string_append_printf(sql, "%s, ", is_guarded ? guard_of((flags & TEXT_RESETS) != 0) : "true");
    if (!run->job->keeps_session_state)
        for (int i = 0; i < PUT_BACK_COUNT; i++)
            g_string_append_printf(
                sql,
                "CASE WHEN NOT pg_catalog.texteq(pg_catalog.current_setting('%s'), $%d) "
                "THEN pg_catalog.set_config('%s', $%d, %s) END, ",
                put_back_names[i], i + 1, put_back_names[i], i + 1, is_local ? "true" : "false");
    if (is_guarded && postgres->holds_lock) {
        append_lock_calls(sql, postgres, "pg_advisory_unlock");
        append_lock_calls(sql, postgres, "pg_try_advisory_lock");
    }
    g_string_append(sql, (flags & TEXT_FLIGHT) != 0 ? "pg_catalog.set_config('" UNRESET
                                                      "', 'yes', false)"
                                                    : "true");
    return g_string_free(sql, FALSE);
}

gboolean session_put_back_send(struct postgres_run *run, gboolean is_local, gboolean is_guarded)
{
    const char *values[PUT_BACK_COUNT];
    put_back_values(run->postgres, values);
    guint flags = TEXT_PUT_BACK | (is_local ? TEXT_LOCAL : 0) | (is_guarded ? TEXT_GUARDED : 0) |
                  (session_mentions(run->job, "reset") ? TEXT_RESETS : 0);
    const char *sql = text_of(run, flags, put_back_sql);
    return pipeline_send_own(run, MESSAGE_PUT_BACK, is_local ? 1 : 0, sql,
                             run->job->keeps_session_state ? 0 : PUT_BACK_COUNT, values);
}

gboolean session_may_unprepare(const struct run_job *job)
{
    return session_mentions(job, "deallocate") || session_mentions(job, "discard");
}

static void leftover(struct postgres_run *run, const char *format, const char *name)
{
    if (run->is_rehearsal)
        return;
    GString *text = g_string_new(format);
    if (name != NULL)
        g_string_append_printf(text, " %s", name);
    run_event(run, RUN_EVENT_LEFTOVER, text->str);
    g_string_free(text, TRUE);
}

/* Columns: the guard, what was put back (NULL: was not changed), then whether the session still
 * had each lock, and has it now. */
void session_put_back_read(struct postgres_run *run, const PGresult *result)
{
    int column = 1;
    if (!run->job->keeps_session_state)
        for (int i = 0; i < PUT_BACK_COUNT; i++, column++)
            if (!PQgetisnull(result, 0, column))
                leftover(run, "setting", put_back_names[i]);
    const GArray *ids = run->postgres->lock_ids;
    gboolean is_released = FALSE;
    for (guint i = 0; ids != NULL && i < ids->len && column + 1 < PQnfields(result); i++, column++)
        is_released = is_released || *PQgetvalue(result, 0, column) == 'f';
    if (is_released)
        leftover(run, "the migration lock released", NULL);
}

/* ---- after the commit ----------------------------------------------------------------------- */

/* The settings that are nobody's leftovers: put back before, or ours. */
#define SETTINGS_SQL(more)                                                                         \
    "(SELECT pg_catalog.string_agg(name, ', ') FROM pg_catalog.pg_settings WHERE source = "        \
    "'session' AND name NOT IN ('session_authorization', 'role', 'search_path', "                  \
    "'session_replication_role', 'row_security', 'application_name', "                             \
    "'client_connection_check_interval', 'winch.xid', '" UNRESET "'" more "))"

/* Extra locks: session advisory locks that are not the migration's. */
static char *extra_locks_condition(const struct postgres *postgres)
{
    GString *sql = g_string_new("l.locktype = 'advisory' AND l.pid = pg_catalog.pg_backend_pid() "
                                "AND l.granted");
    g_string_append_printf(
        sql, " AND NOT (l.classid::pg_catalog.int8 IN (%d, " GUARD_CLASS ") AND l.objsubid = 2)",
        POSTGRES_OWN_LOCK_CLASS);
    for (guint i = 0; postgres->lock_ids != NULL && i < postgres->lock_ids->len; i++)
        g_string_append_printf(sql,
                               " AND NOT (l.classid = '0' AND l.objid = '%u' AND l.objsubid = 1)",
                               g_array_index(postgres->lock_ids, guint32, i));
    return g_string_free(sql, FALSE);
}

static gboolean sets_something(const struct run_job *job)
{
    for (guint i = 0; i < job->statement_count; i++)
        if (job->statements[i].verb != NULL && g_str_has_prefix(job->statements[i].verb, "SET"))
            return TRUE;
    return session_mentions(job, "set_config") || job->statement_count == 0;
}

/* Statements that run nobody's code: no function, trigger, default or rule. Of CREATE TABLE that
 * holds without the words below: what it is made from, partitioned by, or indexed by besides keys.
 */
static gboolean runs_no_code(const char *verb)
{
    static const char *const verbs[] = {
        "CREATE TABLE", "CREATE TYPE",   "CREATE SEQUENCE", "DROP TABLE", "DROP INDEX", "DROP VIEW",
        "DROP TYPE",    "DROP SEQUENCE", "COMMENT ON",      "GRANT",      "REVOKE",
    };
    for (gsize i = 0; verb != NULL && i < G_N_ELEMENTS(verbs); i++)
        if (g_str_equal(verb, verbs[i]))
            return TRUE;
    return FALSE;
}

/* As a word, in any case; in a comment or a string too. */
static gboolean has_word(const struct run_job *job, const char *word)
{
    gsize length = strlen(word);
    for (gsize i = 0; i + length <= job->text_length; i++) {
        gboolean begins = i == 0 || !g_ascii_isalnum(job->text[i - 1]);
        gsize end = i + length;
        if (begins && (end == job->text_length || !g_ascii_isalnum(job->text[end])) &&
            g_ascii_strncasecmp(job->text + i, word, length) == 0)
            return TRUE;
    }
    return FALSE;
}

/* No prepared statement, cursor, LISTEN, temporary relation, lock or setting: nothing in the file
 * makes one, and nothing in it runs code that could. Event triggers run at every statement, so
 * there must be none, and no file in flight before it that may have made one. */
gboolean session_keeps_nothing(const struct postgres_run *run)
{
    const struct run_job *job = run->job;
    static const char *const words[] = {"as", "like", "exclude", "partition"};
    if (run->postgres->may_have_event_triggers || run->follows_unseen ||
        job->protocol != PROTOCOL_TRANSACTION || job->check_count > 0 ||
        job->statement_count == 0 || session_mentions(job, "temp"))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(words); i++)
        if (has_word(job, words[i]))
            return FALSE;
    for (guint i = 0; i < job->statement_count; i++)
        if (!runs_no_code(job->statements[i].verb))
            return FALSE;
    return TRUE;
}

/* What the session may keep, an expression each, in the order of enum leftover. Prepared statements
 * that are not from_sql are ours. A look at pg_locks takes every lock partition, so it is only
 * taken where the text gives reason. A session whose temporary schema was never made holds nothing
 * temporary; afterwards it has to be looked into. */
static void append_leftovers(GString *sql, const struct postgres_run *run, const char *between)
{
    g_string_append_printf(
        sql,
        "EXISTS (SELECT FROM pg_catalog.pg_prepared_statement() WHERE from_sql)%s"
        "EXISTS (SELECT FROM pg_catalog.pg_cursor() WHERE NOT pg_catalog.texteq(name, ''))%s"
        "EXISTS (SELECT FROM pg_catalog.pg_listening_channels())%s%s%s",
        between, between, between,
        run->postgres->has_temporary_schema
            ? "EXISTS (SELECT FROM pg_catalog.pg_depend WHERE refclassid OPERATOR(pg_catalog.=) "
              "2615 AND refobjid OPERATOR(pg_catalog.=) pg_catalog.pg_my_temp_schema())"
            : "pg_catalog.pg_my_temp_schema() OPERATOR(pg_catalog.<>) 0",
        between);
    if (!session_mentions(run->job, "advisory")) {
        g_string_append(sql, "false");
        return;
    }
    g_autofree char *condition = extra_locks_condition(run->postgres);
    g_string_append_printf(sql, "EXISTS (SELECT FROM pg_catalog.pg_locks l WHERE %s)", condition);
}

/* A look at pg_settings takes a millisecond, so it is only taken where the text gives reason; RESET
 * ALL comes anyway. */
static char *inspect_sql(const struct postgres_run *run)
{
    GString *sql = g_string_new("SELECT ");
    append_leftovers(sql, run, ", ");
    g_string_append(sql, ", ");
    if (!sets_something(run->job))
        g_string_append(sql, "NULL");
    else if (run->job->protocol == PROTOCOL_TRANSACTION)
        g_string_append(sql, SETTINGS_SQL(""));
    else
        g_string_append(sql, SETTINGS_SQL(", 'lock_timeout', 'statement_timeout'"));
    g_string_append(sql, ", EXISTS (SELECT FROM pg_catalog.pg_event_trigger)");
    return g_string_free(sql, FALSE);
}

gboolean session_inspect_send(struct postgres_run *run)
{
    if (run->job->keeps_session_state && run->job->protocol == PROTOCOL_TRANSACTION)
        return !run_is_stopped(run);
    if (run->job->keeps_session_state)
        return pipeline_send(run, MESSAGE_TIDY, 0, "RESET lock_timeout", 0, NULL) &&
               pipeline_send(run, MESSAGE_TIDY, 0, "RESET statement_timeout", 0, NULL);
    if (session_keeps_nothing(run))
        return pipeline_send_own(run, MESSAGE_TIDY, 0, "RESET ALL", 0, NULL);
    g_autofree char *sql = inspect_sql(run);
    return pipeline_send_own(run, MESSAGE_INSPECT, 0, sql, 0, NULL) &&
           pipeline_send_own(run, MESSAGE_TIDY, 0, "RESET ALL", 0, NULL);
}

void session_inspect_read(struct postgres_run *run, const PGresult *result)
{
    if (PQntuples(result) != 1)
        return;
    for (int i = 0; i < 5; i++)
        if (*PQgetvalue(result, 0, i) == 't')
            run->leftovers |= 1U << i;
    if ((run->leftovers & LEFTOVER_TEMPORARY) != 0)
        run->postgres->has_temporary_schema = TRUE;
    if (!PQgetisnull(result, 0, 5))
        leftover(run, "setting", PQgetvalue(result, 0, 5));
    run->postgres->may_have_event_triggers = *PQgetvalue(result, 0, 6) != 'f';
}

/* ---- the guard of a run in flight ------------------------------------------------------------ */

#define GUARD_VERSION "winch: the version row says "
#define GUARD_SESSION "winch: the session is not clean, "

/* The row as text, "7 f" for version 7 and clean; "" for none. What golang-migrate writes for no
 * version is none. The session is looked at once more, because what the file before it left is
 * known here only when this has long been sent. */
static char *guard_sql(const struct postgres_run *run)
{
    const struct postgres_run *previous = run->previous;
    GString *sql = g_string_new(
        "SELECT CASE WHEN pg_catalog.texteq(v.found, $1) THEN true ELSE CAST("
        "pg_catalog.concat('" GUARD_VERSION "', v.found) AS pg_catalog.bool) END, "
        "CASE WHEN pg_catalog.texteq(pg_catalog.concat(pg_catalog.current_setting('" UNRESET
        "', true)), '')");
    if (previous != NULL && !session_keeps_nothing(previous)) {
        g_string_append(sql, " AND NOT (");
        append_leftovers(sql, previous, " OR ");
        g_string_append(sql, ")");
    }
    g_string_append_printf(
        sql,
        " THEN true ELSE CAST(pg_catalog.concat('" GUARD_SESSION
        "', pg_catalog.pg_backend_pid()) AS pg_catalog.bool) END FROM (SELECT "
        "pg_catalog.concat(pg_catalog.string_agg(pg_catalog.concat(version, ' ', dirty), ', ')) "
        "AS found FROM %s WHERE pg_catalog.textne(pg_catalog.concat(version, ' ', dirty), '-1 f')) "
        "v",
        run->postgres->version_table);
    return g_string_free(sql, FALSE);
}

gboolean session_guard_send(struct postgres_run *run)
{
    char before[32] = "";
    if (run->job->version_before >= 0)
        g_snprintf(before, sizeof before, "%" G_GINT64_FORMAT " f", run->job->version_before);
    const char *const parameters[] = {before};
    g_autofree char *sql = guard_sql(run);
    return pipeline_send_own(run, MESSAGE_GUARD, 0, sql, 1, parameters);
}

gboolean session_guard_is_unclean(const char *primary)
{
    return primary != NULL && strstr(primary, GUARD_SESSION) != NULL;
}

/* From 'invalid input syntax for type boolean: "winch: the version row says 7 t"', whatever the
 * language around it. */
char *session_guard_version(const char *primary)
{
    const char *at = strstr(primary, GUARD_VERSION);
    if (at == NULL)
        return NULL;
    at += strlen(GUARD_VERSION);
    gsize length = strcspn(at, "\"");
    if (length < 3)
        return g_strdup("none");
    return g_strdup_printf("%.*s%s", (int)length - 2, at, at[length - 1] == 't' ? " (dirty)" : "");
}

/* ---- cleaning ------------------------------------------------------------------------------- */

/* One row a kind, in the order of enum leftover: how its members are named and how they go. */
static const struct {
    enum leftover kind;
    const char *list, *clean;
} leftover_kinds[] = {
    {LEFTOVER_PREPARED,
     "SELECT 'prepared statement', name FROM pg_catalog.pg_prepared_statement() "
     "WHERE from_sql",
     "DEALLOCATE ALL"},
    {LEFTOVER_CURSOR, "SELECT 'cursor', name FROM pg_catalog.pg_cursor() WHERE name <> ''",
     "CLOSE ALL"},
    {LEFTOVER_LISTEN, "SELECT 'LISTEN', c FROM pg_catalog.pg_listening_channels() AS c",
     "UNLISTEN *"},
    {LEFTOVER_TEMPORARY,
     "SELECT 'temporary relation', relname::text FROM pg_catalog.pg_class WHERE relnamespace = "
     "pg_catalog.pg_my_temp_schema() AND relkind IN ('r', 'v', 'S', 'p')",
     "DISCARD TEMP"},
};

static void name_leftovers(struct postgres_run *run)
{
    GString *sql = g_string_new(NULL);
    for (gsize i = 0; i < G_N_ELEMENTS(leftover_kinds); i++)
        if ((run->leftovers & leftover_kinds[i].kind) != 0)
            g_string_append_printf(sql, "%s%s", sql->len > 0 ? " UNION ALL " : "",
                                   leftover_kinds[i].list);
    AUTORESULT *rows =
        sql->len > 0 ? postgres_query(run->postgres, run->postgres->main, sql->str, 0, NULL, NULL)
                     : NULL;
    for (int i = 0; i < PQntuples(rows); i++)
        leftover(run, PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1));
    g_string_free(sql, TRUE);
}

/* Each key as pg_locks has it: one bigint (objsubid 1) or two integers (2). */
static void release_locks(struct postgres_run *run)
{
    g_autofree char *condition = extra_locks_condition(run->postgres);
    g_autofree char *sql = g_strdup_printf(
        "SELECT CASE WHEN objsubid = 1 THEN (classid::bigint << 32 | objid::bigint)::text "
        "ELSE pg_catalog.concat(classid, ', ', objid) END, CASE objsubid WHEN 1 THEN CASE mode "
        "WHEN 'ShareLock' "
        "THEN pg_catalog.pg_advisory_unlock_shared(classid::bigint << 32 | objid::bigint) "
        "ELSE pg_catalog.pg_advisory_unlock(classid::bigint << 32 | objid::bigint) END "
        "ELSE CASE mode WHEN 'ShareLock' "
        "THEN pg_catalog.pg_advisory_unlock_shared(classid::bigint::bit(32)::int, "
        "objid::bigint::bit(32)::int) "
        "ELSE pg_catalog.pg_advisory_unlock(classid::bigint::bit(32)::int, "
        "objid::bigint::bit(32)::int) END END "
        "FROM pg_catalog.pg_locks l WHERE %s",
        condition);
    /* A lock that was taken several times needs as many turns. */
    for (int turn = 0; turn < 100; turn++) {
        AUTORESULT *rows = postgres_query(run->postgres, run->postgres->main, sql, 0, NULL, NULL);
        if (PQntuples(rows) == 0)
            return;
        for (int i = 0; turn == 0 && i < PQntuples(rows); i++)
            leftover(run, "advisory lock", PQgetvalue(rows, i, 0));
    }
}

void session_clean(struct postgres_run *run)
{
    name_leftovers(run);
    if ((run->leftovers & LEFTOVER_LOCK) != 0)
        release_locks(run);
    for (gsize i = 0; i < G_N_ELEMENTS(leftover_kinds); i++)
        if ((run->leftovers & leftover_kinds[i].kind) != 0)
            postgres_execute(run->postgres, run->postgres->main, leftover_kinds[i].clean, NULL);
    if ((run->leftovers & LEFTOVER_PREPARED) != 0)
        postgres_prepared_forget(run->postgres);
    run->leftovers = 0;
}

gboolean session_lock_retake(struct postgres_run *run)
{
    const struct postgres *postgres = run->postgres;
    gboolean is_held = TRUE;
    if (!postgres->holds_lock)
        return TRUE;
    for (guint i = 0; is_held && i < postgres->lock_ids->len; i++) {
        guint32 id = g_array_index(postgres->lock_ids, guint32, i);
        g_autofree char *sql = g_strdup_printf(
            "SELECT CASE WHEN EXISTS (SELECT FROM pg_catalog.pg_locks WHERE locktype "
            "OPERATOR(pg_catalog.=) 'advisory' AND pid OPERATOR(pg_catalog.=) "
            "pg_catalog.pg_backend_pid() AND classid OPERATOR(pg_catalog.=) 0 AND objid "
            "OPERATOR(pg_catalog.=) %u AND objsubid OPERATOR(pg_catalog.=) 1 AND granted) "
            "THEN NULL ELSE pg_catalog.pg_try_advisory_lock(%u) END",
            id, id);
        AUTORESULT *row = postgres_query(run->postgres, postgres->main, sql, 0, NULL, NULL);
        is_held = PQntuples(row) == 1 && (PQgetisnull(row, 0, 0) || *PQgetvalue(row, 0, 0) == 't');
        if (PQntuples(row) == 1 && !PQgetisnull(row, 0, 0))
            leftover(run, "the migration lock released", NULL);
    }
    return is_held;
}
