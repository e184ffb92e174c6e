/* SPDX-License-Identifier: MIT */
/*
 * pv-guest-lib's own promises, checked in a guest: memory, faults, events,
 * clocks, windows on frames, grants. Runs as first domain and as an ordinary
 * one. Prints `ok NAME` or `not ok NAME: why` per check, then `done N failed`.
 */
#include <public/event_channel.h>
#include <public/physdev.h>
#include <public/version.h>
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/grant.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>
#include <pvguest/start.h>
#include <pvguest/time.h>
#include <pvguest/trap.h>

static int failed;

static void check(const char *name, bool good, long value)
{
	if (good)
		pv_printf("ok %s\n", name);
	else
		pv_printf("not ok %s: %ld\n", name, value);
	failed += !good;
}

/* Memory ------------------------------------------------------------------ */

static void test_all_memory_is_mapped(void)
{
	uint64_t pfn, value, unmapped = 0;

	for (pfn = 1; pfn < pv_pfn_count(); pfn++)
		unmapped += !pv_probe_read(pv_pfn_to_va(pfn), &value);
	/* the stack's guard, and the frame under shared_info is another's */
	check("linear mapping", unmapped == 1, (long)unmapped);
	check("page 0 is not mapped", !pv_probe_read(NULL, &value), 0);
}

static void test_numbers_agree(void)
{
	uint64_t pfn, wrong = 0;

	for (pfn = 0; pfn < pv_pfn_count(); pfn++)
		wrong += pv_mfn_to_pfn(pv_pfn_to_mfn(pfn)) != pfn;
	check("pfn to mfn and back", wrong == 0, (long)wrong);
	check("mfn of nobody", pv_mfn_to_pfn(1UL << 39) == PV_NO_MFN, 0);
}

static void test_pages(void)
{
	uint64_t before = pv_pages_free();
	uint64_t *chain = NULL;
	uint64_t *page;
	uint64_t taken = 0;

	while ((page = pv_page_alloc())) {
		*page = (uint64_t)chain;
		chain = page;
		taken++;
	}
	check("every page can be had", taken == before, (long)taken);
	while (chain) {
		page = chain;
		chain = (uint64_t *)*chain;
		pv_page_free(page);
	}
	check("pages come back", pv_pages_free() == before,
	      (long)pv_pages_free());
	page = pv_page_alloc();
	check("pages are zeroed", page && page[0] == 0 && page[511] == 0, 0);
	pv_page_free(page);
}

static void test_protection(void)
{
	volatile uint64_t *code = (uint64_t *)((uint64_t)test_pages & ~7UL);
	uint64_t *page = pv_page_alloc();
	int rc = pv_page_set_writable(page, false);

	check("code is read-only", !pv_probe_write(code, *code), 0);
	check("make read-only", rc == 0, rc);
	check("write is refused", !pv_probe_write(page, 1), 0);
	rc = pv_page_set_writable(page, true);
	check("write again", rc == 0 && pv_probe_write(page, 1), rc);
	pv_page_free(page);
}

/* Windows ----------------------------------------------------------------- */

static void test_windows(void)
{
	uint64_t *page = pv_page_alloc();
	uint64_t mfns[3];
	int errors[3] = { 1, 1, 1 };
	uint64_t value = 0;
	char *window;

	*page = 42;
	mfns[0] = mfns[2] = pv_va_to_mfn(page);
	mfns[1] = 1UL << 38;
	window = pv_map_frames(DOMID_SELF, mfns, 3, true, errors);
	check("window", window && errors[0] == 0 && errors[2] == 0,
	      window ? errors[0] : -1);
	check("bad frame is named", errors[1] < 0, errors[1]);
	check("window shows the page",
	      pv_probe_read((uint64_t *)(window + 2 * PV_PAGE_SIZE), &value) &&
		      value == 42,
	      (long)value);
	check("bad frame is not mapped",
	      !pv_probe_read((uint64_t *)(window + PV_PAGE_SIZE), &value), 0);
	pv_unmap_frames(window, 3);
	check("window is gone", !pv_probe_read((uint64_t *)window, &value), 0);
	pv_page_free(page);
}

/* Devices ----------------------------------------------------------------- */

#define HPET 0xfed00000UL

static void test_device_memory(void)
{
	uint64_t free = pv_pages_free(), maddr = 0, value;
	char *block = pv_dma_alloc(5, 32, &maddr);
	volatile uint64_t *hpet;
	unsigned int i, wrong = 0;

	check("memory for a device",
	      block && maddr % (8 * PV_PAGE_SIZE) == 0 && maddr < 1UL << 32,
	      (long)maddr);
	for (i = 0; block && i < 5; i++) {
		uint64_t *page = (uint64_t *)(block + i * PV_PAGE_SIZE);

		wrong += *page != 0 || !pv_probe_write(page, i);
	}
	check("it is mapped and zeroed", wrong == 0, wrong);
	check("it was traded for pages", free - pv_pages_free() >= 8, 0);
	check("too much is refused", !pv_dma_alloc(513, 0, &maddr), 0);
	if (!pv_is_initial_domain())
		return;
	hpet = pv_map_device(HPET + 8, 8);
	check("registers are mapped",
	      hpet && pv_probe_read(hpet - 1, &value) && value >> 32 != 0, 0);
	pv_unmap_device(hpet, 8);
}

static long physdev(unsigned int op, const void *arg)
{
	return pv_hypercall2(__HYPERVISOR_physdev_op, op, PV_ARG(arg));
}

/* Numbers of nobody; from an ordinary guest, every number is. */
static void test_device_interrupts(void)
{
	uint32_t gsi = pv_is_initial_domain() ? 100000 : 5;
	struct evtchn_bind_pirq bind = { .pirq = gsi };
	struct physdev_map_pirq map = { .domid = DOMID_SELF,
					.type = MAP_PIRQ_TYPE_GSI,
					.index = (int)gsi,
					.pirq = (int)gsi };
	struct physdev_map_pirq msi = { .domid = DOMID_SELF,
					.type = MAP_PIRQ_TYPE_MSI_SEG,
					.index = -1,
					.pirq = -1,
					.devfn = 0xff };
	struct physdev_unmap_pirq unmap = { DOMID_SELF, (int)gsi };
	struct physdev_setup_gsi setup = { .gsi = (int)gsi, .triggering = 1 };
	struct physdev_eoi eoi = { .irq = gsi };

	check("no such line", physdev(PHYSDEVOP_map_pirq, &map) < 0, map.pirq);
	check("no such device", physdev(PHYSDEVOP_map_pirq, &msi) < 0,
	      msi.pirq);
	check("nothing to unmap", physdev(PHYSDEVOP_unmap_pirq, &unmap) < 0, 0);
	check("nothing to set up", physdev(PHYSDEVOP_setup_gsi, &setup) < 0, 0);
	check("nothing to end", physdev(PHYSDEVOP_eoi, &eoi) < 0, 0);
	check("nothing to bind",
	      pv_hypercall2(__HYPERVISOR_event_channel_op, EVTCHNOP_bind_pirq,
			    PV_ARG(&bind)) < 0,
	      0);
	check("no interrupt of the device",
	      pv_event_bind_pirq(gsi, NULL, NULL) < 0, 0);
}

/* Grants ------------------------------------------------------------------ */

static uint16_t own_domid(void)
{
	return pv_is_initial_domain() ? 0 : DOMID_SELF;
}

static void test_grants(void)
{
	uint64_t *page = pv_page_alloc();
	int ref = pv_grant_access(own_domid(), page, true);
	int error = 0;
	uint64_t *view;

	check("grant", ref > 0, ref);
	*page = 7;
	if (pv_is_initial_domain()) {
		view = pv_grant_map(own_domid(), (uint32_t)ref, true, &error);
		check("map own grant", view && *view == 7, error);
		check("no end while mapped", !pv_grant_end((uint32_t)ref), 0);
		pv_grant_unmap(view);
		view = pv_grant_map(own_domid(), 4000, true, &error);
		check("bad grant is refused", !view && error < 0, error);
	}
	check("grant ends", pv_grant_end((uint32_t)ref), 0);
	pv_page_free(page);
}

/* Events and time --------------------------------------------------------- */

struct loop {
	uint32_t far;
	int near_events, far_events;
};

static void near_event(uint32_t port, void *context)
{
	struct loop *loop = context;

	(void)port;
	loop->near_events++;
}

static void far_event(uint32_t port, void *context)
{
	struct loop *loop = context;

	loop->far_events++;
	pv_event_notify(port);
}

static void test_events(void)
{
	struct loop loop = { 0 };
	int near = pv_event_alloc_unbound(own_domid(), near_event, &loop);
	int far = pv_event_bind_interdomain(own_domid(), (uint32_t)near,
					    far_event, &loop);

	check("event pair", near > 0 && far > 0, far);
	/* Binding itself raises both ends once. */
	while (pv_poll())
		;
	loop.near_events = loop.far_events = 0;
	pv_event_notify((uint32_t)near);
	check("event arrives", pv_wait(pv_time_ns() + 1000000000UL), 0);
	while (pv_poll())
		;
	check("event is answered",
	      loop.far_events == 1 && loop.near_events == 1,
	      loop.far_events * 10 + loop.near_events);
	pv_event_mask((uint32_t)near);
	pv_event_notify((uint32_t)far);
	check("mask", !pv_poll(), 0);
	pv_event_unmask((uint32_t)near);
	check("unmask delivers", pv_poll(), 0);
	check("close",
	      pv_event_close((uint32_t)far) == 0 &&
		      pv_event_close((uint32_t)near) == 0,
	      0);
	check("closed port", pv_event_notify((uint32_t)near) < 0, 0);
}

static void test_time(void)
{
	uint64_t start = pv_time_ns();
	uint64_t last = start;
	uint64_t now = start;
	int i;

	for (i = 0; i < 1000 && now >= last; i++) {
		last = now;
		now = pv_time_ns();
	}
	check("clock does not go back", now >= last, (long)(now - last));
	start = pv_time_ns();
	pv_sleep_ns(20000000);
	now = pv_time_ns() - start;
	check("sleep of 20 ms", now >= 20000000 && now < 2000000000, (long)now);
	check("deadline in the past polls", !pv_wait(0), 0);
	check("wall clock is after 2020",
	      pv_wallclock_ns() / 1000000000 > 1577836800UL,
	      (long)(pv_wallclock_ns() / 1000000000));
}

struct tick {
	struct pv_timer timer;
	struct tick *other;
	int count;
};

static void on_tick(void *context)
{
	struct tick *tick = context;

	tick->count++;
	if (tick->other)
		pv_timer_stop(&tick->other->timer);
	if (tick->count < 3)
		pv_timer_start(&tick->timer, pv_time_ns() + 1000000);
}

static void test_timers(void)
{
	struct tick late = { .timer = { .handler = on_tick } };
	struct tick tick = { .timer = { .handler = on_tick }, .other = &late };
	uint64_t now = pv_time_ns();

	late.timer.context = &late;
	tick.timer.context = &tick;
	pv_timer_start(&late.timer, now + 3000000000UL);
	pv_timer_start(&tick.timer, now + 5000000000UL);
	pv_timer_start(&tick.timer, now); /* a new deadline */
	check("a timer ends the wait", pv_wait(PV_FOREVER), 0);
	while (tick.count < 3)
		pv_wait(PV_FOREVER);
	check("a timer that is started again", !tick.timer.running, 0);
	check("a timer that is stopped", late.count == 0 && !late.timer.running,
	      late.count);
}

/* Exceptions -------------------------------------------------------------- */

static uint64_t trapped_vector;

/* Steps over ud2, which is two bytes long. */
static bool on_invalid_opcode(struct pv_trap_frame *frame, uint64_t address)
{
	(void)address;
	trapped_vector = frame->vector;
	frame->rip += 2;
	return true;
}

static void test_exceptions(void)
{
	uint64_t kept = 0x123456789abcdef0UL;

	pv_trap_set_handler(PV_TRAP_INVALID_OPCODE, on_invalid_opcode);
	__asm__ volatile("mov %0, %%r12\n\tud2\n\tmov %%r12, %0"
			 : "+r"(kept)
			 :
			 : "r12");
	pv_trap_set_handler(PV_TRAP_INVALID_OPCODE, NULL);
	check("invalid opcode is caught",
	      trapped_vector == PV_TRAP_INVALID_OPCODE, (long)trapped_vector);
	check("registers survive a trap", kept == 0x123456789abcdef0UL,
	      (long)kept);
}

static void test_vectors_survive(void)
{
	uint64_t before[2] = { 0x1111222233334444UL, 0x5555666677778888UL };
	uint64_t after[2];
	uint64_t value;

	__asm__ volatile("movups %0, %%xmm7" : : "m"(before) : "xmm7");
	pv_probe_read((uint64_t *)0, &value);
	pv_hypercall2(__HYPERVISOR_xen_version, XENVER_version, 0);
	pv_sleep_ns(30000000);
	__asm__ volatile("movups %%xmm7, %0" : "=m"(after));
	check("vector registers survive",
	      before[0] == after[0] && before[1] == after[1], 0);
}

int main(void)
{
	test_all_memory_is_mapped();
	test_numbers_agree();
	test_pages();
	test_protection();
	test_windows();
	test_grants();
	test_events();
	test_time();
	test_timers();
	test_device_memory();
	test_device_interrupts();
	test_exceptions();
	test_vectors_survive();
	pv_printf("done %d failed\n", failed);
	return 0;
}
