/* SPDX-License-Identifier: MIT */
/*
 * Skew heaps: binary trees in which no child is before its parent. Nothing
 * keeps them in balance but that a node's children change sides whenever trees
 * are melded through it: what one operation finds deep on one side, the next
 * one does not meet.
 */
#include "lib/heap.h"

/* Put one tree of two at *link below `up`; b may be NULL. */
static force_inline void meld(struct heap_node **link, struct heap_node *up,
			      struct heap_node *a, struct heap_node *b)
{
	while (b) {
		struct heap_node *later = b;

		if (!heap_before(a->key, b->key)) {
			later = a;
			a = b;
		}
		*link = a;
		a->up = up;
		up = a;
		link = &a->left;
		b = a->right;
		a->right = a->left;
		a = later;
	}
	*link = a;
	a->up = up;
}

void heap_insert(struct heap *h, struct heap_node *n)
{
	n->left = n->right = NULL;
	meld(&h->top.left, &h->top, n, h->top.left);
}

void heap_remove(struct heap_node *n)
{
	struct heap_node *up = n->up;
	struct heap_node **link = up->left == n ? &up->left : &up->right;

	n->up = NULL;
	*link = n->right;
	if (n->left)
		meld(link, up, n->left, n->right);
	else if (n->right)
		n->right->up = up;
}

struct heap_node *heap_next(const struct heap_node *n)
{
	const struct heap_node *up;

	if (n->left || n->right)
		return n->left ? n->left : n->right;
	/* Up to where there is something on the right; top has nothing. */
	for (up = n->up; up && (n == up->right || !up->right); up = n->up)
		n = up;
	return up ? up->right : NULL;
}
