/* What to do about a migration that stopped part way, whichever driver ran it. */
#include "database/run.h"

#include "base/error.h"

static char *describe_version(gint64 version)
{
    return version < 0 ? g_strdup("none") : g_strdup_printf("%" G_GINT64_FORMAT, version);
}

/* What to say last. A missed migration leaves the version row alone, so there is nothing to force.
 */
static char *describe_end(const struct run_job *job)
{
    if (!job->writes_version)
        return g_strdup("undo what is left of it; 'winch up --missed' then runs it again");
    g_autofree char *before = describe_version(job->version_before);
    g_autofree char *after = describe_version(job->version_after);
    return g_strdup_printf("then 'winch force %s' when nothing of it is left, or 'winch force %s' "
                           "when all of it is done",
                           before, after);
}

void run_advise_dirty(const struct run_job *job, const char *first, GError **error)
{
    const struct error_detail *detail = error_detail(*error);
    const char *cause = detail != NULL ? detail->advice : NULL;
    g_autofree char *before = cause != NULL ? g_strconcat(cause, "; ", NULL) : g_strdup("");
    g_autofree char *end = describe_end(job);
    error_advise(error, "%s%s, %s", before, first, end);
}
