/* SPDX-License-Identifier: MIT */
/*
 * mmuext_op: pins, roots, flushes, pages.
 */
#include "abi.h"

static long run(struct mmuext_op *list, unsigned int count, unsigned int *done,
		uint64_t foreign)
{
	return pv_hypercall4(__HYPERVISOR_mmuext_op, PV_ARG(list), count,
			     PV_ARG(done), foreign);
}

static uint64_t root_mfn(void)
{
	return pv_va_to_mfn((void *)pv_start_info->pt_base);
}

static uint64_t cr3(void)
{
	uint64_t value;

	__asm__ volatile("mov %%cr3, %0" : "=r"(value));
	return value;
}

void property_pin(void)
{
	uint64_t *table = table_page(), *memory = pv_page_alloc();

	for (unsigned int level = 1; level <= 4; level++) {
		pv_printf("level %u ", level);
		show("pin", pin(level, table));
		show("again", pin(level, table));
		show("as another", pin(level % 4 + 1, table));
		show("writable", pv_page_set_writable(table, true));
		show("unpin", unpin(table));
		show("again", unpin(table));
	}
	show("writable memory", pin(1, memory));
	show("no frame", mmuext(MMUEXT_PIN_L1_TABLE, 1UL << 38, 0));
	show("others' frame", mmuext(MMUEXT_PIN_L1_TABLE, 0x100, 0));
	show("unpin no frame", mmuext(MMUEXT_UNPIN_TABLE, 1UL << 38, 0));
	show("unpin others'", mmuext(MMUEXT_UNPIN_TABLE, 0x100, 0));
	show("unpin memory", unpin(memory));
	table_free(table);
	pv_page_free(memory);
}

/* A table is as bad as its worst entry. */
void property_pin_contents(void)
{
	static const uint64_t bad[] = { 0x100067, 1UL << 50 | 0x67, 0xe7 };
	uint64_t *table = pv_page_alloc();

	for (unsigned int level = 1; level <= 4; level++)
		for (unsigned int i = 0; i < COUNT(bad); i++) {
			table[5] = bad[i];
			(void)pv_page_set_writable(table, false);
			pv_printf("level %u, entry %u ", level, i);
			show("pin", pin(level, table));
			show("memory still", pv_page_set_writable(table, true));
		}
	table[5] = 0;
	pv_page_free(table);
}

void property_new_baseptr(void)
{
	uint64_t *root = table_page(), *old = (void *)pv_start_info->pt_base;
	uint64_t frame = pv_va_to_mfn(root);

	for (unsigned int i = 0; i < 256; i++)
		(void)store(root + i, old[i]); /* not pinned: plain */
	(void)pv_page_set_writable(root, true);
	for (unsigned int i = 0; i < 512; i++)
		root[i] = i < 256 || i >= 272 ? old[i] : 0;
	(void)pv_page_set_writable(root, false);
	show("cr3 is the root", cr3() >> 12 == root_mfn());
	show("switch", mmuext(MMUEXT_NEW_BASEPTR, frame, 0));
	show("cr3 is the other", cr3() >> 12 == frame);
	show("same again", mmuext(MMUEXT_NEW_BASEPTR, frame, 0));
	show("back", mmuext(MMUEXT_NEW_BASEPTR, root_mfn(), 0));
	show("writable memory",
	     mmuext(MMUEXT_NEW_BASEPTR, pv_va_to_mfn(&frame), 0));
	show("no frame", mmuext(MMUEXT_NEW_BASEPTR, 1UL << 38, 0));
	show("frame 0", mmuext(MMUEXT_NEW_BASEPTR, 0, 0));
	show("cr3 is the root", cr3() >> 12 == root_mfn());
	table_free(root);
}

void property_user_baseptr(void)
{
	uint64_t *root = table_page(), *memory = pv_page_alloc();

	show("root", mmuext(MMUEXT_NEW_USER_BASEPTR, root_mfn(), 0));
	show("again", mmuext(MMUEXT_NEW_USER_BASEPTR, root_mfn(), 0));
	show("another", mmuext(MMUEXT_NEW_USER_BASEPTR, pv_va_to_mfn(root), 0));
	show("is a table", pv_page_set_writable(root, true));
	show("memory",
	     mmuext(MMUEXT_NEW_USER_BASEPTR, pv_va_to_mfn(memory), 0));
	show("no frame", mmuext(MMUEXT_NEW_USER_BASEPTR, 1UL << 38, 0));
	show("none", mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0));
	show("none again", mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0));
	show("is memory", pv_page_set_writable(root, true));
	show("cr3 is the kernel's", cr3() >> 12 == root_mfn());
	pv_page_free(root);
	pv_page_free(memory);
}

void property_flushes(void)
{
	static const uint8_t commands[] = { 6, 7, 8, 9, 10, 11 };
	uint64_t cpus[2] = { 1, 0 };

	for (unsigned int i = 0; i < COUNT(commands); i++) {
		pv_printf("%u ", commands[i]);
		show("flush", mmuext(commands[i], PV_ARG(cpus), PV_ARG(cpus)));
		show("hole", mmuext(commands[i], HOLE, PV_ARG(cpus)));
		show("hypervisor",
		     mmuext(commands[i], 0xffff830000000000, PV_ARG(cpus)));
		show("nowhere",
		     mmuext(commands[i], PV_ARG(cpus), PV_ARG(NOWHERE)));
	}
	cpus[0] = 0;
	show("of none", mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, PV_ARG(cpus)));
	cpus[0] = 1UL << 63;
	show("of no vCPU", mmuext(MMUEXT_TLB_FLUSH_MULTI, 0, PV_ARG(cpus)));
	show("caches", mmuext(MMUEXT_FLUSH_CACHE, 0, 0));
	show("all caches", mmuext(MMUEXT_FLUSH_CACHE_GLOBAL, 0, 0));
}

/* What was not flushed may be used; what was, is gone. */
void property_flush_effect(void)
{
	uint64_t *a = pv_page_alloc(), *b = pv_page_alloc();
	volatile uint64_t *at = pv_map_reserve(1);

	*a = 1;
	*b = 2;
	(void)store_va((void *)at, maddr_of(a) | RW_PAGE);
	show("first", (long)*at);
	(void)store(entry_at((uint64_t)at, 1), maddr_of(b) | RW_PAGE);
	(void)mmuext(MMUEXT_INVLPG_LOCAL, PV_ARG(at), 0);
	show("second", (long)*at);
	(void)store(entry_at((uint64_t)at, 1), maddr_of(a) | RW_PAGE);
	(void)mmuext(MMUEXT_TLB_FLUSH_ALL, 0, 0);
	show("first", (long)*at);
	(void)store_va((void *)at, 0);
	pv_map_release((void *)at, 1);
	pv_page_free(a);
	pv_page_free(b);
}

void property_page_ops(void)
{
	uint64_t *a = pv_page_alloc(), *b = pv_page_alloc(), *t = table_page();

	a[0] = 7;
	a[511] = 8;
	show("copy",
	     mmuext(MMUEXT_COPY_PAGE, pv_va_to_mfn(b), pv_va_to_mfn(a)));
	show("same", b[0] == 7 && b[511] == 8);
	show("clear", mmuext(MMUEXT_CLEAR_PAGE, pv_va_to_mfn(b), 0));
	show("clear now", b[0] == 0 && b[511] == 0);
	show("to itself",
	     mmuext(MMUEXT_COPY_PAGE, pv_va_to_mfn(a), pv_va_to_mfn(a)));
	show("unmapped writable",
	     mmuext(MMUEXT_COPY_PAGE, pv_va_to_mfn(t), pv_va_to_mfn(a)));
	show("copied", (long)t[0]);
	(void)mmuext(MMUEXT_CLEAR_PAGE, pv_va_to_mfn(t), 0);
	(void)pin(1, t);
	show("clear a table", mmuext(MMUEXT_CLEAR_PAGE, pv_va_to_mfn(t), 0));
	show("copy to a table",
	     mmuext(MMUEXT_COPY_PAGE, pv_va_to_mfn(t), pv_va_to_mfn(a)));
	show("copy of a table",
	     mmuext(MMUEXT_COPY_PAGE, pv_va_to_mfn(a), pv_va_to_mfn(t)));
	show("clear no frame", mmuext(MMUEXT_CLEAR_PAGE, 1UL << 38, 0));
	show("clear others'", mmuext(MMUEXT_CLEAR_PAGE, 0x100, 0));
	show("copy no frame",
	     mmuext(MMUEXT_COPY_PAGE, pv_va_to_mfn(a), 1UL << 38));
	show("copy others'", mmuext(MMUEXT_COPY_PAGE, pv_va_to_mfn(a), 0x100));
	(void)unpin(t);
	table_free(t);
	pv_page_free(a);
	pv_page_free(b);
}

void property_mmuext_list(void)
{
	struct mmuext_op list[3] = { { .cmd = MMUEXT_TLB_FLUSH_LOCAL },
				     { .cmd = 99 },
				     { .cmd = MMUEXT_TLB_FLUSH_LOCAL } };
	static const uint32_t ids[] = { 0, 700, DOMID_IO, DOMID_XEN,
					DOMID_INVALID };
	unsigned int done = 77;

	show("second unknown", run(list, 3, &done, DOMID_SELF));
	show("done", done);
	show("none", run(list, 0, &done, DOMID_SELF));
	show("done", done);
	show("list nowhere", run(NOWHERE, 1, &done, DOMID_SELF));
	show("count to nowhere", run(list, 1, NOWHERE, DOMID_SELF));
	list[0].cmd = 14;
	show("14", run(list, 1, &done, DOMID_SELF));
	list[0].cmd = MMUEXT_MARK_SUPER;
	show("mark super", run(list, 1, &done, DOMID_SELF));
	list[0].cmd = MMUEXT_UNMARK_SUPER;
	show("unmark super", run(list, 1, &done, DOMID_SELF));
	list[0].cmd = MMUEXT_TLB_FLUSH_LOCAL;
	for (unsigned int i = 0; i < COUNT(ids); i++) {
		pv_printf("domain %x ", ids[i]);
		show("flush", run(list, 1, &done, ids[i]));
	}
}
