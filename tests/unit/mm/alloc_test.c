/* SPDX-License-Identifier: MIT */
/*
 * The allocator: blocks and small objects in random order, filled with a
 * pattern of their own that nothing may change; all memory comes back whole.
 */
#include <stdio.h>
#include <string.h>

#include "machine.h"
#include "mm/mm.h"

#define LIVE 64

struct object {
	uint8_t *p;
	size_t size;
	uint8_t pattern;
};

static struct object live[LIVE];

static void check_filled(const struct object *o, uint8_t with)
{
	for (size_t i = 0; i < o->size; i++)
		CHECK(o->p[i] == with);
}

static void object_new(struct object *o)
{
	o->size = 1 + random_below(chance(80) ? 2200 : 16000);
	o->p = heap_alloc(o->size);
	if (!o->p)
		return;
	CHECK((uintptr_t)o->p % 64 == 0);
	check_filled(o, 0);
	o->pattern = (uint8_t)(1 + random_below(255));
	memset(o->p, o->pattern, o->size);
}

static void object_end(struct object *o)
{
	check_filled(o, o->pattern);
	heap_free(o->p);
	o->p = NULL;
}

static void small_objects(void)
{
	uint64_t free_before = heap_free_pages;

	for (unsigned int i = 0; i < 20000; i++) {
		struct object *o = &live[random_below(LIVE)];

		if (o->p)
			object_end(o);
		else
			object_new(o);
	}
	for (unsigned int i = 0; i < LIVE; i++)
		if (live[i].p)
			object_end(&live[i]);
	CHECK(heap_free_pages == free_before);
}

/* Below a limit, aligned, disjoint; and merged again afterwards. */
static void blocks(void)
{
	struct frame *low = frames_alloc(2, 12 + 5), *large;

	CHECK(low && frame_to_mfn(low).n + 4 <= 32);
	CHECK(frame_to_mfn(low).n % 4 == 0);
	CHECK(!frames_alloc(0, 12));
	CHECK(!frames_alloc(MAX_ORDER + 1, 0));
	frames_free(low, 2);
	large = frames_alloc(6, 0);
	CHECK(large && frame_to_mfn(large).n % 64 == 0);
	frames_free(large, 6);
}

/* Memory cut into pieces does not make a limit a long search (HC-5). */
static void pieces(void)
{
	static struct frame *taken[MACHINE_FRAMES];
	uint64_t n = heap_free_pages;

	for (uint64_t i = 0; i < n; i++) {
		struct frame *f = frames_alloc(0, 0);

		CHECK(f);
		taken[frame_to_mfn(f).n] = f;
	}
	/* No two are one block, and what was freed last is found first. */
	for (unsigned int m = 1; m < MACHINE_FRAMES; m += 2)
		if (taken[m])
			frames_free(taken[m], 0);
	CHECK(heap_free_pages > 40);
	CHECK(!frames_alloc(0, 12 + 3));
	for (unsigned int m = 0; m < MACHINE_FRAMES; m += 2)
		if (taken[m])
			frames_free(taken[m], 0);
	CHECK(heap_free_pages == n);
}

static void exhaustion(void)
{
	uint64_t n = heap_free_pages;
	void *first = NULL;

	for (uint64_t i = 0; i < n; i++) {
		void **p = heap_alloc(PAGE_SIZE);

		CHECK(p && !p[0]);
		p[0] = first;
		first = p;
	}
	CHECK(!heap_alloc(PAGE_SIZE) && !heap_alloc(5000));
	while (first) {
		void *next = *(void **)first;

		heap_free(first);
		first = next;
	}
	CHECK(heap_free_pages == n);
}

static unsigned int pages_of_zeros(void)
{
	unsigned int n = 0;

	for (unsigned int m = 0; m < MACHINE_FRAMES; m++)
		n += frame_table[m].is_zero;
	return n;
}

/* Pages are cleared once; what is not given out yet, and no other. */
static void clearing_ahead(void)
{
	uint64_t n = heap_free_pages;
	uint8_t *p;

	while (frames_clear_ahead())
		;
	CHECK(heap_free_pages == n);
	CHECK(pages_of_zeros() && pages_of_zeros() <= n);
	n = pages_of_zeros();
	CHECK(!frames_clear_ahead());

	p = heap_alloc(4 * PAGE_SIZE);
	CHECK(p && pages_of_zeros() == n - 4);
	memset(p, 0xa5, 4 * PAGE_SIZE);
	heap_free(p);
	CHECK(pages_of_zeros() == n - 4);
	for (unsigned int i = 0; i < 4; i++)
		CHECK(frames_clear_ahead());
	CHECK(pages_of_zeros() == n && !frames_clear_ahead());
}

/* Not while a mapping may be left of a page that has become free. */
static void clearing_waits(void)
{
	struct domain *d = machine_domain(1, 1, false);
	uint8_t *p = heap_alloc(PAGE_SIZE);

	machine_run(d->vcpu[0]);
	heap_free(p);
	CHECK(!frames_clear_ahead());
	machine_run(NULL); /* which flushes */
	CHECK(frames_clear_ahead());
}

int main(void)
{
	machine_init();
	small_objects();
	blocks();
	exhaustion();
	pieces();
	blocks();
	clearing_ahead();
	clearing_waits();
	printf("ok alloc\n");
	return 0;
}
