/* SPDX-License-Identifier: MIT */
/* See mac.h. */
#include "mac.h"

#include <stdio.h>
#include <string.h>

static int digit(char c)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return at ? (int)((at - digits) % 16) : -1;
}

bool tk_mac_parse(const char *text, uint8_t mac[TK_MAC_SIZE])
{
	unsigned int i;

	for (i = 0; i < TK_MAC_SIZE; i++, text += 3) {
		int high = digit(text[0]);
		int low = high < 0 ? -1 : digit(text[1]);

		if (low < 0 || text[2] != (i < TK_MAC_SIZE - 1 ? ':' : '\0'))
			return false;
		mac[i] = (uint8_t)(high << 4 | low);
	}
	return true;
}

void tk_mac_print(char text[TK_MAC_TEXT_SIZE], const uint8_t mac[TK_MAC_SIZE])
{
	snprintf(text, TK_MAC_TEXT_SIZE, "%02x:%02x:%02x:%02x:%02x:%02x",
		 mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]);
}
