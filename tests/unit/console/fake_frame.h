/* A console without a terminal, for views: it has what the test gives it, and remembers what it was
 * asked for. */
#ifndef WINCH_TESTS_CONSOLE_FAKE_FRAME_H
#define WINCH_TESTS_CONSOLE_FAKE_FRAME_H

#include "console/frame.h"

struct console {
    struct console_options options;
    struct model *model;
    struct record *record;
    const struct run_picture *run_picture;
    gint64 now;
    struct view *views[SCREEN_COUNT]; /* those that were put here; borrowed */
    enum screen shown;
    gint64 version;
    gboolean has_version;
    char *said, *read_only, *output; /* the last; NULL */
    guint redraws, backs;
};

/* With an empty model and record, at 2026-11-23 12:00:00 UTC. */
struct console *fake_frame_new(void);
void fake_frame_free(struct console *console);
/* Takes over the model. */
void fake_frame_take_model(struct console *console, struct model *model);

/* 2026-11-23 12:00:00 UTC, and seconds from there, in microseconds. */
#define FAKE_NOW          (G_GINT64_CONSTANT(1795435200) * G_USEC_PER_SEC)
#define FAKE_TIME(offset) (FAKE_NOW + (gint64)(offset)*G_USEC_PER_SEC)

/* Draws the view from row 0 on. Free with g_free(). */
char *fake_frame_draw(struct view *view, int rows, int columns, gboolean is_ascii);
/* Compares with tests/unit/console/golden/NAME; WINCH_GOLDEN=write writes it instead. */
void fake_frame_assert_golden(struct view *view, int rows, int columns, gboolean is_ascii,
                              const char *name);
/* What the frame does with a key's action: moving first, then the view. */
gboolean fake_frame_act(struct view *view, enum action_id action, guint count);
/* Draws at every size from 1x1 up, both character sets: nothing may break. */
void fake_frame_draw_all_sizes(struct view *view);

#endif
