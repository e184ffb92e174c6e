/* SPDX-License-Identifier: MIT */
/*
 * T24: calls of the control domain. Every number of domctl, sysctl, platform
 * and the rest, with every version, for ourselves, the victim and the control
 * domain: refused, before anything is looked at; what is written to a buffer
 * is what is documented; frames that come are empty (DC-1, DC-2, IL-1..4;
 * XSA-77, 87, 122, 132, 237, 492).
 */
#include "attack.h"

#include <public/memory.h>
#include <public/version.h>

static const uint16_t targets[] = { 0, 1, 2, DOMID_SELF };

static unsigned int allowed(unsigned int call)
{
	static uint32_t op[64];
	unsigned int n = 0;

	for (uint32_t command = 0; command < 128; command++)
		for (uint32_t version = 0; version < 0x20; version++)
			for (unsigned int i = 0; i < COUNT(targets); i++) {
				memset(op, 0, sizeof(op));
				op[0] = command;
				op[1] = version;
				op[2] = targets[i];
				n += pv_hypercall1(call, PV_ARG(op)) >= 0;
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

void attack_T24(void)
{
	unsigned int n = allowed(__HYPERVISOR_domctl);

	check("no domctl", n == 0, n);
	n = allowed(__HYPERVISOR_sysctl);
	check("no sysctl", n == 0, n);
	n = allowed(__HYPERVISOR_platform_op);
	check("no platform_op", n == 0, n);
	test_numbers();
	test_outputs();
}
