/* The migration lock: flock() on a file beside the database, "app.db.winch-lock".
 *
 * SQLite has no lock that outlives a transaction, and golang-migrate's driver keeps other processes
 * out by none at all. The kernel lets go of a flock() when its holder dies, however it dies. Not on
 * the database file itself: closing any descriptor of that would drop SQLite's own locks
 * (sqlite.org/howtocorrupt.html, 2.2). Against a golang-migrate that runs at the same time a run
 * compares the version row in its own transaction. */
#include "database/sqlite/sqlite.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define POLL_INTERVAL 50 /* milliseconds */

/* ---- what the holder writes into it: "pid host user since" ----------------------------------- */

static void holder_write(int fd)
{
    g_autofree char *line =
        g_strdup_printf("%d\t%s\t%s\t%" G_GINT64_FORMAT "\n", (int)getpid(), g_get_host_name(),
                        g_get_user_name(), g_get_real_time());
    /* only for people: the lock holds without it */
    if (ftruncate(fd, 0) != 0 || pwrite(fd, line, strlen(line), 0) < 0)
        return;
}

/* FALSE while the holder has not written it yet. */
static gboolean holder_parse(struct sqlite *sqlite, int fd, struct lock_holder *holder)
{
    char text[512];
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    *holder = (struct lock_holder){.user = "",
                                   .database = sqlite->path,
                                   .client = "",
                                   .application = "winch",
                                   .state = "",
                                   .query = ""};
    if (length <= 0)
        return FALSE;
    text[length] = '\0';
    g_auto(GStrv) fields = g_strsplit(g_strchomp(text), "\t", 5);
    if (g_strv_length(fields) != 4)
        return FALSE;
    g_string_chunk_clear(sqlite->holder_strings);
    holder->pid = atoi(fields[0]);
    holder->client = g_string_chunk_insert(sqlite->holder_strings, fields[1]);
    holder->user = g_string_chunk_insert(sqlite->holder_strings, fields[2]);
    holder->since = g_ascii_strtoll(fields[3], NULL, 10);
    return TRUE;
}

/* ---- taking it ------------------------------------------------------------------------------ */

/* The holder removes the file before it lets go, so a lock may be won on a file that is gone. */
static gboolean is_still_there(int fd, const char *path)
{
    struct stat ours, there;
    return fstat(fd, &ours) == 0 && stat(path, &there) == 0 && ours.st_dev == there.st_dev &&
           ours.st_ino == there.st_ino;
}

/* 1 taken, 0 held by another (*holder is filled in when it could be read), -1 error. */
static int try_lock(struct sqlite *sqlite, struct lock_holder *holder, gboolean *is_known,
                    GError **error)
{
    for (;;) {
        AUTOCLOSE fd = open(sqlite->lock_path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0666);
        if (fd < 0) {
            error_set_errno(error, ERROR_FAILED, errno, "the lock file %s cannot be opened",
                            sqlite->lock_path);
            error_advise(error, "check that its directory exists, and the rights of both");
            return -1;
        }
        if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
            if (errno == EWOULDBLOCK) {
                *is_known = holder_parse(sqlite, fd, holder);
                return 0;
            }
            error_set_errno(error, ERROR_FAILED, errno, "locking %s", sqlite->lock_path);
            return -1;
        }
        if (!is_still_there(fd, sqlite->lock_path))
            continue;
        holder_write(fd);
        sqlite->lock_fd = fd;
        fd = -1;
        return 1;
    }
}

static gboolean refuse(struct sqlite *sqlite, const struct lock_holder *holder, gboolean is_known,
                       GError **error)
{
    if (is_known)
        error_set(error, ERROR_LOCKED, "%s is locked by winch, process %d of %s on %s",
                  sqlite->path, holder->pid, holder->user, holder->client);
    else
        error_set(error, ERROR_LOCKED, "%s is locked by another winch", sqlite->path);
    error_advise(error, "wait for it to end, or raise lock_timeout");
    return FALSE;
}

/* Sleeps a little, or until the cancellation wakes it. TRUE when cancelled. */
static gboolean pause_is_cancelled(struct cancellation *cancellation)
{
    struct pollfd wake = {.fd = cancellation != NULL ? cancellation_fd(cancellation) : -1,
                          .events = POLLIN};
    if (poll(&wake, 1, POLL_INTERVAL) > 0)
        cancellation_seen(cancellation);
    return cancellation != NULL && cancellation_level(cancellation) != CANCEL_NONE;
}

static gboolean wait_for_lock(struct sqlite *sqlite, gint64 timeout, lock_wait_fn on_wait,
                              void *data, GError **error)
{
    struct lock_holder holder;
    gboolean is_known = FALSE;
    gint64 start = g_get_monotonic_time(), told = 0;
    for (;;) {
        int taken = try_lock(sqlite, &holder, &is_known, error);
        gint64 now = g_get_monotonic_time();
        if (taken != 0)
            return taken > 0;
        if (now - start >= timeout * 1000)
            return refuse(sqlite, &holder, is_known, error);
        if (on_wait != NULL && now - told >= G_USEC_PER_SEC) {
            told = now;
            on_wait(is_known ? &holder : NULL, now - start, data);
        }
        if (pause_is_cancelled(sqlite->base.cancellation)) {
            error_set(error, cancellation_why(sqlite->base.cancellation),
                      "cancelled while waiting for the migration lock");
            return FALSE;
        }
    }
}

gboolean sqlite_lock(struct database *database, gint64 timeout, lock_wait_fn on_wait, void *data,
                     GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    if (sqlite->is_memory || sqlite->lock_fd >= 0)
        return TRUE;
    if (!sqlite->is_read_only)
        return wait_for_lock(sqlite, timeout, on_wait, data, error);
    error_set(error, ERROR_REFUSED, "%s was opened for reading only", sqlite->path);
    return FALSE;
}

void sqlite_unlock(struct database *database)
{
    struct sqlite *sqlite = sqlite_of(database);
    if (sqlite->lock_fd < 0)
        return;
    if (is_still_there(sqlite->lock_fd, sqlite->lock_path))
        unlink(sqlite->lock_path);
    close(sqlite->lock_fd);
    sqlite->lock_fd = -1;
}

/* ---- looking at it -------------------------------------------------------------------------- */

static gboolean is_alive_here(const struct lock_holder *holder)
{
    return strcmp(holder->client, g_get_host_name()) == 0 && holder->pid > 0 &&
           (kill(holder->pid, 0) == 0 || errno == EPERM);
}

int sqlite_lock_holder(struct database *database, struct lock_holder *holder, GError **error)
{
    struct sqlite *sqlite = sqlite_of(database);
    if (sqlite->is_memory)
        return 0;
    AUTOCLOSE fd = open(sqlite->lock_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return 0;
    if (fd < 0) {
        error_set_errno(error, ERROR_FAILED, errno, "opening %s", sqlite->lock_path);
        return -1;
    }
    /* The lock itself is tried only when its file looks left behind: trying it could make
     * somebody's single attempt fail. */
    if (holder_parse(sqlite, fd, holder) && is_alive_here(holder))
        return 1;
    return flock(fd, LOCK_SH | LOCK_NB) == 0 ? 0 : 1;
}

const GArray *sqlite_lock_ids(const struct database *database)
{
    return ((const struct sqlite *)(gconstpointer)database)->lock_ids;
}
