/* Events of an inquiry folded into a picture of a run. */
#include "console/previewing.h"

#include "console/frame.h"
#include "console/run_picture.h"

struct previewing {
    struct console *console;
    void (*on_change)(struct console *console, gpointer data);
    gpointer data;
    struct inquiry *inquiry; /* NULL: none is under way */
    guint number;            /* of the newest: older ones are not heard any more */
    enum preview_level level;
    struct run_picture *picture;
    struct preview_table *table;
};

struct asked {
    struct previewing *previewing;
    guint number;
    struct goal goal;
    enum preview_level level;
};

/* ---- on the inquiry's thread ------------------------------------------------------------------
 */

static void hear_event(struct inquiry *inquiry, const struct engine_event *event, gpointer data)
{
    (void)data;
    inquiry_tell(inquiry, run_note_new(event));
}

static gpointer make(struct inquiry *inquiry, struct engine *engine, gpointer data, GError **error)
{
    const struct asked *asked = data;
    const struct preview_options options = {.level = asked->level};
    AUTOPTR(preview) *preview = NULL;
    (void)inquiry;
    engine_preview(engine, &asked->goal, &options, &preview, error);
    return preview != NULL ? preview_table_new(preview) : NULL;
}

/* ---- on the main thread -----------------------------------------------------------------------
 */

static void free_note(gpointer note)
{
    run_note_free(note);
}

static void free_table(gpointer table)
{
    preview_table_free(table);
}

static gboolean is_newest(const struct asked *asked)
{
    return asked->number == asked->previewing->number;
}

static void heard(struct console *console, gpointer data, gpointer piece)
{
    const struct asked *asked = data;
    struct previewing *previewing = asked->previewing;
    struct run_note *note = piece;
    enum record_level level;
    if (is_newest(asked)) {
        g_autofree char *line = run_note_line(note, previewing->picture, &level);
        if (line != NULL)
            record_add(console_record(console), console_now(console), level,
                       g_strdelimit(line, "\r\n", ' '));
        run_picture_fold(previewing->picture, note, console_now(console));
        previewing->on_change(console, previewing->data);
    }
    run_note_free(note);
}

static void end_picture(struct previewing *previewing, const GError *error)
{
    struct run_note *note = g_new0(struct run_note, 1);
    const struct preview *preview =
        previewing->table != NULL ? preview_table_preview(previewing->table) : NULL;
    note->is_end = TRUE;
    note->rows = -1;
    note->error = error != NULL ? g_error_copy(error) : NULL;
    note->end.version = previewing->picture->version;
    note->end.outcome =
        preview != NULL ? preview_text(preview) : g_strdup("there is no preview of it");
    run_picture_fold(previewing->picture, note, console_now(previewing->console));
    run_note_free(note);
}

static void done(struct console *console, gpointer data, gpointer result, const GError *error)
{
    const struct asked *asked = data;
    struct previewing *previewing = asked->previewing;
    if (!is_newest(asked)) {
        g_clear_pointer(&result, preview_table_free);
        return;
    }
    previewing->inquiry = NULL;
    previewing->table = result;
    end_picture(previewing, error);
    if (error != NULL)
        console_say_error(console, error);
    else
        console_say(console, RECORD_RUN, "%s", previewing->picture->outcome);
    previewing->on_change(console, previewing->data);
}

/* ---- the outside ------------------------------------------------------------------------------
 */

struct previewing *previewing_new(struct console *console,
                                  void (*on_change)(struct console *console, gpointer data),
                                  gpointer data)
{
    struct previewing *previewing = g_new0(struct previewing, 1);
    previewing->console = console;
    previewing->on_change = on_change;
    previewing->data = data;
    return previewing;
}

static void forget(struct previewing *previewing)
{
    g_clear_pointer(&previewing->table, preview_table_free);
    g_clear_pointer(&previewing->picture, run_picture_free);
}

void previewing_free(struct previewing *previewing)
{
    forget(previewing);
    g_free(previewing);
}

void previewing_start(struct previewing *previewing, const struct goal *goal,
                      enum preview_level level, gboolean records)
{
    struct asked *asked = g_new(struct asked, 1);
    inquiry_abandon(previewing->inquiry);
    forget(previewing);
    *asked = (struct asked){previewing, ++previewing->number, *goal, level};
    previewing->level = level;
    previewing->picture = run_picture_new(RUN_DRY_RUN, console_now(previewing->console));
    previewing->picture->runs_all = level == PREVIEW_LEVEL_SCRATCH;
    previewing->inquiry =
        console_inquire(previewing->console, &(struct inquiry_work){.work = make,
                                                                    .on_event = hear_event,
                                                                    .heard = heard,
                                                                    .done = done,
                                                                    .free_data = g_free,
                                                                    .free_piece = free_note,
                                                                    .free_result = free_table,
                                                                    .data = asked,
                                                                    .may_write = records});
}

void previewing_cancel(struct previewing *previewing)
{
    if (previewing->inquiry != NULL)
        inquiry_cancel(previewing->inquiry);
}

gboolean previewing_is_active(const struct previewing *previewing)
{
    return previewing->inquiry != NULL;
}

const struct run_picture *previewing_picture(const struct previewing *previewing)
{
    return previewing->picture;
}

enum preview_level previewing_level(const struct previewing *previewing)
{
    return previewing->level;
}

const struct preview_table *previewing_table(const struct previewing *previewing)
{
    return previewing->table;
}
