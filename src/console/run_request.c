/* What a run is asked to do. */
#include "console/runner.h"

struct run_request *run_request_new(enum run_kind kind)
{
    struct run_request *request = g_new0(struct run_request, 1);
    request->kind = kind;
    request->version = VERSION_NONE;
    return request;
}

void run_request_free(struct run_request *request)
{
    g_free(request->environment);
    g_free(request->session);
    g_free(request->plan_id);
    g_free(request->confirm);
    g_free(request->reason);
    g_free(request->override);
    g_free(request);
}
