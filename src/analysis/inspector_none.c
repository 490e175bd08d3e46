/* A build without libpg_query: nothing is analysed, and says so. */
#include "analysis/inspection_private.h"

void inspection_fill(struct inspection *inspection, const char *text, const struct script *script,
                     const struct inspection_context *context)
{
    (void)inspection;
    (void)text;
    (void)script;
    (void)context;
}

unsigned inspection_parser_version(void)
{
    return 0;
}
