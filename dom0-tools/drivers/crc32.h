/* SPDX-License-Identifier: MIT */
/*
 * CRC-32 with the polynomial 0x04c11db7, reflected, as partition tables and
 * the usual tools have it. Begin with 0, continue with the last result.
 */
#ifndef DRIVERS_CRC32_H
#define DRIVERS_CRC32_H

#include <stddef.h>
#include <stdint.h>

uint32_t crc32_add(uint32_t crc, const void *data, size_t size);

#endif /* DRIVERS_CRC32_H */
