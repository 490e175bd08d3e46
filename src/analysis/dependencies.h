/* Which earlier migration made what a later one uses: edges told from the objects, beside those
 * that notes declare. */
#ifndef WINCH_ANALYSIS_DEPENDENCIES_H
#define WINCH_ANALYSIS_DEPENDENCIES_H

#include <glib.h>

#include "analysis/inspection.h"
#include "base/autofree.h"

/* from needs to. */
struct dependency {
    guint from, to;
    const char *object; /* for people, the first that says so: "table public.users". Raw text */
};

struct dependencies;

struct dependencies *dependencies_new(void);
void dependencies_free(struct dependencies *dependencies);
DEFINE_AUTOPTR(dependencies, dependencies_free);

/* Takes up the up of one migration; numbers ascend. Returns its edges, of struct dependency,
 * ascending by to, each once: borrowed until the next call. */
const GArray *dependencies_add(struct dependencies *dependencies, const struct inspection *up,
                               guint number);

#endif
