/* The inside of a scratch server, for the files that make it. Nobody else includes this. */
#ifndef WINCH_ENGINE_SCRATCH_INTERNAL_H
#define WINCH_ENGINE_SCRATCH_INTERNAL_H

#include "engine/scratch.h"

struct scratch {
    struct scratch_server *server; /* NULL: somebody's */
    struct scratch_databases *databases;
    struct cancellation *cancellation; /* may be NULL */
    char *text;
};

#endif
