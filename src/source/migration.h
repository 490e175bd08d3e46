/* Migration files as they lie in a directory: names, halves, header notes, order, releases. */
#ifndef WINCH_SOURCE_MIGRATION_H
#define WINCH_SOURCE_MIGRATION_H

#include <glib.h>

#include "base/autofree.h"
#include "base/error.h"

/* The version before the first migration: an empty version table. */
#define VERSION_NONE G_GINT64_CONSTANT(-1)

enum direction { DIRECTION_UP, DIRECTION_DOWN };

/* "up" or "down". Static. */
const char *direction_name(enum direction direction);

struct kept_file;

/* One file of a migration. path is NULL when the half does not exist. */
struct migration_half {
    const char *path;       /* to open it: directory/file_name */
    const char *file_name;  /* the name alone */
    guint64 size;           /* bytes, when the directory was read; 0 without the half */
    struct kept_file *kept; /* the set's, of that reading; NULL: to be read again */
};

enum phase { PHASE_UNDECLARED, PHASE_EXPAND, PHASE_CONTRACT };
enum transaction_note { TRANSACTION_UNDECLARED, TRANSACTION_ON, TRANSACTION_OFF };

/* `-- winch: check NAME: SELECT ...`: must return no row. */
struct migration_check {
    const char *name;
    const char *sql;
    unsigned line; /* of the up file */
};

/* `-- winch: allow RULE reason` */
struct migration_allow {
    const char *rule;
    const char *reason;
    unsigned line;
};

/* The notes of the leading comment block of the up file. NULL, 0 or -1 where nothing was said. */
struct migration_notes {
    const char *release;
    const char *ticket;
    const char *irreversible; /* the reason given, "" when there is none */
    enum phase phase;
    enum transaction_note transaction;
    gint64 lock_timeout; /* milliseconds, -1 when not given */
    gint64 timeout;      /* milliseconds, -1 when not given */
    gboolean has_requires;
    GArray *requires; /* of gint64 versions, ascending, each once; empty for `requires none`; NULL
                         without the note */
    unsigned requires_line; /* of the up file; 0 without the note */
    unsigned release_line;
    GArray *checks; /* of struct migration_check; NULL without one */
    GArray *allows; /* of struct migration_allow; NULL without one */
};

struct migration {
    gint64 version;
    const char *digits; /* the version as its file names write it (the up's): "000003" */
    const char *title;  /* of the up half, else of the down half */
    struct migration_half up;
    struct migration_half down;
    struct migration_notes notes;
    const char *release; /* in force here: its own note, else the nearest earlier one's; NULL */
    const char *release_name; /* "1.1.0.003", or NULL without a release */
};

/* Something odd that does not stop anything: an editor's leftover, a file that looks meant. */
struct source_warning {
    const char *file; /* path */
    unsigned line;    /* from 1; 0 for the file as a whole */
    const char *message;
};

/* Every migration of one directory, ascending by version. Immutable once loaded, reference
 * counted, safe to share between threads; all strings live as long as the set. */
struct migration_set;

/* Reads a directory (not recursively) and the head of every file in it, as far as the leading
 * comment block goes. Blocks on the disk. Every mistake found is reported in one go: the error's
 * place and message are the first one's, and each further one is a line of its own in the message
 * ("FILE:LINE: ..."). An empty directory is an empty set. Which files count:
 * docs/decisions/0010-which-files-are-migrations.md. */
struct migration_set *migration_set_load(const char *directory, GError **error);
struct migration_set *migration_set_ref(struct migration_set *set);
void migration_set_unref(struct migration_set *set);
DEFINE_AUTOPTR(migration_set, migration_set_unref);

const char *migration_set_directory(const struct migration_set *set);
guint migration_set_count(const struct migration_set *set);

/* By position (0 .. count-1, ascending version), NULL beyond. Borrowed from the set. */
const struct migration *migration_set_at(const struct migration_set *set, guint index);

/* By version, or NULL. Logarithmic. */
const struct migration *migration_set_find(const struct migration_set *set, gint64 version);

/* Position of the first migration with a version >= version; count when there is none. */
guint migration_set_lower_bound(const struct migration_set *set, gint64 version);

/* The version as its files write it ("000003"), in plain digits where there is no file, or "none".
 * Free with g_free(). */
char *migration_set_version_text(const struct migration_set *set, gint64 version);

/* The highest version below this one, or VERSION_NONE: where a down of version leads. */
gint64 migration_set_version_before(const struct migration_set *set, gint64 version);

/* Of struct source_warning. Borrowed. */
const GArray *migration_set_warnings(const struct migration_set *set);

/* The text of one half as it would run. */
struct migration_text {
    GBytes *bytes;     /* the whole file, as it is on disk; a NUL follows its last byte */
    char sha256[65];   /* of those bytes, lower-case hex */
    gboolean is_blank; /* nothing but white space (and a byte order mark): nothing is sent */
    gsize bom_length;  /* 3 when the file begins with a UTF-8 byte order mark, to be left out */
};

/* Files above this many bytes (256 MiB) are refused. */
#define MIGRATION_TEXT_MAX ((guint64)256 << 20)

/* Reads a half. A dangling link, a directory, an unreadable file, a NUL byte, invalid UTF-8 and a
 * file over MIGRATION_TEXT_MAX are errors naming it, with the line where there is one. NULL half
 * path: an error too. What the set kept of the file is taken when nobody touched the file since.
 * Blocks on the disk. */
struct migration_text *migration_text_load(const struct migration_half *half, GError **error);
void migration_text_free(struct migration_text *text);
DEFINE_AUTOPTR(migration_text, migration_text_free);

#endif
