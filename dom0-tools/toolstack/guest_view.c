/* SPDX-License-Identifier: MIT */
/* See guest_view.h. */
#include "guest_view.h"

#include <string.h>

#include "primitives.h"

#define PAGE_SIZE    4096u
#define PAGE_SHIFT   12
#define LEVEL_BITS   9
#define ENTRY_COUNT  512u
#define PTE_PRESENT  1ull
#define PTE_LARGE    0x80ull
#define PTE_MFN_MASK 0x000ffffffffff000ull

static const void *kept_page(const struct tk_view *view, uint64_t mfn)
{
	unsigned int i;

	for (i = 0; i < TK_VIEW_PAGES; i++) {
		if (view->pages[i].va && view->pages[i].mfn == mfn)
			return view->pages[i].va;
	}
	return NULL;
}

static void drop(struct tk_view_page *page)
{
	if (page->va)
		tk_unmap_foreign(page->va, 1);
	page->va = NULL;
}

/* In the place of the one that is mapped for longest; NULL with an error. */
static const void *map_page(struct tk_view *view, uint64_t mfn, int *error)
{
	struct tk_map_failure failure = { 0 };
	const void *kept = kept_page(view, mfn);
	struct tk_view_page *page = &view->pages[view->oldest];

	if (kept)
		return kept;
	drop(page);
	page->mfn = mfn;
	page->va = tk_map_foreign(view->domid, &mfn, 1, false, &failure);
	*error = failure.error;
	if (page->va)
		view->oldest = (view->oldest + 1) % TK_VIEW_PAGES;
	return page->va;
}

void tk_view_end(struct tk_view *view)
{
	unsigned int i;

	for (i = 0; i < TK_VIEW_PAGES; i++)
		drop(&view->pages[i]);
}

/* One entry of a table; negative when the table cannot be mapped. */
static int read_entry(struct tk_view *view, uint64_t mfn, unsigned int index,
		      uint64_t *entry)
{
	int error = 0;
	const uint64_t *table = map_page(view, mfn, &error);

	if (!table)
		return error;
	*entry = __atomic_load_n(&table[index], __ATOMIC_RELAXED);
	return 0;
}

static unsigned int index_at(uint64_t address, unsigned int level)
{
	unsigned int shift = PAGE_SHIFT + LEVEL_BITS * (level - 1);

	return (unsigned int)(address >> shift) % ENTRY_COUNT;
}

/* A page inside a large one, for guests that have such. */
static uint64_t mfn_inside(uint64_t entry, uint64_t address, unsigned int level)
{
	uint64_t pages = 1ull << (LEVEL_BITS * (level - 1));
	uint64_t first = (entry & PTE_MFN_MASK) >> PAGE_SHIFT & ~(pages - 1);

	return first + (address >> PAGE_SHIFT & (pages - 1));
}

void tk_view_walk(struct tk_view *view, uint64_t address, struct tk_walk *walk)
{
	uint64_t mfn = view->root_mfn;
	unsigned int level;

	memset(walk, 0, sizeof(*walk));
	for (level = TK_WALK_LEVELS; level; level--) {
		struct tk_walk_step *step = &walk->steps[walk->count];

		step->level = level;
		step->table_mfn = mfn;
		step->index = index_at(address, level);
		walk->error = read_entry(view, mfn, step->index, &step->entry);
		if (walk->error)
			return;
		walk->count++;
		if (!(step->entry & PTE_PRESENT))
			return;
		mfn = (step->entry & PTE_MFN_MASK) >> PAGE_SHIFT;
		if (level == 1 || (level < 4 && step->entry & PTE_LARGE)) {
			walk->is_mapped = true;
			walk->mfn = mfn_inside(step->entry, address, level);
			return;
		}
	}
}

static bool read_in_page(struct tk_view *view, uint64_t address, void *buffer,
			 size_t size)
{
	struct tk_walk walk;
	const uint8_t *page;
	int error;

	tk_view_walk(view, address, &walk);
	page = walk.is_mapped ? map_page(view, walk.mfn, &error) : NULL;
	if (!page)
		return false;
	memcpy(buffer, page + address % PAGE_SIZE, size);
	return true;
}

size_t tk_view_read(struct tk_view *view, uint64_t address, void *buffer,
		    size_t size)
{
	size_t done = 0;

	while (done < size) {
		size_t room = PAGE_SIZE - (address + done) % PAGE_SIZE;
		size_t part = size - done < room ? size - done : room;

		if (!read_in_page(view, address + done,
				  (uint8_t *)buffer + done, part))
			break;
		done += part;
	}
	return done;
}
