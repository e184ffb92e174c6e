/* SPDX-License-Identifier: MIT */
/*
 * Hypercalls that are not there or not for everybody, and multicalls.
 */
#include "abi.h"

#include <public/version.h>

/* With arguments that mean nothing, for an ordinary domain. */
void property_hypercall_numbers(void)
{
	static const uint8_t numbers[] = { 6,  7,  11, 16, 19,  27, 31, 34,
					   35, 36, 37, 38, 39,  40, 41, 42,
					   43, 44, 45, 46, 47,  48, 49, 50,
					   55, 56, 63, 64, 100, 255 };

	for (unsigned int i = 0; i < COUNT(numbers); i++) {
		pv_printf("%u ", numbers[i]);
		show("call", pv_hypercall5(numbers[i], 0, 0, 0, 0, 0));
	}
	show("1 << 31", pv_hypercall5(1U << 31, 0, 0, 0, 0, 0));
}

/* Structures of control calls are looked at first, or not at all. */
void property_control_calls(void)
{
	static uint32_t op[64];
	static const uint8_t numbers[] = { 7, 35, 36 };
	static const uint32_t versions[] = { 0, 0x03000001, 0x15, 0x14 };

	for (unsigned int i = 0; i < COUNT(numbers); i++) {
		pv_printf("%u ", numbers[i]);
		show("nowhere", pv_hypercall1(numbers[i], PV_ARG(NOWHERE)));
		for (unsigned int v = 0; v < COUNT(versions); v++) {
			memset(op, 0, sizeof(op));
			op[0] = 3;
			op[1] = versions[v];
			show_hex("version", versions[v]);
			show("call", pv_hypercall1(numbers[i], PV_ARG(op)));
		}
	}
}

/* The upper half of the number does not count. */
void property_hypercall_number_width(void)
{
	uint64_t rax = __HYPERVISOR_xen_version | 0xdeadbeef00000000;

	__asm__ volatile("syscall"
			 : "+a"(rax)
			 : "D"(0UL), "S"(0UL)
			 : "rcx", "r11", "memory");
	show_hex("result", rax);
}

static long multicall(const struct multicall_entry *list, uint64_t count)
{
	return pv_hypercall2(__HYPERVISOR_multicall, PV_ARG(list), count);
}

void property_multicall(void)
{
	struct multicall_entry list[5] = {
		{ .op = __HYPERVISOR_xen_version, .args = { XENVER_version } },
		{ .op = 63 },
		{ .op = __HYPERVISOR_multicall },
		{ .op = 1UL << 40 | __HYPERVISOR_xen_version },
		{ .op = __HYPERVISOR_xen_version, .args = { XENVER_pagesize } },
	};

	show("multicall", multicall(list, 5));
	for (unsigned int i = 0; i < 5; i++)
		show("result", (long)list[i].result);
	show("op kept", (long)list[0].op);
	show("none", multicall(list, 0));
	show("nowhere", multicall(NOWHERE, 1));
	show("nowhere, none", multicall(NOWHERE, 0));
	show("hypervisor's", multicall((void *)0xffff830000000000, 1));
	show("huge", multicall(NOWHERE, 1UL << 40));
	show("negative", multicall(NOWHERE, ~0UL));
}

/* One that fails does not stop the others. */
void property_multicall_order(void)
{
	uint64_t *page = pv_page_alloc();
	void *window = pv_map_reserve(1);
	struct multicall_entry list[4] = { { 0 } };
	uint64_t value = 0;

	for (unsigned int i = 0; i < 4; i++) {
		list[i].op = __HYPERVISOR_update_va_mapping;
		list[i].args[0] = PV_ARG(window);
		list[i].args[1] = maddr_of(page) | (i == 3 ? RO_PAGE : RW_PAGE);
		list[i].args[2] = UVMF_INVLPG;
	}
	list[1].args[0] = PV_ARG(NOWHERE);
	list[2].args[1] = 0;
	show("multicall", multicall(list, 4));
	for (unsigned int i = 0; i < 4; i++)
		show("result", (long)list[i].result);
	show("the last counts",
	     pv_probe_read(window, &value) && !pv_probe_write(window, 1));
	(void)store_va(window, 0);
	pv_map_release(window, 1);
	pv_page_free(page);
}

/* The list in memory that cannot be written. */
void property_multicall_readonly(void)
{
	struct multicall_entry *list = pv_page_alloc();

	list[0].op = __HYPERVISOR_xen_version;
	list[1].op = __HYPERVISOR_xen_version;
	list[0].result = 5;
	(void)pv_page_set_writable(list, false);
	show("multicall", multicall(list, 2));
	show("result", (long)list[0].result);
	(void)pv_page_set_writable(list, true);
	pv_page_free(list);
}

/* A page of entry points, as the MSR that CPUID names makes it. */
static uint64_t *page;
static uint64_t msr_value;

static void write_msr(void)
{
	__asm__ volatile("wrmsr"
			 :
			 : "c"(0x40000000), "a"((uint32_t)msr_value),
			   "d"((uint32_t)(msr_value >> 32))
			 : "memory");
}

void property_hypercall_page(void)
{
	static const uint8_t stubs[] = { 0, 1, 17, 23, 24, 63 };
	const uint8_t *bytes;

	page = pv_page_alloc();
	bytes = (const uint8_t *)page;
	msr_value = maddr_of(page);
	show_fault("write the MSR", write_msr);
	for (unsigned int i = 0; i < COUNT(stubs); i++) {
		pv_printf("stub %u:", stubs[i]);
		for (unsigned int b = 0; b < 18; b++)
			pv_printf(" %02x", bytes[stubs[i] * 32 + b]);
		pv_printf("\n");
	}
	msr_value = 1UL << 50;
	show_fault("no frame", write_msr);
	memset(page, 0, 4096);
	pv_page_free(page);
}

/* Every assistance, switched on and off again. */
void property_vm_assist(void)
{
	for (unsigned int type = 0; type < 7; type++) {
		pv_printf("type %u ", type);
		show("enable", pv_hypercall2(__HYPERVISOR_vm_assist,
					     VMASST_CMD_enable, type));
		show("disable", pv_hypercall2(__HYPERVISOR_vm_assist,
					      VMASST_CMD_disable, type));
	}
	show("m2p_strict",
	     pv_hypercall2(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
			   VMASST_TYPE_m2p_strict));
	show("and not",
	     pv_hypercall2(__HYPERVISOR_vm_assist, VMASST_CMD_disable,
			   VMASST_TYPE_m2p_strict));
	show("type 64", pv_hypercall2(__HYPERVISOR_vm_assist, 0, 64));
	show("type ~0", pv_hypercall2(__HYPERVISOR_vm_assist, 0, ~0U));
	show("command 2", pv_hypercall2(__HYPERVISOR_vm_assist, 2, 2));
	show("command 2, bad type",
	     pv_hypercall2(__HYPERVISOR_vm_assist, 2, 64));
}
