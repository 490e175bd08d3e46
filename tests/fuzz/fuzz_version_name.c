/* version_name_parse() on any text: one of the kinds with what belongs to it, or an error. */
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "source/release.h"
#include "source/version_name.h"

static void require(gboolean holds)
{
    if (!holds)
        abort();
}

static void require_sane(const struct version_name *name, const char *text)
{
    gboolean has_release =
        name->kind == VERSION_NAME_RELEASE || name->kind == VERSION_NAME_RELEASE_STEP;
    require(has_release == (name->release[0] != '\0'));
    require(!has_release || release_is_valid(name->release));
    require(name->number >= 0 || (name->kind == VERSION_NAME_RELATIVE && text[0] == '-'));
    if (has_release)
        require(release_compare(name->release, name->release) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    g_autofree char *text = g_strndup((const char *)data, size);
    g_autoptr(GError) error = NULL;
    struct version_name name;
    if (version_name_parse(text, &name, &error))
        require_sane(&name, text);
    else
        require(error_is(error, ERROR_USAGE) && error_detail(error)->advice != NULL);
    size_t middle = strlen(text) / 2;
    g_autofree char *left = g_strndup(text, middle);
    const char *right = text + middle;
    if (release_is_valid(left) && release_is_valid(right))
        require((release_compare(left, right) < 0) == (release_compare(right, left) > 0));
    return 0;
}
