/* SPDX-License-Identifier: MIT */
/* See uuid.h. */
#include "uuid.h"

void tk_uuid_print(char text[TK_UUID_TEXT_SIZE],
		   const uint8_t uuid[TK_UUID_SIZE])
{
	static const char digits[] = "0123456789abcdef";
	char *at = text;
	unsigned int i;

	for (i = 0; i < TK_UUID_SIZE; i++) {
		if (i == 4 || i == 6 || i == 8 || i == 10)
			*at++ = '-';
		*at++ = digits[uuid[i] >> 4];
		*at++ = digits[uuid[i] & 15];
	}
	*at = '\0';
}
