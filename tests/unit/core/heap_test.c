/* SPDX-License-Identifier: MIT */
/* The priority queue against an array: first, order, removal, the walk. */
#include "lib/heap.h"

#include <stdlib.h>

#include "core_fake.h"

#define NODES 200

static struct heap heap;
static struct heap_node nodes[NODES];
static uint64_t base; /* keys lie around it */

static void check_tree(const struct heap_node *parent,
		       const struct heap_node *n)
{
	if (!n)
		return;
	CHECK(n->up == parent);
	CHECK(parent == &heap.top || !heap_before(n->key, parent->key));
	check_tree(n, n->left);
	check_tree(n, n->right);
}

/* The walk meets every node that is in the heap, once; the first is least. */
static void check(void)
{
	const struct heap_node *first = heap_first(&heap), *n;
	unsigned int in = 0, met = 0;

	CHECK(!heap.top.up && !heap.top.right);
	check_tree(&heap.top, heap.top.left);
	for (unsigned int i = 0; i < NODES; i++) {
		in += heap_holds(&nodes[i]);
		CHECK(!heap_holds(&nodes[i]) ||
		      !heap_before(nodes[i].key, first->key));
	}
	for (n = first; n; n = heap_next(n)) {
		CHECK(heap_holds(n));
		met++;
	}
	CHECK(met == in);
}

static void test_random(void)
{
	srandom(3);
	for (unsigned int step = 0; step < 20000; step++) {
		struct heap_node *n = &nodes[random() % NODES];

		/* Grow and shrink in turns. */
		if (random() % 4 == 0 && step / 1000 % 2)
			n = heap_first(&heap) ? heap_first(&heap) : n;
		if (heap_holds(n)) {
			heap_remove(n);
		} else if (random() % 4 || step / 1000 % 2 == 0) {
			n->key = base + (uint64_t)random() % 100;
			heap_insert(&heap, n);
		}
		check();
	}
	while (heap_first(&heap)) {
		uint64_t key = heap_first(&heap)->key;

		heap_remove(heap_first(&heap));
		CHECK(!heap_first(&heap) ||
		      !heap_before(heap_first(&heap)->key, key));
		check();
	}
}

static void test_equals(void)
{
	for (unsigned int i = 0; i < 2; i++) {
		nodes[i].key = 1;
		heap_insert(&heap, &nodes[i]);
	}
	CHECK(heap_first(&heap) == &nodes[0]);
	heap_remove(&nodes[0]);
	CHECK(heap_first(&heap) == &nodes[1]);
	heap_remove(&nodes[1]);
}

int main(void)
{
	test_random();
	fake_ok("any insertions and removals: the first is the least");
	base = UINT64_MAX - 50;
	test_random();
	fake_ok("the same with keys that wrap");
	test_equals();
	fake_ok("of two equals the older is first");
	return 0;
}
