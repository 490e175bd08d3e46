/* The engine's settings out of a configuration. */
#ifndef WINCH_ENGINE_SETTINGS_CONFIG_H
#define WINCH_ENGINE_SETTINGS_CONFIG_H

#include "config/config.h"
#include "engine/settings.h"

/* Everything the engine has to be told. May run password_command, so it blocks; NULL with
 * ERROR_CONFIG when no password could be had. */
struct engine_settings *engine_settings_from_config(const struct config *config, GError **error);

#endif
