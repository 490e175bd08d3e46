/* What migrations say of each other: releases that rise, requirements that come before. */
#ifndef WINCH_SOURCE_ORDER_H
#define WINCH_SOURCE_ORDER_H

#include <glib.h>

#include "source/problems.h"

/* Fills in release and release_name of every migration (GArray of struct migration, ascending). A
 * release below an earlier one is a mistake. */
void order_releases(GArray *migrations, struct problems *problems);

/* Checks every `requires` note: what it names has to exist, with an up, and come before. */
void order_requirements(const GArray *migrations, struct problems *problems);

#endif
