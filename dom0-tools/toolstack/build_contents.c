/* SPDX-License-Identifier: MIT */
/*
 * What the pages of a new domain hold: kernel, ramdisk, p2m, page tables,
 * start_info, and the two pages that the hypervisor provides.
 *
 * A page is mapped only while it is written: the hypervisor refuses to make a
 * page table of a page that somebody can write to. Nothing of a former owner
 * remains (TB-7): whatever is written is written entirely, unless the
 * hypervisor gives out zeros. Then pages that shall be zeros are not even
 * mapped.
 */
#include <public/grant_table.h>
#include <public/xen.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "build_state.h"
#include "hypercalls.h"
#include "primitives.h"

/* Contents ---------------------------------------------------------------- */

/*
 * Writes one window of pages that just got mapped: `bytes` bytes, which
 * begin `offset` bytes into the range that is being written.
 */
typedef void fill_function(const struct build *build, const void *context,
			   uint8_t *window, uint64_t offset, uint64_t bytes);

static int fail_map(struct build *build, const char *what, uint64_t mfn,
		    const struct tk_map_failure *failure)
{
	return tk_fail(build->err,
		       "%s: mapping %s, frame %#" PRIx64 ": %s (%d)",
		       build->request->config->name, what, mfn,
		       tk_errno_text(failure->error), failure->error);
}

static int write_pages(struct build *build, const char *what, uint64_t pfn,
		       uint64_t pages, fill_function *fill, const void *context)
{
	uint64_t done, count;

	for (done = 0; done < pages; done += count) {
		const uint64_t *mfns = build->p2m + pfn + done;
		struct tk_map_failure failure = { 0 };
		uint8_t *window;

		count = pages - done;
		if (count > TK_MAP_FOREIGN_MAX)
			count = TK_MAP_FOREIGN_MAX;
		window = tk_map_foreign(build->domid, mfns, count, true,
					&failure);
		if (!window)
			return fail_map(build, what, mfns[failure.index],
					&failure);
		fill(build, context, window, done * TK_PAGE_SIZE,
		     count * TK_PAGE_SIZE);
		tk_unmap_foreign(window, count);
		if (tk_build_go_on(build))
			return -1;
	}
	return 0;
}

struct bytes {
	const void *data;
	uint64_t size;
};

static void clear_unless_zero(const struct build *build, uint8_t *bytes,
			      uint64_t count)
{
	if (!build->memory_is_zero)
		memset(bytes, 0, count);
}

/* The bytes, then zeros up to the end of the window. */
static void fill_bytes(const struct build *build, const void *context,
		       uint8_t *window, uint64_t offset, uint64_t bytes)
{
	const struct bytes *source = context;
	uint64_t count = 0;

	if (offset < source->size)
		count = source->size - offset;
	if (count > bytes)
		count = bytes;
	if (count)
		memcpy(window, (const uint8_t *)source->data + offset, count);
	clear_unless_zero(build, window + count, bytes - count);
}

static int write_zeros(struct build *build, const char *what, uint64_t pfn)
{
	const struct bytes nothing = { NULL, 0 };

	return build->memory_is_zero
		       ? 0
		       : write_pages(build, what, pfn, 1, fill_bytes, &nothing);
}

/*
 * From byte *offset of the kernel's pages on, one window: what each segment's
 * file part puts here.
 */
static void fill_kernel(const struct build *build, const void *context,
			uint8_t *window, uint64_t offset, uint64_t bytes)
{
	const struct tk_kernel_image *image = &build->image;
	const uint64_t *first_pfn = context;
	uint64_t start = tk_layout_virt(&build->layout, *first_pfn) + offset;
	uint64_t end = start + bytes;
	size_t i;

	clear_unless_zero(build, window, bytes);
	for (i = 0; i < image->n_segments; i++) {
		const struct tk_segment *segment = &image->segments[i];
		uint64_t from = segment->virt;
		uint64_t to = from + segment->file_size;

		if (from < start)
			from = start;
		if (to > end)
			to = end;
		if (from >= to)
			continue;
		memcpy(window + (from - start),
		       build->kernel.data + segment->file_offset +
			       (from - segment->virt),
		       to - from);
	}
}

static int write_kernel_pages(struct build *build, uint64_t pfn, uint64_t pages)
{
	return write_pages(build, "the kernel's pages", pfn, pages, fill_kernel,
			   &pfn);
}

/* Only those pages that something of the file is in. */
static int write_segments(struct build *build)
{
	const struct tk_kernel_image *image = &build->image;
	uint64_t base = build->layout.virt_base;
	size_t i;

	for (i = 0; i < image->n_segments; i++) {
		const struct tk_segment *segment = &image->segments[i];
		uint64_t first = (segment->virt - base) / TK_PAGE_SIZE;
		uint64_t end = (segment->virt - base + segment->file_size +
				TK_PAGE_SIZE - 1) /
			       TK_PAGE_SIZE;

		if (segment->file_size &&
		    write_kernel_pages(build, first, end - first))
			return -1;
	}
	return 0;
}

static int write_kernel(struct build *build)
{
	const struct tk_layout *layout = &build->layout;

	return build->memory_is_zero
		       ? write_segments(build)
		       : write_kernel_pages(build, layout->kernel_pfn,
					    layout->kernel_pages);
}

/* Entries up to the end of the last page say that there is no memory. */
static void fill_p2m(const struct build *build, const void *context,
		     uint8_t *window, uint64_t offset, uint64_t bytes)
{
	uint64_t first = offset / sizeof(*build->p2m);
	uint64_t left =
		(build->layout.memory_pages - first) * sizeof(*build->p2m);
	uint64_t count = bytes < left ? bytes : left;

	(void)context;
	memcpy(window, build->p2m + first, count);
	memset(window + count, 0xff, bytes - count); /* TK_INVALID_MFN */
}

int tk_build_write_images(struct build *build)
{
	const struct tk_layout *layout = &build->layout;
	const struct tk_build_request *request = build->request;
	struct bytes ramdisk = { request->ramdisk, request->ramdisk_size };

	if (write_kernel(build) ||
	    write_pages(build, "the ramdisk's pages", layout->ramdisk_pfn,
			layout->ramdisk_pages, fill_bytes, &ramdisk))
		return -1;
	return write_pages(build, "the p2m's pages", layout->p2m_pfn,
			   layout->p2m_pages, fill_p2m, NULL);
}

/* Page tables; *context is the guest frame of the first. */
static void fill_tables(const struct build *build, const void *context,
			uint8_t *window, uint64_t offset, uint64_t bytes)
{
	uint64_t pfn = *(const uint64_t *)context + offset / TK_PAGE_SIZE;
	uint8_t *end = window + bytes;

	clear_unless_zero(build, window, bytes);
	for (; window < end; window += TK_PAGE_SIZE)
		tk_layout_fill_table(&build->layout, build->p2m, pfn++,
				     (uint64_t *)window);
}

int tk_build_write_tables(struct build *build)
{
	const struct tk_layout *layout = &build->layout;

	if (write_pages(build, "the page tables", layout->l4_pfn,
			layout->n_tables, fill_tables, &layout->l4_pfn))
		return -1;
	return write_pages(build, "the p2m's page tables",
			   layout->p2m_span.tables_pfn, layout->n_p2m_tables,
			   fill_tables, &layout->p2m_span.tables_pfn);
}

static void make_start_info(const struct build *build, start_info_t *info)
{
	const struct tk_layout *layout = &build->layout;

	memset(info, 0, sizeof(*info));
	memcpy(info->magic, "xen-3.0-x86_64", sizeof("xen-3.0-x86_64"));
	info->nr_pages = layout->memory_pages;
	info->shared_info = build->shared_info_mfn << TK_PAGE_SHIFT;
	info->store_mfn = build->p2m[layout->store_pfn];
	info->store_evtchn = tk_xenstore_present() ? build->store_port : 0;
	info->console.domU.mfn = build->p2m[layout->console_pfn];
	info->console.domU.evtchn = build->console_port;
	info->pt_base = tk_layout_virt(layout, layout->l4_pfn);
	info->nr_pt_frames = layout->n_tables;
	info->mfn_list = layout->p2m_virt;
	if (layout->p2m_own_span) {
		info->first_p2m_pfn = layout->p2m_pfn;
		info->nr_p2m_frames = layout->p2m_pages + layout->n_p2m_tables;
	}
	if (layout->ramdisk_pages) {
		info->mod_start =
			layout->ramdisk_unmapped
				? layout->ramdisk_pfn
				: tk_layout_virt(layout, layout->ramdisk_pfn);
		info->mod_len = build->request->ramdisk_size;
		info->flags |= layout->ramdisk_unmapped ? SIF_MOD_START_PFN : 0;
	}
	/* make_layout() has seen that it fits, and the rest is zero. */
	memcpy(info->cmd_line, build->request->config->cmdline,
	       strlen(build->request->config->cmdline));
}

int tk_build_write_boot_pages(struct build *build)
{
	const struct tk_layout *layout = &build->layout;
	start_info_t start_info;
	struct bytes info = { &start_info, sizeof(start_info) };

	make_start_info(build, &start_info);
	if (write_pages(build, "start_info", layout->start_info_pfn, 1,
			fill_bytes, &info) ||
	    write_zeros(build, "the xenstore page", layout->store_pfn) ||
	    write_zeros(build, "the console page", layout->console_pfn))
		return -1;
	return write_zeros(build, "the boot stack", layout->stack_pfn);
}

/* Pages that the hypervisor provided -------------------------------------- */

static void *map_one(struct build *build, const char *what, uint64_t mfn)
{
	struct tk_map_failure failure = { 0 };
	void *page = tk_map_foreign(build->domid, &mfn, 1, true, &failure);

	if (!page)
		fail_map(build, what, mfn, &failure);
	return page;
}

int tk_build_write_shared_info(struct build *build)
{
	shared_info_t *shared =
		map_one(build, "shared_info", build->shared_info_mfn);
	unsigned int i;

	if (!shared)
		return -1;
	clear_unless_zero(build, (uint8_t *)shared, TK_PAGE_SIZE);
	for (i = 0; i < XEN_LEGACY_MAX_VCPUS; i++)
		shared->vcpu_info[i].evtchn_upcall_mask = 1;
	tk_unmap_foreign(shared, 1);
	return 0;
}

/* References that guests keep free for the two rings. */
#define GRANT_REF_CONSOLE  0
#define GRANT_REF_XENSTORE 1

static void grant_page(grant_entry_v1_t *entry, uint64_t mfn)
{
	entry->domid = TK_DOMID_CONTROL;
	entry->frame = (uint32_t)mfn;
	entry->flags = GTF_permit_access;
}

int tk_build_seed_grants(struct build *build)
{
	const struct tk_layout *layout = &build->layout;
	grant_entry_v1_t *table;
	uint64_t mfn;
	int rc = tk_domain_grant_frame(build->domid, &mfn);

	if (rc)
		return tk_build_fail_call(build, "finding its grant table", rc);
	table = map_one(build, "the grant table", mfn);
	if (!table)
		return -1;
	grant_page(&table[GRANT_REF_CONSOLE], build->p2m[layout->console_pfn]);
	grant_page(&table[GRANT_REF_XENSTORE], build->p2m[layout->store_pfn]);
	tk_unmap_foreign(table, 1);
	return 0;
}
