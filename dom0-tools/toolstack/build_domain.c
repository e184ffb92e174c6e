/* SPDX-License-Identifier: MIT */
/*
 * The domain builder: the order of its steps, and those that deal with the
 * domain as a whole; build_contents.c has those that write its pages.
 *
 * The steps run in a fixed order, each a function of struct build that
 * either succeeds or leaves one line in the error. Whatever they acquire is
 * in struct build, so there is one place that gives it back.
 */
#include "build_domain.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>
#include <public/xen.h>

#include "build_state.h"
#include "hypercalls.h"
#include "primitives.h"

/* An unpacked kernel beyond this is taken for a mistake or an attack. */
#define KERNEL_SIZE_MAX (256ull << 20)

/* Room for what the hypervisor keeps about a domain. */
#define OVERHEAD_PAGES 256u

int tk_build_fail_call(struct build *build, const char *what, long rc)
{
	return tk_fail(build->err, "%s: %s: %s (%ld)",
		       build->request->config->name, what, tk_errno_text(rc),
		       rc);
}

/* The control domain may create domains: it is the processor. */
static int fail_create(struct build *build, int rc)
{
	if (rc != -XEN_EPERM)
		return tk_build_fail_call(build, "creating the domain", rc);
	return tk_fail(build->err,
		       "%s: the hypervisor allows no guests on this processor:"
		       " see dmesg",
		       build->request->config->name);
}

int tk_build_fail_allocation(struct build *build, const char *what)
{
	return tk_fail(build->err,
		       "%s: not enough memory in the control domain for %s",
		       build->request->config->name, what);
}

int tk_build_go_on(struct build *build)
{
	return tk_go_on(build->request->interrupted,
			build->request->config->name, build->err);
}

/* Kernel and layout ------------------------------------------------------- */

static int read_kernel(struct build *build)
{
	const struct tk_build_request *request = build->request;
	const struct tk_unpack_limits limits = {
		.max_size = KERNEL_SIZE_MAX,
		.interrupted = request->interrupted,
	};

	if (tk_kernel_unpack(&build->kernel, request->kernel,
			     request->kernel_size, &limits, build->err) ||
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

/* An empty domain --------------------------------------------------------- */

/* Who has the most: so many are named. */
#define HOLDERS 3

struct holders {
	struct tk_domain_info list[HOLDERS]; /* the largest first */
	size_t count;
};

static void add_holder(struct holders *holders,
		       const struct tk_domain_info *info)
{
	size_t at = holders->count < HOLDERS ? holders->count++ : HOLDERS;

	while (at && holders->list[at - 1].pages < info->pages) {
		if (at < HOLDERS)
			holders->list[at] = holders->list[at - 1];
		at--;
	}
	if (at < HOLDERS)
		holders->list[at] = *info;
}

/* The built-in control domain has no node with its own. */
static void name_of(uint16_t domid, char *name, size_t size)
{
	char path[48];

	snprintf(path, sizeof(path), "/local/domain/%u/name", domid);
	if (!tk_store_read(path, name, size))
		return;
	if (domid == TK_DOMID_CONTROL)
		snprintf(name, size, "Domain-0");
	else
		snprintf(name, size, "domain %u", domid);
}

/* "; Domain-0 has 512 MiB, ..." */
static void holders_text(char *text, size_t size)
{
	struct holders holders = { .count = 0 };
	struct tk_domain_info info;
	char name[64];
	uint16_t next = 0;
	size_t i, length = 0;

	while (next < TK_DOMID_FIRST_RESERVED &&
	       !tk_domain_info_next(next, &info)) {
		add_holder(&holders, &info);
		next = info.domid + 1;
	}
	text[0] = '\0';
	for (i = 0; i < holders.count && length < size; i++) {
		name_of(holders.list[i].domid, name, sizeof(name));
		length += (size_t)snprintf(text + length, size - length,
					   "%s %s has %" PRIu64 " MiB",
					   i ? "," : ";", name,
					   holders.list[i].pages / 256);
	}
}

static int fail_memory(struct build *build, uint64_t missing_pages)
{
	char holders[160];

	holders_text(holders, sizeof(holders));
	return tk_fail(build->err,
		       "%s: not enough memory: %" PRIu64 " MiB wanted, %" PRIu64
		       " MiB missing%s",
		       build->request->config->name,
		       build->request->config->memory_mib,
		       (missing_pages + 255) / 256, holders);
}

static int check_free_memory(struct build *build)
{
	uint64_t wanted = build->layout.memory_pages + OVERHEAD_PAGES;
	uint64_t free_pages;
	int rc = tk_host_free_pages(&free_pages);

	if (rc)
		return tk_build_fail_call(build, "asking for the free memory",
					  rc);
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
	const struct tk_domain_limits limits = {
		.vcpus = config->max_vcpus,
		.ports = config->max_event_channels,
		.grant_frames = config->max_grant_frames,
		.maptrack_frames = config->max_maptrack_frames,
	};
	int rc;

	if (config->has_uuid)
		memcpy(build->uuid, config->uuid, sizeof(build->uuid));
	else
		make_uuid(build->uuid);
	rc = tk_domain_create(&build->domid, build->uuid, &limits);
	if (rc)
		return fail_create(build, rc);
	build->has_domain = true;
	return 0;
}

static int set_limits(struct build *build)
{
	const struct tk_domain_config *config = build->request->config;
	int rc;

	rc = tk_domain_set_max_vcpus(build->domid, config->max_vcpus);
	if (rc)
		return tk_build_fail_call(build, "setting the number of vcpus",
					  rc);
	/* One MiB above: for pages that come and go with devices. */
	rc = tk_domain_set_max_memory(build->domid,
				      config->memory_mib * 1024 + 1024);
	if (rc)
		return tk_build_fail_call(build, "setting the memory limit",
					  rc);
	rc = tk_domain_set_tsc(build->domid, config->has_native_tsc);
	if (rc)
		return tk_build_fail_call(build, "setting the TSC mode", rc);
	if (config->rtc_timeoffset)
		rc = tk_domain_set_time_offset(build->domid,
					       config->rtc_timeoffset);
	return rc ? tk_build_fail_call(build, "setting its clock", rc) : 0;
}

/* Only what the configuration asks for. */
static int set_scheduling(struct build *build)
{
	const struct tk_domain_config *config = build->request->config;
	struct tk_sched_params params;
	unsigned int i;
	int rc = 0;

	for (i = 0; i < config->max_vcpus && !rc; i++) {
		if (config->hard || config->soft)
			rc = tk_vcpu_set_affinity(
				build->domid, i,
				config->hard ? &config->hard[i] : NULL,
				config->soft ? &config->soft[i] : NULL);
	}
	if (rc)
		return tk_build_fail_call(build, "choosing CPUs for its vcpus",
					  rc);
	if (!config->weight && !config->cap)
		return 0;
	rc = tk_domain_get_sched(build->domid, &params);
	if (!rc) {
		if (config->weight)
			params.weight = config->weight;
		params.cap = config->cap;
		rc = tk_domain_set_sched(build->domid, &params);
	}
	if (rc)
		return tk_build_fail_call(build,
					  "setting its share of the CPUs", rc);
	return 0;
}

static int allocate_ports(struct build *build)
{
	int port = tk_domain_alloc_port(build->domid, TK_DOMID_CONTROL);

	if (port < 0)
		return tk_build_fail_call(build, "allocating the xenstore port",
					  port);
	build->store_port = (uint32_t)port;
	port = tk_domain_alloc_port(build->domid, TK_DOMID_CONTROL);
	if (port < 0)
		return tk_build_fail_call(build, "allocating the console port",
					  port);
	build->console_port = (uint32_t)port;
	return 0;
}

/* Memory ------------------------------------------------------------------ */

#define ORDER_MAX 9u /* 2 MiB */
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
 * Large extents first, they are quick and keep memory whole. Smaller ones when
 * there are none left, and for the rest.
 */
static int populate(struct build *build)
{
	uint64_t total = build->layout.memory_pages, pfn = 0;
	unsigned int order = ORDER_MAX;

	while (pfn < total) {
		uint64_t extents;
		long done;

		if (tk_build_go_on(build))
			return -1;
		while (total - pfn < 1ull << order)
			order--;
		extents = (total - pfn) >> order;
		if (extents > BATCH)
			extents = BATCH;
		done = populate_batch(build, pfn, extents, order);
		if (done < 0 && done != -XEN_ENOMEM)
			return tk_build_fail_call(build, "giving it memory",
						  done);
		if (done > 0)
			pfn += (uint64_t)done << order;
		if (done == (long)extents)
			continue;
		if (!order)
			return fail_memory(build, total - pfn);
		order--;
	}
	return 0;
}

static int allocate_memory(struct build *build)
{
	int rc = tk_host_zeroes_memory(&build->memory_is_zero);

	if (rc)
		return tk_build_fail_call(build, "asking for the version", rc);
	build->p2m = calloc(build->layout.memory_pages, sizeof(*build->p2m));
	if (!build->p2m)
		return tk_build_fail_allocation(build, "the list of its pages");
	return populate(build);
}

/* The first vcpu ---------------------------------------------------------- */

static int find_shared_info(struct build *build)
{
	struct tk_domain_info info;
	int rc = tk_domain_info(build->domid, &info);

	if (rc)
		return tk_build_fail_call(build, "asking about the new domain",
					  rc);
	build->shared_info_mfn = info.shared_info_mfn;
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
		return tk_build_fail_call(build, "filling the hypercall page",
					  rc);
	return 0;
}

static int pin_tables(struct build *build)
{
	uint64_t mfn = build->p2m[build->layout.l4_pfn];
	int rc = tk_domain_pin_l4(build->domid, mfn);

	if (rc)
		return tk_build_fail_call(build, "validating its page tables",
					  rc);
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
		return tk_build_fail_allocation(build, "its first vcpu");
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
		return tk_build_fail_call(build, "setting up its first vcpu",
					  rc);
	return 0;
}

static int introduce(struct build *build)
{
	const struct tk_layout *layout = &build->layout;
	const struct tk_xenstore_guest guest = {
		.domid = build->domid,
		.name = build->request->config->name,
		.config = build->request->config,
		.uuid = build->uuid,
		.memory_kib = build->request->config->memory_mib * 1024,
		.max_memory_kib = build->request->config->maxmem_mib * 1024,
		.vcpus = build->request->config->vcpus,
		.max_vcpus = build->request->config->max_vcpus,
		.mfn = build->p2m[layout->store_pfn],
		.port = build->store_port,
		.console_ring_mfn = build->p2m[layout->console_pfn],
		.console_port = build->console_port,
	};
	int rc = tk_xenstore_introduce(&guest);

	if (rc)
		return tk_build_fail_call(build, "introducing it to xenstore",
					  rc);
	return 0;
}

/* The whole --------------------------------------------------------------- */

static int (*const steps[])(struct build *build) = {
	read_kernel,
	make_layout,
	check_free_memory,
	create_domain,
	set_limits,
	set_scheduling,
	allocate_ports,
	allocate_memory,
	find_shared_info,
	tk_build_write_images,
	tk_build_write_tables,
	tk_build_write_boot_pages,
	init_hypercall_page,
	pin_tables,
	tk_build_write_shared_info,
	set_context,
	tk_build_seed_grants,
	introduce,
};

int tk_build_check(const struct tk_build_request *request, uint64_t *pages,
		   struct tk_error *err)
{
	struct build build = { .request = request, .err = err };
	int rc = read_kernel(&build);

	if (!rc)
		rc = make_layout(&build);
	*pages = rc ? 0 : build.layout.memory_pages + OVERHEAD_PAGES;
	if (!rc)
		rc = check_free_memory(&build);
	tk_elf_blob_free(&build.kernel);
	return rc;
}

int tk_build_domain(struct tk_built_domain *built,
		    const struct tk_build_request *request,
		    struct tk_error *err)
{
	struct build build = { .request = request, .err = err };
	size_t i;
	int rc = 0;

	for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && !rc; i++) {
		rc = tk_build_go_on(&build);
		if (!rc)
			rc = steps[i](&build);
	}
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
