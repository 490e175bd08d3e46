/* The drivers that are built in; the first one serves conninfo strings. */
#include "database/driver.h"

const struct database_driver *const database_drivers[] = {&postgres_driver, &sqlite_driver, NULL};
