/* Finds the configuration file and reads it. */
#ifndef WINCH_CONFIG_FILE_TEXT_H
#define WINCH_CONFIG_FILE_TEXT_H

#include <glib.h>

struct file_text {
    char *name; /* as it was named; NULL: there is no file, and none was asked for */
    char *bytes;
    gsize length;
    gboolean is_private; /* nobody but its owner can read it */
};

/* named: the file that must exist, or NULL for the usual places. named_by tells messages who asked
 * ("WINCH_CONFIG"), or is NULL. */
gboolean file_text_read(const char *named, const char *named_by, struct file_text *text,
                        GError **error);
void file_text_clear(struct file_text *text);

#endif
