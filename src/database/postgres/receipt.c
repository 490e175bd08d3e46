/* Counting what would be lost: by short transactions that read only, bounded in time, the smallest
 * table first; and where the time does not suffice, by what the planner knows. */
#include "base/duration.h"
#include "database/postgres/postgres.h"

/* Transaction ids are compared over half of their circle (PostgreSQL's manual, section 25.1.5). */
#define XID_HALF   (G_GINT64_CONSTANT(1) << 31)
#define XID_CIRCLE (G_GINT64_CONSTANT(1) << 32)

#define MILLISECOND 1000

/* The losses of one table, which are counted by one query. */
struct table {
    guint32 oid;
    gint64 bytes, estimate; /* -1: not known */
    const char *object, *since;
    GPtrArray *losses; /* of struct loss *: the table itself, or columns of it */
};

struct counting {
    struct postgres *postgres;
    gint64 deadline; /* monotonic; 0: none */
    gint64 budget, lock_timeout;
    gint64 next_xid; /* the next transaction's, with its epoch; -1 unknown */
};

static void table_free(gpointer data)
{
    struct table *table = data;
    g_ptr_array_unref(table->losses);
    g_free(table);
}

static gint64 number_at(const PGresult *result, int row, int column)
{
    return PQgetisnull(result, row, column)
               ? -1
               : g_ascii_strtoll(PQgetvalue(result, row, column), NULL, 10);
}

/* ---- which tables ---------------------------------------------------------------------------- */

/* Partitions are counted with their table, columns of a table that goes with it as well. */
static gboolean is_counted(const struct loss *loss)
{
    gboolean has_rows =
        loss->kind == LOSS_TABLE || loss->kind == LOSS_COLUMN || loss->kind == LOSS_EMPTIED;
    return has_rows && loss->object != NULL && loss->with == NULL && loss->note == NULL;
}

static GPtrArray *group(const GPtrArray *losses)
{
    GPtrArray *tables = g_ptr_array_new_with_free_func(table_free);
    g_autoptr(GHashTable) by_oid = g_hash_table_new(g_direct_hash, g_direct_equal);
    for (guint i = 0; i < losses->len; i++) {
        struct loss *loss = losses->pdata[i];
        if (!is_counted(loss))
            continue;
        struct table *table = g_hash_table_lookup(by_oid, GUINT_TO_POINTER(loss->oid));
        if (table == NULL) {
            table = g_new0(struct table, 1);
            table->oid = loss->oid;
            table->object = loss->object;
            table->bytes = table->estimate = -1;
            table->losses = g_ptr_array_new();
            g_hash_table_insert(by_oid, GUINT_TO_POINTER(loss->oid), table);
            g_ptr_array_add(tables, table);
        }
        if (loss->kind != LOSS_COLUMN)
            table->since = loss->since;
        g_ptr_array_add(table->losses, loss);
    }
    return tables;
}

static gint compare_sizes(gconstpointer a, gconstpointer b)
{
    const struct table *x = *(struct table *const *)a, *y = *(struct table *const *)b;
    return (x->bytes > y->bytes) - (x->bytes < y->bytes);
}

/* ---- asking ---------------------------------------------------------------------------------- */

/* One question in a transaction of its own. The rows that row-level security would hide make it
 * fail, for a number that leaves them out would be taken for the truth. */
static PGresult *ask(struct counting *counting, const char *sql, gint64 timeout, GError **error)
{
    struct postgres *postgres = counting->postgres;
    g_autofree char *message = g_strdup_printf(
        "BEGIN READ ONLY; SET LOCAL search_path = pg_catalog; SET LOCAL row_security = off; "
        "SET LOCAL statement_timeout = %" G_GINT64_FORMAT
        "; SET LOCAL lock_timeout = %" G_GINT64_FORMAT "; %s; COMMIT",
        timeout, counting->lock_timeout, sql);
    g_autoptr(GError) failure = NULL;
    g_autoptr(GPtrArray) results =
        postgres_query_several(postgres, postgres->main, message, &failure);
    if (failure != NULL) {
        postgres_execute(postgres, postgres->main, "ROLLBACK", NULL);
        g_propagate_error(error, g_steal_pointer(&failure));
        return NULL;
    }
    if (results->len == 0) {
        error_set(error, ERROR_FAILED, "the server did not answer");
        return NULL;
    }
    return g_ptr_array_steal_index(results, results->len - 1);
}

/* TRUE for what ends the whole receipt and not this count alone. */
static gboolean is_final(const GError *failure)
{
    return error_is(failure, ERROR_NO_CONNECTION) || error_is(failure, ERROR_CANCELLED) ||
           error_is(failure, ERROR_HANGUP) || error_is(failure, ERROR_TERMINATED);
}

/* Milliseconds left, 0 for no limit; FALSE when there are none. */
static gboolean time_left(const struct counting *counting, gint64 *milliseconds)
{
    *milliseconds = 0;
    if (counting->deadline == 0)
        return TRUE;
    *milliseconds = (counting->deadline - g_get_monotonic_time()) / MILLISECOND;
    return *milliseconds > 0;
}

/* ---- sizes and estimates --------------------------------------------------------------------- */

/* A question that is asked of every table, in order. o is its oid. */
static char *of_each(const GPtrArray *tables, const char *answers)
{
    GString *sql = g_string_new(NULL);
    g_string_append_printf(sql, "SELECT %s FROM unnest(ARRAY[", answers);
    for (guint i = 0; i < tables->len; i++)
        g_string_append_printf(sql, "%s%u", i > 0 ? "," : "",
                               ((const struct table *)tables->pdata[i])->oid);
    g_string_append(sql, "]::oid[]) WITH ORDINALITY AS u (o, n) ORDER BY n");
    return g_string_free(sql, FALSE);
}

/* Takes no lock: what the planner knows of each table and its partitions, and the next transaction.
 */
#define KNOWN_SQL                                                                                  \
    "(WITH RECURSIVE p (oid) AS (SELECT o UNION ALL SELECT h.inhrelid FROM p JOIN pg_class c ON "  \
    "c.oid = p.oid AND c.relkind = 'p' JOIN pg_inherits h ON h.inhparent = p.oid) "                \
    "SELECT CASE WHEN min(c.reltuples) >= 0 THEN sum(c.reltuples) END FROM p JOIN pg_class c "     \
    "ON c.oid = p.oid AND c.relkind = 'r')::bigint, pg_snapshot_xmax(pg_current_snapshot())::text"

/* Waits for whoever has locked a table, so it is asked by itself. */
#define SIZE_SQL                                                                                   \
    "coalesce((SELECT sum(pg_total_relation_size(relid)) FROM pg_partition_tree(o)), "             \
    "pg_total_relation_size(o))::bigint"

static PGresult *ask_of_each(struct counting *counting, const GPtrArray *tables,
                             const char *answers, gboolean *is_over, GError **error)
{
    gint64 timeout;
    g_autoptr(GError) failure = NULL;
    g_autofree char *sql = of_each(tables, answers);
    time_left(counting, &timeout);
    PGresult *result = ask(counting, sql, MAX(timeout, 0), &failure);
    *is_over = failure != NULL && is_final(failure);
    if (*is_over)
        g_propagate_error(error, g_steal_pointer(&failure));
    return result;
}

/* Without sizes everything is still counted, in any order. */
static gboolean read_sizes(struct counting *counting, GPtrArray *tables, GError **error)
{
    gboolean is_over;
    AUTORESULT *known = ask_of_each(counting, tables, KNOWN_SQL, &is_over, error);
    if (is_over)
        return FALSE;
    AUTORESULT *sizes = ask_of_each(counting, tables, SIZE_SQL, &is_over, error);
    for (int i = 0; i < (int)tables->len; i++) {
        struct table *table = tables->pdata[i];
        table->bytes = i < PQntuples(sizes) ? number_at(sizes, i, 0) : -1;
        table->estimate = i < PQntuples(known) ? number_at(known, i, 0) : -1;
        counting->next_xid = i < PQntuples(known) ? number_at(known, i, 1) : -1;
    }
    return !is_over;
}

/* The share of values that are null, from 0 to 1; below 0 unknown. */
static double null_share(struct counting *counting, const struct loss *loss)
{
    g_autofree char *sql = g_strdup_printf(
        "SELECT s.null_frac FROM pg_stats s JOIN pg_class c ON c.relname = s.tablename JOIN "
        "pg_namespace n ON n.oid = c.relnamespace AND n.nspname = s.schemaname JOIN pg_attribute a "
        "ON a.attrelid = c.oid AND a.attname = s.attname WHERE c.oid = %u AND a.attnum = %d "
        "ORDER BY s.inherited LIMIT 1",
        loss->oid, loss->number);
    AUTORESULT *result = ask(counting, sql, counting->lock_timeout, NULL);
    gboolean is_known = PQntuples(result) == 1 && !PQgetisnull(result, 0, 0);
    return is_known ? g_ascii_strtod(PQgetvalue(result, 0, 0), NULL) : -1;
}

static void estimate(struct counting *counting, const struct table *table, const char *why)
{
    for (guint i = 0; i < table->losses->len; i++) {
        struct loss *loss = table->losses->pdata[i];
        gboolean is_column = loss->kind == LOSS_COLUMN;
        double share = is_column && table->estimate >= 0 ? null_share(counting, loss) : 0;
        gboolean is_known = table->estimate >= 0 && share >= 0;
        loss->basis = is_known ? LOSS_ESTIMATED : LOSS_NOT_COUNTED;
        if (is_known)
            loss->rows = (gint64)((double)table->estimate * (1 - share) + 0.5);
        loss->of_rows = is_column ? table->estimate : -1;
        loss->bytes = is_column ? -1 : table->bytes;
        loss->note = g_strdup_printf("%s; %s", why,
                                     is_known ? "estimated from the last ANALYZE (reltuples, "
                                                "null_frac)"
                                              : "and it was never analyzed");
    }
}

/* ---- counting -------------------------------------------------------------------------------- */

/* Rows written after the transaction since, where ids can still tell: NULL otherwise. */
static char *written_sql(const struct counting *counting, const char *since, gboolean *is_at_most)
{
    guint64 xid;
    *is_at_most = counting->next_xid >= XID_CIRCLE;
    if (since == NULL || counting->next_xid < 0 ||
        !g_ascii_string_to_unsigned(since, 10, 3, G_MAXINT64, &xid, NULL))
        return NULL;
    gint64 age = counting->next_xid - (gint64)xid;
    if (age < 0 || age >= XID_HALF)
        return NULL;
    return g_strdup_printf("count(*) FILTER (WHERE age(xmin) < age('%" G_GINT64_FORMAT "'::xid))",
                           (gint64)xid % XID_CIRCLE);
}

static char *count_sql(const struct counting *counting, const struct table *table,
                       gboolean *is_at_most)
{
    g_autofree char *written = written_sql(counting, table->since, is_at_most);
    GString *sql = g_string_new("SELECT count(*)");
    g_string_append_printf(sql, ", %s", written != NULL ? written : "NULL::bigint");
    for (guint i = 0; i < table->losses->len; i++) {
        const struct loss *loss = table->losses->pdata[i];
        if (loss->kind == LOSS_COLUMN)
            g_string_append_printf(sql, ", count(%s), sum(pg_column_size(%s))::bigint",
                                   loss->column, loss->column);
    }
    g_string_append_printf(sql, " FROM %s", table->object);
    return g_string_free(sql, FALSE);
}

static void take_count(const struct table *table, const PGresult *result, gboolean is_at_most)
{
    int column = 2;
    for (guint i = 0; i < table->losses->len; i++) {
        struct loss *loss = table->losses->pdata[i];
        loss->basis = LOSS_EXACT;
        if (loss->kind == LOSS_COLUMN) {
            loss->of_rows = number_at(result, 0, 0);
            loss->rows = number_at(result, 0, column);
            loss->bytes = MAX(number_at(result, 0, column + 1), 0);
            column += 2;
        } else {
            loss->rows = number_at(result, 0, 0);
            loss->written_since = number_at(result, 0, 1);
            loss->written_at_most = is_at_most && loss->written_since > 0;
            loss->bytes = table->bytes;
        }
    }
}

/* Why it could not be counted, as people say it. Free with g_free(). */
static char *reason_of(const struct counting *counting, const GError *failure)
{
    const char *sqlstate = error_detail(failure) != NULL ? error_detail(failure)->sqlstate : "";
    if (g_str_equal(sqlstate, "57014")) {
        g_autofree char *budget = duration_format(counting->budget * MILLISECOND);
        return g_strdup_printf("not counted within %s", budget);
    }
    if (g_str_equal(sqlstate, "55P03"))
        return g_strdup("somebody holds a lock on it");
    if (g_str_equal(sqlstate, "42501"))
        return g_strdup("this role may not read all of it");
    return g_strdup_printf("not counted: %s", failure->message);
}

static gboolean count(struct counting *counting, const struct table *table, GError **error)
{
    gint64 timeout;
    gboolean is_at_most;
    g_autoptr(GError) failure = NULL;
    g_autofree char *sql = count_sql(counting, table, &is_at_most);
    if (!time_left(counting, &timeout)) {
        estimate(counting, table, "no time was left to count");
        return TRUE;
    }
    AUTORESULT *result = ask(counting, sql, timeout, &failure);
    if (PQntuples(result) == 1) {
        take_count(table, result, is_at_most);
        return TRUE;
    }
    if (failure != NULL && is_final(failure)) {
        g_propagate_error(error, g_steal_pointer(&failure));
        return FALSE;
    }
    g_autofree char *why = failure != NULL ? reason_of(counting, failure) : g_strdup("not counted");
    estimate(counting, table, why);
    return TRUE;
}

gboolean postgres_losses_count(struct database *database, GPtrArray *losses, gint64 budget,
                               gint64 lock_timeout, GError **error)
{
    struct counting counting = {
        .postgres = (struct postgres *)database,
        .deadline = budget > 0 ? g_get_monotonic_time() + budget * MILLISECOND : 0,
        .budget = budget,
        .lock_timeout = lock_timeout,
        .next_xid = -1,
    };
    g_autoptr(GPtrArray) tables = group(losses);
    if (tables->len == 0)
        return TRUE;
    if (!read_sizes(&counting, tables, error))
        return FALSE;
    g_ptr_array_sort(tables, compare_sizes);
    for (guint i = 0; i < tables->len; i++)
        if (!count(&counting, tables->pdata[i], error))
            return FALSE;
    return TRUE;
}
