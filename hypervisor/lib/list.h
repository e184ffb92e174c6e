/* SPDX-License-Identifier: MIT */
/* Circular doubly linked lists with the node inside the element. */
#pragma once

#include "lib/types.h"

struct list {
	struct list *next, *prev;
};

#define LIST_INIT(name) ((struct list){ &(name), &(name) })

static inline void list_init(struct list *l)
{
	l->next = l->prev = l;
}

static inline bool list_empty(const struct list *l)
{
	return l->next == l;
}

static inline void list_add_head(struct list *l, struct list *node)
{
	node->prev = l;
	node->next = l->next;
	/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): it is a ring */
	l->next->prev = node;
	l->next = node;
}

/* A ring has no ends: behind the last is before the first. */
static inline void list_add_tail(struct list *l, struct list *node)
{
	list_add_head(l->prev, node);
}

/* Take node out; it becomes an empty list of its own. */
static inline void list_remove(struct list *node)
{
	node->prev->next = node->next;
	node->next->prev = node->prev;
	list_init(node);
}

#define list_entry(p, type, member) container_of(p, type, member)
#define list_for_each(pos, l)                                                  \
	for ((pos) = (l)->next; (pos) != (l); (pos) = (pos)->next)
