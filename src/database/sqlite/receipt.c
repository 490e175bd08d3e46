/* What a file holds that could be lost, and how much of it. SQLite knows its objects by name alone:
 * one that has another name and the same place, with the same columns, was renamed. */
#include "database/sqlite/sqlite.h"

/* $names are hexadecimal in keys, which are separated by blanks. */
static const char list_sql[] =
    "WITH m AS (SELECT type, name, tbl_name, rootpage FROM main.sqlite_master WHERE name NOT LIKE "
    "'sqlite\\_%' ESCAPE '\\' AND lower(tbl_name) NOT IN (lower(?1 || '_history'), lower(?1 || "
    "'_chain'), lower(?1 || '_files'), lower(?1 || '_database'), lower(?2))), "
    "c AS (SELECT m.name AS tbl, m.rootpage AS page, i.cid AS cid, i.name AS name, i.type AS type, "
    "count(*) OVER (PARTITION BY m.name) AS columns FROM m, pragma_table_info(m.name, 'main') i "
    "WHERE m.type = 'table') "
    "SELECT m.type, 'o' || hex(m.name), CASE WHEN m.type <> 'table' THEN 'o' || hex(m.tbl_name) "
    "END, CASE WHEN m.type = 'table' THEN 'p' || m.rootpage || (SELECT group_concat(hex(c.name)) "
    "FROM c WHERE c.tbl = m.name) END, m.name, m.name, CASE WHEN m.type = 'table' THEN "
    "printf('\"%w\"', m.name) END, NULL FROM m "
    "UNION ALL SELECT 'column', 'c' || hex(c.tbl) || ':' || hex(c.name), 'o' || hex(c.tbl), "
    "printf('p%d:%d:%d:', c.page, c.cid, c.columns) || hex(c.type), c.tbl || '.' || c.name, "
    "c.name, "
    "printf('\"%w\"', c.tbl), printf('\"%w\"', c.name) FROM c";

static const struct {
    const char *type;
    enum loss_kind kind;
} types[] = {
    {"table", LOSS_TABLE}, {"column", LOSS_COLUMN},   {"view", LOSS_VIEW},
    {"index", LOSS_INDEX}, {"trigger", LOSS_TRIGGER},
};

static const char *text_at(sqlite3_stmt *statement, int column)
{
    return (const char *)sqlite3_column_text(statement, column);
}

static void take(struct inventory *inventory, sqlite3_stmt *statement)
{
    struct inventory_item item = {
        .key = text_at(statement, 1),
        .parents = text_at(statement, 2),
        .alias = text_at(statement, 3),
        .kind = LOSS_KINDS,
        .name = text_at(statement, 4),
        .bare = text_at(statement, 5),
        .object = text_at(statement, 6),
        .column = text_at(statement, 7),
    };
    for (gsize i = 0; i < G_N_ELEMENTS(types); i++)
        if (g_str_equal(types[i].type, text_at(statement, 0)))
            item.kind = types[i].kind;
    if (item.kind < LOSS_KINDS)
        inventory_add(inventory, &item);
}

gboolean sqlite_inventory_list(struct database *database, struct inventory *inventory,
                               gboolean is_brief, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    int more;
    (void)is_brief;
    if (sqlite->db == NULL)
        return TRUE;
    AUTOSTATEMENT *statement = sqlite_prepare(sqlite, list_sql, error);
    if (statement == NULL)
        return FALSE;
    sqlite3_bind_text(statement, 1, sqlite->own, -1, SQLITE_STATIC);
    sqlite3_bind_text(statement, 2, sqlite->table, -1, SQLITE_STATIC);
    while ((more = sqlite_step(sqlite, statement, error)) > 0)
        take(inventory, statement);
    return more == 0;
}

/* ---- counting -------------------------------------------------------------------------------- */

static char *count_sql(const struct loss *loss)
{
    return loss->kind == LOSS_COLUMN
               ? g_strdup_printf("SELECT count(%s), count(*), total(length(CAST(%s AS BLOB))) FROM "
                                 "main.%s",
                                 loss->column, loss->column, loss->object)
               : g_strdup_printf("SELECT count(*), -1, -1 FROM main.%s", loss->object);
}

/* No expansion here: a table may be called anything. */
static gboolean count(struct sqlite *sqlite, struct loss *loss, GError **error)
{
    g_autofree char *sql = count_sql(loss);
    AUTOSTATEMENT *statement = NULL;
    if (sqlite3_prepare_v2(sqlite->db, sql, -1, &statement, NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        loss->basis = LOSS_EXACT;
        loss->rows = sqlite3_column_int64(statement, 0);
        loss->of_rows = sqlite3_column_int64(statement, 1);
        loss->bytes = sqlite3_column_int64(statement, 2);
        return TRUE;
    }
    if (sqlite_is_cancelled(sqlite)) {
        sqlite_error_set(error, sqlite, NULL);
        return FALSE;
    }
    loss->note =
        g_strdup_printf("not counted: %s",
                        sqlite->watch.was_late ? "no time was left" : sqlite3_errmsg(sqlite->db));
    return TRUE;
}

gboolean sqlite_losses_count(struct database *database, GPtrArray *losses, gint64 budget,
                             gint64 lock_timeout, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    gint64 deadline = budget > 0 ? g_get_monotonic_time() + budget * 1000 : 0;
    gboolean goes_on = TRUE;
    sqlite_watch(sqlite, NULL);
    for (guint i = 0; goes_on && i < losses->len; i++) {
        struct loss *loss = losses->pdata[i];
        gboolean is_counted = loss->object != NULL && loss->with == NULL &&
                              (loss->kind == LOSS_TABLE || loss->kind == LOSS_COLUMN);
        sqlite->watch.cancellation = sqlite->base.cancellation;
        sqlite->watch.lock_timeout = lock_timeout;
        sqlite->watch.timeout = budget;
        sqlite->watch.deadline = deadline;
        if (is_counted)
            goes_on = count(sqlite, loss, error);
        sqlite_watch(sqlite, NULL);
    }
    return goes_on;
}
