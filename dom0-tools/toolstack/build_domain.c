/* SPDX-License-Identifier: MIT */
/*
 * The domain builder; see build_domain.h.
 *
 * The steps run in a fixed order, each a function of struct build that
 * either succeeds or leaves one line in the error. Whatever they acquire is
 * in struct build, so there is one place that gives it back. Pages of the
 * domain are mapped only while they are written: the hypervisor refuses to
 * make a page table of a page that somebody can write to.
 * Everything that is written is written entirely (TB-7): each page below
 * used_end that the kernel file does not fill is zeroed here.
 */
#include "build_domain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>
#include <public/grant_table.h>
#include <public/xen.h>

#include "bzimage.h"
#include "elf.h"
#include "hypercalls.h"
#include "layout.h"
#include "primitives.h"

struct build {
	const struct tk_build_request *request;
	struct tk_error *err;

	struct tk_elf_blob kernel; /* unpacked when need be */
	struct tk_kernel_image image;
	struct tk_layout layout;

	bool has_domain;
	uint16_t domid;
	uint64_t *p2m; /* mfn of each pfn */
	uint64_t shared_info_mfn;
	uint32_t console_port;
	uint32_t store_port;
};

/* An unpacked kernel beyond this is taken for a mistake or an attack. */
#define KERNEL_SIZE_MAX (256ull << 20)

/* Room for what the hypervisor keeps about a domain. */
#define OVERHEAD_PAGES 256u

static int fail_call(struct build *build, const char *what, long rc)
{
	return tk_fail(build->err, "%s: %s: %s (%ld)",
		       build->request->config->name, what, tk_errno_text(rc),
		       rc);
}

static int fail_allocation(struct build *build, const char *what)
{
	return tk_fail(build->err,
		       "%s: not enough memory in the control domain for %s",
		       build->request->config->name, what);
}

/* Kernel and layout ---------------------------------------------------------
 */

static int read_kernel(struct build *build)
{
	const struct tk_build_request *request = build->request;

	if (tk_kernel_unpack(&build->kernel, request->kernel,
			     request->kernel_size, KERNEL_SIZE_MAX,
			     build->err) ||
	    tk_elf_parse(&build->image, build->kernel.data, build->kernel.size,
			 build->err))
		return tk_fail_within(build->err, request->config->kernel);
	return 0;
}

static int make_layout(struct build *build)
{
	const struct tk_build_request *request = build->request;
	const struct tk_kernel_image *image = &build->image;
	struct tk_layout_request wanted = {
		.virt_base = image->virt_base,
		.kernel_start = image->virt_start,
		.kernel_end = image->virt_end,
		.ramdisk_size = request->ramdisk_size,
		.memory_pages = request->config->memory_mib * 256,
		.ramdisk_unmapped = image->mod_start_pfn,
		.has_init_p2m = image->has_init_p2m,
		.init_p2m = image->init_p2m,
	};

	if (tk_layout(&build->layout, &wanted, build->err))
		return tk_fail_within(build->err, request->config->name);
	if (strlen(request->config->cmdline) >= MAX_GUEST_CMDLINE)
		return tk_fail(build->err,
			       "%s: the kernel command line is longer than"
			       " %d characters",
			       request->config->name, MAX_GUEST_CMDLINE - 1);
	return 0;
}

/* An empty domain -----------------------------------------------------------
 */

static int fail_memory(struct build *build, uint64_t missing_pages)
{
	return tk_fail(build->err,
		       "%s: not enough memory: %" PRIu64 " MiB wanted, %" PRIu64
		       " MiB missing",
		       build->request->config->name,
		       build->request->config->memory_mib,
		       (missing_pages + 255) / 256);
}

static int check_free_memory(struct build *build)
{
	uint64_t wanted = build->layout.memory_pages + OVERHEAD_PAGES;
	uint64_t free_pages;
	int rc = tk_host_free_pages(&free_pages);

	if (rc)
		return fail_call(build, "asking for the free memory", rc);
	if (free_pages < wanted)
		return fail_memory(build, wanted - free_pages);
	return 0;
}

/* Names domains apart for tools that go by UUID; not a secret. */
static void make_uuid(uint8_t uuid[16])
{
	static uint64_t counter;
	uint64_t state = tk_clock_ns() ^ (++counter << 48);
	unsigned int i;

	for (i = 0; i < 16; i++) {
		state = state * 6364136223846793005ull + 1442695040888963407ull;
		uuid[i] = (uint8_t)(state >> 56);
	}
	uuid[6] = (uuid[6] & 0x0f) | 0x40; /* version 4: random */
	uuid[8] = (uuid[8] & 0x3f) | 0x80;
}

static int create_domain(struct build *build)
{
	const struct tk_domain_config *config = build->request->config;
	uint8_t uuid[16];
	int rc;

	if (config->has_uuid)
		memcpy(uuid, config->uuid, sizeof(uuid));
	else
		make_uuid(uuid);
	rc = tk_domain_create(&build->domid, uuid, config->vcpus);
	if (rc)
		return fail_call(build, "creating the domain", rc);
	build->has_domain = true;
	return 0;
}

static int set_limits(struct build *build)
{
	const struct tk_domain_config *config = build->request->config;
	int rc;

	rc = tk_domain_set_max_vcpus(build->domid, config->vcpus);
	if (rc)
		return fail_call(build, "setting the number of vcpus", rc);
	/* One MiB above: for pages that come and go with devices. */
	rc = tk_domain_set_max_memory(build->domid,
				      config->memory_mib * 1024 + 1024);
	if (rc)
		return fail_call(build, "setting the memory limit", rc);
	rc = tk_domain_set_tsc_default(build->domid);
	if (rc)
		return fail_call(build, "setting the TSC mode", rc);
	return 0;
}

static int allocate_ports(struct build *build)
{
	int port = tk_domain_alloc_port(build->domid, TK_DOMID_CONTROL);

	if (port < 0)
		return fail_call(build, "allocating the xenstore port", port);
	build->store_port = (uint32_t)port;
	port = tk_domain_alloc_port(build->domid, TK_DOMID_CONTROL);
	if (port < 0)
		return fail_call(build, "allocating the console port", port);
	build->console_port = (uint32_t)port;
	return 0;
}

/* Memory --------------------------------------------------------------------
 */

#define BIG_ORDER 9u
#define BIG_PAGES (1u << BIG_ORDER)
#define BATCH     512u

/* One call for up to BATCH extents from `pfn` on; returns how many it did. */
static long populate_batch(struct build *build, uint64_t pfn, size_t extents,
			   unsigned int order)
{
	uint64_t list[BATCH];
	long done, i;
	uint64_t page;

	for (i = 0; i < (long)extents; i++)
		list[i] = pfn + ((uint64_t)i << order);
	done = tk_domain_populate(build->domid, list, extents, order);
	if (done > (long)extents)
		done = (long)extents;
	for (i = 0; i < done; i++) {
		for (page = 0; page < 1ul << order; page++)
			build->p2m[pfn + ((uint64_t)i << order) + page] =
				list[i] + page;
	}
	return done;
}

/*
 * Large extents first, they are quick and keep memory whole. Single pages
 * when there are none left, and for the rest.
 */
static int populate(struct build *build)
{
	uint64_t total = build->layout.memory_pages, pfn = 0;
	unsigned int order = BIG_ORDER;

	while (pfn < total) {
		uint64_t extents;
		long done;

		if (total - pfn < BIG_PAGES)
			order = 0;
		extents = (total - pfn) >> order;
		if (extents > BATCH)
			extents = BATCH;
		done = populate_batch(build, pfn, extents, order);
		if (done < 0 && done != -XEN_ENOMEM)
			return fail_call(build, "giving it memory", done);
		if (done > 0)
			pfn += (uint64_t)done << order;
		if (done == (long)extents)
			continue;
		if (!order)
			return fail_memory(build, total - pfn);
		order = 0;
	}
	return 0;
}

static int allocate_memory(struct build *build)
{
	build->p2m = calloc(build->layout.memory_pages, sizeof(*build->p2m));
	if (!build->p2m)
		return fail_allocation(build, "the list of its pages");
	return populate(build);
}

/* Contents ------------------------------------------------------------------
 */

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
	}
	return 0;
}

struct bytes {
	const void *data;
	uint64_t size;
};

/* The bytes, then zeros up to the end of the window. */
static void fill_bytes(const struct build *build, const void *context,
		       uint8_t *window, uint64_t offset, uint64_t bytes)
{
	const struct bytes *source = context;
	uint64_t count = 0;

	(void)build;
	if (offset < source->size)
		count = source->size - offset;
	if (count > bytes)
		count = bytes;
	if (count)
		memcpy(window, (const uint8_t *)source->data + offset, count);
	memset(window + count, 0, bytes - count);
}

/* Zero everything, then copy what each segment's file part puts here. */
static void fill_kernel(const struct build *build, const void *context,
			uint8_t *window, uint64_t offset, uint64_t bytes)
{
	const struct tk_kernel_image *image = &build->image;
	uint64_t start =
		tk_layout_virt(&build->layout, build->layout.kernel_pfn) +
		offset;
	uint64_t end = start + bytes;
	size_t i;

	(void)context;
	memset(window, 0, bytes);
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

/* Entries up to the end of the last page say that there is no memory. */
static void fill_p2m(const struct build *build, const void *context,
		     uint8_t *window, uint64_t offset, uint64_t bytes)
{
	uint64_t *entries = (uint64_t *)window;
	uint64_t pfn = offset / sizeof(*entries);
	uint64_t i;

	(void)context;
	for (i = 0; i < bytes / sizeof(*entries); i++, pfn++)
		entries[i] = pfn < build->layout.memory_pages ? build->p2m[pfn]
							      : TK_INVALID_MFN;
}

static int write_images(struct build *build)
{
	const struct tk_layout *layout = &build->layout;
	const struct tk_build_request *request = build->request;
	struct bytes ramdisk = { request->ramdisk, request->ramdisk_size };

	if (write_pages(build, "the kernel's pages", layout->kernel_pfn,
			layout->kernel_pages, fill_kernel, NULL) ||
	    write_pages(build, "the ramdisk's pages", layout->ramdisk_pfn,
			layout->ramdisk_pages, fill_bytes, &ramdisk))
		return -1;
	return write_pages(build, "the p2m's pages", layout->p2m_pfn,
			   layout->p2m_pages, fill_p2m, NULL);
}

static int write_tables(struct build *build)
{
	const struct tk_layout *layout = &build->layout;
	uint64_t n = layout->n_tables + layout->n_p2m_tables;
	uint64_t(*tables)[TK_PTES_PER_TABLE] = calloc(n, sizeof(*tables));
	struct bytes main_tables = { tables, layout->n_tables * TK_PAGE_SIZE };
	struct bytes p2m_tables = { NULL, layout->n_p2m_tables * TK_PAGE_SIZE };
	int rc;

	if (!tables)
		return fail_allocation(build, "its page tables");
	p2m_tables.data = tables + layout->n_tables;
	tk_layout_fill_tables(layout, build->p2m, tables);
	rc = write_pages(build, "the page tables", layout->l4_pfn,
			 layout->n_tables, fill_bytes, &main_tables);
	if (!rc)
		rc = write_pages(build, "the p2m's page tables",
				 layout->p2m_span.tables_pfn,
				 layout->n_p2m_tables, fill_bytes, &p2m_tables);
	free(tables);
	return rc;
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

static int write_boot_pages(struct build *build)
{
	const struct tk_layout *layout = &build->layout;
	start_info_t start_info;
	struct bytes info = { &start_info, sizeof(start_info) };
	struct bytes nothing = { NULL, 0 };

	make_start_info(build, &start_info);
	if (write_pages(build, "start_info", layout->start_info_pfn, 1,
			fill_bytes, &info) ||
	    write_pages(build, "the xenstore page", layout->store_pfn, 1,
			fill_bytes, &nothing) ||
	    write_pages(build, "the console page", layout->console_pfn, 1,
			fill_bytes, &nothing))
		return -1;
	return write_pages(build, "the boot stack", layout->stack_pfn, 1,
			   fill_bytes, &nothing);
}

/* Shared pages and the first vcpu -------------------------------------------
 */

static int find_shared_info(struct build *build)
{
	struct tk_domain_info info;
	int rc = tk_domain_info(build->domid, &info);

	if (rc)
		return fail_call(build, "asking about the new domain", rc);
	build->shared_info_mfn = info.shared_info_mfn;
	return 0;
}

static void *map_one(struct build *build, const char *what, uint64_t mfn)
{
	struct tk_map_failure failure = { 0 };
	void *page = tk_map_foreign(build->domid, &mfn, 1, true, &failure);

	if (!page)
		fail_map(build, what, mfn, &failure);
	return page;
}

static int write_shared_info(struct build *build)
{
	shared_info_t *shared =
		map_one(build, "shared_info", build->shared_info_mfn);
	unsigned int i;

	if (!shared)
		return -1;
	memset(shared, 0, TK_PAGE_SIZE);
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

static int seed_grants(struct build *build)
{
	const struct tk_layout *layout = &build->layout;
	grant_entry_v1_t *table;
	uint64_t mfn;
	int rc = tk_domain_grant_frame(build->domid, &mfn);

	if (rc)
		return fail_call(build, "finding its grant table", rc);
	table = map_one(build, "the grant table", mfn);
	if (!table)
		return -1;
	grant_page(&table[GRANT_REF_CONSOLE], build->p2m[layout->console_pfn]);
	grant_page(&table[GRANT_REF_XENSTORE], build->p2m[layout->store_pfn]);
	tk_unmap_foreign(table, 1);
	return 0;
}

static int init_hypercall_page(struct build *build)
{
	uint64_t pfn;
	int rc;

	if (!build->image.has_hypercall_page)
		return 0;
	pfn = (build->image.hypercall_page - build->layout.virt_base) >>
	      TK_PAGE_SHIFT;
	rc = tk_domain_init_hypercall_page(build->domid, build->p2m[pfn]);
	if (rc)
		return fail_call(build, "filling the hypercall page", rc);
	return 0;
}

static int pin_tables(struct build *build)
{
	uint64_t mfn = build->p2m[build->layout.l4_pfn];
	int rc = tk_domain_pin_l4(build->domid, mfn);

	if (rc)
		return fail_call(build, "validating its page tables", rc);
	return 0;
}

/* Selectors of the flat segments that every PV guest has, kernel mode. */
#define KERNEL_CS FLAT_KERNEL_CS
#define KERNEL_SS FLAT_KERNEL_SS

/* Reset values. [SDM3 "Processor State After Reset"] */
#define DR6_RESET 0xffff0ff0ul
#define DR7_RESET 0x400ul
#define RFLAGS_IF 0x200ul

static int set_context(struct build *build)
{
	const struct tk_layout *layout = &build->layout;
	vcpu_guest_context_t *context = calloc(1, sizeof(*context));
	int rc;

	if (!context)
		return fail_allocation(build, "its first vcpu");
	context->user_regs.rip = build->image.entry;
	context->user_regs.rsp = tk_layout_virt(layout, layout->stack_pfn + 1);
	context->user_regs.rsi = tk_layout_virt(layout, layout->start_info_pfn);
	context->user_regs.rflags = RFLAGS_IF;
	context->user_regs.cs = KERNEL_CS;
	context->user_regs.ss = KERNEL_SS;
	context->kernel_ss = KERNEL_SS;
	context->kernel_sp = context->user_regs.rsp;
	context->ctrlreg[3] = build->p2m[layout->l4_pfn] << TK_PAGE_SHIFT;
	context->debugreg[6] = DR6_RESET;
	context->debugreg[7] = DR7_RESET;
	context->flags = VGCF_in_kernel | VGCF_online;
	rc = tk_domain_set_context(build->domid, 0, context);
	free(context);
	if (rc)
		return fail_call(build, "setting up its first vcpu", rc);
	return 0;
}

static int introduce(struct build *build)
{
	const struct tk_layout *layout = &build->layout;
	const struct tk_xenstore_guest guest = {
		.domid = build->domid,
		.name = build->request->config->name,
		.memory_kib = build->request->config->memory_mib * 1024,
		.mfn = build->p2m[layout->store_pfn],
		.port = build->store_port,
		.console_ring_mfn = build->p2m[layout->console_pfn],
		.console_port = build->console_port,
	};
	int rc = tk_xenstore_introduce(&guest);

	if (rc)
		return fail_call(build, "introducing it to xenstore", rc);
	return 0;
}

/* The whole -----------------------------------------------------------------
 */

static int (*const steps[])(struct build *build) = {
	read_kernel,  make_layout,       check_free_memory, create_domain,
	set_limits,   allocate_ports,    allocate_memory,   find_shared_info,
	write_images, write_tables,      write_boot_pages,  init_hypercall_page,
	pin_tables,   write_shared_info, set_context,       seed_grants,
	introduce,
};

int tk_build_domain(struct tk_built_domain *built,
		    const struct tk_build_request *request,
		    struct tk_error *err)
{
	struct build build = { .request = request, .err = err };
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && !rc; i++)
		rc = steps[i](&build);
	if (rc && build.has_domain)
		tk_domain_destroy(build.domid);
	if (!rc)
		*built = (struct tk_built_domain){
			.domid = build.domid,
			.console_ring_mfn = build.p2m[build.layout.console_pfn],
			.console_port = build.console_port,
			.store_ring_mfn = build.p2m[build.layout.store_pfn],
			.store_port = build.store_port,
		};
	free(build.p2m);
	tk_elf_blob_free(&build.kernel);
	return rc;
}
