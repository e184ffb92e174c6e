/* SPDX-License-Identifier: MIT */
/* A guest's configuration in the words in which xl's JSON has it. */
#ifndef CLI_CONFIG_JSON_H
#define CLI_CONFIG_JSON_H

#include "cli/json.h"
#include "toolstack/domain_config.h"

/* What a guest has that is there, whatever it was made with. */
struct config_now {
	uint8_t uuid[16];
	uint64_t target_kib, max_kib;
	bool online[TK_VCPUS_MAX];
};

/* `now`: NULL for what is no guest yet. */
void config_json(struct json *json, const char *key,
		 const struct tk_domain_config *config,
		 const struct config_now *now);

/* What is not as the file asked for, a line each. */
void cli_show_notices(const char *path, const struct tk_domain_config *config);

#endif /* CLI_CONFIG_JSON_H */
