/* SPDX-License-Identifier: MIT */
/*
 * A guest's configuration as it is now, as xl's `list -l` has it: what it was
 * made from, with the sizes and vCPUs that were asked of it since.
 */
#ifndef CLI_GUEST_JSON_H
#define CLI_GUEST_JSON_H

#include "cli/json.h"

struct tk_guest;

void guest_json(struct json *json, const char *key,
		const struct tk_guest *guest);

#endif /* CLI_GUEST_JSON_H */
