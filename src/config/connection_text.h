/* URLs and conninfo strings as text: their scheme, and where their secrets stand. */
#ifndef WINCH_CONFIG_CONNECTION_TEXT_H
#define WINCH_CONFIG_CONNECTION_TEXT_H

#include <glib.h>

/* "postgres" of "postgres://...", or NULL when text is no URL. Free with g_free(). */
char *connection_scheme(const char *text);

/* A copy in which every password is "***". Generous: what might be one is hidden too. Also right
 * for text that is neither a URL nor a conninfo string. Free with g_free(). */
char *connection_mask(const char *text);

/* Overwrites every password in place, by as many "x". */
void connection_hide(char *text);

/* The passwords as they stand (encoded), and decoded where that differs. NULL-terminated; free
 * with g_strfreev(). */
char **connection_secrets(const char *text);

#endif
