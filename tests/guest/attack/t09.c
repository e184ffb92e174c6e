/* SPDX-License-Identifier: MIT */
/*
 * T09: where the frame of an exception lands. With `stack=ADDRESS` the guest
 * takes an exception on that stack, and must crash without a byte written
 * there; with `stack=1` on a page that is a live table, `stack=2` across the
 * edge of a page into one that is not mapped, `stack=3` on a page of its own
 * where the hypervisor has it. Without: stacks that are good, at every
 * alignment (BF-5, UA-1; XSA-183, 215).
 */
#include "attack.h"

#define DIRECT_MAP 0xffff830000000000 /* docs/memory-layout.md */

static uint64_t stack;

static void trap_there(void)
{
	__asm__ volatile("mov %0, %%rsp\n\tud2" : : "r"(stack) : "memory");
}

static void user_ud2(void)
{
	__asm__ volatile("ud2");
}

/* Only the bytes of the frame change. */
static void test_good(void)
{
	uint8_t *page = pv_page_alloc();
	unsigned int wrong = 0;

	for (unsigned int offset = 2048; offset < 2048 + 32; offset++) {
		memset(page, 0x5a, PV_PAGE_SIZE);
		stack = (uint64_t)page + offset;
		wrong += fault_of(trap_there) != 6;
		for (unsigned int i = offset; i < PV_PAGE_SIZE; i++)
			wrong += page[i] != 0x5a;
		for (unsigned int i = 0; i < 1024; i++)
			wrong += page[i] != 0x5a;
	}
	check("nothing above the frame is written", wrong == 0, wrong);
	check("from user mode", user_fault_of(user_ud2) == 6, fault.vector);
	pv_page_free(page);
}

void attack_T09(void)
{
	uint64_t *table = table_page();
	char *window = pv_map_reserve(2);

	stack = parameter("stack=", 0);
	if (!stack) {
		test_good();
		table_free(table);
		pv_map_release(window, 2);
		return;
	}
	if (stack == 1) {
		check("pin", pin(1, table) == 0, 0);
		stack = (uint64_t)table + PV_PAGE_SIZE;
	} else if (stack == 2) {
		(void)store_va(window + PV_PAGE_SIZE,
			       maddr_of(pv_page_alloc()) | RW_PAGE);
		stack = (uint64_t)window + PV_PAGE_SIZE + 24;
	} else if (stack == 3) {
		stack = DIRECT_MAP + maddr_of(pv_page_alloc()) + PV_PAGE_SIZE;
	}
	pv_printf("stack at %lx\n", stack);
	(void)fault_of(trap_there);
	check("crash", false, (long)stack);
}
