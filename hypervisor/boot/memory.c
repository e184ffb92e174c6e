/* SPDX-License-Identifier: MIT */
/*
 * Boot-time memory: the loader's map becomes a sorted list of free ranges,
 * from which whole pages are cut, highest address first. Everything below
 * 1 MiB, the image and the boot modules are not in the list.
 *
 * Owns: free_ranges. Invariant: page-aligned, disjoint, not empty.
 * Context: boot CPU only, until boot_memory_take() hands the list to mm/.
 */
#include "boot/boot.h"

#include "lib/panic.h"
#include "lib/string.h"
#include "x86/paging.h"

#define LOW_END  0x100000ul
#define MAX_FREE 128

extern const char image_start[], image_end[];

uint64_t machine_frames;
static struct ram_range free_ranges[MAX_FREE];
static unsigned int free_count;
static uint64_t address_limit = 4ul << 30;

static void add_range(uint64_t start, uint64_t end)
{
	if (start >= end)
		return;
	if (free_count == MAX_FREE) {
		log_warning("memory %#lx-%#lx not used: map too long\n", start,
			    end);
		return;
	}
	free_ranges[free_count++] = (struct ram_range){ start, end };
}

static uint64_t round_up(uint64_t a, uint64_t to)
{
	return (a + to - 1) & ~(to - 1);
}

/* Take [start, end) out of the list, rounded to whole pages outwards. */
static void reserve(uint64_t start, uint64_t end)
{
	unsigned int i, n = free_count;

	start &= PAGE_MASK;
	end = round_up(end, PAGE_SIZE);
	for (i = 0; i < n; i++) {
		struct ram_range r = free_ranges[i];

		if (end <= r.start || start >= r.end)
			continue;
		/* The lower part stays, the upper becomes a new range. */
		free_ranges[i].end = max_u64(r.start, min_u64(start, r.end));
		add_range(max_u64(end, r.start), r.end);
	}
	/* Drop what became empty. */
	for (i = 0; i < free_count;) {
		if (free_ranges[i].start < free_ranges[i].end)
			i++;
		else
			free_ranges[i] = free_ranges[--free_count];
	}
}

static bool is_ram(const struct memory_range *r)
{
	return r->type == MEMORY_RAM;
}

void boot_memory_init(void)
{
	const struct memory_range *r;
	unsigned int i;

	for (i = 0; i < boot_info.memory_count; i++) {
		r = &boot_info.memory[i];
		if (!is_ram(r))
			continue;
		add_range(round_up(r->start, PAGE_SIZE),
			  (r->start + r->size) & PAGE_MASK);
		machine_frames = max_u64(machine_frames,
					 (r->start + r->size) >> PAGE_SHIFT);
	}
	/* Overlapping entries: the less useful type wins. */
	for (i = 0; i < boot_info.memory_count; i++) {
		r = &boot_info.memory[i];
		if (!is_ram(r))
			reserve(r->start, r->start + r->size);
	}
	reserve(0, LOW_END);
	reserve(virt_to_phys(image_start), virt_to_phys(image_end));
	for (i = 0; i < boot_info.module_count; i++)
		reserve(boot_info.modules[i].start,
			boot_info.modules[i].start + boot_info.modules[i].size);
	if (!free_count)
		panic("the boot loader reports no usable memory");
}

bool boot_frame_is_ram(mfn_t m)
{
	uint64_t start = m.n << PAGE_SHIFT, end = start + PAGE_SIZE;
	const struct memory_range *r;
	bool ram = false;
	unsigned int i;

	for (i = 0; i < boot_info.memory_count; i++) {
		r = &boot_info.memory[i];
		if (is_ram(r)) {
			ram |= r->start <= start && end <= r->start + r->size;
		} else if (r->start < end && start < r->start + r->size) {
			return false;
		}
	}
	return ram;
}

/* Highest aligned block of size bytes below the limit in r; 0 = none. */
static uint64_t highest_fit(const struct ram_range *r, uint64_t size,
			    uint64_t align)
{
	uint64_t end = min_u64(r->end, address_limit), at;

	if (end < r->start || end - r->start < size)
		return 0;
	at = (end - size) & ~(align - 1);
	return at >= r->start ? at : 0;
}

void *boot_alloc_aligned(uint64_t size, uint64_t align)
{
	uint64_t at, best = 0;
	unsigned int i;

	size = round_up(size, PAGE_SIZE);
	for (i = 0; i < free_count; i++) {
		at = highest_fit(&free_ranges[i], size, align);
		if (at > best)
			best = at;
	}
	if (!best)
		panic("no memory for %lu bytes during boot", size);
	reserve(best, best + size);
	return memset(phys_to_virt(best), 0, size);
}

void *boot_alloc_pages(unsigned int n)
{
	return boot_alloc_aligned(n * PAGE_SIZE, PAGE_SIZE);
}

void boot_memory_unlimited(void)
{
	address_limit = ~0ul;
}

static bool in_module(uint64_t page)
{
	const struct boot_module *m;
	unsigned int i;

	for (i = 0; i < boot_info.module_count; i++) {
		m = &boot_info.modules[i];
		if (m->start < page + PAGE_SIZE && page < m->start + m->size)
			return true;
	}
	return false;
}

uint64_t boot_low_page(void)
{
	uint64_t page;

	/* Not the highest pages, where firmware keeps its data. */
	for (page = 0x8f000; page >= 0x1000; page -= PAGE_SIZE) {
		if (boot_frame_is_ram(mfn_of(page >> PAGE_SHIFT)) &&
		    !in_module(page))
			return page;
	}
	return 0;
}

unsigned int boot_memory_take(const struct ram_range **ranges)
{
	unsigned int n = free_count;

	*ranges = free_ranges;
	address_limit = 0;
	return n;
}
