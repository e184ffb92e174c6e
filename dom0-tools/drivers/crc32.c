/* SPDX-License-Identifier: MIT */
/* CRC-32 by a table, made at first use: crc32.h. */
#include "drivers/crc32.h"

#define POLYNOMIAL 0xedb88320u /* bits in reverse order */

static uint32_t table[256];

static void make_table(void)
{
	uint32_t i, bit, crc;

	for (i = 0; i < 256; i++) {
		crc = i;
		for (bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		table[i] = crc;
	}
}

uint32_t crc32_add(uint32_t crc, const void *data, size_t size)
{
	const uint8_t *byte = data;

	if (!table[1])
		make_table();
	crc = ~crc;
	while (size-- > 0)
		crc = crc >> 8 ^ table[(crc ^ *byte++) & 0xff];
	return ~crc;
}
