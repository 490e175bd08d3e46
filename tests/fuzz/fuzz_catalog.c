/* catalog_parse() on any bytes: what it takes is written and read again as the same, and differs
 * from itself in nothing. */
#include <stdlib.h>
#include <string.h>

#include "database/catalog.h"
#include "fuzz.h"

static void require(gboolean holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    /* Of exactly this size, so that a read beyond it is seen. */
    g_autofree char *text = g_memdup2(data, size);
    g_autoptr(GError) error = NULL;
    AUTOPTR(catalog) *catalog = catalog_parse(text, size, &error);
    require((catalog == NULL) == (error != NULL));
    if (catalog == NULL)
        return 0;
    g_autofree char *written = catalog_text(catalog);
    AUTOPTR(catalog) *again = catalog_parse(written, strlen(written), NULL);
    require(again != NULL && catalog_count(again) == catalog_count(catalog));
    require(strcmp(catalog_fingerprint(again), catalog_fingerprint(catalog)) == 0);
    AUTOPTR(catalog) *empty = catalog_parse("winch catalog 1\n", strlen("winch catalog 1\n"), NULL);
    g_autoptr(GPtrArray) none = catalog_difference(catalog, again);
    g_autoptr(GPtrArray) all = catalog_difference(empty, catalog);
    require(none->len == 0);
    require(all->len == catalog_count(catalog));
    require(catalog_difference_count(all) <= all->len);
    return 0;
}
