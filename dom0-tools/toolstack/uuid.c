/* SPDX-License-Identifier: MIT */
/* See uuid.h. */
#include "uuid.h"

#include <stdio.h>

void tk_uuid_print(char text[TK_UUID_TEXT_SIZE],
		   const uint8_t uuid[TK_UUID_SIZE])
{
	char *at = text;
	unsigned int i;

	for (i = 0; i < TK_UUID_SIZE; i++)
		at += sprintf(at, "%s%02x",
			      i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
			      uuid[i]);
}
