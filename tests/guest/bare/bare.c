/* SPDX-License-Identifier: MIT */
/*
 * Body of the bare guests: look at what the domain builder and the hypervisor
 * promise to every PV kernel, report on the console, power off.
 *
 * Runs as the first domain, where the console is a hypercall, and as an
 * ordinary one, where it is the console ring. The last line tells the result.
 */
#include "bare.h"

#include <public/event_channel.h>
#include <public/features.h>
#include <public/io/console.h>
#include <public/sched.h>
#include <public/version.h>

#define PAGE_SHIFT 12

static struct start_info *start;
static unsigned int failures;

static unsigned long length(const char *text)
{
	unsigned long n = 0;

	while (text[n])
		n++;
	return n;
}

/* Ordinary domains: through the ring, whose frame the builder has mapped. */
static void ring_write(const char *text, unsigned long count)
{
	unsigned long pfn = machine_to_phys_mapping[start->console.domU.mfn];
	volatile struct xencons_interface *ring =
		(void *)(BARE_VIRT_BASE + (pfn << PAGE_SHIFT));
	struct evtchn_send send = { start->console.domU.evtchn };

	while (count) {
		XENCONS_RING_IDX prod = ring->out_prod;

		while (count && prod - ring->out_cons < sizeof(ring->out)) {
			ring->out[MASK_XENCONS_IDX(prod, ring->out)] = *text++;
			prod++;
			count--;
		}
		__asm__ volatile("" ::: "memory");
		ring->out_prod = prod;
		hypercall(__HYPERVISOR_event_channel_op, EVTCHNOP_send,
			  (unsigned long)&send, 0, 0, 0);
		if (count)
			hypercall(__HYPERVISOR_sched_op, SCHEDOP_yield, 0, 0, 0,
				  0);
	}
}

static void print(const char *text)
{
	if (start->flags & SIF_INITDOMAIN)
		hypercall(__HYPERVISOR_console_io, CONSOLEIO_write,
			  length(text), (unsigned long)text, 0, 0);
	else
		ring_write(text, length(text));
}

static void print_hex(unsigned long value)
{
	char text[19];
	int i;

	text[0] = '0';
	text[1] = 'x';
	for (i = 0; i < 16; i++)
		text[2 + i] = "0123456789abcdef"[(value >> (60 - 4 * i)) & 15];
	text[18] = '\0';
	print(text);
}

/* One line for each promise. */
static void expect(int kept, const char *promise, unsigned long value)
{
	print(bare_name);
	print(kept ? ": ok: " : ": FAILED: ");
	print(promise);
	print(" ");
	print_hex(value);
	print("\n");
	failures += !kept;
}

static void check_start_info(void)
{
	unsigned long *p2m = (unsigned long *)start->mfn_list;
	unsigned long last = start->nr_pages - 1;

	expect(start->magic[0] == 'x' && start->magic[4] == '3',
	       "start_info magic", *(unsigned long *)start->magic);
	expect(start->nr_pages > 256, "pages", start->nr_pages);
	expect((start->shared_info & 0xfff) == 0, "shared_info",
	       start->shared_info);
	expect(start->pt_base > BARE_VIRT_BASE, "page tables", start->pt_base);
	expect(machine_to_phys_mapping[p2m[last]] == last,
	       "p2m and m2p agree on page", last);
}

static void check_hypercalls(void)
{
	struct xen_feature_info features = { 0, 0 };
	unsigned long lost;
	long rc;

	rc = hypercall(__HYPERVISOR_xen_version, XENVER_version, 0, 0, 0, 0);
	expect(rc >> 16 == 4, "version", (unsigned long)rc);
	rc = hypercall(__HYPERVISOR_xen_version, XENVER_get_features,
		       (unsigned long)&features, 0, 0, 0);
	expect(!rc && features.submap &
			       (1 << XENFEAT_mmu_pt_update_preserve_ad),
	       "features", features.submap);
	rc = hypercall(11, 0, 0, 0, 0, 0); /* a number nobody has */
	expect(rc == -38, "unknown hypercall refused", (unsigned long)-rc);
	lost = bare_lost_registers();
	expect(!(lost & ~bare_may_lose), "registers lost", lost);
}

void bare_main(struct start_info *info)
{
	struct sched_shutdown off = { SHUTDOWN_poweroff };

	start = info;
	check_start_info();
	check_hypercalls();
	print(bare_name);
	print(failures ? ": failure\n" : ": success\n");
	for (;;)
		hypercall(__HYPERVISOR_sched_op, SCHEDOP_shutdown,
			  (unsigned long)&off, 0, 0, 0);
}
