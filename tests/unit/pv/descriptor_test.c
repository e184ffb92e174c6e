/* SPDX-License-Identifier: MIT */
/*
 * The window of a CPU onto its vCPU's GDT and LDT: whatever was there before,
 * it shows the tables of the vCPU that was loaded last, and no page of another
 * (BF-18).
 */
#include "mm/mm.h"

#include <stdlib.h>

#include "pv/pv.h"
#include "pv_fake.h"
#include "x86/paging.h"

#define PAGES     32 /* of a window */
#define LDT_FIRST 16
#define ENTRIES   512 /* of a page */
#define VCPUS     4

struct frame frame_table[VCPUS * PAGES];
static uint64_t ptes[PAGES];
static struct vcpu vcpus[VCPUS];

void gdt_load_ldt(unsigned int entries)
{
	(void)entries;
}

struct frame *frame_get_typed(struct domain *d, mfn_t m, enum frame_type type)
{
	(void)d;
	return type == TYPE_DESCRIPTOR ? frame_at(m) : NULL;
}

void frame_put_writable(struct frame *f)
{
	(void)f;
}

void *mfn_to_virt(mfn_t m)
{
	(void)m;
	abort();
}

/* The LDT of a vCPU begins at the address of its first page's frame. */
uint64_t mm_lookup_l1(struct vcpu *v, uint64_t va)
{
	(void)v;
	return va | PTE_PRESENT;
}

/* Page `page` of vCPU `i`: a frame of its own. */
static uint64_t mfn_for(unsigned int i, unsigned int page)
{
	return i * PAGES + page;
}

/* The window has exactly the pages of v that it should. */
static void check_window(unsigned int i)
{
	const struct vcpu *v = &vcpus[i];

	for (unsigned int page = 0; page < PAGES; page++) {
		bool is_gdt = page < FIRST_RESERVED_GDT_PAGE;

		if (!is_gdt && page < LDT_FIRST)
			continue; /* the hypervisor's */
		if (v->descriptor_frames[page])
			check(pte_mfn(ptes[page]).n == mfn_for(i, page) &&
			      ptes[page] & PTE_WRITE);
		else if (!is_gdt)
			check(!ptes[page]);
		else
			check(ptes[page] & PTE_PRESENT &&
			      !(ptes[page] & PTE_WRITE));
	}
}

static void set_gdt(unsigned int i, unsigned int pages)
{
	uint64_t mfns[FIRST_RESERVED_GDT_PAGE];

	for (unsigned int page = 0; page < pages; page++)
		mfns[page] = mfn_for(i, page);
	check(!pv_set_gdt(&vcpus[i], mfns,
			  pages ? pages * ENTRIES - rand() % ENTRIES : 0));
}

static void set_ldt(unsigned int i, unsigned int pages)
{
	check(!pv_set_ldt(&vcpus[i], mfn_for(i, LDT_FIRST) << PAGE_SHIFT,
			  pages ? pages * ENTRIES - rand() % ENTRIES : 0));
}

static void run(unsigned int i)
{
	this_cpu()->current = &vcpus[i];
	pv_load_windows(&vcpus[i]);
}

/* A selector in some page of the current vCPU's LDT. */
static void touch_ldt(unsigned int i)
{
	unsigned int page = (unsigned int)rand() % 16;

	check(pv_ldt_fault(&vcpus[i], LDT_WINDOW(0) + page * PAGE_SIZE) ==
		      (page * ENTRIES < vcpus[i].ldt_entries) ||
	      vcpus[i].descriptor_frames[LDT_FIRST + page]);
}

static void step(void)
{
	unsigned int i = (unsigned int)rand() % VCPUS;

	switch (rand() % 5) {
	case 0:
		set_gdt(i,
			(unsigned int)rand() % (FIRST_RESERVED_GDT_PAGE + 1));
		break;
	case 1:
		set_ldt(i, (unsigned int)rand() % 17);
		break;
	case 2:
		touch_ldt((unsigned int)(current_vcpu() - vcpus));
		break;
	case 3:
		/* One that goes away while it does not run. */
		if (current_vcpu() == &vcpus[i])
			run((i + 1) % VCPUS);
		pv_drop_descriptors(&vcpus[i]);
		break;
	default:
		run(i);
	}
}

int main(void)
{
	srand(1);
	fake_reset();
	this_cpu()->window = ptes;
	run(0);
	for (unsigned int i = 0; i < 100000; i++) {
		step();
		check_window((unsigned int)(current_vcpu() - vcpus));
	}
	puts("ok windows show the tables of who runs");
	return 0;
}
