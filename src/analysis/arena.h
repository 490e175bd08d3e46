/* Memory that is freed in one go: what is read together goes together. */
#ifndef WINCH_ANALYSIS_ARENA_H
#define WINCH_ANALYSIS_ARENA_H

#include <glib.h>

struct arena;

struct arena *arena_new(void);
void arena_free(struct arena *arena);

/* Aligned for anything; never NULL. What is in it is left as it is. */
void *arena_take(struct arena *arena, gsize size);

/* Copies; NULL stays NULL, and so does nothing of nothing. */
const char *arena_text(struct arena *arena, const char *text);
const char *arena_text_len(struct arena *arena, const char *text, gsize length);
const void *arena_copy(struct arena *arena, const void *bytes, gsize size);

/* Everything taken is gone; the arena may be used again. */
void arena_reset(struct arena *arena);

/* Bytes that it takes. */
gsize arena_size(const struct arena *arena);

#endif
