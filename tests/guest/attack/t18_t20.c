/* SPDX-License-Identifier: MIT */
/*
 * T18 to T20: grants, between this domain and itself, and of the victim's
 * pages by guessing. See each part.
 */
#include "attack.h"

#include <public/grant_table.h>
#include <pvguest/grant.h>

#define VICTIM 1
#define REFS   2048
#define TRIES  200000

static long grant_op(unsigned int command, void *op, unsigned int count)
{
	return pv_hypercall3(__HYPERVISOR_grant_table_op, command, PV_ARG(op),
			     count);
}

static int map_with(struct gnttab_map_grant_ref *op, uint32_t flags,
		    uint16_t domid, uint32_t ref, uint64_t where)
{
	*op = (struct gnttab_map_grant_ref){
		.host_addr = where, .flags = flags, .ref = ref, .dom = domid
	};
	if (grant_op(GNTTABOP_map_grant_ref, op, 1) != 0)
		return -100;
	return op->status;
}

static int unmap_with(uint32_t handle, uint64_t where, uint64_t bus)
{
	struct gnttab_unmap_grant_ref op = { .host_addr = where,
					     .dev_bus_addr = bus,
					     .handle = handle };

	if (grant_op(GNTTABOP_unmap_grant_ref, &op, 1) != 0)
		return -100;
	return op.status;
}

static int copy_with(const struct gnttab_copy_ptr *from,
		     const struct gnttab_copy_ptr *to, unsigned int length,
		     unsigned int flags)
{
	struct gnttab_copy op = { .source = *from,
				  .dest = *to,
				  .len = (uint16_t)length,
				  .flags = (uint16_t)flags,
				  .status = 0x77 };

	if (grant_op(GNTTABOP_copy, &op, 1) != 0)
		return -100;
	return op.status;
}

/* Can the frame be a table? Not while anybody maps it writable. */
static bool can_be_table(uint64_t *page)
{
	bool can;

	(void)pv_page_set_writable(page, false);
	can = pin(1, page) == 0 && unpin(page) == 0;
	(void)pv_page_set_writable(page, true);
	return can;
}

/*
 * T18: the life of mappings against a model: the status of each step, the
 * bits that tell the granter, and whether the frame can become a table (GT-1,
 * GT-3, GT-4, GT-8, GT-16; XSA-224, 227, 230, 232, 234, 382, 394).
 */

/* What is live; where host is not 0 there is an entry, bus for devices. */
struct live {
	uint32_t handle;
	uint64_t host, bus;
	bool write;
};

#define SLOTS 8

static struct live live[SLOTS];
static char *slots;

static unsigned int writers(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < SLOTS; i++)
		n += (live[i].host || live[i].bus) && live[i].write;
	return n;
}

static unsigned int step_map(unsigned int i, uint32_t ref, bool readonly)
{
	uint32_t flags = 1 + random64() % 3; /* device, host, both */
	uint64_t where = (uint64_t)slots + i * PV_PAGE_SIZE;
	struct gnttab_map_grant_ref op;
	bool write = random64() & 1;
	int status;

	if (!write)
		flags |= GNTMAP_readonly;
	if (random64() & 1) {
		flags |= GNTMAP_contains_pte;
		where = pv_pte_maddr(entry_at(where, 1));
	}
	status = map_with(&op, flags, own_domid(), ref, where);
	if (write && readonly)
		return status == GNTST_okay;
	if (status != GNTST_okay)
		return 1;
	live[i] =
		(struct live){ op.handle, flags & GNTMAP_host_map ? where : 0,
			       flags & GNTMAP_device_map ? op.dev_bus_addr : 0,
			       write };
	return 0;
}

static unsigned int step_unmap(unsigned int i)
{
	struct live *l = &live[i];
	unsigned int wrong = 0, what = random64() % 4;

	/* A wrong bus address, and a place that maps something else. */
	if (l->bus)
		wrong +=
			unmap_with(l->handle, 0, l->bus ^ 0x8000) == GNTST_okay;
	if (l->host)
		wrong += unmap_with(l->handle,
				    (uint64_t)slots + SLOTS * PV_PAGE_SIZE,
				    0) == GNTST_okay;
	if (what == 0 && l->host && l->bus) { /* one kind of two */
		wrong += unmap_with(l->handle, l->host, 0) != GNTST_okay;
		l->host = 0;
		return wrong;
	}
	wrong += unmap_with(l->handle, l->host, l->bus) != GNTST_okay;
	wrong += unmap_with(l->handle, l->host, l->bus) != GNTST_bad_handle;
	l->host = l->bus = 0;
	return wrong;
}

static unsigned int life(uint64_t *page, bool readonly)
{
	int ref = pv_grant_access(own_domid(), page, !readonly);
	unsigned int wrong = 0;

	for (unsigned int n = 0; n < 300; n++) {
		unsigned int i = random64() % SLOTS;

		wrong += live[i].host || live[i].bus
				 ? step_unmap(i)
				 : step_map(i, (uint32_t)ref, readonly);
		wrong += can_be_table(page) != (writers() == 0);
	}
	wrong += pv_grant_end((uint32_t)ref) && writers();
	for (unsigned int i = 0; i < SLOTS; i++)
		if (live[i].host || live[i].bus)
			wrong += step_unmap(i);
	for (unsigned int i = 0; i < SLOTS; i++)
		if (live[i].host || live[i].bus)
			wrong += step_unmap(i);
	wrong += !can_be_table(page);
	(void)pv_grant_end((uint32_t)ref);
	return wrong;
}

/* References, domains, flags and places that cannot be. */
static unsigned int impossible(uint32_t ref)
{
	static const uint64_t places[] = { HOLE, HYPERVISOR_START,
					   0xffff818040000000, 0x100000000000 };
	static const uint32_t refs[] = { 9, 4000, 40000, 0x7fffffff, ~0u };
	struct gnttab_map_grant_ref op;
	uint64_t where = (uint64_t)slots;
	unsigned int wrong = 0;
	uint16_t self = own_domid();

	for (unsigned int i = 0; i < COUNT(places); i++)
		for (unsigned int pte = 0; pte < 2; pte++)
			wrong += map_with(&op,
					  GNTMAP_host_map |
						  (pte ? GNTMAP_contains_pte
						       : 0),
					  self, ref, places[i]) == GNTST_okay;
	for (unsigned int i = 0; i < COUNT(refs); i++)
		wrong += map_with(&op, GNTMAP_host_map, self, refs[i] ^ 0x20,
				  where) == GNTST_okay;
	for (unsigned int i = 0x7ff0; i <= 0x7fff; i++)
		wrong += i != DOMID_SELF &&
			 map_with(&op, GNTMAP_host_map, (uint16_t)i, ref,
				  where) == GNTST_okay;
	for (unsigned int bit = 5; bit < 16; bit++)
		wrong += map_with(&op, GNTMAP_host_map | 1u << bit, self, ref,
				  where) == GNTST_okay;
	wrong += map_with(&op, 0, self, ref, where) == GNTST_okay;
	for (unsigned int i = 0; i < COUNT(refs); i++)
		wrong += unmap_with(refs[i] | 0x10000, where, 0) == GNTST_okay;
	return wrong;
}

/* A mapping that is changed by ordinary updates between map and unmap. */
static unsigned int changed_between(uint64_t *page, uint32_t ref)
{
	struct gnttab_map_grant_ref op;
	uint64_t where = (uint64_t)slots;
	unsigned int wrong = 0;

	wrong += map_with(&op, GNTMAP_host_map, own_domid(), ref, where) != 0;
	wrong += store_va(slots, 0) != 0;
	wrong += can_be_table(page); /* the pin is writable still */
	wrong += unmap_with(op.handle, where, 0) == GNTST_okay;
	wrong += store_va(slots, maddr_of(page) | RO_PAGE) != 0;
	wrong += unmap_with(op.handle, where, 0) != GNTST_okay;
	wrong += !can_be_table(page);
	return wrong;
}

void attack_T18(void)
{
	uint64_t *page = pv_page_alloc();
	unsigned int wrong;
	int ref;

	slots = pv_map_reserve(SLOTS + 1);
	wrong = life(page, false);
	check("mappings against the model", wrong == 0, wrong);
	wrong = life(page, true);
	check("read-only ones", wrong == 0, wrong);
	ref = pv_grant_access(own_domid(), page, true);
	wrong = impossible((uint32_t)ref);
	check("what cannot be mapped", wrong == 0, wrong);
	wrong = changed_between(page, (uint32_t)ref);
	check("changed between map and unmap", wrong == 0, wrong);
	check("the grant ends", pv_grant_end((uint32_t)ref), ref);
	pv_map_release(slots, SLOTS + 1);
	pv_page_free(page);
}

/*
 * T19: races. Two vCPUs unmap the same handle, and a third rewrites the entry
 * meanwhile. A handle ends once, and the frame is free of it afterwards. The
 * granter names another frame while its entry is in use; once it is told that
 * it is not, it writes a secret, which no vCPU of the other sees (GT-3, GT-4,
 * GT-8, HC-12; XSA-73, 218, 228, 236, 295, 500).
 */
static volatile uint32_t race_handle;
static volatile uint64_t race_host;
static uint64_t *race_page;
static uint32_t ends;

static void unmapping(void)
{
	uint64_t host = race_host;

	if (host && unmap_with(race_handle, host, 0) == GNTST_okay)
		__atomic_fetch_add(&ends, 1, __ATOMIC_SEQ_CST);
}

static uint32_t ended(void)
{
	return __atomic_load_n(&ends, __ATOMIC_SEQ_CST);
}

static void remapping(void)
{
	uint64_t host = race_host;

	if (host)
		(void)store_va((void *)host,
			       random64() & 1 ? maddr_of(race_page) | RO_PAGE
					      : 0);
}

/* The granter changes its entry as fast as it can. */
static volatile struct grant_entry_v1 *flipped;
static uint64_t *flip_pages[2];

static void flipping(void)
{
	static const uint16_t flags[] = { GTF_permit_access, GTF_invalid,
					  GTF_permit_access | GTF_readonly,
					  GTF_accept_transfer,
					  GTF_permit_access | GTF_sub_page };
	uint64_t r = random64();

	flipped->frame =
		r & 4 ? (uint32_t)pv_va_to_mfn(flip_pages[r & 1]) : (uint32_t)r;
	flipped->domid = r & 0x30 ? own_domid() : (uint16_t)(r >> 32);
	flipped->flags = flags[(r >> 8) % COUNT(flags)];
}

/* One use of the entry, which may fail; what it mapped is unmapped. */
static unsigned int use_flipped(uint32_t ref, uint64_t where, unsigned int i)
{
	struct gnttab_map_grant_ref op;
	struct gnttab_copy_ptr to, from = { .domid = own_domid() };

	if (i & 1) {
		from.u.ref = ref;
		to = (struct gnttab_copy_ptr){ .domid = DOMID_SELF };
		to.u.gmfn = pv_va_to_mfn(flip_pages[0]);
		return copy_with(&from, &to, 8, GNTCOPY_source_gref) == -100;
	}
	if (map_with(&op, GNTMAP_host_map | (i & 2 ? GNTMAP_readonly : 0),
		     own_domid(), ref, where) != GNTST_okay)
		return op.status >= 0;
	return unmap_with(op.handle, where, 0) != GNTST_okay;
}

/* The first frame of our own table. */
static struct grant_entry_v1 *map_table(void)
{
	struct gnttab_setup_table op = { .dom = DOMID_SELF, .nr_frames = 1 };
	xen_pfn_t frame = 0;
	uint64_t mfn;
	int error;

	set_xen_guest_handle(op.frame_list, &frame);
	(void)grant_op(GNTTABOP_setup_table, &op, 1);
	mfn = frame;
	return pv_map_frames(DOMID_SELF, &mfn, 1, true, &error);
}

/* What is mapped is what the first user has found, until there is none. */
static void test_pinned(uint32_t ref)
{
	uint64_t *slot = pv_map_reserve(2), value[2] = { 0, 0 };
	struct gnttab_map_grant_ref op[2];
	unsigned int wrong = 0;

	*flip_pages[0] = 2; /* no entry that is present */
	*flip_pages[1] = 4;
	wrong += map_with(&op[0], GNTMAP_host_map, own_domid(), ref,
			  (uint64_t)slot) != GNTST_okay;
	flipped->frame = (uint32_t)pv_va_to_mfn(flip_pages[1]);
	flipped->flags = GTF_permit_access | GTF_readonly;
	wrong += map_with(&op[1], GNTMAP_host_map, own_domid(), ref,
			  (uint64_t)slot + PV_PAGE_SIZE) != GNTST_okay;
	(void)pv_probe_read(slot, &value[0]);
	(void)pv_probe_read(slot + PV_PAGE_SIZE / 8, &value[1]);
	check("one frame for all users", value[0] == 2 && value[1] == 2,
	      (long)value[1]);
	for (unsigned int i = 0; i < 2; i++)
		wrong += unmap_with(op[i].handle,
				    (uint64_t)slot + i * PV_PAGE_SIZE,
				    0) != GNTST_okay;
	check("users of an entry that changed", wrong == 0, wrong);
	pv_map_release(slot, 2);
}

static void test_flipping(void)
{
	struct grant_entry_v1 *table = map_table();
	void *slot = pv_map_reserve(1);
	unsigned int wrong = 0;
	int ref;

	flip_pages[0] = pv_page_alloc();
	flip_pages[1] = pv_page_alloc();
	ref = pv_grant_access(own_domid(), flip_pages[0], true);
	flipped = &table[ref];
	test_pinned((uint32_t)ref);
	if (cpu_start(3, flipping)) {
		for (unsigned int i = 0; i < 2000; i++)
			wrong += use_flipped((uint32_t)ref, (uint64_t)slot, i);
		cpu_stop(3);
	}
	check("an entry that changes", wrong == 0, wrong);
	flipped->flags = GTF_permit_access;
	check("the grant ends", pv_grant_end((uint32_t)ref), ref);
	for (unsigned int i = 0; i < 2; i++) {
		check("its frames are free", can_be_table(flip_pages[i]), i);
		pv_page_free(flip_pages[i]);
	}
	pv_unmap_frames(table, 1);
	pv_map_release(slot, 1);
}

/* The mapper reads on where it has read before, this vCPU too. */
#define SECRET 0x5ec2e7c0ffeeUL

static uint64_t *watched;
static volatile uint64_t looks, leaks;

static void watching(void)
{
	uint64_t value;

	for (unsigned int i = 0; i < 100; i++)
		if (pv_probe_read(watched, &value) && value == SECRET)
			leaks++;
	looks++;
}

static void look_on(bool smp)
{
	if (smp)
		wait_for(&looks, looks + 2);
}

static void test_secret(uint64_t *page)
{
	int ref = pv_grant_access(own_domid(), page, true);
	struct grant_entry_v1 *table = map_table();
	unsigned int wrong = 0;
	bool smp;

	watched = pv_map_reserve(1);
	smp = cpu_start(1, watching);
	for (unsigned int i = 0; i < 50; i++) {
		struct gnttab_map_grant_ref op;

		*page = 0;
		wrong += map_with(&op, GNTMAP_host_map, own_domid(),
				  (uint32_t)ref,
				  (uint64_t)watched) != GNTST_okay;
		look_on(smp);
		watching();
		wrong += unmap_with(op.handle, (uint64_t)watched, 0) !=
			 GNTST_okay;
		wrong += (table[ref].flags & (GTF_reading | GTF_writing)) != 0;
		*page = SECRET;
		watching();
		look_on(smp);
	}
	if (smp)
		cpu_stop(1);
	check("in use, and then not", wrong == 0, wrong);
	check("nothing is seen after the end", leaks == 0, (long)leaks);
	check("that grant ends", pv_grant_end((uint32_t)ref), ref);
	pv_unmap_frames(table, 1);
	pv_map_release(watched, 1);
}

void attack_T19(void)
{
	unsigned int wrong = 0, maps = 0;
	uint64_t where;
	bool smp;
	int ref;

	race_page = pv_page_alloc();
	slots = pv_map_reserve(1);
	where = (uint64_t)slots;
	ref = pv_grant_access(own_domid(), race_page, true);
	smp = cpu_start(1, unmapping) && cpu_start(2, remapping);
	for (unsigned int i = 0; i < 30 && ended() == maps; i++) {
		struct gnttab_map_grant_ref op;

		wrong += map_with(&op, GNTMAP_host_map, own_domid(),
				  (uint32_t)ref, where) != GNTST_okay;
		maps++;
		race_handle = op.handle;
		race_host = where;
		for (unsigned int n = 0; ended() < maps; n++) {
			if (n == TRIES) /* it does not end */
				break;
			unmapping();
			/* Another has taken the entry away: put it back. */
			(void)store_va(slots, maddr_of(race_page) | RO_PAGE);
		}
		race_host = 0;
	}
	for (unsigned int id = 1; smp && id <= 2; id++)
		cpu_stop(id);
	(void)store_va(slots, 0);
	check("a handle ends once", wrong == 0 && ends == maps, ends);
	check("the grant ends", pv_grant_end((uint32_t)ref), ref);
	check("the frame is free", can_be_table(race_page), 0);
	test_flipping();
	test_secret(race_page);
	pv_map_release(slots, 1);
	pv_page_free(race_page);
}

/*
 * T20: copies. All pairs of offsets and lengths; tables, read-only grants,
 * frames of others and of nobody as targets; each status is written (GT-14;
 * XSA-226, 318, 448).
 */
static unsigned int edges(uint64_t *page)
{
	static const uint16_t numbers[] = {
		0, 1, 8, 4088, 4095, 4096, 4097, 0x8000, 0xf000, 0xffff
	};
	uint64_t *target = pv_page_alloc();
	struct gnttab_copy_ptr from = { .domid = DOMID_SELF }, to = from;
	unsigned int wrong = 0;

	from.u.gmfn = pv_va_to_mfn(page);
	to.u.gmfn = pv_va_to_mfn(target);
	for (unsigned int i = 0; i < COUNT(numbers); i++)
		for (unsigned int k = 0; k < COUNT(numbers); k++)
			for (unsigned int n = 0; n < COUNT(numbers); n++) {
				unsigned int length = numbers[n];
				bool fits = numbers[i] + length <= 4096 &&
					    numbers[k] + length <= 4096;
				int status;

				from.offset = numbers[i];
				to.offset = numbers[k];
				status = copy_with(&from, &to, length, 0);
				wrong += length &&
					 (status == GNTST_okay) != fits;
			}
	pv_page_free(target);
	return wrong;
}

static unsigned int targets(uint64_t *page)
{
	uint64_t *table = table_page();
	struct gnttab_copy_ptr from = { .domid = DOMID_SELF }, to = from;
	uint64_t frames[] = {
		pv_va_to_mfn(table), 0, 1UL << 38, ~0UL, 0x200, 0xfee00
	};
	unsigned int wrong = 0;

	(void)pin(1, table);
	from.u.gmfn = pv_va_to_mfn(page);
	for (unsigned int i = 0; i < COUNT(frames); i++) {
		to.u.gmfn = frames[i];
		wrong += copy_with(&from, &to, 8, 0) == GNTST_okay;
	}
	/* By number only one's own; of the victim nothing at all. */
	to.u.gmfn = pv_va_to_mfn(page);
	from.domid = VICTIM;
	wrong += copy_with(&from, &to, 8, 0) == GNTST_okay;
	from.domid = DOMID_SELF;
	to.domid = VICTIM;
	wrong += copy_with(&from, &to, 8, 0) == GNTST_okay;
	for (uint32_t ref = 0; ref < REFS; ref++) {
		to.u.ref = ref;
		wrong += copy_with(&from, &to, 8, GNTCOPY_dest_gref) ==
			 GNTST_okay;
	}
	wrong += table[0] != 0;
	(void)unpin(table);
	table_free(table);
	return wrong;
}

static unsigned int many(uint64_t *page)
{
	static struct gnttab_copy list[600];
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < COUNT(list); i++) {
		list[i] = (struct gnttab_copy){ .len = 8, .status = 0x77 };
		list[i].source.domid = list[i].dest.domid = DOMID_SELF;
		list[i].source.u.gmfn = pv_va_to_mfn(page);
		list[i].dest.u.gmfn = i == 300 ? 1UL << 38 : pv_va_to_mfn(page);
	}
	pend();
	wrong += grant_op(GNTTABOP_copy, list, COUNT(list)) != 0;
	for (unsigned int i = 0; i < COUNT(list); i++)
		wrong += list[i].status !=
			 (i == 300 ? GNTST_bad_page : GNTST_okay);
	return wrong;
}

void attack_T20(void)
{
	uint64_t *page = pv_page_alloc();
	unsigned int wrong = edges(page);

	check("offsets and lengths", wrong == 0, wrong);
	wrong = targets(page);
	check("no target but one's own memory", wrong == 0, wrong);
	wrong = many(page);
	check("a status for each of many", wrong == 0, wrong);
	pv_page_free(page);
}
