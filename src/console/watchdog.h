/* SIGTERM and SIGHUP for a main thread that hangs in a write to a stopped terminal: the run is told
 * all the same, and once it has ended the program ends. */
#ifndef WINCH_CONSOLE_WATCHDOG_H
#define WINCH_CONSOLE_WATCHDOG_H

struct runner;

void watchdog_start(struct runner *runner);
void watchdog_end(void);

#endif
