/* SPDX-License-Identifier: MIT */
/*
 * Nodes; see node.h.
 */
#include "xenstore/node.h"

#include <stdlib.h>
#include <string.h>

static void copy(char *to, struct xs_bytes from)
{
	if (from.size)
		memcpy(to, from.bytes, from.size);
}

/* All but the permissions. */
static struct xs_node *alloc(const struct xs_key *key, struct xs_bytes value,
			     struct xs_bytes names, size_t room)
{
	struct xs_node *node =
		malloc(sizeof(*node) + key->length + 1 + value.size + room);

	if (!node)
		return NULL;
	node->next = NULL;
	node->generation = 0;
	node->key = *key;
	node->key.path = node->path;
	memcpy(node->path, key->path, key->length);
	node->path[key->length] = '\0';
	node->value = node->path + key->length + 1;
	node->value_size = value.size;
	copy(node->value, value);
	node->names = node->value + value.size;
	node->names_size = names.size;
	node->names_room = room;
	copy(node->names, names);
	return node;
}

struct xs_node *xs_node_new(const struct xs_key *key,
			    const struct xs_perms *perms, struct xs_bytes value)
{
	struct xs_node *node =
		alloc(key, value, (struct xs_bytes){ NULL, 0 }, 0);

	if (node)
		node->perms = *perms;
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

static struct xs_node *copy_with(const struct xs_node *node,
				 struct xs_bytes value, size_t room)
{
	struct xs_node *made = alloc(&node->key, value, names_of(node), room);

	if (made)
		made->perms = node->perms;
	return made;
}

struct xs_node *xs_node_with_value(const struct xs_node *node,
				   struct xs_bytes value)
{
	return copy_with(node, value, node->names_size);
}

struct xs_node *xs_node_with_perms(const struct xs_node *node,
				   const struct xs_perms *perms)
{
	struct xs_node *made = xs_node_with_value(node, value_of(node));

	if (made)
		made->perms = *perms;
	return made;
}

#define ROOM_MIN 64

struct xs_node *xs_node_with_child(const struct xs_node *node,
				   struct xs_bytes name)
{
	size_t size = node->names_size + name.size + 1;
	size_t room = size < ROOM_MIN ? ROOM_MIN : size + size / 4;
	struct xs_node *grown = copy_with(node, value_of(node), room);

	if (grown)
		xs_node_add_child(grown, name);
	return grown;
}

/* At the end, so that lists come in the order of creation. */
bool xs_node_add_child(struct xs_node *node, struct xs_bytes name)
{
	char *end = node->names + node->names_size;

	if (node->names_room - node->names_size < name.size + 1)
		return false;
	memcpy(end, name.bytes, name.size);
	end[name.size] = '\0';
	node->names_size += name.size + 1;
	return true;
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
	node->names_room = node->names_size; /* the quota's again */
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
	return sizeof(*node) + node->key.length + 1 + node->value_size +
	       node->names_room;
}
