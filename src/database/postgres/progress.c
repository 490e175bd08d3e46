/* The server's views of how far a long command is: a row each, for whoever asks. */
#include "database/postgres/postgres.h"

#define TUPLES_OR_BLOCKS(tuples, blocks)                                                           \
    "CASE WHEN tuples_total > 0 THEN " tuples " ELSE " blocks " END"

const struct progress_view postgres_progress_views[] = {
    {"create_index", "command || ': ' || phase", TUPLES_OR_BLOCKS("'tuples'", "'blocks'"),
     TUPLES_OR_BLOCKS("tuples_done", "blocks_done"),
     TUPLES_OR_BLOCKS("tuples_total", "blocks_total"), 0},
    {"cluster", "command || ': ' || phase", "'blocks'", "heap_blks_scanned", "heap_blks_total", 0},
    {"vacuum", "'VACUUM: ' || phase", "'blocks'", "heap_blks_scanned", "heap_blks_total", 0},
    {"analyze", "'ANALYZE: ' || phase", "'blocks'", "sample_blks_scanned", "sample_blks_total", 0},
    {"copy", "command", "'bytes'", "bytes_processed", "bytes_total", 140000},
    {NULL, NULL, NULL, NULL, NULL, 0},
};
