/* SPDX-License-Identifier: MIT */
/*
 * Sets of CPUs as text; see cpu_map.h.
 */
#include "cpu_map.h"

#include <stdio.h>
#include <string.h>

static bool read_cpu(const char **text, unsigned int *cpu)
{
	const char *at = *text;

	for (*cpu = 0; *at >= '0' && *at <= '9'; at++) {
		*cpu = *cpu * 10 + (unsigned int)(*at - '0');
		if (*cpu >= TK_CPUS_MAX)
			return false;
	}
	if (at == *text)
		return false;
	*text = at;
	return true;
}

static void set_range(struct tk_cpu_map *map, unsigned int first,
		      unsigned int last, bool value)
{
	unsigned int cpu;

	for (cpu = first; cpu <= last; cpu++) {
		uint8_t bit = (uint8_t)(1u << (cpu % 8));

		if (value)
			map->bits[cpu / 8] |= bit;
		else
			map->bits[cpu / 8] &= (uint8_t)~bit;
	}
}

/* "all", "5", "2-7", each perhaps after a '^'. */
static bool read_item(struct tk_cpu_map *map, const char **text)
{
	bool value = **text != '^';
	unsigned int first = 0, last = TK_CPUS_MAX - 1;

	if (!value)
		++*text;
	if (!strncmp(*text, "all", 3)) {
		*text += 3;
	} else {
		if (!read_cpu(text, &first))
			return false;
		last = first;
		if (**text == '-') {
			++*text;
			if (!read_cpu(text, &last))
				return false;
		}
	}
	if (last < first)
		return false;
	set_range(map, first, last, value);
	return true;
}

bool tk_cpu_map_parse(struct tk_cpu_map *map, const char *text)
{
	static const struct tk_cpu_map nothing;

	memset(map, 0, sizeof(*map));
	do {
		while (*text == ' ')
			text++;
		if (!read_item(map, &text))
			return false;
		while (*text == ' ')
			text++;
	} while (*text++ == ',');
	return !text[-1] && memcmp(map, &nothing, sizeof(nothing)) != 0;
}

void tk_cpu_map_text(const struct tk_cpu_map *map, unsigned int cpus,
		     char *text, size_t size)
{
	unsigned int cpu, last;
	size_t used = 0;

	snprintf(text, size, "none");
	for (cpu = 0; cpu < cpus; cpu = last + 1) {
		last = cpu;
		if (!tk_cpu_map_has(map, cpu))
			continue;
		while (last + 1 < cpus && tk_cpu_map_has(map, last + 1))
			last++;
		if (used >= size)
			return;
		if (last - cpu + 1 == cpus)
			snprintf(text, size, "all");
		else if (last > cpu)
			used += (size_t)snprintf(text + used, size - used,
						 "%s%u-%u", used ? "," : "",
						 cpu, last);
		else
			used += (size_t)snprintf(text + used, size - used,
						 "%s%u", used ? "," : "", cpu);
	}
}
