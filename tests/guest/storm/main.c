/* SPDX-License-Identifier: MIT */
/*
 * A guest that does one thing to the hypervisor as often as it can, for ever.
 * Its command line says which: a name of storms[].
 */
#include <public/event_channel.h>
#include <public/memory.h>
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/grant.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>
#include <pvguest/start.h>
#include <pvguest/trap.h>

#include "../kit/kit.h"

#define BATCH    128u
#define BALLOON  2048u /* pages */
#define UNMAPPED ((volatile uint64_t *)0x10)

static bool same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* A channel to ourselves: every event is sent, taken and closed again. */
static void event_storm(void)
{
	struct evtchn_bind_ipi bind = { .vcpu = 0 };
	struct evtchn_send send;
	unsigned int i;

	pv_hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_ipi,
		      PV_ARG(&bind));
	pv_event_attach(bind.port, NULL, NULL);
	send.port = bind.port;
	for (i = 0; i < BATCH; i++) {
		pv_hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
			      PV_ARG(&send));
		pv_poll();
	}
	pv_event_close(bind.port);
}

static void grant_storm(void)
{
	static void *page;
	uint32_t ref;
	void *mapped;
	int error;

	if (!page)
		page = pv_page_alloc();
	ref = (uint32_t)pv_grant_access(own_domid(), page, true);
	mapped = pv_grant_map(own_domid(), ref, true, &error);
	if (!mapped)
		pv_panic("grant not mapped: %d", error);
	pv_grant_unmap(mapped);
	(void)pv_grant_end(ref);
}

/* Each entry is validated anew and flushes the TLB. */
static void pte_storm(void)
{
	static void *page;
	bool writable = false;
	unsigned int i;

	if (!page)
		page = pv_page_alloc();
	for (i = 0; i < BATCH; i++) {
		(void)pv_page_set_writable(page, writable);
		writable = !writable;
	}
}

static void console_storm(void)
{
	pv_printf("the quick brown fox jumps over the lazy dog, and again\n");
}

static void flush_storm(void)
{
	struct mmuext_op ops[BATCH] = { 0 };
	unsigned int i;

	for (i = 0; i < BATCH; i++)
		ops[i].cmd = i % 2 ? MMUEXT_TLB_FLUSH_ALL : MMUEXT_INVLPG_ALL;
	pv_hypercall4(__HYPERVISOR_mmuext_op, PV_ARG(ops), BATCH, 0,
		      DOMID_SELF);
}

static void fault_storm(void)
{
	uint64_t value;

	(void)pv_probe_read(UNMAPPED, &value);
}

/* Gives memory back and takes it again; where it comes from is its affair. */
static void balloon_storm(void)
{
	static uint64_t frames[BALLOON];
	struct xen_memory_reservation r = { .nr_extents = BALLOON,
					    .domid = DOMID_SELF };
	long done;

	set_xen_guest_handle(r.extent_start, (xen_pfn_t *)frames);
	done = pv_hypercall2(__HYPERVISOR_memory_op, XENMEM_populate_physmap,
			     PV_ARG(&r));
	if (done <= 0)
		pv_panic("no memory to thrash: %ld", done);
	r.nr_extents = (unsigned long)done;
	done = pv_hypercall2(__HYPERVISOR_memory_op,
			     XENMEM_decrease_reservation, PV_ARG(&r));
	if (done != (long)r.nr_extents)
		pv_panic("%ld of %lu pages given back", done,
			 (unsigned long)r.nr_extents);
}

static const struct {
	const char *name;
	void (*blow)(void);
} storms[] = {
	{ "event", event_storm },     { "grant", grant_storm },
	{ "pte", pte_storm },         { "console", console_storm },
	{ "flush", flush_storm },     { "fault", fault_storm },
	{ "balloon", balloon_storm },
};

int main(void)
{
	const char *name = (const char *)pv_start_info->cmd_line;
	unsigned int i;

	for (i = 0; i < sizeof(storms) / sizeof(storms[0]); i++) {
		if (!same(name, storms[i].name))
			continue;
		pv_printf("storm %s\n", name);
		for (;;)
			storms[i].blow();
	}
	pv_panic("no storm \"%s\"", name);
}
