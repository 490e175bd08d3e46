/* The lock modes, a row each. */
#include "base/lock_mode.h"

#include <string.h>

#define MODE(name) (1U << LOCK_MODE_##name)

static const struct {
    const char *server_name, *text, *blocks;
    guint conflicts; /* with these (manual, table 13.2) */
} modes[] = {
    [LOCK_MODE_NONE] = {"", "none", "nobody", 0},
    [LOCK_MODE_ACCESS_SHARE] = {"AccessShareLock", "ACCESS SHARE", "nobody but DROP and ALTER",
                                MODE(ACCESS_EXCLUSIVE)},
    [LOCK_MODE_ROW_SHARE] = {"RowShareLock", "ROW SHARE", "schema changes",
                             MODE(EXCLUSIVE) | MODE(ACCESS_EXCLUSIVE)},
    [LOCK_MODE_ROW_EXCLUSIVE] = {"RowExclusiveLock", "ROW EXCLUSIVE", "schema changes",
                                 MODE(SHARE) | MODE(SHARE_ROW_EXCLUSIVE) | MODE(EXCLUSIVE) |
                                     MODE(ACCESS_EXCLUSIVE)},
    [LOCK_MODE_SHARE_UPDATE_EXCLUSIVE] = {"ShareUpdateExclusiveLock", "SHARE UPDATE EXCLUSIVE",
                                          "schema changes and vacuum",
                                          MODE(SHARE_UPDATE_EXCLUSIVE) | MODE(SHARE) |
                                              MODE(SHARE_ROW_EXCLUSIVE) | MODE(EXCLUSIVE) |
                                              MODE(ACCESS_EXCLUSIVE)},
    [LOCK_MODE_SHARE] = {"ShareLock", "SHARE", "writes",
                         MODE(ROW_EXCLUSIVE) | MODE(SHARE_UPDATE_EXCLUSIVE) |
                             MODE(SHARE_ROW_EXCLUSIVE) | MODE(EXCLUSIVE) | MODE(ACCESS_EXCLUSIVE)},
    [LOCK_MODE_SHARE_ROW_EXCLUSIVE] = {"ShareRowExclusiveLock", "SHARE ROW EXCLUSIVE", "writes",
                                       MODE(ROW_EXCLUSIVE) | MODE(SHARE_UPDATE_EXCLUSIVE) |
                                           MODE(SHARE) | MODE(SHARE_ROW_EXCLUSIVE) |
                                           MODE(EXCLUSIVE) | MODE(ACCESS_EXCLUSIVE)},
    [LOCK_MODE_EXCLUSIVE] = {"ExclusiveLock", "EXCLUSIVE", "writes",
                             ~(MODE(NONE) | MODE(ACCESS_SHARE))},
    [LOCK_MODE_ACCESS_EXCLUSIVE] = {"AccessExclusiveLock", "ACCESS EXCLUSIVE", "reads and writes",
                                    ~MODE(NONE)},
};

enum lock_mode lock_mode_parse(const char *name)
{
    for (guint i = LOCK_MODE_ACCESS_SHARE; i < G_N_ELEMENTS(modes); i++)
        if (strcmp(modes[i].server_name, name) == 0 || strcmp(modes[i].text, name) == 0)
            return (enum lock_mode)i;
    return LOCK_MODE_NONE;
}

const char *lock_mode_text(enum lock_mode mode)
{
    return modes[mode].text;
}

const char *lock_mode_blocks(enum lock_mode mode)
{
    return modes[mode].blocks;
}

gboolean lock_mode_conflicts(enum lock_mode one, enum lock_mode other)
{
    return one != LOCK_MODE_NONE && other != LOCK_MODE_NONE &&
           (modes[one].conflicts & 1U << other) != 0;
}
