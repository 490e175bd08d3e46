/* The configuration file as an attacker would write it: any bytes must give a configuration or an
 * error, and what is loaded must be showable. */
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Some are set, some empty, some not set. */
static const char *look_up(const char *name, gpointer user_data)
{
    (void)user_data;
    switch (name[0]) {
    case 'D':
        return "10";
    case 'E':
        return "";
    default:
        return NULL;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct config_sources sources = {.lookup = look_up};
    g_autoptr(GError) error = NULL;
    AUTOPTR(config) *config =
        config_load_text(&sources, "fuzz.yaml", (const char *)data, size, size % 2 == 0, &error);
    if (config == NULL) {
        g_assert(error != NULL && error->message[0] != '\0');
        return 0;
    }
    for (guint key = 0; key < CONFIG_KEY_COUNT; key++)
        g_free(config_describe(config, (enum config_key)key));
    AUTOPTR(config_database) *database = config_database_new(config);
    g_assert(config_policy_in_force(config) != NULL);
    return 0;
}
