/* Cleanup for what GLib does not know: FILE, descriptors. Other rooms declare their own types'. */
#ifndef WINCH_BASE_AUTOFREE_H
#define WINCH_BASE_AUTOFREE_H

#include <glib.h>
#include <unistd.h>

/* An autoptr for "struct name", freed by release: AUTOPTR(name) *x = NULL; */
#define AUTOPTR(name) __attribute__((cleanup(autoptr_##name))) struct name
#define DEFINE_AUTOPTR(name, release)                                                              \
    static inline void autoptr_##name(struct name **pointer)                                       \
    {                                                                                              \
        if (*pointer != NULL)                                                                      \
            release(*pointer);                                                                     \
    }                                                                                              \
    struct name

/* A descriptor closed at the end of its scope; -1 is none. */
static inline void autoclose_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
}
#define AUTOCLOSE __attribute__((cleanup(autoclose_fd))) int

#endif
