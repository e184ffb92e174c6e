/* SPDX-License-Identifier: MIT */
/*
 * GDT and LDT of a guest: frames of type descriptor, which the guest cannot
 * write, mapped into the window of the CPU that runs it (BF-18).
 *
 * Owns: descriptor_frames[], gdt_*, ldt_* of struct vcpu. Each frame holds one
 * descriptor reference; its index is its page in the window. LDT pages are
 * mapped on the first use of a selector in them.
 * Context: the vCPU's CPU, or a vCPU that does not run.
 */
#include "pv/pv.h"

#define ENTRY_BYTES      sizeof(uint64_t)
#define ENTRIES_PER_PAGE (PAGE_SIZE / ENTRY_BYTES)
#define LDT_MAX_ENTRIES  8192

/* Pages of a window; the two between are the hypervisor's. */
#define GDT_PAGES    FIRST_RESERVED_GDT_PAGE
#define LDT_FIRST    16
#define LDT_END      32
#define WINDOW_FLAGS (PTE_PRESENT | PTE_NX | PTE_ACCESSED | PTE_DIRTY)

/*
 * False: this descriptor must not be in a guest's table. True: it may, after
 * the privilege level of a code or data segment has been set to 3.
 */
static must_check bool descriptor_fix(uint64_t *d)
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
	for (unsigned int i = 0; i < ENTRIES_PER_PAGE; i++)
		if (!descriptor_fix(&entries[i]))
			return -XEN_EINVAL;
	return 0;
}

/* Under unused parts of a guest's GDT: selectors there are null descriptors. */
static uint64_t empty_page[ENTRIES_PER_PAGE] __attribute__((aligned(4096)));

/* Pages first .. end - 1 of this CPU's window become those of v. */
static void load_pages(const struct vcpu *v, unsigned int first,
		       unsigned int end)
{
	unsigned int cpu = this_cpu()->id;
	uint64_t *ptes = this_cpu()->window, new;
	const struct frame *f;

	for (unsigned int i = first; i < end; i++) {
		f = v->descriptor_frames[i];
		new = i < GDT_PAGES ? virt_to_phys(empty_page) | WINDOW_FLAGS
				    : 0;
		if (f)
			new = frame_to_mfn(f).n << PAGE_SHIFT | WINDOW_FLAGS |
			      PTE_WRITE;
		if (ptes[i] == new)
			continue;
		write_once(ptes[i], new);
		invlpg(GDT_WINDOW(cpu) + i * PAGE_SIZE);
	}
}

static unsigned int pages_of(uint64_t entries)
{
	return (unsigned int)((entries + ENTRIES_PER_PAGE - 1) /
			      ENTRIES_PER_PAGE);
}

/*
 * A window of this CPU becomes v's. Most tables are short: pages at its end
 * that are empty, and of which v has none either, are not looked at.
 */
static void load_window(const struct vcpu *v, unsigned int first,
			unsigned int end, uint64_t entries, uint8_t *empty)
{
	unsigned int empty_now = end - first - pages_of(entries);

	load_pages(v, first, end - min_u64(empty_now, *empty));
	*empty = (uint8_t)empty_now;
}

void pv_load_windows(struct vcpu *v)
{
	struct cpu *c = this_cpu();

	load_window(v, 0, GDT_PAGES, v->gdt_entries, &c->empty_gdt_pages);
	load_window(v, LDT_FIRST, LDT_END, v->ldt_entries, &c->empty_ldt_pages);
	gdt_load_ldt((unsigned int)v->ldt_entries);
}

static void drop_pages(struct vcpu *v, unsigned int first, unsigned int end)
{
	for (unsigned int i = first; i < end; i++) {
		if (v->descriptor_frames[i])
			frame_put_writable(v->descriptor_frames[i]);
		v->descriptor_frames[i] = NULL;
	}
}

void pv_drop_descriptors(struct vcpu *v)
{
	drop_pages(v, 0, LDT_END);
	v->gdt_entries = v->ldt_entries = 0;
}

int pv_set_gdt(struct vcpu *v, const uint64_t *mfns, uint64_t entries)
{
	struct frame *frames[GDT_PAGES] = { NULL };
	unsigned int i;

	if (entries > FIRST_RESERVED_GDT_ENTRY)
		return -XEN_EINVAL;
	for (i = 0; i < pages_of(entries); i++) {
		frames[i] = frame_get_typed(v->domain, mfn_of(mfns[i]),
					    TYPE_DESCRIPTOR);
		if (!frames[i])
			goto put;
	}

	/* Commit: nothing below can fail. */
	drop_pages(v, 0, GDT_PAGES);
	memcpy(v->descriptor_frames, frames, sizeof(frames));
	v->gdt_entries = entries;
	if (v == current_vcpu())
		pv_load_windows(v);
	return 0;

put:
	while (i--)
		frame_put_writable(frames[i]);
	return -XEN_EINVAL;
}

long hc_set_gdt(uint64_t list, uint64_t entries, uint64_t a3, uint64_t a4)
{
	uint64_t mfns[GDT_PAGES];

	entries = (uint32_t)entries;
	if (entries > FIRST_RESERVED_GDT_ENTRY)
		return -XEN_EINVAL;
	if (copy_array_from_guest(mfns, guest_ptr(list), 0, pages_of(entries),
				  sizeof(mfns[0])))
		return -XEN_EFAULT;
	return pv_set_gdt(current_vcpu(), mfns, entries);
}

bool pv_ldt_ok(uint64_t base, uint64_t entries)
{
	return !entries ||
	       (entries <= LDT_MAX_ENTRIES && !(base & ~PAGE_MASK) &&
		guest_range_ok(base, entries * ENTRY_BYTES));
}

int pv_set_ldt(struct vcpu *v, uint64_t base, uint64_t entries)
{
	if (!pv_ldt_ok(base, entries))
		return -XEN_EINVAL;

	/* Commit. */
	drop_pages(v, LDT_FIRST, LDT_END);
	v->ldt_base = base;
	v->ldt_entries = entries;
	if (v == current_vcpu())
		pv_load_windows(v);
	return 0;
}

bool pv_ldt_fault(struct vcpu *v, uint64_t cr2)
{
	uint64_t offset = cr2 - LDT_WINDOW(this_cpu()->id), l1;
	unsigned int page = (unsigned int)(offset >> PAGE_SHIFT);
	struct frame **f;

	if (offset >= v->ldt_entries * ENTRY_BYTES)
		return false;
	f = &v->descriptor_frames[LDT_FIRST + page];
	if (*f)
		return false;
	l1 = mm_lookup_l1(v, v->ldt_base + page * PAGE_SIZE);
	if (!(l1 & PTE_PRESENT))
		return false;
	*f = frame_get_typed(v->domain, pte_mfn(l1), TYPE_DESCRIPTOR);
	load_pages(v, LDT_FIRST + page, LDT_FIRST + page + 1);
	return *f;
}

/* Descriptor pages take checked entries, plain pages take anything. */
long hc_update_descriptor(uint64_t maddr, uint64_t descriptor, uint64_t a3,
			  uint64_t a4)
{
	struct domain *d = current_vcpu()->domain;
	mfn_t m = mfn_of(maddr >> PAGE_SHIFT);
	struct frame *f;

	if ((maddr & (ENTRY_BYTES - 1)) || !descriptor_fix(&descriptor))
		return -XEN_EINVAL;
	f = frame_get_typed(d, m, TYPE_DESCRIPTOR);
	if (!f)
		f = frame_get_typed(d, m, TYPE_WRITABLE);
	if (!f)
		return -XEN_EINVAL;
	write_once(*(uint64_t *)((char *)mfn_to_virt(m) + (maddr & ~PAGE_MASK)),
		   descriptor);
	frame_put_writable(f);
	return 0;
}
