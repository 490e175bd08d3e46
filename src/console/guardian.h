/* Puts the terminal back when the program cannot: after a crash from the signal's handler, after
 * kill -9 from a small process that waits for this one's end. */
#ifndef WINCH_CONSOLE_GUARDIAN_H
#define WINCH_CONSOLE_GUARDIAN_H

/* Remembers the terminal's modes and forks the process that waits. Before any thread is made. */
void guardian_start(void);
/* The terminal was put back in the usual way: nothing is left to do. */
void guardian_end(void);
/* Puts it back now. Safe in a signal's handler; does nothing when no guardian was started. */
void guardian_restore(void);

#endif
