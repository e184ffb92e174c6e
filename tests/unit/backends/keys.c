/* SPDX-License-Identifier: MIT */
/* See keys.h. */
#include "backends/keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "check.h"
#include "xenstore/local.h"

void key_put(const char *directory, const char *key, const char *value)
{
	char path[XS_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", directory, key);
	CHECK(!xs_local_write(path, value));
}

void key_put_number(const char *directory, const char *key, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof(text), "%" PRIu64, number);
	key_put(directory, key, text);
}

const char *key_get(const char *directory, const char *key)
{
	static char text[256];
	char path[XS_PATH_SIZE];
	const struct xs_node *node;

	snprintf(path, sizeof(path), "%s/%s", directory, key);
	node = xs_local_node(path);
	if (!node)
		return "";
	CHECK(node->value_size < sizeof(text));
	memcpy(text, node->value, node->value_size);
	text[node->value_size] = '\0';
	return text;
}
