/* SPDX-License-Identifier: MIT */
/*
 * Segments: GDT, LDT, descriptors, selectors and bases.
 */
#include "abi.h"

#define CODE  0x00affb000000ffffUL
#define CODE0 0x00af9b000000ffffUL
#define DATA  0x00cff3000000ffffUL
#define DATA0 0x00cf93000000ffffUL

static long set_gdt(const void *page, unsigned int entries)
{
	unsigned long frame = pv_va_to_mfn(page);

	return pv_hypercall2(__HYPERVISOR_set_gdt, PV_ARG(&frame), entries);
}

static uint16_t selector, got;

static void load_es(void)
{
	__asm__ volatile("mov %1, %%es; mov %%es, %0; mov %2, %%es"
			 : "=&r"(got)
			 : "r"((uint32_t)selector), "r"(0));
}

static void load_ss(void)
{
	uint16_t old;

	__asm__ volatile("mov %%ss, %0; mov %1, %%ss; mov %0, %%ss"
			 : "=&r"(old)
			 : "r"((uint32_t)selector));
}

static void try_load(const char *name, uint16_t value)
{
	selector = value;
	show_fault(name, load_es);
}

void property_set_gdt(void)
{
	uint64_t *page = pv_page_alloc();
	unsigned long frames[2] = { 1UL << 38, 0 };

	page[2] = CODE;
	page[3] = DATA;
	show("mapped writable", set_gdt(page, 16));
	(void)pv_page_set_writable(page, false);
	show("read-only", set_gdt(page, 16));
	show("writable now", pv_page_set_writable(page, true));
	try_load("selector of it", 0x1b);
	show("selector", got);
	try_load("last of it", 0x7b);
	try_load("beyond it", 0x83);
	show("512 entries", set_gdt(page, 512));
	show("513 entries", set_gdt(page, 513));
	show("too many", set_gdt(page, 7169));
	show("no frame",
	     pv_hypercall2(__HYPERVISOR_set_gdt, PV_ARG(frames), 1));
	show("list nowhere",
	     pv_hypercall2(__HYPERVISOR_set_gdt, PV_ARG(NOWHERE), 1));
	try_load("still there", 0x1b);
	show("none", pv_hypercall2(__HYPERVISOR_set_gdt, 0, 0));
	try_load("gone", 0x1b);
	show("writable again", pv_page_set_writable(page, true));
	pv_page_free(page);
}

static const uint64_t descriptors[] = {
	0,
	CODE,
	CODE0,
	DATA,
	DATA0,
	CODE | 1UL << 42,     /* conforming */
	CODE0 & ~(1UL << 47), /* not present */
	DATA & ~(1UL << 53),  /* not long, byte granular */
	CODE | 1UL << 54,     /* long and 32 bits */
	0x00cffb000000ffffUL, /* 32-bit code */
	0xffcff30fffffffffUL, /* base in no man's land, limit */
	0x00008900000000ffUL, /* TSS */
	0x0000820000000000UL, /* LDT */
	0x00008c000010ffffUL, /* call gate */
	0x0000ee0000100000UL, /* interrupt gate */
	0x0000e50000000000UL, /* task gate */
	0x0000600000000000UL, /* absent system segment */
	~0UL,
};

/* What of a descriptor is taken, and what it becomes. */
void property_update_descriptor(void)
{
	uint64_t *page = table_page(), maddr = maddr_of(page);

	show("set", set_gdt(page, 512));
	for (unsigned int i = 0; i < COUNT(descriptors); i++) {
		show_hex("descriptor", descriptors[i]);
		show("update", pv_hypercall2(__HYPERVISOR_update_descriptor,
					     maddr + 64, descriptors[i]));
		show_hex("is", page[8]);
		(void)pv_hypercall2(__HYPERVISOR_update_descriptor, maddr + 64,
				    0);
	}
	show("unaligned",
	     pv_hypercall2(__HYPERVISOR_update_descriptor, maddr + 4, DATA));
	show("no frame",
	     pv_hypercall2(__HYPERVISOR_update_descriptor, 1UL << 50, DATA));
	show("others' frame",
	     pv_hypercall2(__HYPERVISOR_update_descriptor, 0x100000, DATA));
	(void)pv_hypercall2(__HYPERVISOR_set_gdt, 0, 0);
	table_free(page);
}

/* In memory that is no table yet. */
void property_update_descriptor_memory(void)
{
	uint64_t *page = pv_page_alloc(), *readonly = table_page();

	show("writable", pv_hypercall2(__HYPERVISOR_update_descriptor,
				       maddr_of(page) + 8, DATA0));
	show_hex("is", page[1]);
	show("with a gate",
	     pv_hypercall2(__HYPERVISOR_update_descriptor, maddr_of(page) + 8,
			   0x00008c000010ffffUL));
	show("read-only", pv_hypercall2(__HYPERVISOR_update_descriptor,
					maddr_of(readonly) + 8, DATA0));
	show_hex("is", readonly[1]);
	(void)pv_page_set_writable(readonly, true);
	readonly[1] = 0;
	(void)pv_page_set_writable(readonly, false);
	(void)pin(1, readonly);
	show("table", pv_hypercall2(__HYPERVISOR_update_descriptor,
				    maddr_of(readonly) + 8, DATA0));
	(void)unpin(readonly);
	table_free(readonly);
	pv_page_free(page);
}

/* Frames with each of these among their entries. */
void property_gdt_contents(void)
{
	uint64_t *page = table_page();

	for (unsigned int i = 0; i < COUNT(descriptors); i++) {
		(void)pv_page_set_writable(page, true);
		page[20] = descriptors[i];
		(void)pv_page_set_writable(page, false);
		show_hex("descriptor", descriptors[i]);
		show("set", set_gdt(page, 64));
		show_hex("is", page[20]);
		(void)pv_hypercall2(__HYPERVISOR_set_gdt, 0, 0);
	}
	(void)pv_page_set_writable(page, true);
	page[20] = 0;
	pv_page_free(page);
}

void property_ldt(void)
{
	uint64_t *page = pv_page_alloc();

	page[1] = DATA;
	page[2] = CODE;
	page[15] = DATA;
	(void)pv_page_set_writable(page, false);
	show("set", mmuext(MMUEXT_SET_LDT, PV_ARG(page), 16));
	try_load("first", 0x7);
	try_load("data", 0xf);
	show("selector", got);
	try_load("code", 0x17);
	try_load("last", 0x7f);
	try_load("beyond", 0x87);
	show("writable now", pv_page_set_writable(page, true));
	show("update", pv_hypercall2(__HYPERVISOR_update_descriptor,
				     maddr_of(page) + 24, DATA));
	try_load("updated", 0x1f);
	show("none", mmuext(MMUEXT_SET_LDT, 0, 0));
	try_load("gone", 0xf);
	show("writable again", pv_page_set_writable(page, true));
	show("writable page", mmuext(MMUEXT_SET_LDT, PV_ARG(page), 16));
	try_load("of it", 0xf);
	show("none", mmuext(MMUEXT_SET_LDT, 0, 0));
	pv_page_free(page);
}

void property_ldt_errors(void)
{
	uint64_t *page = pv_page_alloc();

	show("unaligned", mmuext(MMUEXT_SET_LDT, PV_ARG(page) + 8, 16));
	show("8192 entries", mmuext(MMUEXT_SET_LDT, PV_ARG(page), 8192));
	show("8193 entries", mmuext(MMUEXT_SET_LDT, PV_ARG(page), 8193));
	show("hole", mmuext(MMUEXT_SET_LDT, HOLE, 16));
	show("hypervisor's", mmuext(MMUEXT_SET_LDT, HYPERVISOR_START, 16));
	show("nothing there", mmuext(MMUEXT_SET_LDT, PV_ARG(NOWHERE), 16));
	try_load("of nothing", 0xf);
	show("none", mmuext(MMUEXT_SET_LDT, 0, 0));
	pv_page_free(page);
}

/* An LDT segment is good for user mode, and its base counts there. */
static uint64_t words[2] = { 0x1111, 0x2222 };
static uint64_t user_read;

static void read_by_fs(void)
{
	uint64_t value;

	__asm__ volatile("mov %1, %%fs; mov %%fs:8, %0; mov %2, %%fs"
			 : "=&r"(value)
			 : "r"(0xf), "r"(0));
	user_read = value;
}

void property_tls_user(void)
{
	uint64_t *page = pv_page_alloc(), base = PV_ARG(words);

	page[1] = DATA | (base & 0xffffff) << 16 | (base >> 24 & 0xff) << 56;
	(void)pv_page_set_writable(page, false);
	(void)mmuext(MMUEXT_SET_LDT, PV_ARG(page), 2);
	show_user_fault("from user mode", read_by_fs);
	show_hex("read", user_read);
	(void)mmuext(MMUEXT_SET_LDT, 0, 0);
	(void)mmuext(MMUEXT_NEW_USER_BASEPTR, 0, 0);
	(void)pv_page_set_writable(page, true);
	pv_page_free(page);
}

static void lsl_of(uint16_t value)
{
	uint64_t limit = 0;
	uint32_t rights = 0;
	uint8_t ok, readable, writable;

	__asm__ volatile("lsl %4, %0; setz %2; lar %k4, %1; verr %w4; setz %3"
			 : "+r"(limit), "+r"(rights), "=&q"(ok), "=&q"(readable)
			 : "r"((uint64_t)value)
			 : "cc");
	__asm__ volatile("verw %w1; setz %0" : "=q"(writable) : "r"(value));
	pv_printf("%04x: %s limit %lx rights %x%s%s\n", value,
		  ok ? "seen" : "none", ok ? limit : 0,
		  ok ? rights & 0xfffeff : 0, readable ? " readable" : "",
		  writable ? " writable" : "");
}

/* What the hypervisor's own selectors look like from a kernel. */
void property_selectors(void)
{
	static const uint16_t known[] = {
		0,
		FLAT_KERNEL_CS,
		FLAT_KERNEL_SS,
		FLAT_KERNEL_DS,
		FLAT_USER_CS64,
		FLAT_USER_SS64,
		FLAT_USER_CS32,
		FLAT_USER_SS32,
		0xe008,
		0xe010,
		0xe018,
		0xe020,
		0xe030,
		0xe040,
		0xe050,
		0xe060,
		0xe06b,
		0xfff8,
		0xffff,
	};
	uint16_t cs, ss;

	__asm__ volatile("mov %%cs, %0; mov %%ss, %1" : "=r"(cs), "=r"(ss));
	show_hex("cs", cs);
	show_hex("ss", ss);
	for (unsigned int i = 0; i < COUNT(known); i++) {
		lsl_of(known[i]);
		try_load("load", known[i]);
	}
	selector = FLAT_KERNEL_DS;
	show_fault("ss", load_ss);
	selector = 0;
	show_fault("ss 0", load_ss);
	selector = FLAT_KERNEL_CS;
	show_fault("code in ss", load_ss);
}

/* 0 when it cannot be read. */
static uint64_t msr_value(uint32_t msr)
{
	uint64_t value;

	(void)msr_read(msr, &value);
	return value;
}

static long set_base(unsigned int which, uint64_t base)
{
	return pv_hypercall2(__HYPERVISOR_set_segment_base, which, base);
}

void property_segment_base(void)
{
	uint64_t value;

	msrs_catch();
	show("fs", set_base(SEGBASE_FS, PV_ARG(words)));
	show("fs base", msr_value(0xc0000100) == PV_ARG(words));
	__asm__ volatile("mov %%fs:8, %0" : "=r"(value));
	show_hex("by fs", value);
	show("kernel gs", set_base(SEGBASE_GS_KERNEL, PV_ARG(words) + 8));
	show("gs base", msr_value(0xc0000101) == PV_ARG(words) + 8);
	__asm__ volatile("mov %%gs:0, %0" : "=r"(value));
	show_hex("by gs", value);
	show("user gs", set_base(SEGBASE_GS_USER, 0x1234000));
	show_hex("kernel gs base", msr_value(0xc0000102));
	show("hole", set_base(SEGBASE_FS, HOLE));
	show("hole", set_base(SEGBASE_GS_KERNEL, HOLE));
	show("hole", set_base(SEGBASE_GS_USER, HOLE));
	show("hypervisor's", set_base(SEGBASE_FS, HYPERVISOR_START));
	show("unknown", set_base(4, 0));
	show("user selector 0", set_base(SEGBASE_GS_USER_SEL, 0));
	show("user selector", set_base(SEGBASE_GS_USER_SEL, FLAT_USER_SS64));
	show("bad selector", set_base(SEGBASE_GS_USER_SEL, 0xe008));
	show("no selector", set_base(SEGBASE_GS_USER_SEL, 0xffff));
	(void)set_base(SEGBASE_FS, 0);
	(void)set_base(SEGBASE_GS_KERNEL, 0);
	(void)set_base(SEGBASE_GS_USER, 0);
}
