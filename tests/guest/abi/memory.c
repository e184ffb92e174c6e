/* SPDX-License-Identifier: MIT */
/*
 * How much memory there is, and what memory_op tells of it.
 */
#include "abi.h"

#include <public/memory.h>

void property_memory_reservation(void)
{
	struct xen_memory_domain d = { .domid = DOMID_SELF };
	long now = memory_op(XENMEM_current_reservation, &d);
	long max = memory_op(XENMEM_maximum_reservation, &d);

	show("now what start_info says", now == (long)pv_start_info->nr_pages);
	show("now at most max", now <= max);
	show("above start_info", max - (long)pv_start_info->nr_pages);
	d.domid = own_domid();
	show("by number", memory_op(XENMEM_current_reservation, &d) == now);
	show("nowhere", memory_op(XENMEM_current_reservation, NOWHERE));
}

void property_memory_of_others(void)
{
	static const uint16_t ids[] = { 0,         700,           DOMID_IO,
					DOMID_XEN, DOMID_INVALID, DOMID_IDLE,
					0x8000 };
	struct xen_memory_domain d;
	struct xen_memory_reservation r = { 0 };

	for (unsigned int i = 0; i < COUNT(ids); i++) {
		d.domid = r.domid = ids[i];
		pv_printf("domain %x\n", ids[i]);
		show("current", memory_op(XENMEM_current_reservation, &d));
		show("maximum", memory_op(XENMEM_maximum_reservation, &d));
		show("maximum_gpfn", memory_op(XENMEM_maximum_gpfn, &d));
		show("populate", memory_op(XENMEM_populate_physmap, &r));
		show("decrease", memory_op(XENMEM_decrease_reservation, &r));
	}
}

void property_memory_limits(void)
{
	struct xen_memory_domain d = { .domid = DOMID_SELF };
	long top = memory_op(XENMEM_maximum_ram_page, NULL);
	unsigned long before = pv_shared_info->arch.max_pfn;
	unsigned int below = 0;

	for (uint64_t pfn = 1; pfn < pv_pfn_count(); pfn++) {
		uint64_t mfn = pv_pfn_to_mfn(pfn);

		below += mfn == PV_NO_MFN || mfn < (uint64_t)top;
	}
	show("all below maximum_ram_page", below == pv_pfn_count() - 1);
	pv_shared_info->arch.max_pfn = 1234;
	show("maximum_gpfn", memory_op(XENMEM_maximum_gpfn, &d));
	pv_shared_info->arch.max_pfn = 0;
	show("maximum_gpfn of none", memory_op(XENMEM_maximum_gpfn, &d));
	pv_shared_info->arch.max_pfn = before;
}

void property_machphys(void)
{
	struct xen_machphys_mapping map = { 0 };
	struct xen_machphys_mfn_list list = { 0 };
	xen_pfn_t frames[4] = { 0 };

	show("mapping", memory_op(XENMEM_machphys_mapping, &map));
	show_hex("from", map.v_start);
	show_hex("to", map.v_end);
	show("of all RAM",
	     (long)map.max_mfn >= memory_op(XENMEM_maximum_ram_page, 0) - 1);
	show("mapping to nowhere", memory_op(XENMEM_machphys_mapping, NOWHERE));
	set_xen_guest_handle(list.extent_start, frames);
	show("no frames", memory_op(XENMEM_machphys_mfn_list, &list));
	show("stored", list.nr_extents);
	list.max_extents = 1;
	show("one frame", memory_op(XENMEM_machphys_mfn_list, &list));
	show("stored", list.nr_extents);
	show("it is a frame", frames[0] != 0 && frames[1] == 0);
}

/* Every frame of ours leads back to its place. */
void property_m2p_reads(void)
{
	const uint64_t *m2p = (const uint64_t *)HYPERVISOR_START;
	uint64_t value = 0, good = 0, all = 0;

	for (uint64_t pfn = 1; pfn < pv_pfn_count(); pfn++) {
		uint64_t mfn = pv_pfn_to_mfn(pfn);

		if (mfn == PV_NO_MFN)
			continue;
		all++;
		good += pv_probe_read(&m2p[mfn], &value) && value == pfn;
	}
	show("all but a few are right", all > 1000 && all - good < 4);
	value = pv_start_info->shared_info >> PV_PAGE_SHIFT;
	show("shared_info has an entry", pv_probe_read(&m2p[value], &value));
	show("that is no pfn", value >= 1UL << 40);
}

static void m2p_write(void)
{
	*(volatile uint64_t *)HYPERVISOR_START = 0;
}

static void m2p_end(void)
{
	(void)*(volatile uint64_t *)(0xffff810000000000UL - 8);
}

static void hypervisor_read(void)
{
	(void)*(volatile uint64_t *)0xffff82d080000000UL;
}

static void hypervisor_write(void)
{
	*(volatile uint64_t *)0xffff82d080000000UL = 0;
}

static void direct_map_read(void)
{
	(void)*(volatile uint64_t *)0xffff830000000000UL;
}

static void hole_read(void)
{
	(void)*(volatile uint64_t *)HOLE;
}

void property_hypervisor_memory(void)
{
	show_fault("write M2P", m2p_write);
	show_fault("beyond the M2P", m2p_end);
	show_fault("read text", hypervisor_read);
	show_fault("write text", hypervisor_write);
	show_fault("read memory", direct_map_read);
	show_fault("no address", hole_read);
}

void property_memory_map(void)
{
	struct xen_memory_map map = { 0 };
	static uint8_t entries[20 * 64];
	long rc;

	rc = memory_op(XENMEM_memory_map, &map);
	show("no room", rc);
	show("entries", map.nr_entries);
	map.nr_entries = 64;
	set_xen_guest_handle(map.buffer, entries);
	rc = memory_op(XENMEM_memory_map, &map);
	show("with room", rc);
	if (rc == 0)
		show("entries", map.nr_entries);
	map.nr_entries = 64;
	show("of the machine", memory_op(XENMEM_machine_memory_map, &map));
	show("nowhere", memory_op(XENMEM_memory_map, NOWHERE));
}

/* For others, or not for PV. */
void property_memory_op_absent(void)
{
	static uint8_t zeroes[256];
	static const uint8_t commands[] = { 7,  8,  13, 15, 16, 17, 18,
					    19, 20, 21, 22, 23, 24, 25,
					    26, 27, 28, 29, 30, 63 };

	for (unsigned int i = 0; i < COUNT(commands); i++) {
		memset(zeroes, 0, sizeof(zeroes));
		zeroes[0] = DOMID_SELF & 0xff;
		zeroes[1] = DOMID_SELF >> 8;
		pv_printf("%d ", commands[i]);
		show("with nothing", memory_op(commands[i], zeroes));
	}
	for (unsigned int i = 0; i < COUNT(commands); i++) {
		pv_printf("%d ", commands[i]);
		show("nowhere", memory_op(commands[i], NOWHERE));
	}
}
