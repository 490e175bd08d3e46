/* Modes by tcsetattr(), the screen by the sequences that terminfo names for leaving. */
#include "console/guardian.h"

#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static int pipe_to_guardian = -1;
static pid_t guardian_pid;
static volatile sig_atomic_t is_guarding;

/* Leaves the other screen, shows the cursor, ends attributes, paste marks and mouse: what xterm and
 * its like understand and the others ignore (ECMA-48; xterm's control sequences). */
static const char leave[] = "\033[0m\033[?2004l\033[?1000l\033[?1006l\033[?25h\033[?1049l\r\n";

static void put_back(void)
{
    const char *term = getenv("TERM");
    tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    if (term == NULL || strncmp(term, "vt100", 5) == 0)
        return;
    /* A terminal that takes nothing must not keep us here. */
    int flags = fcntl(STDOUT_FILENO, F_GETFL);
    fcntl(STDOUT_FILENO, F_SETFL, flags | O_NONBLOCK);
    if (write(STDOUT_FILENO, leave, sizeof leave - 1) < 0)
        tcflush(STDOUT_FILENO, TCOFLUSH);
    fcntl(STDOUT_FILENO, F_SETFL, flags);
}

void guardian_restore(void)
{
    if (is_guarding)
        put_back();
}

/* ---- crashes --------------------------------------------------------------------------------- */

static const int crashes[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};

static void on_crash(int number)
{
    guardian_restore();
    signal(number, SIG_DFL);
    raise(number);
}

static void watch_crashes(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = (int)SA_RESETHAND};
    for (gsize i = 0; i < G_N_ELEMENTS(crashes); i++) {
        struct sigaction present;
        sigaction(crashes[i], NULL, &present);
        /* A sanitizer's own handler tells more. */
        if (present.sa_handler == SIG_DFL || handler == SIG_DFL)
            sigaction(crashes[i], &action, NULL);
    }
}

/* ---- kill -9 --------------------------------------------------------------------------------- */

/* The child: one byte says that all is well, the end of the pipe alone that it is not. */
G_GNUC_NORETURN static void guard(int from_parent)
{
    char byte;
    ssize_t got;
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_IGN);
    setpgid(0, 0);
    while ((got = read(from_parent, &byte, 1)) < 0)
        ;
    if (got == 0)
        put_back();
    _exit(0);
}

static void close_others(int keep)
{
    long last = sysconf(_SC_OPEN_MAX);
    for (int fd = 3; fd < MIN(last, 4096); fd++)
        if (fd != keep)
            close(fd);
}

void guardian_start(void)
{
    int ends[2];
    if (is_guarding || tcgetattr(STDIN_FILENO, &saved) != 0 || pipe(ends) != 0)
        return;
    fcntl(ends[1], F_SETFD, FD_CLOEXEC);
    guardian_pid = fork();
    if (guardian_pid == 0) {
        close_others(ends[0]);
        guard(ends[0]);
    }
    close(ends[0]);
    pipe_to_guardian = ends[1];
    is_guarding = 1;
    watch_crashes(on_crash);
}

void guardian_end(void)
{
    if (!is_guarding)
        return;
    is_guarding = 0;
    watch_crashes(SIG_DFL);
    if (write(pipe_to_guardian, "e", 1) != 1)
        kill(guardian_pid, SIGKILL);
    close(pipe_to_guardian);
    pipe_to_guardian = -1;
    while (guardian_pid > 0 && waitpid(guardian_pid, NULL, 0) < 0)
        ;
}
