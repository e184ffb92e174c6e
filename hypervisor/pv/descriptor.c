/* SPDX-License-Identifier: MIT */
/*
 * GDT and LDT of a guest: frames of type descriptor, which the guest cannot
 * write, mapped into the windows of the CPU that runs it (BF-18).
 *
 * Owns: gdt_*, ldt_* of struct vcpu. Each frame in gdt_frames[] and
 * ldt_frames[] holds one descriptor reference. LDT pages are mapped on the
 * first use of a selector in them.
 * Context: the vCPU's CPU, or a vCPU that does not run.
 */
#include "pv/descriptor.h"

#include "core/hypercall.h"
#include "core/services.h"
#include "mm/mm.h"
#include "public/errno.h"
#include "pv/pv.h"
#include "x86/paging.h"
#include "x86/processor.h"
#include "x86/segments.h"

#define DESC_PRESENT (1ul << 47)
#define DESC_DPL3    (3ul << 45)
#define DESC_SEGMENT (1ul << 44) /* code or data, not system */

#define GDT_PAGES        14
#define LDT_PAGES        16
#define ENTRIES_PER_PAGE 512
#define LDT_MAX_ENTRIES  8192
#define WINDOW_FLAGS                                                           \
	(PTE_PRESENT | PTE_WRITE | PTE_NX | PTE_ACCESSED | PTE_DIRTY)

bool descriptor_fix(uint64_t *d)
{
	if (!(*d & DESC_PRESENT))
		return true;
	if (!(*d & DESC_SEGMENT))
		return false;
	*d |= DESC_DPL3;
	return true;
}

int descriptor_page_check(uint64_t *entries)
{
	uint64_t d;

	for (unsigned int i = 0; i < ENTRIES_PER_PAGE; i++) {
		d = entries[i];
		if (!descriptor_fix(&d))
			return -XEN_EINVAL;
	}
	for (unsigned int i = 0; i < ENTRIES_PER_PAGE; i++)
		(void)!descriptor_fix(&entries[i]);
	return 0;
}

/* Under unused parts of a guest's GDT: selectors there are null descriptors. */
static uint64_t empty_page[ENTRIES_PER_PAGE] __attribute__((aligned(4096)));

static void window_set(uint64_t *pte, uint64_t new, uint64_t va)
{
	if (*pte == new)
		return;
	write_once(*pte, new);
	invlpg(va);
}

static uint64_t window_pte(mfn_t m)
{
	if (mfn_eq(m, INVALID_MFN))
		return (virt_to_phys(empty_page) | WINDOW_FLAGS) & ~PTE_WRITE;
	return m.n << PAGE_SHIFT | WINDOW_FLAGS;
}

static void load_gdt_window(const struct vcpu *v)
{
	unsigned int cpu = this_cpu()->id;
	uint64_t *ptes = desc_window_ptes(cpu);

	for (unsigned int i = 0; i < GDT_PAGES; i++)
		window_set(&ptes[i], window_pte(v->gdt_frames[i]),
			   GDT_WINDOW(cpu) + i * PAGE_SIZE);
}

static void load_ldt_window(const struct vcpu *v)
{
	unsigned int cpu = this_cpu()->id;
	uint64_t *ptes = desc_window_ptes(cpu) + 16;
	uint64_t new;

	for (unsigned int i = 0; i < LDT_PAGES; i++) {
		new = v->ldt_frames[i]
			      ? window_pte(frame_to_mfn(v->ldt_frames[i]))
			      : 0;
		window_set(&ptes[i], new, LDT_WINDOW(cpu) + i * PAGE_SIZE);
	}
	gdt_load_ldt(v->ldt_entries);
}

void pv_load_windows(struct vcpu *v)
{
	load_gdt_window(v);
	load_ldt_window(v);
}

static void drop_gdt(struct vcpu *v)
{
	for (unsigned int i = 0; i < GDT_PAGES; i++) {
		if (!mfn_eq(v->gdt_frames[i], INVALID_MFN))
			frame_put_descriptor(frame_at(v->gdt_frames[i]));
		v->gdt_frames[i] = INVALID_MFN;
	}
	v->gdt_entries = 0;
}

static void drop_ldt(struct vcpu *v)
{
	for (unsigned int i = 0; i < LDT_PAGES; i++) {
		if (v->ldt_frames[i])
			frame_put_descriptor(v->ldt_frames[i]);
		v->ldt_frames[i] = NULL;
	}
	v->ldt_entries = 0;
}

void pv_drop_descriptors(struct vcpu *v)
{
	drop_gdt(v);
	drop_ldt(v);
}

int pv_set_gdt(struct vcpu *v, const mfn_t *frames, unsigned int entries)
{
	unsigned int pages =
		(entries + ENTRIES_PER_PAGE - 1) / ENTRIES_PER_PAGE;
	unsigned int i;

	if (entries > FIRST_RESERVED_GDT_ENTRY)
		return -XEN_EINVAL;
	for (i = 0; i < pages; i++)
		if (!frame_get_descriptor(v->domain, frames[i]))
			goto put;

	/* Commit: nothing below can fail. */
	drop_gdt(v);
	for (i = 0; i < pages; i++)
		v->gdt_frames[i] = frames[i];
	v->gdt_entries = entries;
	if (v == current_vcpu())
		load_gdt_window(v);
	return 0;

put:
	while (i--)
		frame_put_descriptor(frame_at(frames[i]));
	return -XEN_EINVAL;
}

long hc_set_gdt(uint64_t list, uint64_t entries, uint64_t a3, uint64_t a4,
		uint64_t a5)
{
	mfn_t frames[GDT_PAGES];
	unsigned int pages;

	(void)a3, (void)a4, (void)a5;
	entries = (uint32_t)entries;
	if (entries > FIRST_RESERVED_GDT_ENTRY)
		return -XEN_EINVAL;
	pages = (unsigned int)(entries + ENTRIES_PER_PAGE - 1) /
		ENTRIES_PER_PAGE;
	if (copy_array_from_guest(frames, guest_ptr(list), 0, pages,
				  sizeof(frames[0])))
		return -XEN_EFAULT;
	return pv_set_gdt(current_vcpu(), frames, (unsigned int)entries);
}

int pv_set_ldt(struct vcpu *v, uint64_t base, uint64_t entries)
{
	if (entries > LDT_MAX_ENTRIES)
		return -XEN_EINVAL;
	if (entries && ((base & ~PAGE_MASK) ||
			!guest_range_ok(base, entries * sizeof(uint64_t))))
		return -XEN_EINVAL;

	/* Commit. */
	drop_ldt(v);
	v->ldt_base = base;
	v->ldt_entries = (unsigned int)entries;
	if (v == current_vcpu())
		load_ldt_window(v);
	return 0;
}

bool pv_ldt_fault(struct vcpu *v, uint64_t cr2)
{
	unsigned int cpu = this_cpu()->id;
	uint64_t offset = cr2 - LDT_WINDOW(cpu);
	unsigned int page = (unsigned int)(offset >> PAGE_SHIFT);
	uint64_t *pte, l1;

	if (offset >= v->ldt_entries * sizeof(uint64_t))
		return false;
	pte = desc_window_ptes(cpu) + 16 + page;
	if (v->ldt_frames[page])
		return false;
	l1 = mm_lookup_l1(v, v->ldt_base + page * PAGE_SIZE);
	if (!(l1 & PTE_PRESENT))
		return false;
	v->ldt_frames[page] = frame_get_descriptor(v->domain, pte_mfn(l1));
	if (!v->ldt_frames[page])
		return false;
	window_set(pte, window_pte(pte_mfn(l1)),
		   LDT_WINDOW(cpu) + page * PAGE_SIZE);
	return true;
}

/* Descriptor pages take checked entries, plain pages take anything. */
long hc_update_descriptor(uint64_t maddr, uint64_t descriptor, uint64_t a3,
			  uint64_t a4, uint64_t a5)
{
	struct domain *d = current_vcpu()->domain;
	mfn_t m = mfn_of(maddr >> PAGE_SHIFT);
	struct frame *f;
	uint64_t *entry;

	(void)a3, (void)a4, (void)a5;
	if ((maddr & 7) || !descriptor_fix(&descriptor))
		return -XEN_EINVAL;
	f = frame_get_descriptor(d, m);
	if (f) {
		entry = (uint64_t *)mfn_to_virt(m) + (maddr & ~PAGE_MASK) / 8;
		write_once(*entry, descriptor);
		frame_put_descriptor(f);
		return 0;
	}
	f = frame_get_writable(d, m);
	if (!f)
		return -XEN_EINVAL;
	entry = (uint64_t *)mfn_to_virt(m) + (maddr & ~PAGE_MASK) / 8;
	write_once(*entry, descriptor);
	frame_put_writable(f);
	return 0;
}
