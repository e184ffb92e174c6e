/* SPDX-License-Identifier: MIT */
/* A guest's configuration in the words in which xl's JSON has it. */
#ifndef CLI_CONFIG_JSON_H
#define CLI_CONFIG_JSON_H

#include "cli/json.h"
#include "toolstack/domain_config.h"

/* `uuid`: of the domain, when the configuration has none; or NULL. */
void config_json(struct json *json, const char *key,
		 const struct tk_domain_config *config, const uint8_t *uuid);

/* What is not as the file asked for, a line each. */
void cli_show_notices(const char *path, const struct tk_domain_config *config);

#endif /* CLI_CONFIG_JSON_H */
