/* SPDX-License-Identifier: MIT */
/*
 * Nodes; see node.h.
 */
#include "xenstore/node.h"

#include <stdlib.h>
#include <string.h>

/* FNV-1a: short, and good enough for paths. */
uint32_t xs_hash(const char *path)
{
	uint32_t hash = 2166136261u;

	for (; *path; path++)
		hash = (hash ^ (uint8_t)*path) * 16777619u;
	return hash;
}

static void copy(char *to, struct xs_bytes from)
{
	if (from.size)
		memcpy(to, from.bytes, from.size);
}

struct xs_node *xs_node_new(const char *path, const struct xs_perms *perms,
			    struct xs_bytes value, struct xs_bytes names)
{
	size_t path_size = strlen(path) + 1;
	struct xs_node *node =
		malloc(sizeof(*node) + path_size + value.size + names.size);

	if (!node)
		return NULL;
	node->next = NULL;
	node->generation = 0;
	node->hash = xs_hash(path);
	node->perms = *perms;
	memcpy(node->path, path, path_size);
	node->value = node->path + path_size;
	node->value_size = value.size;
	copy(node->value, value);
	node->names = node->value + value.size;
	node->names_size = names.size;
	copy(node->names, names);
	return node;
}

static struct xs_bytes value_of(const struct xs_node *node)
{
	return (struct xs_bytes){ node->value, node->value_size };
}

static struct xs_bytes names_of(const struct xs_node *node)
{
	return (struct xs_bytes){ node->names, node->names_size };
}

struct xs_node *xs_node_with_value(const struct xs_node *node,
				   struct xs_bytes value)
{
	return xs_node_new(node->path, &node->perms, value, names_of(node));
}

struct xs_node *xs_node_with_perms(const struct xs_node *node,
				   const struct xs_perms *perms)
{
	return xs_node_new(node->path, perms, value_of(node), names_of(node));
}

/* At the end, so that lists come in the order of creation. */
struct xs_node *xs_node_with_child(const struct xs_node *node, const char *name)
{
	size_t size = strlen(name) + 1;
	struct xs_bytes names = { NULL, 0 };
	struct xs_node *grown;
	char *joined = malloc(node->names_size + size);

	if (!joined)
		return NULL;
	copy(joined, names_of(node));
	memcpy(joined + node->names_size, name, size);
	names = (struct xs_bytes){ joined, node->names_size + size };
	grown = xs_node_new(node->path, &node->perms, value_of(node), names);
	free(joined);
	return grown;
}

struct xs_node *xs_node_without_child(const struct xs_node *node,
				      const char *name)
{
	struct xs_node *shrunk = xs_node_with_value(node, value_of(node));

	if (shrunk)
		xs_node_drop_child(shrunk, name);
	return shrunk;
}

bool xs_node_drop_child(struct xs_node *node, const char *name)
{
	size_t size = strlen(name) + 1;
	char *at = node->names;
	char *end = at + node->names_size;

	while (at < end && strcmp(at, name) != 0)
		at += strlen(at) + 1;
	if (at == end)
		return false;
	memmove(at, at + size, (size_t)(end - at) - size);
	node->names_size -= size;
	return true;
}

bool xs_node_drop_perms(struct xs_node *node, uint16_t domid)
{
	struct xs_perms *perms = &node->perms;
	size_t i, kept = 1, count = perms->count;

	for (i = 1; i < count; i++) {
		if (perms->list[i].domid != domid)
			perms->list[kept++] = perms->list[i];
	}
	perms->count = kept;
	return kept != count;
}

bool xs_node_allows(const struct xs_node *node, uint16_t domid,
		    enum xs_rights wanted)
{
	const struct xs_perms *perms = &node->perms;
	enum xs_rights rights = perms->list[0].rights;
	size_t i;

	if (domid == XS_PRIVILEGED || perms->list[0].domid == domid)
		return true;
	for (i = 1; i < perms->count; i++) {
		if (perms->list[i].domid == domid) {
			rights = perms->list[i].rights;
			break;
		}
	}
	return (rights & wanted) == wanted;
}

uint16_t xs_node_owner(const struct xs_node *node)
{
	return node->perms.list[0].domid;
}

size_t xs_node_cost(const struct xs_node *node)
{
	return sizeof(*node) + strlen(node->path) + 1 + node->value_size +
	       node->names_size;
}
