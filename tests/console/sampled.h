/* A captured screen with what differs between machines and runs replaced by samples: times,
 * durations, process ids, ids of runs and plans, the server's version, the user and the host. */
#ifndef WINCH_TESTS_CONSOLE_SAMPLED_H
#define WINCH_TESTS_CONSOLE_SAMPLED_H

/* Columns stay where they were: blanks or rules beside what was replaced make up for its width.
 * Free with g_free(). */
char *sampled_screen(const char *screen);

#endif
