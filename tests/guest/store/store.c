/* SPDX-License-Identifier: MIT */
/* See store.h. */
#include "store.h"

#include <public/io/xs_wire.h>
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/mm.h>
#include <pvguest/start.h>

static volatile struct xenstore_domain_interface *ring;

static void answer_came(uint32_t port, void *context)
{
	(void)port;
	(void)context;
}

void store_init(void)
{
	ring = pv_pfn_to_va(pv_mfn_to_pfn(pv_start_info->store_mfn));
	pv_event_attach(pv_start_info->store_evtchn, answer_came, NULL);
}

static void barrier(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

static void put(const char *bytes, size_t size)
{
	while (size > 0) {
		if (ring->req_prod - ring->req_cons == XENSTORE_RING_SIZE) {
			pv_event_notify(pv_start_info->store_evtchn);
			pv_wait(PV_FOREVER);
			continue;
		}
		ring->req[MASK_XENSTORE_IDX(ring->req_prod)] = *bytes++;
		barrier();
		ring->req_prod++;
		size--;
	}
}

static void get(char *bytes, size_t size)
{
	while (size > 0) {
		if (ring->rsp_prod == ring->rsp_cons) {
			pv_event_notify(pv_start_info->store_evtchn);
			pv_wait(PV_FOREVER);
			continue;
		}
		barrier();
		*bytes++ = ring->rsp[MASK_XENSTORE_IDX(ring->rsp_cons)];
		barrier();
		ring->rsp_cons++;
		size--;
	}
}

static size_t length(const char *text)
{
	size_t size = 0;

	while (text[size])
		size++;
	return size;
}

/* Sends `path` with its NUL and `value` without; false: an error came. */
static bool call(uint32_t type, const char *path, const char *value,
		 char answer[XENSTORE_PAYLOAD_MAX + 1])
{
	size_t path_size = length(path) + 1;
	size_t value_size = value ? length(value) : 0;
	struct xsd_sockmsg header = { type, 1, 0,
				      (uint32_t)(path_size + value_size) };

	put((const char *)&header, sizeof(header));
	put(path, path_size);
	put(value, value_size);
	pv_event_notify(pv_start_info->store_evtchn);
	get((char *)&header, sizeof(header));
	if (header.len > XENSTORE_PAYLOAD_MAX)
		return false;
	get(answer, header.len);
	answer[header.len] = '\0';
	pv_event_notify(pv_start_info->store_evtchn);
	return header.type == type;
}

static char answer[XENSTORE_PAYLOAD_MAX + 1];

bool store_write(const char *path, const char *value)
{
	return call(XS_WRITE, path, value, answer);
}

bool store_remove(const char *path)
{
	return call(XS_RM, path, NULL, answer);
}

bool store_read(const char *path, char *value, size_t size)
{
	if (!call(XS_READ, path, NULL, answer))
		return false;
	pv_snprintf(value, size, "%s", answer);
	return true;
}

bool store_write_number(const char *path, uint64_t value)
{
	char text[24];

	pv_snprintf(text, sizeof(text), "%lu", value);
	return store_write(path, text);
}

uint64_t store_read_number(const char *path)
{
	uint64_t value = 0;
	const char *at = answer;

	if (!call(XS_READ, path, NULL, answer))
		return 0;
	for (; *at >= '0' && *at <= '9'; at++)
		value = value * 10 + (uint64_t)(*at - '0');
	return value;
}
