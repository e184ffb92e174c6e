/* SPDX-License-Identifier: MIT */
/* Negotiation of split devices; see xenbus.h. */
#include <public/errno.h>
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/mm.h>
#include <pvguest/xenbus.h>

#include "internal.h"

#define NUMBER_SIZE 24

/* Digits only, and what they mean fits. */
static int parse(const char *text, uint32_t *number)
{
	uint64_t value = 0;

	if (!*text)
		return -XEN_EINVAL;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return -XEN_EINVAL;
		value = value * 10 + (uint64_t)(*text - '0');
		if (value > UINT32_MAX)
			return -XEN_EINVAL;
	}
	*number = (uint32_t)value;
	return 0;
}

int pv_keys_number(const struct pv_keys *keys, const char *key,
		   uint32_t *number)
{
	char text[NUMBER_SIZE];
	int length = keys->read(keys->context, key, text, sizeof(text));

	if (length == -XEN_ENOENT)
		return length;
	if (length < 0 || strlen(text) != (size_t)length)
		return -XEN_EINVAL;
	return parse(text, number);
}

int pv_keys_number_or(const struct pv_keys *keys, const char *key,
		      uint32_t missing, uint32_t *number)
{
	int rc = pv_keys_number(keys, key, number);

	if (rc != -XEN_ENOENT)
		return rc;
	*number = missing;
	return 0;
}

bool pv_keys_flag(const struct pv_keys *keys, const char *key)
{
	uint32_t number;

	return pv_keys_number(keys, key, &number) == 0 && number == 1;
}

enum xenbus_state pv_keys_state(const struct pv_keys *keys)
{
	uint32_t state;

	if (pv_keys_number(keys, "state", &state) ||
	    state > XenbusStateReconfigured)
		return XenbusStateUnknown;
	return (enum xenbus_state)state;
}

int pv_keys_put(const struct pv_keys *keys, const char *key, uint64_t number)
{
	char text[NUMBER_SIZE];

	pv_snprintf(text, sizeof(text), "%lu", (unsigned long)number);
	return keys->write(keys->context, key, text);
}

int pv_keys_put_all(const struct pv_keys *keys,
		    const struct pv_key_value *values, size_t count)
{
	size_t i;
	int rc = 0;

	for (i = 0; i < count && !rc; i++)
		rc = pv_keys_put(keys, values[i].key, values[i].number);
	return rc;
}

void pv_queue_key(char key[PV_KEY_SIZE], uint32_t queue, uint32_t queues,
		  const char *name)
{
	if (queues == 1)
		pv_snprintf(key, PV_KEY_SIZE, "%s", name);
	else
		pv_snprintf(key, PV_KEY_SIZE, "queue-%u/%s", queue, name);
}

int pv_queues_read(const struct pv_keys *keys, uint32_t limit, uint32_t *queues)
{
	int rc = pv_keys_number_or(keys, "multi-queue-num-queues", 1, queues);

	if (rc)
		return rc;
	return *queues == 0 || *queues > limit ? -XEN_EINVAL : 0;
}

int pv_queue_port_bind(const struct pv_keys *keys, uint16_t domid,
		       uint32_t queue, uint32_t queues, const char *name,
		       pv_event_handler *handler, void *context)
{
	char key[PV_KEY_SIZE];
	uint32_t remote;
	int rc;

	pv_queue_key(key, queue, queues, name);
	rc = pv_keys_number(keys, key, &remote);
	if (rc)
		return rc;
	return pv_event_bind_interdomain(domid, remote, handler, context);
}

/* Rings ------------------------------------------------------------------- */

/* NAME of a single page; Linux puts it so whatever the order. */
static int read_one(struct pv_ring_pages *ring, const struct pv_keys *keys,
		    uint32_t queue, uint32_t queues, const char *name)
{
	char key[PV_KEY_SIZE];

	ring->count = 1;
	pv_queue_key(key, queue, queues, name);
	return pv_keys_number(keys, key, &ring->pages[0].ref);
}

static int read_refs(struct pv_ring_pages *ring, const struct pv_keys *keys,
		     uint32_t queue, uint32_t queues, const char *name)
{
	char key[PV_KEY_SIZE], numbered[PV_KEY_SIZE];
	uint32_t i;
	int rc;

	for (i = 0; i < ring->count; i++) {
		pv_snprintf(numbered, sizeof(numbered), "%s%u", name, i);
		pv_queue_key(key, queue, queues, numbered);
		rc = pv_keys_number(keys, key, &ring->pages[i].ref);
		if (rc)
			return rc;
	}
	return 0;
}

static int read_layout(struct pv_ring_pages *ring, const struct pv_keys *keys,
		       uint32_t queue, uint32_t queues, const char *name,
		       uint32_t max_order)
{
	uint32_t order;
	int rc = pv_keys_number_or(keys, "ring-page-order", 0, &order);

	if (rc || order > max_order)
		return -XEN_EINVAL;
	if (order == 0)
		rc = read_one(ring, keys, queue, queues, name);
	if (order == 0 && rc != -XEN_ENOENT)
		return rc;
	ring->count = 1U << order;
	return read_refs(ring, keys, queue, queues, name);
}

/* All pages or none. */
static int map_pages(struct pv_ring_pages *ring, uint16_t domid)
{
	uint32_t i;
	int rc = 0;

	ring->va = pv_map_reserve(ring->count);
	if (!ring->va)
		return -XEN_ENOMEM;
	for (i = 0; i < ring->count; i++)
		ring->pages[i].va = (char *)ring->va + i * PV_PAGE_SIZE;
	if (pv_grants_map(domid, ring->pages, ring->count, true) == ring->count)
		return 0;
	for (i = 0; i < ring->count && !rc; i++)
		rc = ring->pages[i].error;
	pv_ring_pages_unmap(ring);
	return rc;
}

int pv_ring_pages_map(struct pv_ring_pages *ring, const struct pv_keys *keys,
		      uint16_t domid, uint32_t queue, uint32_t queues,
		      const char *name, uint32_t max_order)
{
	int rc;

	ring->va = NULL;
	rc = read_layout(ring, keys, queue, queues, name, max_order);
	return rc ? rc : map_pages(ring, domid);
}

void pv_ring_pages_unmap(struct pv_ring_pages *ring)
{
	if (!ring->va)
		return;
	pv_grants_unmap(ring->pages, ring->count);
	pv_map_release(ring->va, ring->count);
	ring->va = NULL;
}
