/* golang-migrate's advisory lock, under every id it may have here. Polled, never waited for in the
 * server: a waiter there holds a snapshot, and CREATE INDEX CONCURRENTLY in the holder would
 * deadlock with it. */
#include "database/postgres/postgres.h"

#include <string.h>

#define POLL_FIRST_MS 50
#define POLL_LAST_MS  500
#define REPORT_US     (1000 * 1000)

/* ---- ids ------------------------------------------------------------------------------------- */

/* The IEEE CRC, over all bytes of text and continuing from crc. */
static guint32 crc32_continue(guint32 crc, const char *bytes, gsize length)
{
    crc = ~crc;
    for (gsize i = 0; i < length; i++) {
        crc ^= (guchar)bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = (crc >> 1) ^ (0xEDB88320u & (0u - (crc & 1u)));
    }
    return ~crc;
}

guint32 postgres_lock_id(const char *schema, const char *table, const char *name)
{
    guint32 crc = crc32_continue(0, schema, strlen(schema) + 1);
    crc = crc32_continue(crc, table, strlen(table) + 1);
    crc = crc32_continue(crc, name, strlen(name));
    return (guint32)((guint64)crc * 1486364155u);
}

const GArray *postgres_lock_ids(const struct database *database)
{
    return ((const struct postgres *)database)->lock_ids;
}

static guint32 id_at(const struct postgres *postgres, guint i)
{
    return g_array_index(postgres->lock_ids, guint32, i);
}

/* Our own id, in the two-key form that golang-migrate never uses. It keeps other winches out while
 * golang-migrate's ids stand aside; see postgres_lock_aside(). */
static char *own_id(const struct postgres *postgres)
{
    return g_strdup_printf("%d, %u", POSTGRES_OWN_LOCK_CLASS, id_at(postgres, 0) & 0x7fffffffu);
}

/* ---- who holds it ---------------------------------------------------------------------------- */

static const char *holder_text(struct postgres *postgres, const PGresult *result, int column)
{
    const char *text = PQgetvalue(result, 0, column); /* "" for NULL */
    if (g_str_equal(text, "<insufficient privilege>"))
        text = "";
    return g_string_chunk_insert(postgres->holder_strings, text);
}

static char *holder_sql(const struct postgres *postgres)
{
    GString *sql = g_string_new(
        "SELECT l.pid, a.usename, a.datname,"
        " coalesce(a.client_hostname, pg_catalog.host(a.client_addr), ''), a.application_name,"
        " a.state, pg_catalog.left(a.query, 1000),"
        " (pg_catalog.date_part('epoch', coalesce(a.xact_start, a.state_change)) "
        "OPERATOR(pg_catalog.*) 1000000)"
        "::pg_catalog.int8"
        " FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_stat_activity a USING (pid)"
        " WHERE l.locktype = 'advisory' AND l.granted"
        " AND l.database = (SELECT d.oid FROM pg_catalog.pg_database d"
        " WHERE d.datname = pg_catalog.current_database())"
        " AND (l.classid = '0' AND l.objsubid = 1 AND l.objid IN (");
    for (guint i = 0; i < postgres->lock_ids->len; i++)
        g_string_append_printf(sql, "%s'%u'", i > 0 ? ", " : "", id_at(postgres, i));
    g_string_append_printf(sql,
                           ") OR l.classid = '%d' AND l.objsubid = 2 AND l.objid = '%u')"
                           " ORDER BY l.pid LIMIT 1",
                           POSTGRES_OWN_LOCK_CLASS, id_at(postgres, 0) & 0x7fffffffu);
    return g_string_free(sql, FALSE);
}

int postgres_lock_holder(struct database *database, struct lock_holder *holder, GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    g_autofree char *sql = holder_sql(postgres);
    memset(holder, 0, sizeof *holder);
    g_string_chunk_clear(postgres->holder_strings);
    AUTORESULT *result = postgres_query(postgres, postgres->main, sql, 0, NULL, error);
    if (result == NULL) {
        g_prefix_error(error, "looking for the migration lock: ");
        return -1;
    }
    if (PQntuples(result) == 0)
        return 0;
    holder->pid = (int)g_ascii_strtoll(PQgetvalue(result, 0, 0), NULL, 10);
    holder->user = holder_text(postgres, result, 1);
    holder->database = holder_text(postgres, result, 2);
    holder->client = holder_text(postgres, result, 3);
    holder->application = holder_text(postgres, result, 4);
    holder->state = holder_text(postgres, result, 5);
    holder->query = holder_text(postgres, result, 6);
    holder->since = g_ascii_strtoll(PQgetvalue(result, 0, 7), NULL, 10);
    return 1;
}

/* "process 4711 (user app, application \"x\", from 10.0.0.7, idle)". */
static char *holder_describe(const struct lock_holder *holder)
{
    const struct {
        const char *before, *text;
    } parts[] = {
        {"user ", holder->user},
        {"application ", holder->application},
        {"from ", holder->client},
        {"", holder->state},
    };
    GString *text = g_string_new(NULL);
    g_string_append_printf(text, "process %d", holder->pid);
    const char *separator = " (";
    for (gsize i = 0; i < G_N_ELEMENTS(parts); i++) {
        if (*parts[i].text == '\0')
            continue;
        g_string_append_printf(text, "%s%s%s", separator, parts[i].before, parts[i].text);
        separator = ", ";
    }
    if (separator[0] == ',')
        g_string_append_c(text, ')');
    return g_string_free(text, FALSE);
}

/* ---- taking it ------------------------------------------------------------------------------- */

/* All ids or none, in one statement: each is tried only after those before it, and let go again
 * when one behind it is taken. CASE keeps the order. */
static void append_try(GString *sql, const struct postgres *postgres, guint i)
{
    if (i == postgres->lock_ids->len) {
        g_string_append(sql, "true");
        return;
    }
    guint32 id = id_at(postgres, i);
    g_string_append_printf(sql, "CASE WHEN pg_catalog.pg_try_advisory_lock(%u) THEN CASE WHEN ",
                           id);
    append_try(sql, postgres, i + 1);
    g_string_append_printf(
        sql, " THEN true ELSE NOT pg_catalog.pg_advisory_unlock(%u) END ELSE false END", id);
}

static char *try_sql(const struct postgres *postgres)
{
    GString *sql = g_string_new("SELECT pg_catalog.pg_backend_pid(), ");
    /* A server that notices a lost client does not go on with a migration nobody waits for. */
    if (PQserverVersion(postgres->main) >= 140000 && !postgres->cannot_check_client)
        g_string_append(sql,
                        "pg_catalog.set_config('client_connection_check_interval', '5s', false), ");
    else
        g_string_append(sql, "NULL, ");
    g_string_append_printf(sql, "CASE WHEN pg_catalog.pg_backend_pid() = %d THEN ",
                           postgres->base.facts.backend_pid);
    g_autofree char *own = own_id(postgres);
    g_string_append_printf(sql, "CASE WHEN pg_catalog.pg_try_advisory_lock(%s) THEN CASE WHEN ",
                           own);
    append_try(sql, postgres, 0);
    g_string_append_printf(
        sql, " THEN true ELSE NOT pg_catalog.pg_advisory_unlock(%s) END ELSE false END END", own);
    return g_string_free(sql, FALSE);
}

/* Lets go of everything, or of all but our own id. */
static gboolean unlock_ids(struct postgres *postgres, gboolean with_own, GError **error)
{
    g_autofree char *own = own_id(postgres);
    g_autoptr(GString) sql = g_string_new("SELECT true");
    for (guint i = postgres->lock_ids->len; i > 0; i--)
        g_string_append_printf(sql, ", pg_catalog.pg_advisory_unlock(%u)", id_at(postgres, i - 1));
    if (with_own)
        g_string_append_printf(sql, ", pg_catalog.pg_advisory_unlock(%s)", own);
    AUTORESULT *result = postgres_query(postgres, postgres->main, sql->str, 0, NULL, error);
    return result != NULL;
}

/* 1 taken, 0 somebody else has it, -1 error. */
static int lock_try(struct postgres *postgres, const char *sql, GError **error)
{
    AUTORESULT *result = postgres_query(postgres, postgres->main, sql, 0, NULL, error);
    if (result == NULL) {
        g_prefix_error(error, "taking the migration lock: ");
        return -1;
    }
    if (PQgetisnull(result, 0, 2)) {
        error_set(error, ERROR_REFUSED,
                  "the connection changed from server process %d to %s: a pooler that pools "
                  "transactions is in between",
                  postgres->base.facts.backend_pid, PQgetvalue(result, 0, 0));
        error_advise(error, "connect to the server itself, or to a pool with pool_mode = session");
        return -1;
    }
    return *PQgetvalue(result, 0, 2) == 't';
}

/* As lock_try(), on a platform that cannot look after its clients too (22023). */
static int lock_try_first(struct postgres *postgres, GError **error)
{
    g_autoptr(GError) why = NULL;
    g_autofree char *sql = try_sql(postgres);
    int taken = lock_try(postgres, sql, &why);
    if (taken < 0 && !postgres->cannot_check_client && error_detail(why) != NULL &&
        g_str_equal(error_detail(why)->sqlstate, "22023")) {
        postgres->cannot_check_client = TRUE;
        g_autofree char *plain = try_sql(postgres);
        return lock_try(postgres, plain, error);
    }
    if (taken < 0)
        g_propagate_error(error, g_steal_pointer(&why));
    return taken;
}

static gboolean refuse_standby(struct postgres *postgres, GError **error)
{
    if (!postgres->base.facts.is_standby)
        return TRUE;
    error_set(error, ERROR_REFUSED, "%s is a standby, which cannot be migrated", postgres->label);
    error_advise(error, "connect to its primary (target_session_attrs=read-write finds it)");
    return FALSE;
}

gboolean postgres_can_change(struct postgres *postgres, GError **error)
{
    return refuse_standby(postgres, error) && postgres_pooler_refuse(postgres, error);
}

static gboolean refuse_cancelled(struct postgres *postgres, GError **error)
{
    struct cancellation *cancellation = postgres->base.cancellation;
    if (cancellation == NULL || cancellation_level(cancellation) == CANCEL_NONE)
        return TRUE;
    error_set(error, cancellation_why(cancellation),
              "cancelled while waiting for the migration lock");
    return FALSE;
}

static void locked_error_set(struct postgres *postgres, gint64 timeout, GError **error)
{
    struct lock_holder holder;
    int known = postgres_lock_holder(&postgres->base, &holder, NULL);
    g_autofree char *who = known == 1 ? holder_describe(&holder) : g_strdup("another session");
    if (timeout > 0)
        error_set(error, ERROR_LOCKED,
                  "the migration lock of %s is held by %s; waited %" G_GINT64_FORMAT " ms for it",
                  postgres->table_name, who, timeout);
    else
        error_set(error, ERROR_LOCKED, "the migration lock of %s is held by %s",
                  postgres->table_name, who);
    error_advise(error, "let it finish, or allow more time (lock_timeout)");
}

/* Sleeps until the next try, reporting about once a second. */
static void wait_a_little(struct postgres *postgres, gint64 begun, gint64 *next_report,
                          int milliseconds, lock_wait_fn on_wait, void *data)
{
    gint64 now = g_get_monotonic_time();
    if (on_wait != NULL && now >= *next_report) {
        struct lock_holder holder;
        int known = postgres_lock_holder(&postgres->base, &holder, NULL);
        on_wait(known == 1 ? &holder : NULL, now - begun, data);
        *next_report = now + REPORT_US;
    }
    postgres_pause(postgres, milliseconds);
}

gboolean postgres_lock(struct database *database, gint64 timeout, lock_wait_fn on_wait, void *data,
                       GError **error)
{
    struct postgres *postgres = (struct postgres *)database;
    gint64 begun = g_get_monotonic_time();
    gint64 deadline = begun + timeout * 1000, next_report = begun;
    int pause = POLL_FIRST_MS;
    if (postgres->holds_lock)
        return TRUE;
    if (!refuse_cancelled(postgres, error) || !postgres_can_change(postgres, error))
        return FALSE;
    int taken = lock_try_first(postgres, error);
    g_autofree char *sql = try_sql(postgres);
    while (taken == 0) {
        gint64 left = (deadline - g_get_monotonic_time()) / 1000;
        if (left <= 0) {
            locked_error_set(postgres, timeout, error);
            return FALSE;
        }
        wait_a_little(postgres, begun, &next_report, (int)MIN(left + 1, pause), on_wait, data);
        if (!refuse_cancelled(postgres, error))
            return FALSE;
        pause = MIN(pause * 3 / 2, POLL_LAST_MS);
        taken = lock_try(postgres, sql, error);
    }
    postgres->holds_lock = taken == 1;
    if (taken < 0) /* a statement that was cancelled on its way back has taken them all the same */
        unlock_ids(postgres, TRUE, NULL);
    return postgres->holds_lock;
}

void postgres_unlock(struct database *database)
{
    struct postgres *postgres = (struct postgres *)database;
    if (!postgres->holds_lock)
        return;
    postgres->holds_lock = FALSE;
    /* Cancelling what ran before may hit this instead. */
    if (!unlock_ids(postgres, TRUE, NULL))
        unlock_ids(postgres, TRUE, NULL);
}

gboolean postgres_lock_aside(struct postgres *postgres, GError **error)
{
    return !postgres->holds_lock || unlock_ids(postgres, FALSE, error);
}

gboolean postgres_lock_return(struct postgres *postgres, gint64 timeout, GError **error)
{
    gint64 deadline = g_get_monotonic_time() + timeout * 1000;
    g_autoptr(GString) sql = g_string_new("SELECT true, true, ");
    if (!postgres->holds_lock)
        return TRUE;
    append_try(sql, postgres, 0);
    for (;;) {
        int taken = lock_try(postgres, sql->str, error);
        if (taken != 0)
            return taken == 1;
        if (g_get_monotonic_time() > deadline) {
            locked_error_set(postgres, timeout, error);
            return FALSE;
        }
        postgres_pause(postgres, POLL_FIRST_MS);
    }
}
