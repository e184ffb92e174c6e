/* SPDX-License-Identifier: MIT */
/* See keys.h. */
#include "backends/keys.h"

#include <inttypes.h>
#include <stdio.h>

#include <public/errno.h>

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
	int rc;

	snprintf(path, sizeof(path), "%s/%s", directory, key);
	rc = xs_local_read(path, text, sizeof(text));
	if (rc == -XEN_ENOENT)
		return "";
	CHECK(rc >= 0);
	return text;
}
