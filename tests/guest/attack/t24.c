/* SPDX-License-Identifier: MIT */
/*
 * T24: calls of the control domain. Every number of domctl, sysctl, platform
 * and the rest, with every version, for ourselves, the victim and the control
 * domain: refused in one way, before anything is looked at; what is written to
 * a buffer is what is documented, and nothing if the call fails; frames that
 * come are empty, also those that the hypervisor shares (DC-1, DC-2, HC-2,
 * IL-1..4; XSA-77, 87, 100, 122, 132, 237, 313, 492).
 */
#include "attack.h"

#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/physdev.h>
#include <public/version.h>

static const uint16_t targets[] = { 0, 1, 2, DOMID_SELF };

/* All but "not permitted" tells something. */
static unsigned int told(unsigned int call)
{
	static uint32_t op[64];
	unsigned int n = pv_hypercall1(call, HYPERVISOR_START) != EPERM;

	if (n) /* whoever may do all this may end the machine */
		return n;

	for (uint32_t command = 0; command < 128; command++)
		for (uint32_t version = 0; version < 0x20; version++)
			for (unsigned int i = 0; i < COUNT(targets); i++) {
				memset(op, 0, sizeof(op));
				op[0] = command;
				op[1] = version;
				op[2] = targets[i];
				n += pv_hypercall1(call, PV_ARG(op)) != EPERM;
			}
	return n;
}

/* Numbers that are not there, or not ours. */
static void test_numbers(void)
{
	static const unsigned int mine[] = { 6,  11, 16, 19, 27,  31,        34,
					     37, 38, 39, 40, 41,  42,        48,
					     55, 63, 64, 65, 100, 0x7fffffff };
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < COUNT(mine); i++)
		wrong += pv_hypercall5(mine[i], 0, 0, 0, 0, 0) >= 0;
	check("calls that are not there", wrong == 0, wrong);
}

/* Of calls that have both kinds of operations, those of the control domain. */
static void test_privileged(void)
{
	static const struct {
		unsigned int call, command;
	} rows[] = {
		{ __HYPERVISOR_memory_op, XENMEM_machine_memory_map },
		{ __HYPERVISOR_memory_op, XENMEM_set_memory_map },
		{ __HYPERVISOR_memory_op, XENMEM_acquire_resource },
		{ __HYPERVISOR_physdev_op, PHYSDEVOP_irq_status_query },
		{ __HYPERVISOR_physdev_op, PHYSDEVOP_alloc_irq_vector },
		{ __HYPERVISOR_physdev_op, PHYSDEVOP_eoi },
		{ __HYPERVISOR_physdev_op, PHYSDEVOP_map_pirq },
		{ __HYPERVISOR_physdev_op, PHYSDEVOP_unmap_pirq },
		{ __HYPERVISOR_physdev_op, PHYSDEVOP_setup_gsi },
		{ __HYPERVISOR_physdev_op, PHYSDEVOP_get_free_pirq },
		{ __HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_add },
		{ __HYPERVISOR_physdev_op, PHYSDEVOP_pci_device_remove },
		{ __HYPERVISOR_physdev_op, PHYSDEVOP_prepare_msix },
		{ __HYPERVISOR_physdev_op, PHYSDEVOP_release_msix },
	};
	static uint64_t op[32];
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < COUNT(rows); i++) {
		memset(op, 0, sizeof(op));
		wrong += pv_hypercall2(rows[i].call, rows[i].command,
				       PV_ARG(op)) != EPERM;
		wrong += pv_hypercall2(rows[i].call, rows[i].command,
				       HYPERVISOR_START) != EPERM;
	}
	check("operations of the control domain", wrong == 0, wrong);
}

static void test_outputs(void)
{
	static uint8_t buffer[1024 + 64];
	unsigned int wrong = 0;

	memset(buffer, 0xa5, sizeof(buffer));
	(void)pv_hypercall2(__HYPERVISOR_xen_version, XENVER_extraversion,
			    PV_ARG(buffer));
	for (unsigned int i = 16; i < sizeof(buffer); i++)
		wrong += buffer[i] != 0xa5;
	memset(buffer, 0xa5, sizeof(buffer));
	(void)pv_hypercall2(__HYPERVISOR_xen_version, XENVER_capabilities,
			    PV_ARG(buffer));
	for (unsigned int i = 1024; i < sizeof(buffer); i++)
		wrong += buffer[i] != 0xa5;
	check("no more is written than documented", wrong == 0, wrong);
}

/* A failed call gives its argument back as it was. */
static void test_failed(void)
{
	struct gnttab_set_version version = { .version = 2 };
	struct evtchn_bind_virq virq = { .virq = 999, .port = 0xa5a5a5a5 };
	unsigned int wrong = 0;

	wrong += pv_hypercall3(__HYPERVISOR_grant_table_op,
			       GNTTABOP_set_version, PV_ARG(&version), 1) >= 0;
	wrong += version.version != 2;
	wrong += event_op(EVTCHNOP_bind_virq, &virq) >= 0;
	wrong += virq.port != 0xa5a5a5a5;
	check("nothing comes of a failed call", wrong == 0, wrong);
}

/* Frames ------------------------------------------------------------------- */

#define FRAMES       32u
#define GRANT_FRAMES 8u

/* The table of grants grows, by what was ours a moment ago. */
static unsigned int grant_frames_used(void)
{
	struct gnttab_setup_table op = { .dom = DOMID_SELF,
					 .nr_frames = GRANT_FRAMES };
	xen_pfn_t frames[GRANT_FRAMES];
	unsigned int used = 0;

	set_xen_guest_handle(op.frame_list, frames);
	(void)pv_hypercall3(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
			    PV_ARG(&op), 1);
	for (unsigned int i = 4; i < GRANT_FRAMES; i++) {
		uint64_t mfn = frames[i];
		int error;
		void *page = pv_map_frames(DOMID_SELF, &mfn, 1, false, &error);

		used += !page || not_zero(page, PV_PAGE_SIZE / 8);
		pv_unmap_frames(page, 1);
	}
	return used;
}

static void test_frames(void)
{
	static uint64_t frames[FRAMES];
	static uint64_t *pages[FRAMES];
	unsigned int used, wrong = 0;

	for (unsigned int i = 0; i < FRAMES; i++) {
		pages[i] = pv_page_alloc();
		memset(pages[i], 0xa5, PV_PAGE_SIZE);
		frames[i] = pv_va_to_mfn(pages[i]);
		wrong += store_va(pages[i], 0) != 0;
	}
	wrong += reservation(XENMEM_decrease_reservation, DOMID_SELF, frames,
			     FRAMES, 0, 0) != FRAMES;
	used = grant_frames_used();
	check("new frames of grants are empty", used == 0, used);
	for (unsigned int i = 0; i < FRAMES; i++)
		frames[i] = pv_va_to_pfn(pages[i]);
	wrong += reservation(XENMEM_populate_physmap, DOMID_SELF, frames,
			     FRAMES, 0, 0) != FRAMES;
	check("memory goes and comes", wrong == 0, wrong);
	used = 0;
	for (unsigned int i = 0; i < FRAMES; i++) {
		((uint64_t *)pv_start_info->mfn_list)[pv_va_to_pfn(pages[i])] =
			frames[i];
		(void)store_va(pages[i], frames[i] << PV_PAGE_SHIFT | RW_PAGE);
		used += not_zero(pages[i], PV_PAGE_SIZE / 8);
		pv_page_free(pages[i]);
	}
	check("new memory is empty", used == 0, used);
}

void attack_T24(void)
{
	unsigned int n = told(__HYPERVISOR_domctl);

	check("no domctl", n == 0, n);
	n = told(__HYPERVISOR_sysctl);
	check("no sysctl", n == 0, n);
	n = told(__HYPERVISOR_platform_op);
	check("no platform_op", n == 0, n);
	test_numbers();
	test_privileged();
	test_outputs();
	test_failed();
	test_frames();
}
