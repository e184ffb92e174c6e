/* SPDX-License-Identifier: MIT */
/*
 * Boot-time memory: the loader's map becomes a list of free ranges,
 * from which whole pages are cut, highest address first. Everything below
 * 1 MiB, the image and the boot modules are not in the list.
 *
 * Owns: free_ranges. Invariant: page-aligned, disjoint, not empty.
 * Context: boot CPU only, until boot_memory_take() hands the list to mm/.
 */
#include "boot/boot.h"

#include "lib/string.h"
#include "x86/paging.h"

#define LOW_END  0x100000ul
#define MAX_FREE 128

extern const char image_start[], image_end[];

uint64_t machine_frames, boot_low_page;
static struct ram_range free_ranges[MAX_FREE];
static unsigned int free_count;
static uint64_t address_limit;

static void add_range(uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	if (free_count == MAX_FREE) {
		log_warning("memory 0x%lx-0x%lx not used: map too long\n",
			    start, end);
		return;
	}
	free_ranges[free_count++] = (struct ram_range){ start, end };
}

/* Take [start, end) out of the list, rounded to whole pages outwards. */
static void reserve(uint64_t start, uint64_t end)
{
	start &= PAGE_MASK;
	end = page_up(end);
	/* Downwards: the last one, which fills the gap, has been looked at. */
	for (unsigned int i = free_count; i-- > 0;) {
		struct ram_range r = free_ranges[i];

		if (end <= r.start || start >= r.end)
			continue;
		free_ranges[i] = free_ranges[--free_count];
		add_range(r.start, start);
		add_range(end, r.end);
	}
}

/* Machine address of the highest block, which is free no longer; 0 = none. */
static uint64_t take(uint64_t size)
{
	uint64_t best = 0;

	for (unsigned int i = 0; i < free_count; i++) {
		const struct ram_range *r = &free_ranges[i];
		uint64_t end = min_u64(r->end, address_limit) & ~(size - 1);

		if (end >= size && end - size >= r->start)
			best = max_u64(best, end - size);
	}
	if (best)
		reserve(best, best + size);
	return best;
}

void boot_memory_init(void)
{
	const struct memory_range *r = boot_info.memory;
	const struct memory_range *end = r + boot_info.memory_count;

	for (; r < end; r++) {
		if (r->type != MEMORY_RAM)
			continue;
		add_range(page_up(r->start), (r->start + r->size) & PAGE_MASK);
		machine_frames = max_u64(machine_frames,
					 (r->start + r->size) >> PAGE_SHIFT);
	}
	/* Overlapping entries: the less useful type wins. */
	for (r = boot_info.memory; r < end; r++)
		if (r->type != MEMORY_RAM)
			reserve(r->start, r->start + r->size);
	reserve(virt_to_phys(image_start), virt_to_phys(image_end));
	for (unsigned int i = 0; i < boot_info.module_count; i++)
		reserve(boot_info.modules[i].start,
			boot_info.modules[i].start + boot_info.modules[i].size);
	/* Not the highest below 1 MiB, where firmware keeps its data. */
	address_limit = 0x90000;
	boot_low_page = take(PAGE_SIZE);
	address_limit = 4ul << 30;
	reserve(0, LOW_END);
	if (!free_count)
		panic("the boot loader reports no usable memory");
}

void *boot_alloc(uint64_t size)
{
	uint64_t at = take(size);

	if (!at)
		panic("no memory for %lu bytes during boot", size);
	return memset(phys_to_virt(at), 0, size);
}

void boot_memory_unlimited(void)
{
	address_limit = ~0ul;
}

unsigned int boot_memory_take(const struct ram_range **ranges)
{
	*ranges = free_ranges;
	address_limit = 0;
	return free_count;
}
