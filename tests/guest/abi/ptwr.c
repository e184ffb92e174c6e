/* SPDX-License-Identifier: MIT */
/*
 * Stores to L1 tables that are mapped read-only: with the writable_pagetables
 * assistance each does what it would do to memory.
 */
#include "abi.h"

static uint64_t *table; /* pinned */
static uint64_t frame;  /* an entry that is fine */
static uint64_t result, flags;

static void do_mov(void)
{
	*(volatile uint64_t *)table = frame;
}

static void do_mov32(void)
{
	*(volatile uint32_t *)table = (uint32_t)frame & ~2u;
}

static void do_mov16(void)
{
	*(volatile uint16_t *)table = (uint16_t)frame & 0xfff5;
}

static void do_mov8(void)
{
	*(volatile uint8_t *)table = 0x65;
}

static void do_imm(void)
{
	__asm__ volatile("movq $0x42, %0" : "=m"(*table));
}

static void do_xchg(void)
{
	result = frame | 2;
	__asm__ volatile("xchg %0, %1" : "+r"(result), "+m"(*table));
}

/* Flags that an instruction leaves alone are those of a result of 0. */
#define ALU(name, text)                                                        \
	static void name(void)                                                 \
	{                                                                      \
		__asm__ volatile("xor %%eax, %%eax; " text "; pushfq; "        \
				 "pop %%rax; mov %%rax, %1"                    \
				 : "+m"(*table), "=m"(flags)                   \
				 :                                             \
				 : "cc", "rax", "rcx");                        \
	}
ALU(do_and8, "lock andb $0xfd, %0")
ALU(do_or, "lock orq $0x42, %0")
ALU(do_xor, "xorq $0x2, %0")
ALU(do_add, "addq $0x200, %0")
ALU(do_btr, "lock btrq $6, %0")
ALU(do_bts, "lock btsq $6, %0")
ALU(do_btc, "btcq $5, %0")
ALU(do_not, "notb %0")
ALU(do_cmp_equal, "mov %0, %%rax; lea 2(%%rax), %%rcx; "
		  "lock cmpxchgq %%rcx, %0")
ALU(do_cmp_other, "mov $77, %%eax; xor %%ecx, %%ecx; "
		  "lock cmpxchgq %%rcx, %0")

static void do_xadd(void)
{
	result = 0x200;
	__asm__ volatile("lock xadd %0, %1" : "+r"(result), "+m"(*table));
}

static void do_bad(void)
{
	*(volatile uint64_t *)table = 0x100067; /* a frame of others */
}

static void do_large(void)
{
	*(volatile uint64_t *)table = 0xe7 | frame;
}

static void do_cross(void)
{
	*(volatile uint64_t *)((char *)table + 4) = 0;
}

static void do_stos(void)
{
	uint64_t *to = table;
	uint64_t n = 2;

	__asm__ volatile("cld; rep stosq"
			 : "+D"(to), "+c"(n)
			 : "a"(0)
			 : "memory");
	result = n;
}

static void do_movs(void)
{
	uint64_t *to = table, *from = &frame;

	__asm__ volatile("cld; movsq" : "+D"(to), "+S"(from) : : "memory");
	result = (uint64_t)(to - table);
}

static void try(const char *name, void (*code)(void))
{
	result = flags = 0;
	(void)store(table, frame);
	pv_printf("%s ", name);
	show_fault("store", code);
	/* The global bit is the hypervisor's matter. */
	show_hex("bits", table[0] & ~PTE_ADDR & ~0x100UL);
	show("frame", !((table[0] ^ frame) & PTE_ADDR));
	if (flags)
		show_hex("flags", flags & 0x8d5);
	if (result)
		show_hex("result", result & ~PTE_ADDR & ~0x100UL);
}

static void assist(unsigned int command)
{
	(void)pv_hypercall2(__HYPERVISOR_vm_assist, command,
			    VMASST_TYPE_writable_pagetables);
}

static void with_table(void (*code)(void))
{
	void *page = pv_page_alloc();

	table = table_page();
	frame = maddr_of(page) | 0x65;
	(void)pin(1, table);
	code();
	(void)store(table, 0);
	(void)unpin(table);
	table_free(table);
	pv_page_free(page);
}

static void stores(void)
{
	assist(VMASST_CMD_enable);
	try("8 bytes", do_mov);
	try("4 bytes", do_mov32);
	try("2 bytes", do_mov16);
	try("1 byte", do_mov8);
	try("immediate", do_imm);
	try("rep stos", do_stos);
	try("movs", do_movs);
	assist(VMASST_CMD_disable);
}

static void changes(void)
{
	assist(VMASST_CMD_enable);
	try("xchg", do_xchg);
	try("and byte", do_and8);
	try("or", do_or);
	try("xor", do_xor);
	try("add", do_add);
	try("xadd", do_xadd);
	try("btr", do_btr);
	try("bts", do_bts);
	try("btc", do_btc);
	try("not byte", do_not);
	try("cmpxchg equal", do_cmp_equal);
	try("cmpxchg other", do_cmp_other);
	assist(VMASST_CMD_disable);
}

static void refusals(void)
{
	try("without assistance", do_mov);
	assist(VMASST_CMD_enable);
	try("bad frame", do_bad);
	try("bad bits", do_large);
	try("across entries", do_cross);
	show_user_fault("from user mode", do_mov);
	assist(VMASST_CMD_disable);
	try("without again", do_mov);
}

void property_table_stores(void)
{
	with_table(stores);
}

void property_table_changes(void)
{
	with_table(changes);
}

void property_table_stores_refused(void)
{
	with_table(refusals);
}

/* Tables above level 1 are for hypercalls alone. */
static void upper(void)
{
	uint64_t *l1 = table;

	assist(VMASST_CMD_enable);
	for (unsigned int level = 2; level <= 4; level++) {
		table = table_page();
		(void)pin(level, table);
		pv_printf("level %u ", level);
		show_fault("store", do_imm);
		(void)unpin(table);
		table_free(table);
	}
	table = l1;
	assist(VMASST_CMD_disable);
}

void property_upper_table_stores(void)
{
	with_table(upper);
}
