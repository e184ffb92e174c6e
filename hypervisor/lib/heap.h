/* SPDX-License-Identifier: MIT */
/*
 * Priority queues: skew heaps with the node inside the element, so that
 * nothing is ever allocated. First is O(1), insert and remove are O(log n)
 * over any run of operations. Keys may wrap: those of one heap lie within half
 * of their range of each other.
 *
 * Callers lock; heap_first() alone may be asked without, as a hint.
 */
#pragma once

#include "lib/types.h"

struct heap_node {
	uint64_t key;
	struct heap_node *up; /* parent; NULL: in none */
	struct heap_node *left, *right;
};

/* top has the first on its left, so that every node has an `up`. */
struct heap {
	struct heap_node top;
};

void heap_insert(struct heap *h, struct heap_node *n); /* below its equals */
void heap_remove(struct heap_node *n);
/* The one after n in a walk over all, which is in no order. */
struct heap_node *heap_next(const struct heap_node *n);

static inline struct heap_node *heap_first(const struct heap *h)
{
	return read_once(h->top.left);
}

static inline bool heap_holds(const struct heap_node *n)
{
	return n->up;
}

/* a is before b; right also after a wrap. */
static inline bool heap_before(uint64_t a, uint64_t b)
{
	return (int64_t)(a - b) < 0;
}
