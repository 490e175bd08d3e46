/* Four migrations above version 44, planned: 000047 is not transactional. */
#ifndef WINCH_TESTS_CONSOLE_FAKE_PLAN_H
#define WINCH_TESTS_CONSOLE_FAKE_PLAN_H

#include "engine/plan.h"

struct fake_plan {
    char *folder;      /* with the files, 000044 among them */
    struct plan *plan; /* from 44 up to 48 */
};

struct fake_plan *fake_plan_new(void);
void fake_plan_free(struct fake_plan *fake);
/* Golden files hold no checksum of a temporary directory's name. */
void fake_plan_hide_id(struct fake_plan *fake);

#endif
