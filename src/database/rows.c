/* Passes questions about rows on to the driver. */
#include "database/rows.h"

#include "database/driver.h"

static gboolean can(const struct database *database, GError **error)
{
    if (database->driver->tables_read != NULL)
        return TRUE;
    error_set(error, ERROR_FAILED, "rows are not compared on %s", database->facts.product);
    return FALSE;
}

struct table_states *database_tables_read(struct database *database, GError **error)
{
    return can(database, error) ? database->driver->tables_read(database, error) : NULL;
}

GArray *database_rows_sum(struct database *database, const GPtrArray *tables, GError **error)
{
    return can(database, error) ? database->driver->rows_sum(database, tables, error) : NULL;
}

GArray *database_rows_make(struct database *database, const GPtrArray *tables, GError **error)
{
    return can(database, error) ? database->driver->rows_make(database, tables, error) : NULL;
}

gboolean database_script_run(struct database *database, const char *script, GError **error)
{
    return can(database, error) && database->driver->script_run(database, script, error);
}
