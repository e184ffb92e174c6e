/* SPDX-License-Identifier: MIT */
/*
 * The frame allocator: buddy blocks of 2^order frames, and small objects cut
 * from single pages.
 *
 * Owns: free frames (FRAME_FREE). The first frame of a free block is on the
 * list of its order; the others have order ORDER_BODY. A free block's stamp
 * is the TLB epoch up to which stale mappings may exist, so an allocation
 * first flushes what is older and only then clears: a page cleared earlier
 * could still be written by its last owner (TL-3, PG-6). CPUs without work
 * clear ahead some pages of blocks that no mapping is left of anywhere.
 *
 * Locks: heap_lock for the lists. Context: any CPU, not interrupt handlers.
 */
#include "mm/pagetype.h"

#define ORDER_BODY 0xff

uint64_t pte_frame_limit = 1ull << (40 - PAGE_SHIFT);

static struct spinlock heap_lock = SPINLOCK_INIT(RANK_HEAP);
static struct list free_blocks[MAX_ORDER + 1];
static bool may_clear_ahead; /* there may be something to do */
uint64_t heap_free_pages, heap_total_pages;

mfn_t virt_to_mfn(const void *p)
{
	return mfn_of(virt_to_phys(p) >> PAGE_SHIFT);
}

void *mfn_to_virt(mfn_t m)
{
	return phys_to_virt(m.n << PAGE_SHIFT);
}

static void block_insert(struct frame *f, unsigned int order)
{
	f->order = (uint8_t)order;
	f->looked_at = 0;
	may_clear_ahead = true;
	list_add_head(&free_blocks[order], &f->link);
}

/* The other half of the block that f's block belongs to, if it is free. */
static struct frame *free_buddy(struct frame *f, unsigned int order)
{
	struct frame *buddy =
		frame_lookup(mfn_of(frame_to_mfn(f).n ^ (1ull << order)));

	return order < MAX_ORDER && buddy && buddy->state == FRAME_FREE &&
			       buddy->order == order
		       ? buddy
		       : NULL;
}

void frames_free(struct frame *f, unsigned int order)
{
	uint64_t epoch = tlb_epoch_now();
	struct frame *buddy;

	spin_lock(&heap_lock);
	for (uint64_t i = 0; i < 1ull << order; i++)
		f[i] = (struct frame){ .state = FRAME_FREE,
				       .order = ORDER_BODY };
	heap_free_pages += 1ull << order;
	for (; (buddy = free_buddy(f, order)); order++) {
		list_remove(&buddy->link);
		epoch = max_u64(epoch, buddy->stamp);
		buddy->order = ORDER_BODY;
		f = buddy < f ? buddy : f;
	}
	f->stamp = epoch;
	block_insert(f, order);
	spin_unlock(&heap_lock);
}

/*
 * Blocks of each order that are looked at for one below a limit. A guest may
 * have cut memory into any number (HC-5), but what is low is given out last:
 * most of it is in the few large ones.
 */
#define FIND_TRIES 32u

/* A block of at least that order whose first frames end below the limit. */
static struct frame *block_find(unsigned int order, uint64_t limit)
{
	struct list *pos;
	unsigned int tries;

	for (unsigned int o = order; o <= MAX_ORDER; o++) {
		tries = FIND_TRIES;
		list_for_each(pos, &free_blocks[o])
		{
			struct frame *f = list_entry(pos, struct frame, link);

			if (frame_to_mfn(f).n + (1ull << order) <= limit)
				return f;
			if (!--tries)
				break;
		}
	}
	return NULL;
}

/* Take the block at f, and of its halves only as much as is wanted. */
static void block_take(struct frame *f, unsigned int order)
{
	list_remove(&f->link);
	while (f->order > order) {
		struct frame *high = f + (1ull << --f->order);

		high->stamp = f->stamp;
		block_insert(high, f->order);
	}
	heap_free_pages -= 1ull << order;
	for (uint64_t i = 0; i < 1ull << order; i++)
		f[i].state = FRAME_HYPERVISOR;
}

/* What was cleared before is not again: nobody could write to it since. */
static void block_zero(struct frame *f, unsigned int order)
{
	tlb_flush_since(f->stamp);
	for (uint64_t i = 0; i < 1ull << order; i++) {
		if (!f[i].is_zero)
			clear_page(&f[i]);
		f[i].is_zero = false;
	}
}

struct frame *frames_alloc(unsigned int order, unsigned int bits)
{
	uint64_t limit = bits && bits < 64 ? 1ull << bits >> PAGE_SHIFT : ~0ull;
	struct frame *f;

	if (order > MAX_ORDER)
		return NULL;
	spin_lock(&heap_lock);
	f = block_find(order, limit);
	if (f)
		block_take(f, order);
	spin_unlock(&heap_lock);
	if (f)
		block_zero(f, order);
	return f;
}

/* Of the first block of each order: what is likely given out next. */
#define AHEAD_PAGES 1024

static struct frame *block_dirty_page(struct frame *f)
{
	uint64_t n = min_u64(1ull << f->order, AHEAD_PAGES);

	while (f->looked_at < n && f[f->looked_at].is_zero)
		f->looked_at++;
	return f->looked_at < n ? f + f->looked_at : NULL;
}

bool frames_clear_ahead(void)
{
	struct frame *f, *page = NULL;
	uint64_t least;

	/* Whoever needs the lock has better things to do with it. */
	if (!read_once(may_clear_ahead) || !spin_trylock(&heap_lock))
		return false;
	least = tlb_epoch_least();
	may_clear_ahead = false;
	for (unsigned int o = 0; !page && (f = block_find(o, ~0ull));
	     o = f->order + 1u)
		if (f->stamp < least)
			page = block_dirty_page(f);
		else
			may_clear_ahead = true;
	if (page) {
		clear_page(page);
		page->is_zero = true;
		may_clear_ahead = true;
	}
	spin_unlock(&heap_lock);
	return page;
}

static void *pages_alloc(unsigned int order)
{
	struct frame *f = frames_alloc(order, 0);

	return f ? table_entries(f) : NULL;
}

static void pages_free(struct frame *f)
{
	if (f->state != FRAME_SHARED) {
		frames_free(f, f->order);
		return;
	}
	/* A mapping may still hold it; there are no new ones from now on. */
	write_once(f->owner, NULL);
	frame_put_writable(f);
	frame_put_allocation(f);
}

/*
 * Small objects. A page starts with its header; objects are 64-byte aligned
 * and never page aligned, which tells them from whole blocks.
 */
struct slab {
	struct list link; /* on its class's list while it has free objects */
	void *free;       /* first free object; each holds the next */
	uint16_t used, class;
};

#define SLAB_HEADER 64

static const uint16_t slab_size[] = { 64, 128, 192, 256, 384, 512, 960, 1984 };
static struct list slab_partial[ARRAY_SIZE(slab_size)];
static struct spinlock slab_lock = SPINLOCK_INIT(RANK_HEAP);

static void slab_push(struct slab *s, void *object)
{
	*(void **)object = s->free;
	s->free = object;
}

static void *slab_alloc(unsigned int class)
{
	struct list *partial = &slab_partial[class];
	unsigned int size = slab_size[class], at;
	struct slab *s;
	void *object;

	spin_lock(&slab_lock);
	if (list_empty(partial)) {
		/* heap_lock has the same rank: not under slab_lock. */
		spin_unlock(&slab_lock);
		s = pages_alloc(0);
		if (!s)
			return NULL;
		s->class = (uint16_t) class;
		for (at = SLAB_HEADER; at + size <= PAGE_SIZE; at += size)
			slab_push(s, (char *)s + at);
		spin_lock(&slab_lock);
		list_add_head(partial, &s->link);
	}
	s = list_entry(partial->next, struct slab, link);
	object = s->free;
	s->free = *(void **)object;
	s->used++;
	if (!s->free)
		list_remove(&s->link);
	spin_unlock(&slab_lock);
	return memset(object, 0, size);
}

static void slab_free(void *object)
{
	struct slab *s = (struct slab *)((uintptr_t)object & PAGE_MASK);
	bool empty;

	spin_lock(&slab_lock);
	if (!s->free)
		list_add_head(&slab_partial[s->class], &s->link);
	slab_push(s, object);
	empty = !--s->used;
	if (empty)
		list_remove(&s->link);
	spin_unlock(&slab_lock);
	if (empty)
		pages_free(frame_at(virt_to_mfn(s)));
}

void *heap_alloc(size_t size)
{
	unsigned int order = 0;

	for (unsigned int c = 0; c < ARRAY_SIZE(slab_size); c++)
		if (size <= slab_size[c])
			return slab_alloc(c);
	while (PAGE_SIZE << order < size)
		order++;
	return order > MAX_ORDER ? NULL : pages_alloc(order);
}

void heap_free(void *p)
{
	if (!p)
		return;
	if ((uintptr_t)p & (PAGE_SIZE - 1))
		slab_free(p);
	else
		pages_free(frame_at(virt_to_mfn(p)));
}

/* Boot. */

void mm_free_boot_range(uint64_t start, uint64_t end)
{
	uint64_t first = page_up(start) >> PAGE_SHIFT;

	end = min_u64(end >> PAGE_SHIFT, machine_frames);
	first = max_u64(first, 1); /* frame 0 is never used: 0 means none */
	while (first < end) {
		unsigned int order = 0;

		while (order < MAX_ORDER && !(first & (1ull << order)) &&
		       first + (2ull << order) <= end)
			order++;
		heap_total_pages += 1ull << order;
		frames_free(&frame_table[first], order);
		first += 1ull << order;
	}
}

void mm_init(const struct ram_range *ranges, unsigned int n)
{
	pte_frame_limit = 1ull << (cpu_features.address_bits - PAGE_SHIFT);
	for (unsigned int c = 0; c < ARRAY_SIZE(slab_size); c++)
		list_init(&slab_partial[c]);
	for (unsigned int o = 0; o <= MAX_ORDER; o++)
		list_init(&free_blocks[o]);
	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];
		uint64_t end = min_u64((r->start + r->size) >> PAGE_SHIFT,
				       machine_frames);

		for (uint64_t m = r->start >> PAGE_SHIFT; m < end; m++)
			if (r->type == MEMORY_RAM && !frame_table[m].state)
				frame_table[m].state = FRAME_RESERVED;
	}
	for (unsigned int i = 0; i < n; i++)
		mm_free_boot_range(ranges[i].start, ranges[i].end);
}
