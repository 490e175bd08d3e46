/* What a rollback does not undo, known by the words of a statement: a comment or a string that
 * holds them is named too, which is the safe side. */
#include "engine/preview_internal.h"

#include <string.h>

/* A statement that has all of words says so. Lower case. */
static const struct {
    const char *words[3];
    const char *text;
} escapes[] = {
    {{"copy", "program"}, "COPY ... PROGRAM runs a program on the server"},
    {{"copy", "to '"}, "COPY TO writes a file on the server"},
    {{"dblink"}, "what dblink does commits on its own connection"},
    {{"lo_export"}, "lo_export() writes a file on the server"},
    {{"pg_file_"}, "pg_file_*() writes files on the server"},
    {{"setval"}, "setval() is not taken back"},
    {{"nextval"}, "nextval() is not taken back"},
    {{"pg_advisory_lock"}, "a session's advisory lock is held to the end of the preview"},
    {{"pg_try_advisory_lock"}, "a session's advisory lock is held to the end of the preview"},
    {{"plpython"}, "an untrusted language may do anything outside of the transaction"},
    {{"plperlu"}, "an untrusted language may do anything outside of the transaction"},
    {{"language c"}, "a function in C may do anything outside of the transaction"},
    {{"replication_slot"}, "a replication slot stays as it was made, moved or dropped"},
    {{"pg_switch_wal"}, "pg_switch_wal() ends a WAL file"},
    {{"pg_reload_conf"}, "pg_reload_conf() has the server read its configuration"},
    {{"pg_stat_reset"}, "pg_stat_reset*() forgets what the server counted"},
    {{"pg_terminate_backend"}, "pg_terminate_backend() ends other sessions"},
    {{"pg_cancel_backend"}, "pg_cancel_backend() ends what other sessions do"},
};

static gboolean has_all(const char *text, const char *const words[3])
{
    for (guint i = 0; i < 3 && words[i] != NULL; i++)
        if (strstr(text, words[i]) == NULL)
            return FALSE;
    return TRUE;
}

static void name_in(struct preview *preview, const struct plan_step *step,
                    const struct script_statement *statement)
{
    g_autofree char *text =
        g_ascii_strdown(step->body + statement->offset, (gssize)statement->length);
    const char *said = NULL;
    for (gsize i = 0; i < G_N_ELEMENTS(escapes); i++) {
        if (escapes[i].text == said || !has_all(text, escapes[i].words))
            continue;
        said = escapes[i].text;
        preview_not_covered(preview, "%s line %u: %s", step->half->file_name, statement->line,
                            said);
    }
}

void preview_name_escapes(struct preview *preview)
{
    for (guint i = 0; i < preview->plan->steps->len; i++) {
        const struct plan_step *step = plan_step_at(preview->plan, i);
        for (guint j = 0; j < step->script->statements->len; j++)
            name_in(preview, step,
                    &g_array_index(step->script->statements, struct script_statement, j));
    }
}
