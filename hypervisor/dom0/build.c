/* SPDX-License-Identifier: MIT */
/*
 * Builds the control domain from its kernel file and ramdisk.
 *
 * Pseudo-physical layout, in this order:
 *   kernel | ramdisk, if it must be mapped | p2m | start_info | page tables |
 *   boot stack | slack to a 4 MiB boundary with at least 512 KiB ||
 *   ramdisk with MOD_START_PFN | the rest
 * Everything before || is mapped from virt_base on. A kernel that would have
 * its p2m elsewhere (INIT_P2M) takes it there, too.
 *
 * Owns nothing after boot. Context: boot CPU, interrupts on.
 * Contract: include/public/xen.h, struct start_info.
 */
#include "core/hypercall.h"
#include "dom0/image.h"
#include "mm/mm.h"
#include "x86/paging.h"

#define PTE_PAGE      0x67ull /* present, writable, user, accessed, dirty */
#define PTE_PAGE_RO   0x65ull
#define ENTRIES       512
#define DEFAULT_PAGES (256ull << (20 - PAGE_SHIFT))
#define MAX_PAGES     (16ull << (30 - PAGE_SHIFT))

struct builder {
	const struct boot_module *file, *ramdisk_file; /* no ramdisk: empty */
	struct kernel_image kernel;
	struct domain *domain;
	uint64_t pages;
	uint64_t *p2m; /* its machine frames; becomes the guest's list */

	/* The layout; all pfns, sizes in pages. */
	uint64_t next; /* the first that has no use yet */
	uint64_t ramdisk, ramdisk_pages;
	uint64_t p2m_pfn, p2m_pages;
	uint64_t start_info, tables, table_pages, stack, mapped_end;
	uint64_t next_table; /* pfn of the next table to hand out */
};

static uint64_t va_of(const struct builder *b, uint64_t pfn)
{
	return NOTE(&b->kernel, VIRT_BASE) + (pfn << PAGE_SHIFT);
}

static uint64_t pages_of(uint64_t bytes)
{
	return page_up(bytes) >> PAGE_SHIFT;
}

static mfn_t pfn_to_mfn(const struct builder *b, uint64_t pfn)
{
	return mfn_of(b->p2m[pfn]);
}

static void *pfn_to_virt(const struct builder *b, uint64_t pfn)
{
	return mfn_to_virt(pfn_to_mfn(b, pfn));
}

static uint64_t place(struct builder *b, uint64_t pages)
{
	uint64_t pfn = b->next;

	b->next += pages;
	return pfn;
}

static void layout(struct builder *b)
{
	const uint64_t slack = pages_of(512 << 10), round = pages_of(4 << 20);
	const struct kernel_image *k = &b->kernel;

	b->next = pages_of(k->end);
	b->ramdisk_pages = pages_of(b->ramdisk_file->size);
	b->pages = options.dom0_mem >> PAGE_SHIFT;
	if (!b->pages)
		b->pages = DEFAULT_PAGES + pages_of(b->file->size) +
			   b->ramdisk_pages;
	b->pages = min_u64(b->pages, MAX_PAGES);
	b->p2m_pages = pages_of(b->pages * sizeof(uint64_t));
	if (!NOTE(k, MOD_START_PFN))
		b->ramdisk = place(b, b->ramdisk_pages);
	b->p2m_pfn = place(b, b->p2m_pages);
	b->start_info = place(b, 1);
	/*
	 * Enough to map all that anywhere, a few to spare. They map themselves,
	 * too: that is what 12 of 512 entries are for.
	 */
	b->table_pages = 8 + (b->next + slack + round) / 500;
	b->tables = place(b, b->table_pages);
	b->stack = place(b, 1);
	b->next = (b->next + slack + round - 1) & ~(round - 1);
	b->mapped_end = b->next;
	if (NOTE(k, MOD_START_PFN))
		b->ramdisk = place(b, b->ramdisk_pages);
	if (b->next > b->pages)
		panic("first domain: dom0_mem gives %lu MiB, but kernel and "
		      "ramdisk need %lu MiB",
		      b->pages >> 8, (b->next >> 8) + 1);
}

/* Its memory, and the list of it, which is one of the things in it. */
static void populate(struct builder *b)
{
	uint64_t size = b->p2m_pages << PAGE_SHIFT;

	b->domain->max_pages = b->pages;
	b->p2m = heap_alloc(size);
	if (!b->p2m)
		panic("first domain: no memory for its frame list");
	/* Entries behind the last page are invalid frames. */
	memset(b->p2m, 0xff, size);
	for (uint64_t pfn = 0; pfn < b->pages; pfn++) {
		struct frame *f = domain_alloc_frame(b->domain);

		if (!f)
			panic("first domain: dom0_mem asks for %lu MiB, but "
			      "only %lu MiB are there",
			      b->pages >> 8, pfn >> 8);
		b->p2m[pfn] = frame_to_mfn(f).n;
		m2p_set(frame_to_mfn(f), pfn);
	}
}

/* Copy bytes to consecutive pseudo-physical addresses. */
static void copy_in(struct builder *b, uint64_t at, const void *src, uint64_t n)
{
	const uint8_t *from = src;

	while (n) {
		uint64_t offset = at & (PAGE_SIZE - 1);
		uint64_t step = min_u64(n, PAGE_SIZE - offset);
		uint8_t *page = pfn_to_virt(b, at >> PAGE_SHIFT);

		memcpy(page + offset, from, step);
		at += step;
		from += step;
		n -= step;
	}
}

static void map_page(struct builder *b, uint64_t pfn)
{
	uint64_t va = va_of(b, pfn);
	uint64_t *table = pfn_to_virt(b, b->tables);
	bool is_table = pfn - b->tables < b->table_pages;

	for (unsigned int shift = 39; shift > 12; shift -= 9) {
		uint64_t *slot = &table[(va >> shift) % ENTRIES];

		if (!*slot)
			*slot = pfn_to_mfn(b, b->next_table++).n << PAGE_SHIFT |
				PTE_PAGE;
		table = mfn_to_virt(mfn_of(*slot >> PAGE_SHIFT));
	}
	table[(va >> PAGE_SHIFT) % ENTRIES] =
		(pfn_to_mfn(b, pfn).n << PAGE_SHIFT) |
		(is_table ? PTE_PAGE_RO : PTE_PAGE);
}

static void load_contents(struct builder *b)
{
	const struct kernel_image *k = &b->kernel;
	uint64_t hypercalls = NOTE(k, HYPERCALL_PAGE) - NOTE(k, VIRT_BASE);

	for (unsigned int i = 0; i < k->segments; i++) {
		const struct elf64_segment *p = &k->segment[i];

		if (p->type == PT_LOAD)
			copy_in(b, p->paddr - NOTE(k, PADDR_OFFSET),
				k->file + p->offset, p->filesz);
	}
	if (NOTE(k, HYPERCALL_PAGE) && hypercalls >> PAGE_SHIFT < b->mapped_end)
		hypercall_page_fill(pfn_to_virt(b, hypercalls >> PAGE_SHIFT));
	copy_in(b, b->ramdisk << PAGE_SHIFT,
		phys_to_virt(b->ramdisk_file->start), b->ramdisk_file->size);
	copy_in(b, b->p2m_pfn << PAGE_SHIFT, b->p2m,
		b->p2m_pages << PAGE_SHIFT);
}

static void fill_start_info(struct builder *b)
{
	const struct kernel_image *k = &b->kernel;
	struct start_info *si = pfn_to_virt(b, b->start_info);

	string_copy(si->magic, "xen-3.0-x86_64p", sizeof(si->magic));
	si->nr_pages = b->pages;
	si->shared_info = virt_to_mfn(b->domain->shared_info).n << PAGE_SHIFT;
	si->flags = SIF_PRIVILEGED | SIF_INITDOMAIN;
	si->pt_base = va_of(b, b->tables);
	si->nr_pt_frames = b->table_pages;
	si->mfn_list = va_of(b, b->p2m_pfn);
	si->mod_len = b->ramdisk_file->size;
	if (si->mod_len && NOTE(k, MOD_START_PFN)) {
		si->mod_start = b->ramdisk;
		si->flags |= SIF_MOD_START_PFN;
	} else if (si->mod_len) {
		si->mod_start = va_of(b, b->ramdisk);
	}
	string_copy((char *)si->cmd_line, b->file->cmdline,
		    sizeof(si->cmd_line));
}

static void start_vcpu(struct builder *b)
{
	struct vcpu *v = vcpu_create(b->domain, 0);
	struct vcpu_guest_context *c = heap_alloc(sizeof(*c));
	mfn_t root = pfn_to_mfn(b, b->tables);
	int rc;

	if (!v || !c)
		panic("first domain: no memory for its vCPU");
	rc = mm_pin(b->domain, 4, root);
	if (rc)
		panic("first domain: its page tables were refused: %d", rc);
	c->flags = VGCF_in_kernel | VGCF_online;
	c->user_regs.rip = NOTE(&b->kernel, ENTRY);
	c->user_regs.rsp = va_of(b, b->stack + 1);
	c->user_regs.rsi = va_of(b, b->start_info);
	c->user_regs.cs = FLAT_KERNEL_CS;
	c->user_regs.ss = FLAT_KERNEL_SS;
	c->user_regs.rflags = 0x202;
	c->kernel_ss = FLAT_KERNEL_SS;
	c->kernel_sp = c->user_regs.rsp;
	c->ctrlreg[3] = root.n << PAGE_SHIFT;
	rc = vcpu_context_set(v, c);
	if (rc)
		panic("first domain: its initial state was refused: %d", rc);
	v->down = false;
	heap_free(c);
}

/* Module 0 is the kernel of the control domain, module 1 its ramdisk. */
void dom0_build(void)
{
	struct boot_module *files = boot_info.modules;
	static struct builder builder;
	struct builder *b = &builder;
	const char *problem;
	int rc;

	if (!boot_info.module_count)
		panic("no boot module: a kernel for the control domain");
	b->file = &files[0];
	b->ramdisk_file = &files[1];
	problem = image_parse(&b->kernel, phys_to_virt(b->file->start),
			      b->file->size);
	if (problem)
		panic("first domain: kernel file: %s", problem);
	b->domain = domain_create(0, 1, true, &rc);
	if (!b->domain)
		panic("first domain: cannot be created: %d", rc);
	layout(b);
	populate(b);
	load_contents(b);
	fill_start_info(b);
	b->next_table = b->tables + 1;
	for (uint64_t pfn = 0; pfn < b->mapped_end; pfn++)
		map_page(b, pfn);
	start_vcpu(b);
	heap_free(b->p2m);
	for (unsigned int i = 0; i < boot_info.module_count; i++)
		mm_free_boot_range(files[i].start & PAGE_MASK,
				   page_up(files[i].start + files[i].size));
	log_info("first domain: %lu MiB, kernel at %lx, entry %lx\n",
		 b->pages >> 8, va_of(b, 0), NOTE(&b->kernel, ENTRY));
	b->domain->controller_pause_count = 0;
	domain_each_vcpu(b->domain, vcpu_unpause);
}
