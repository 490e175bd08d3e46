/* From events to what the main thread knows of a run. Events are borrowed and of the run's thread:
 * a run_note is the copy that crosses over, folded into the picture on the main thread. */
#ifndef WINCH_CONSOLE_RUN_PICTURE_H
#define WINCH_CONSOLE_RUN_PICTURE_H

#include <glib.h>

#include "base/autofree.h"
#include "console/record.h"
#include "console/runner.h"
#include "engine/event.h"

struct run_note {
    enum engine_event_kind kind;
    enum run_event_kind run_kind; /* ENGINE_STEP_EVENT */
    gboolean is_end;              /* the run has ended: everything is in end */
    char *sql; /* a statement that was sent, for the log alone; NULL: an event of the run */
    gint64 at; /* when it happened, monotonic */
    guint step, statement;
    gint64 elapsed_us, rows, done, total;
    struct plan *plan; /* ENGINE_PLANNED: a reference */
    GPtrArray *steps;  /* ENGINE_PLANNED: of struct run_step_picture * */
    char *text;        /* raw; NULL */
    GError *error;
    struct {
        char *outcome; /* never NULL when is_end */
        guint done;
        gint64 version;
        gboolean is_dirty, is_unsettled;
        struct preview_table *table; /* of a preview here; NULL */
    } end;
};

/* Any thread. An event's copy; it is small but for ENGINE_PLANNED. */
struct run_note *run_note_new(const struct engine_event *event);
void run_note_free(struct run_note *note);

/* What the log says of it, or NULL when nothing is new, or when it is for the message line, which
 * is logged too: the error or the outcome of the whole. Asked before it is folded. Raw, one line.
 * Free with g_free(). */
char *run_note_line(const struct run_note *note, const struct run_picture *picture,
                    enum record_level *level);

/* The first words of a statement on one line, cut between characters, with " ..." where there is
 * more. Free with g_free(). */
char *run_first_words(const char *text, gsize length);

/* Of struct run_step_picture *, all waiting: what a plan would do. Any thread. */
GPtrArray *run_steps_new(const struct plan *plan);

struct run_picture *run_picture_new(enum run_kind kind, gint64 now);
void run_picture_free(struct run_picture *picture);
DEFINE_AUTOPTR(run_picture, run_picture_free);
/* Takes from note what is not copied. */
void run_picture_fold(struct run_picture *picture, struct run_note *note, gint64 now);

gboolean run_picture_is_over(const struct run_picture *picture);
/* By index; NULL beyond. */
struct run_step_picture *run_picture_step(const struct run_picture *picture, guint index);
struct run_statement_picture *run_step_statement(const struct run_step_picture *step, guint index);

/* A hindrance that was heard long enough ago is none any more. text may be NULL. */
gboolean run_is_recent(const char *text, gint64 heard_at, gint64 now);

#endif
