/* Measuring a rehearsal: after each statement of a file three short ones of ours, in the same
 * pipeline, so that they cost no round trip: the clock, what the session now holds and has read,
 * and the clock again, from where the next statement is timed.
 *
 * A dropped relation has no row of pg_class any more, and its lock is the worst there is. So names,
 * files and counters are read once beforehand; what the rehearsal makes it has locked itself, and
 * is met in pg_locks while it can still be named. The file may have left any search_path and role:
 * every name and operator is qualified, and everything read is what any role may read. */
#include <string.h>

#include "database/postgres/run_internal.h"

/* Oids below are the server's own (access/transam.h: FirstNormalObjectId). */
#define FIRST_OID "16384"

/* What is known of a relation. */
struct measured {
    char *name;
    char kind;
    guint32 file;
    gint64 scans, rows;
    guint modes;      /* bits of enum lock_mode that are held */
    guint file_modes; /* those of them that this file took */
    guint statement;  /* the last that took one, from 1 */
    gboolean is_new;
};

struct measure {
    GHashTable *relations; /* oid -> struct measured */
    struct evidence_builder builder;
    gboolean is_stale; /* something ran since that was not measured */
    guint statement;   /* being taken, from 1 */
    char *tag;
    gint64 rows;
    gint64 started, stopped; /* the server's clock, microseconds */
    guint64 wal_started, wal_stopped;
};

/* ---- before ---------------------------------------------------------------------------------- */

static const char before_sql[] =
    "SELECT c.oid, pg_catalog.concat(n.nspname, '.', c.relname), c.relkind, c.relfilenode, "
    "pg_catalog.pg_stat_get_xact_numscans(c.oid), "
    "pg_catalog.pg_stat_get_xact_tuples_returned(c.oid) "
    "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n "
    "ON n.oid OPERATOR(pg_catalog.=) c.relnamespace "
    "WHERE c.oid OPERATOR(pg_catalog.>=) " FIRST_OID
    " AND n.nspname OPERATOR(pg_catalog.<>) 'pg_toast'";

static void measured_free(gpointer data)
{
    struct measured *measured = data;
    g_free(measured->name);
    g_free(measured);
}

static gint64 number_at(const PGresult *rows, int row, int column)
{
    return g_ascii_strtoll(PQgetvalue(rows, row, column), NULL, 10);
}

static gpointer oid_at(const PGresult *rows, int row)
{
    return GUINT_TO_POINTER((guint)number_at(rows, row, 0));
}

/* What was not there when the first was read is of the rehearsal's own making. */
static void read_before(struct measure *measure, const PGresult *rows)
{
    gboolean is_first = g_hash_table_size(measure->relations) == 0;
    for (int row = 0; row < PQntuples(rows); row++) {
        const struct measured *known = g_hash_table_lookup(measure->relations, oid_at(rows, row));
        struct measured *measured = g_new0(struct measured, 1);
        measured->name = g_strdup(PQgetvalue(rows, row, 1));
        measured->kind = *PQgetvalue(rows, row, 2);
        measured->file = (guint32)number_at(rows, row, 3);
        measured->scans = number_at(rows, row, 4);
        measured->rows = number_at(rows, row, 5);
        measured->is_new = known != NULL ? known->is_new : !is_first;
        g_hash_table_replace(measure->relations, oid_at(rows, row), measured);
    }
}

static void begin_file(struct measure *measure)
{
    GHashTableIter iter;
    gpointer measured;
    g_hash_table_iter_init(&iter, measure->relations);
    while (g_hash_table_iter_next(&iter, NULL, &measured))
        ((struct measured *)measured)->file_modes = 0;
}

gboolean measure_begin(struct postgres_run *run)
{
    struct postgres *postgres = run->postgres;
    if (!run->job->measures)
        return TRUE;
    if (postgres->measure != NULL)
        begin_file(postgres->measure);
    if (postgres->measure != NULL && !postgres->measure->is_stale)
        return TRUE;
    AUTORESULT *rows = postgres_query(postgres, postgres->main, before_sql, 0, NULL, &run->error);
    if (rows == NULL)
        return FALSE;
    if (postgres->measure == NULL) {
        postgres->measure = g_new0(struct measure, 1);
        postgres->measure->relations = g_hash_table_new_full(NULL, NULL, NULL, measured_free);
        evidence_builder_init(&postgres->measure->builder);
    }
    postgres->measure->is_stale = FALSE;
    read_before(postgres->measure, rows);
    return TRUE;
}

/* The counters may be told to the server now, and begin anew. */
void measure_committed(struct postgres *postgres)
{
    if (postgres->measure != NULL)
        postgres->measure->is_stale = TRUE;
}

void measure_free(struct postgres *postgres)
{
    struct measure *measure = postgres->measure;
    if (measure == NULL)
        return;
    g_hash_table_unref(measure->relations);
    evidence_builder_clear(&measure->builder);
    g_free(measure->tag);
    g_free(measure);
    postgres->measure = NULL;
}

/* ---- sending --------------------------------------------------------------------------------- */

static const char *clock_sql(const struct postgres_run *run)
{
    return run->postgres->can_see_wal
               ? "SELECT CAST(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) "
                 "OPERATOR(pg_catalog.*) 1000000 AS pg_catalog.int8), "
                 "pg_catalog.pg_current_wal_insert_lsn()"
               : "SELECT CAST(pg_catalog.date_part('epoch', pg_catalog.clock_timestamp()) "
                 "OPERATOR(pg_catalog.*) 1000000 AS pg_catalog.int8), ''";
}

/* oid, mode; the rest is NULL for what is dropped. */
static const char now_sql[] =
    "SELECT l.relation, l.mode, pg_catalog.concat(n.nspname, '.', c.relname), c.relkind, "
    "c.relfilenode, pg_catalog.pg_stat_get_xact_numscans(l.relation), "
    "pg_catalog.pg_stat_get_xact_tuples_returned(l.relation), "
    "n.nspname OPERATOR(pg_catalog.=) 'pg_toast' "
    "FROM pg_catalog.pg_locks l LEFT JOIN pg_catalog.pg_class c "
    "ON c.oid OPERATOR(pg_catalog.=) l.relation LEFT JOIN pg_catalog.pg_namespace n "
    "ON n.oid OPERATOR(pg_catalog.=) c.relnamespace "
    "WHERE l.pid OPERATOR(pg_catalog.=) pg_catalog.pg_backend_pid() "
    "AND l.locktype OPERATOR(pg_catalog.=) 'relation' AND l.granted "
    "AND l.relation OPERATOR(pg_catalog.>=) " FIRST_OID;

gboolean measure_start_send(struct postgres_run *run)
{
    return run->postgres->measure == NULL ||
           pipeline_send_own(run, MESSAGE_CLOCK_START, 0, clock_sql(run), 0, NULL);
}

gboolean measure_send(struct postgres_run *run, guint index)
{
    return run->postgres->measure == NULL ||
           (pipeline_send_own(run, MESSAGE_CLOCK_STOP, 0, clock_sql(run), 0, NULL) &&
            pipeline_send_own(run, MESSAGE_EVIDENCE, index, now_sql, 0, NULL) &&
            measure_start_send(run));
}

/* ---- what comes back ------------------------------------------------------------------------- */

/* The server's own words about what it does (tablecmds.c, index.c), in English; where it speaks
 * another language the catalog stands alone. */
static const char *const sayings[] = {
    "rewriting table ",
    "verifying table ",
    "validating foreign key constraint ",
    "building index ",
    "existing constraints on column ",
    "partition constraint for table ",
    "updated partition constraint for default partition ",
};

gboolean measure_notice(struct postgres_run *run, const PGresult *notice)
{
    struct measure *measure = run->postgres->measure;
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
    if (measure == NULL || severity == NULL || !g_str_has_prefix(severity, "DEBUG"))
        return FALSE;
    for (gsize i = 0; i < G_N_ELEMENTS(sayings); i++)
        if (g_str_has_prefix(text, sayings[i]))
            g_ptr_array_add(measure->builder.said,
                            g_string_chunk_insert(measure->builder.strings, text));
    return TRUE;
}

void measure_statement(struct postgres_run *run, PGresult *result)
{
    struct measure *measure = run->postgres->measure;
    if (measure == NULL)
        return;
    g_free(measure->tag);
    measure->tag = g_strdup(PQcmdStatus(result));
    measure->rows = run_rows(result);
}

void measure_clock(struct postgres_run *run, enum message_kind kind, const PGresult *row)
{
    struct measure *measure = run->postgres->measure;
    if (measure == NULL || PQntuples(row) != 1)
        return;
    gint64 now = number_at(row, 0, 0);
    guint64 wal = run_wal_place(PQgetvalue(row, 0, 1));
    *(kind == MESSAGE_CLOCK_START ? &measure->started : &measure->stopped) = now;
    *(kind == MESSAGE_CLOCK_START ? &measure->wal_started : &measure->wal_stopped) = wal;
}

/* NULL for what was made and dropped within one statement. */
static struct measured *find(struct measure *measure, const PGresult *rows, int row)
{
    gpointer oid = oid_at(rows, row);
    struct measured *measured = g_hash_table_lookup(measure->relations, oid);
    if (measured != NULL || PQgetisnull(rows, row, 4))
        return measured;
    measured = g_new0(struct measured, 1);
    measured->name = g_strdup(PQgetvalue(rows, row, 2));
    measured->kind = *PQgetvalue(rows, row, 3);
    measured->file = (guint32)number_at(rows, row, 4);
    measured->is_new = TRUE;
    g_hash_table_insert(measure->relations, oid, measured);
    return measured;
}

/* What a file before this one holds in the same transaction a run of its own would not hold. Where
 * the statement took a lock itself, this file's count; where it took none, it may have needed any
 * of those that were there already. */
static enum lock_mode strongest(const struct measure *measure, const struct measured *measured)
{
    guint modes =
        measured->statement == measure->statement ? measured->file_modes : measured->modes;
    return modes == 0 ? LOCK_MODE_NONE : (enum lock_mode)(g_bit_storage(modes) - 1);
}

static struct evidence_relation relation_of(struct measure *measure,
                                            const struct measured *measured)
{
    return evidence_builder_relation(&measure->builder, measured->name, measured->kind,
                                     measured->is_new);
}

static void take_lock(struct measure *measure, const PGresult *rows, int row)
{
    struct measured *measured = find(measure, rows, row);
    enum lock_mode mode = lock_mode_parse(PQgetvalue(rows, row, 1));
    if (measured == NULL || *PQgetvalue(rows, row, 7) == 't' || (measured->modes & 1U << mode) != 0)
        return;
    measured->modes |= 1U << mode;
    measured->file_modes |= 1U << mode;
    measured->statement = measure->statement;
    struct evidence_lock lock = {relation_of(measure, measured), mode};
    g_array_append_val(measure->builder.locks, lock);
}

static gboolean has_rows(char kind)
{
    return kind == 'r' || kind == 'm';
}

static void take_counters(struct measure *measure, struct measured *measured, gint64 scans,
                          gint64 rows)
{
    struct evidence_scan scan = {.scans = scans - measured->scans, .rows = rows - measured->rows};
    measured->scans = scans;
    measured->rows = rows;
    if (!has_rows(measured->kind) || (scan.scans <= 0 && scan.rows <= 0))
        return;
    scan.relation = relation_of(measure, measured);
    scan.held = strongest(measure, measured);
    g_array_append_val(measure->builder.scans, scan);
}

static void take_file(struct measure *measure, struct measured *measured, guint32 file)
{
    gboolean is_changed = measured->file != file && measured->file != 0 && file != 0;
    measured->file = file;
    if (!is_changed)
        return;
    struct evidence_rewrite rewrite = {relation_of(measure, measured),
                                       strongest(measure, measured)};
    g_array_append_val(measure->builder.rewrites, rewrite);
}

/* A relation has a row for each mode: what is one for all of them is taken when it is new. */
static void take_state(struct measure *measure, const PGresult *rows, int row)
{
    struct measured *measured = find(measure, rows, row);
    if (measured == NULL || *PQgetvalue(rows, row, 7) == 't')
        return;
    take_counters(measure, measured, number_at(rows, row, 5), number_at(rows, row, 6));
    if (PQgetisnull(rows, row, 4))
        return;
    take_file(measure, measured, (guint32)number_at(rows, row, 4));
    if (strcmp(measured->name, PQgetvalue(rows, row, 2)) != 0) {
        g_free(measured->name);
        measured->name = g_strdup(PQgetvalue(rows, row, 2));
    }
}

void measure_take(struct postgres_run *run, guint index, const PGresult *rows)
{
    struct measure *measure = run->postgres->measure;
    if (measure == NULL)
        return;
    measure->statement++;
    for (int row = 0; row < PQntuples(rows); row++)
        take_lock(measure, rows, row);
    for (int row = 0; row < PQntuples(rows); row++)
        take_state(measure, rows, row);
    gboolean is_statement = index < run->job->statement_count;
    AUTOPTR(evidence) *evidence = evidence_builder_finish(
        &measure->builder, is_statement && measure->tag != NULL ? measure->tag : "");
    gboolean has_wal = measure->wal_started != 0 && measure->wal_stopped >= measure->wal_started;
    evidence->statement = index;
    evidence->rows = is_statement ? measure->rows : -1;
    evidence->elapsed_us = MAX(measure->stopped - measure->started, 0);
    evidence->wal_bytes = has_wal ? (gint64)(measure->wal_stopped - measure->wal_started) : -1;
    run_evidence(run, evidence);
}
