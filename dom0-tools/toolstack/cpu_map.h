/* SPDX-License-Identifier: MIT */
/*
 * Sets of CPUs, and the notation that xl has for them: "all", "none", or CPUs
 * and ranges with commas between, of which ^ takes out: "0-3,8,^2".
 */
#ifndef TOOLSTACK_CPU_MAP_H
#define TOOLSTACK_CPU_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TK_CPUS_MAX 256u

/* Bit i % 8 of byte i / 8, as the hypervisor wants it. */
struct tk_cpu_map {
	uint8_t bits[TK_CPUS_MAX / 8];
};

static inline bool tk_cpu_map_has(const struct tk_cpu_map *map,
				  unsigned int cpu)
{
	return cpu < TK_CPUS_MAX && (map->bits[cpu / 8] >> (cpu % 8) & 1);
}

/* False, and *map undefined, when the text is not such a set, or empty. */
bool tk_cpu_map_parse(struct tk_cpu_map *map, const char *text);

/* The text of the set, of a machine with so many CPUs; cut to `size`. */
void tk_cpu_map_text(const struct tk_cpu_map *map, unsigned int cpus,
		     char *text, size_t size);

#endif /* TOOLSTACK_CPU_MAP_H */
