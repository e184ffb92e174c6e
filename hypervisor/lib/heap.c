/* SPDX-License-Identifier: MIT */
/*
 * Pairing heaps: a tree in which no child is before its parent, and in which
 * the children of a node are a list:
 *
 *   top           child: down; next: right; up: left, and from the first of
 *    |            a list to its parent
 *    2
 *    |
 *    7 - 3 - 5
 *        |
 *        4
 */
#include "lib/heap.h"

/* One tree of two: the later becomes the first child of the earlier. */
static struct heap_node *meld(struct heap_node *a, struct heap_node *b)
{
	struct heap_node *above = a, *below = b;

	if (heap_before(b->key, a->key)) {
		above = b;
		below = a;
	}
	below->up = above;
	below->next = above->child;
	if (below->next)
		below->next->up = below;
	above->child = below;
	return above;
}

/*
 * One tree of a list of siblings. In pairs first, then each pair with the
 * rest: what a long list costs once, it leaves half as long.
 */
static struct heap_node *meld_list(struct heap_node *list)
{
	struct heap_node *pairs = NULL, *n;

	while ((n = list) != NULL) {
		struct heap_node *second = n->next;

		list = second ? second->next : NULL;
		if (second)
			n = meld(n, second);
		n->next = pairs;
		pairs = n;
	}
	while ((n = pairs) != NULL && n->next) {
		list = n->next->next;
		pairs = meld(n->next, n);
		pairs->next = list;
	}
	return pairs;
}

void heap_insert(struct heap *h, struct heap_node *n)
{
	struct heap_node *first = h->top.child;

	n->child = n->next = NULL;
	first = first ? meld(first, n) : n;
	first->up = &h->top;
	h->top.child = first;
}

/* None of its children is before n's parent: one takes the place of n. */
void heap_remove(struct heap_node *n)
{
	struct heap_node *heir = meld_list(n->child);

	if (heir && n->next)
		n->next->up = heir;
	if (heir)
		heir->next = n->next;
	else
		heir = n->next;
	if (heir)
		heir->up = n->up;
	if (n->up->child == n)
		n->up->child = heir;
	else
		n->up->next = heir;
	n->up = NULL;
}

struct heap_node *heap_next(const struct heap_node *n)
{
	if (n->child)
		return n->child;
	while (!n->next) {
		/* Left to the first of the siblings, and up. */
		while (n->up->child != n)
			n = n->up;
		n = n->up;
		if (!n->up)
			return NULL;
	}
	return n->next;
}
