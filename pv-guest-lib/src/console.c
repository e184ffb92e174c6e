/* SPDX-License-Identifier: MIT */
/*
 * Console. The first domain writes to the machine's console by hypercall;
 * every other has a ring shared with the console daemon.
 *
 * Owns: our ends of the ring (out_prod, in_cons). Output works before and
 * without pv_mm_init() for the first domain, so that early panics are seen;
 * the ring's page is in the initial mapping.
 */
#include <public/event_channel.h>
#include <public/io/console.h>
#include <public/sched.h>
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>
#include <pvguest/start.h>

#include "internal.h"

static struct xencons_interface *ring; /* NULL: the machine's console */
static uint32_t ring_port;
static bool events_ready;
/* An event tells of input from the machine's console, and when nothing has
 * come since it was read empty the hypervisor need not be asked. */
static int virq_port = -1;
static bool maybe_typed = true;

static void (*input_handler)(void *context);
static void *input_context;

static void machine_write(const char *text, size_t length)
{
	pv_hypercall3(__HYPERVISOR_console_io, CONSOLEIO_write, length,
		      PV_ARG(text));
}

static void ring_notify(void)
{
	struct evtchn_send op = { .port = ring_port };

	pv_hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
		      PV_ARG(&op));
}

static void ring_put(char c)
{
	uint32_t producer = ring->out_prod;

	while (producer - __atomic_load_n(&ring->out_cons, __ATOMIC_ACQUIRE) >=
	       sizeof(ring->out)) {
		ring_notify();
		pv_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_yield, 0);
	}
	ring->out[MASK_XENCONS_IDX(producer, ring->out)] = c;
	__atomic_store_n(&ring->out_prod, producer + 1, __ATOMIC_RELEASE);
}

static void ring_write(const char *text, size_t length)
{
	while (length-- > 0)
		ring_put(*text++);
	ring_notify();
}

static void write_raw(const char *text, size_t length)
{
	if (length == 0)
		return;
	if (ring)
		ring_write(text, length);
	else
		machine_write(text, length);
}

void pv_console_write(const char *text, size_t length)
{
	size_t start = 0;
	size_t i;

	/* The hypervisor's console adds the carriage return by itself. */
	if (!ring) {
		write_raw(text, length);
		return;
	}
	for (i = 0; i < length; i++) {
		if (text[i] != '\n')
			continue;
		write_raw(text + start, i - start);
		write_raw("\r\n", 2);
		start = i + 1;
	}
	write_raw(text + start, length - start);
}

static size_t ring_read(char *buffer, size_t size)
{
	uint32_t consumer = ring->in_cons;
	uint32_t producer = __atomic_load_n(&ring->in_prod, __ATOMIC_ACQUIRE);
	size_t n = 0;

	while (n < size && consumer != producer)
		buffer[n++] = ring->in[MASK_XENCONS_IDX(consumer++, ring->in)];
	if (n > 0) {
		__atomic_store_n(&ring->in_cons, consumer, __ATOMIC_RELEASE);
		ring_notify();
	}
	return n;
}

static size_t machine_read(char *buffer, size_t size)
{
	long n;

	if (virq_port >= 0 && !maybe_typed &&
	    !pv_event_is_pending((uint32_t)virq_port))
		return 0;
	n = pv_hypercall3(__HYPERVISOR_console_io, CONSOLEIO_read, size,
			  PV_ARG(buffer));
	maybe_typed = n != 0;
	return n > 0 ? (size_t)n : 0;
}

size_t pv_console_read(char *buffer, size_t size)
{
	return ring ? ring_read(buffer, size) : machine_read(buffer, size);
}

static void console_event(uint32_t port, void *context)
{
	(void)port;
	(void)context;
	maybe_typed = true;
	if (input_handler)
		input_handler(input_context);
}

void pv_console_on_input(void (*handler)(void *context), void *context)
{
	input_handler = handler;
	input_context = context;
	if (events_ready)
		return;
	events_ready = true;
	if (ring)
		pv_event_attach(ring_port, console_event, NULL);
	else
		virq_port =
			pv_event_bind_virq(VIRQ_CONSOLE, console_event, NULL);
}

void pv_console_init(void)
{
	uint64_t pfn;

	if (pv_is_initial_domain() || pv_start_info->console.domU.mfn == 0)
		return;
	pfn = pv_mfn_to_pfn(pv_start_info->console.domU.mfn);
	if (pfn == PV_NO_MFN)
		return;
	ring = pv_pfn_to_va(pfn);
	ring_port = pv_start_info->console.domU.evtchn;
}
