/* SPDX-License-Identifier: MIT */
/*
 * Every hypercall that allocates, with the first, second, ... allocation
 * refused until none is left to refuse. It then fails, and all that can be
 * counted is as it was before; asked again, it succeeds; and when the domains
 * are gone all memory is back.
 */
#include <string.h>

#include "public/domctl.h"
#include "public/errno.h"
#include "public/grant_table.h"
#include "public/memory.h"
#include "public/vcpu.h"
#include "whole.h"

/* Places in the window: the argument, and what it points at. */
#define LIST_AT 0x1000
#define LIST_VA (WINDOW + LIST_AT)

struct operation {
	const char *name;
	void (*prepare)(void);
	long (*run)(void);
	bool keeps_progress; /* asked again it goes on, so counts may differ */
};

static void *argument(const void *bytes, size_t size)
{
	memcpy(whole_window, bytes, size);
	return whole_window;
}

static long domctl(struct xen_domctl *op)
{
	long rc;

	op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
	argument(op, sizeof(*op));
	rc = whole_call(__HYPERVISOR_domctl, WINDOW, 0, 0, 0);
	memcpy(op, whole_window, sizeof(*op));
	return rc;
}

/* Domains. */

static long create(void)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_createdomain,
				 .u.createdomain.max_vcpus = 3 };

	return domctl(&op);
}

static domid_t created;

static void prepare_vcpus(void)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_createdomain,
				 .u.createdomain.max_vcpus = 3 };

	CHECK(!domctl(&op));
	created = op.domain;
}

static long max_vcpus(void)
{
	struct xen_domctl op = { .cmd = XEN_DOMCTL_max_vcpus,
				 .domain = created,
				 .u.max_vcpus.max = 3 };

	return domctl(&op);
}

static void prepare_initialise(void)
{
	whole_domain(0)->vcpu[1]->initialised = false;
}

/* Refused for its contents when there is memory: the last step's answer. */
static long initialise(void)
{
	struct vcpu_guest_context c = { 0 };
	long rc;

	argument(&c, sizeof(c));
	rc = whole_call(__HYPERVISOR_vcpu_op, VCPUOP_initialise, 1, WINDOW, 0);
	return rc == -XEN_ENOMEM ? rc : 0;
}

/* Grants. */

static long setup_table_of(uint32_t n)
{
	struct gnttab_setup_table s = { .dom = DOMID_SELF, .nr_frames = n };
	long rc;

	s.frame_list.p = (void *)LIST_VA;
	argument(&s, sizeof(s));
	rc = whole_call(__HYPERVISOR_grant_table_op, GNTTABOP_setup_table,
			WINDOW, 1, 0);
	memcpy(&s, whole_window, sizeof(s));
	return rc ? rc : s.status;
}

static long setup_table(void)
{
	return setup_table_of(5);
}

static long acquire(void)
{
	struct xen_mem_acquire_resource r = {
		.domid = 1,
		.type = XENMEM_resource_grant_table,
		.id = XENMEM_resource_grant_table_id_shared,
		.nr_frames = 3,
		.frame_list.p = (void *)LIST_VA,
	};

	argument(&r, sizeof(r));
	return whole_call(__HYPERVISOR_memory_op, XENMEM_acquire_resource,
			  WINDOW, 0, 0);
}

static void prepare_map(void)
{
	struct grant_entry_v1 *entry;
	xen_pfn_t frame;

	CHECK(whole_be(1, 0));
	CHECK(!setup_table_of(1));
	memcpy(&frame, whole_window + LIST_AT, sizeof(frame));
	entry = mfn_to_virt(mfn_of(frame));
	entry[9] = (struct grant_entry_v1){ GTF_permit_access, 2,
					    (uint32_t)whole_frame(1, 0) };
	CHECK(whole_be(2, 0));
}

static long map(void)
{
	struct gnttab_map_grant_ref m = { .flags = GNTMAP_device_map,
					  .ref = 9,
					  .dom = 1 };
	long rc;

	argument(&m, sizeof(m));
	rc = whole_call(__HYPERVISOR_grant_table_op, GNTTABOP_map_grant_ref,
			WINDOW, 1, 0);
	memcpy(&m, whole_window, sizeof(m));
	return rc ? rc : m.status;
}

/* Memory. */

static long reserve(unsigned int cmd, unsigned int order)
{
	struct xen_memory_reservation r = { .extent_start.p = (void *)LIST_VA,
					    .nr_extents = 1,
					    .extent_order = order,
					    .domid = DOMID_SELF };
	uint64_t gfn = 5;
	long rc;

	memcpy(whole_window + LIST_AT, &gfn, sizeof(gfn));
	argument(&r, sizeof(r));
	rc = whole_call(__HYPERVISOR_memory_op, cmd, WINDOW, 0, 0);
	return rc == 1 ? 0 : -XEN_ENOMEM;
}

static long populate(void)
{
	return reserve(XENMEM_populate_physmap, 2);
}

static long increase(void)
{
	return reserve(XENMEM_increase_reservation, 0);
}

/* Two neighbours for two single pages, in one go. */
static long exchange(void)
{
	struct xen_memory_exchange x = {
		.in = { { (void *)LIST_VA }, 1, 1, 0, DOMID_SELF },
		.out = { { (void *)(LIST_VA + 8) }, 2, 0, 0, DOMID_SELF },
	};
	uint64_t list[3] = { 0 };

	for (unsigned int i = 1; i < WHOLE_PAGES; i++)
		if (whole_frame(1, i) == whole_frame(1, i - 1) + 1)
			list[0] = whole_frame(1, i - 1);
	CHECK(list[0]);
	memcpy(whole_window + LIST_AT, list, sizeof(list));
	argument(&x, sizeof(x));
	return whole_call(__HYPERVISOR_memory_op, XENMEM_exchange, WINDOW, 0,
			  0);
}

static long map_op(unsigned int cmd)
{
	struct xen_memory_map m = { .nr_entries = 1,
				    .buffer.p = (void *)LIST_VA };

	argument(&m, sizeof(m));
	return whole_call(__HYPERVISOR_memory_op, cmd, WINDOW, 0, 0);
}

static long set_map(void)
{
	struct xen_foreign_memory_map f = {
		.domid = 1,
		.map = { .nr_entries = 2, .buffer.p = (void *)LIST_VA },
	};

	argument(&f, sizeof(f));
	return whole_call(__HYPERVISOR_memory_op, XENMEM_set_memory_map, WINDOW,
			  0, 0);
}

static void prepare_memory_map(void)
{
	CHECK(!set_map());
	CHECK(whole_be(1, 0));
}

static long memory_map(void)
{
	return map_op(XENMEM_memory_map);
}

static void guest(void)
{
	CHECK(whole_be(1, 0));
}

static void control(void)
{
	CHECK(whole_be(0, 0));
}

static const struct operation operations[] = {
	{ "create", control, create, false },
	{ "max_vcpus", prepare_vcpus, max_vcpus, true },
	{ "vcpu_initialise", prepare_initialise, initialise, false },
	{ "setup_table", guest, setup_table, true },
	{ "acquire_resource", control, acquire, true },
	{ "map_grant_ref", prepare_map, map, true }, /* the account of use */
	{ "populate_physmap", guest, populate, false },
	{ "increase_reservation", guest, increase, false },
	{ "exchange", guest, exchange, false },
	{ "set_memory_map", control, set_map, false },
	{ "memory_map", prepare_memory_map, memory_map, false },
};

/* All that can be counted. */
struct counts {
	uint64_t free;
	long objects;
	uint64_t pages[WHOLE_DOMAINS], references[WHOLE_DOMAINS];
	uint64_t frames[WHOLE_DOMAINS][WHOLE_PAGES][2];
	unsigned int domains;
};

static struct counts count(void)
{
	struct domain *d;
	struct counts c;

	memset(&c, 0, sizeof(c));
	c.free = heap_free_pages;
	c.objects = whole_objects();
	for (unsigned int i = 0; i < WHOLE_DOMAINS; i++) {
		c.pages[i] = whole_domain(i)->tot_pages;
		c.references[i] = whole_domain(i)->refcount;
		for (unsigned int k = 0; k < WHOLE_PAGES; k++) {
			const struct frame *f =
				frame_at(mfn_of(whole_frame(i, k)));

			c.frames[i][k][0] = f->ref;
			c.frames[i][k][1] = f->type & TYPE_COUNT;
		}
	}
	for (domid_t id = 0; (d = domain_get_next(id)); c.domains++) {
		id = (domid_t)(d->id + 1);
		domain_put(d);
	}
	return c;
}

/* False: the allocation of that number was never asked for. */
static bool refuse_one(const struct operation *o, unsigned long number)
{
	struct counts before, after;
	bool refused;
	long rc;

	whole_begin();
	o->prepare();
	before = count();
	whole_refuse(number);
	rc = o->run();
	refused = whole_refused();
	whole_refuse(0);
	CHECK(refused ? rc < 0 : !rc);
	after = count();
	if (refused && !o->keeps_progress)
		CHECK(!memcmp(&before, &after, sizeof(before)));
	/* What it was about is intact: it works now. */
	if (refused)
		CHECK(!o->run());
	CHECK(whole_end());
	return refused;
}

int main(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
		unsigned long n = 1;

		while (refuse_one(&operations[i], n))
			n++;
		CHECK(n > 1); /* else it does not belong here */
		printf("ok %s: %lu allocations\n", operations[i].name, n - 1);
	}
	return 0;
}
