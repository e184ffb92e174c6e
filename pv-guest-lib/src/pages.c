/* SPDX-License-Identifier: MIT */
/*
 * Who uses the memory: the heap grows from the bottom of the largest free
 * range and single pages come from its top, so each gets what the other does
 * not need. Pages given back, and small ranges, are a list.
 *
 * Owns: all page frames that mm.c handed over.
 */
#include <pvguest/mm.h>

#include "internal.h"

/* A free page begins with the next one. */
struct free_page {
	struct free_page *next;
};

static struct {
	uint64_t heap_start, heap_end; /* bytes; the heap */
	uint64_t pages_start;          /* bytes; single pages are above */
} range;

static struct free_page *free_list;
static uint64_t free_listed;
static uint64_t allocated;

static void list_page(void *page)
{
	struct free_page *head = page;

	head->next = free_list;
	free_list = head;
	free_listed++;
}

void pv_page_free(void *page)
{
	list_page(page);
	allocated--;
}

static void list_range(uint64_t start, uint64_t end)
{
	for (; start < end; start += PV_PAGE_SIZE)
		list_page((void *)start);
}

/* Frames that the domain does not have are not mapped: stop before one. */
static uint64_t usable(uint64_t first_pfn, uint64_t count)
{
	uint64_t n = 0;

	while (n < count && pv_pfn_to_mfn(first_pfn + n) != PV_NO_MFN)
		n++;
	return n;
}

void pv_pages_add(uint64_t first_pfn, uint64_t count)
{
	uint64_t start = first_pfn << PV_PAGE_SHIFT;
	uint64_t size = usable(first_pfn, count) << PV_PAGE_SHIFT;

	if (size <= range.pages_start - range.heap_start) {
		list_range(start, start + size);
		return;
	}
	list_range(range.heap_start, range.pages_start);
	range.heap_start = range.heap_end = start;
	range.pages_start = start + size;
}

static uint64_t heap_top_page(void)
{
	return (range.heap_end + PV_PAGE_SIZE - 1) & ~(PV_PAGE_SIZE - 1);
}

void *pv_page_alloc(void)
{
	void *page = free_list;

	if (page) {
		free_list = free_list->next;
		free_listed--;
	} else {
		if (range.pages_start <= heap_top_page())
			return NULL;
		range.pages_start -= PV_PAGE_SIZE;
		page = (void *)range.pages_start;
	}
	allocated++;
	memset(page, 0, PV_PAGE_SIZE);
	return page;
}

void *pv_table_alloc(void)
{
	void *page = pv_page_alloc();

	if (page)
		allocated--;
	return page;
}

uint64_t pv_pages_allocated(void)
{
	return allocated;
}

uint64_t pv_pages_free(void)
{
	return free_listed +
	       ((range.pages_start - heap_top_page()) >> PV_PAGE_SHIFT);
}

void *pv_heap_grow(ptrdiff_t change)
{
	uint64_t old = range.heap_end;

	if (change > 0 ? (uint64_t)change > range.pages_start - old
		       : (uint64_t)-change > old - range.heap_start)
		return NULL;
	range.heap_end = old + (uint64_t)change;
	return (void *)old;
}
