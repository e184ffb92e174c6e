/* SPDX-License-Identifier: MIT */
/*
 * The fake machine; see fake_primitives.h.
 */
#include "fake_primitives.h"

#define __XEN_TOOLS__ 1
#include <public/domctl.h>
#include <public/errno.h>
#include <public/event_channel.h>
#include <public/grant_table.h>
#include <public/memory.h>
#include <public/sched.h>
#include <public/sysctl.h>
#include <public/version.h>

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "toolstack/primitives.h"

#define PAGE     4096u
#define NO_OWNER 0xffffu

struct fake_machine fake;

static uint8_t *memory;
static uint16_t owners[FAKE_FRAMES];
static unsigned int writable_mappings[FAKE_FRAMES];
static bool is_table[FAKE_FRAMES];

static struct {
	bool open;
	bool pending;
	uint16_t remote;
	uint32_t remote_port;
	tk_event_handler *handler;
	void *context;
} ports[FAKE_PORTS];

#define MAPPINGS 64
/* Foreign mappings in use; those of several frames are copies. */
static struct mapping {
	void *address;
	uint64_t *mfns;
	size_t count;
	bool writable;
} mappings[MAPPINGS];

static void *real_alloc(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

void fake_start(void)
{
	memset(&fake, 0, sizeof(fake));
	memset(ports, 0, sizeof(ports));
	memset(mappings, 0, sizeof(mappings));
	memset(writable_mappings, 0, sizeof(writable_mappings));
	memset(is_table, 0, sizeof(is_table));
	memset(owners, 0xff, sizeof(owners));
	fake.next_domid = 1;
	fake.ended = -1;
	memory = real_alloc((size_t)FAKE_FRAMES * PAGE);
	/* What the builder does not write shows up as this. */
	memset(memory, 0xa5, (size_t)FAKE_FRAMES * PAGE);
}

void fake_end(void)
{
	munmap(memory, (size_t)FAKE_FRAMES * PAGE);
}

void fake_fail_after(unsigned int successes)
{
	fake.fail_armed = true;
	fake.fail_happened = false;
	fake.fail_after = successes;
}

static bool fails_now(void)
{
	if (!fake.fail_armed || fake.fail_happened)
		return false;
	if (fake.fail_after) {
		fake.fail_after--;
		return false;
	}
	fake.fail_happened = true;
	return true;
}

struct fake_domain *fake_domain(uint16_t domid)
{
	unsigned int i;

	for (i = 0; i < FAKE_DOMAINS; i++) {
		if (fake.domains[i].exists && fake.domains[i].domid == domid)
			return &fake.domains[i];
	}
	return NULL;
}

uint64_t fake_free_pages(void)
{
	uint64_t count = 0;
	unsigned int i;

	for (i = 0; i < FAKE_FRAMES; i++)
		count += owners[i] == NO_OWNER;
	return count;
}

void *fake_frame(uint64_t mfn)
{
	return memory + mfn * PAGE;
}

static uint64_t take_frames(uint16_t owner, uint64_t count)
{
	uint64_t first, i;

	for (first = count; first + count <= FAKE_FRAMES; first += count) {
		for (i = 0; i < count && owners[first + i] == NO_OWNER; i++)
			;
		if (i < count)
			continue;
		for (i = 0; i < count; i++)
			owners[first + i] = owner;
		return first;
	}
	return 0;
}

/* domctl ------------------------------------------------------------------ */

static long domain_create(struct xen_domctl *op)
{
	unsigned int i;
	struct fake_domain *domain;

	for (i = 0; i < FAKE_DOMAINS && fake.domains[i].exists; i++)
		;
	if (i == FAKE_DOMAINS)
		return -XEN_ENOMEM;
	domain = &fake.domains[i];
	memset(domain, 0, sizeof(*domain));
	domain->exists = true;
	domain->domid = fake.next_domid++;
	domain->pauses = 1;
	memcpy(domain->uuid, op->u.createdomain.handle, sizeof(domain->uuid));
	domain->shared_info_mfn = take_frames(domain->domid, 1);
	if (fake.zeroes_memory)
		memset(fake_frame(domain->shared_info_mfn), 0, PAGE);
	op->domain = domain->domid;
	return 0;
}

void fake_balloon(uint16_t domid, uint64_t pages)
{
	struct fake_domain *domain = fake_domain(domid);
	unsigned int i;

	/* From the top: the builder's own pages are at the bottom. */
	for (i = FAKE_FRAMES; i-- > 0 && domain->pages > pages;) {
		if (owners[i] != domid || is_table[i])
			continue;
		owners[i] = NO_OWNER;
		domain->pages--;
	}
}

static bool is_mapped(uint16_t domid)
{
	size_t i, j;

	for (i = 0; i < MAPPINGS; i++) {
		for (j = 0; j < mappings[i].count; j++) {
			if (owners[mappings[i].mfns[j]] == domid)
				return true;
		}
	}
	return false;
}

static long domain_destroy(struct fake_domain *domain)
{
	unsigned int i;

	if (is_mapped(domain->domid))
		abort(); /* it would be a zombie */
	for (i = 0; i < FAKE_FRAMES; i++) {
		if (owners[i] != domain->domid)
			continue;
		owners[i] = NO_OWNER;
		is_table[i] = false;
	}
	domain->exists = false;
	return 0;
}

static long domain_info(struct xen_domctl *op)
{
	struct fake_domain *best = NULL;
	unsigned int i;

	for (i = 0; i < FAKE_DOMAINS; i++) {
		struct fake_domain *domain = &fake.domains[i];

		if (domain->exists && domain->domid >= op->domain &&
		    (!best || domain->domid < best->domid))
			best = domain;
	}
	if (!best)
		return -XEN_ESRCH;
	memset(&op->u, 0, sizeof(op->u));
	op->domain = best->domid;
	op->u.getdomaininfo.domain = best->domid;
	memcpy(op->u.getdomaininfo.handle, best->uuid, sizeof(best->uuid));
	op->u.getdomaininfo.tot_pages = best->pages;
	op->u.getdomaininfo.max_pages = best->max_pages;
	op->u.getdomaininfo.cpu_time = best->cpu_time_ns;
	op->u.getdomaininfo.shared_info_frame = best->shared_info_mfn;
	op->u.getdomaininfo.nr_online_vcpus = best->vcpus;
	op->u.getdomaininfo.max_vcpu_id = best->vcpus - 1;
	if (best->pauses)
		op->u.getdomaininfo.flags |= XEN_DOMINF_paused;
	if (best->is_shutdown)
		op->u.getdomaininfo.flags |=
			XEN_DOMINF_shutdown |
			best->shutdown_reason << XEN_DOMINF_shutdownshift;
	return 0;
}

static long affinity(struct fake_domain *domain, struct xen_domctl *op)
{
	struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
	struct xenctl_bitmap *maps[] = { &a->cpumap_hard, &a->cpumap_soft };
	unsigned int i;

	if (a->vcpu >= domain->vcpus)
		return -XEN_EINVAL;
	for (i = 0; i < 2; i++) {
		uint8_t *cpus = &domain->affinity[i][a->vcpu];

		if (!(a->flags >> i & 1))
			continue;
		if (op->cmd == XEN_DOMCTL_setvcpuaffinity)
			*cpus = maps[i]->bitmap.p[0];
		memset(maps[i]->bitmap.p, 0, maps[i]->nr_bits / 8);
		maps[i]->bitmap.p[0] = *cpus;
	}
	return 0;
}

static long scheduler_op(struct fake_domain *domain, struct xen_domctl *op)
{
	struct xen_domctl_sched_credit2 *c = &op->u.scheduler_op.u.credit2;

	if (op->u.scheduler_op.sched_id != XEN_SCHEDULER_CREDIT2)
		return -XEN_EINVAL;
	if (op->u.scheduler_op.cmd == XEN_DOMCTL_SCHEDOP_putinfo) {
		domain->weight = c->weight;
		domain->cap = c->cap;
	}
	c->weight = domain->weight;
	c->cap = domain->cap;
	return 0;
}

static long vcpu_info(const struct fake_domain *domain, struct xen_domctl *op)
{
	struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;

	if (info->vcpu >= domain->vcpus)
		return -XEN_EINVAL;
	info->online = info->vcpu == 0;
	info->blocked = 1;
	info->cpu = info->vcpu + 1;
	info->cpu_time = 1234567890ull * (info->vcpu + 1);
	return 0;
}

static long domctl_on(struct fake_domain *domain, struct xen_domctl *op)
{
	switch (op->cmd) {
	case XEN_DOMCTL_pausedomain:
		domain->pauses++;
		return 0;
	case XEN_DOMCTL_unpausedomain:
		if (!domain->pauses)
			return -XEN_EINVAL;
		domain->pauses--;
		return 0;
	case XEN_DOMCTL_max_vcpus:
		if (op->u.max_vcpus.max > FAKE_VCPUS)
			return -XEN_ENOMEM;
		domain->vcpus = op->u.max_vcpus.max;
		memset(domain->affinity, 0xff, sizeof(domain->affinity));
		domain->weight = 256;
		return 0;
	case XEN_DOMCTL_setvcpuaffinity:
	case XEN_DOMCTL_getvcpuaffinity:
		return affinity(domain, op);
	case XEN_DOMCTL_scheduler_op:
		return scheduler_op(domain, op);
	case XEN_DOMCTL_getvcpuinfo:
		return vcpu_info(domain, op);
	case XEN_DOMCTL_max_mem:
		domain->max_pages = op->u.max_mem.max_memkb / 4;
		return 0;
	case XEN_DOMCTL_settscinfo:
		return op->u.tsc_info.tsc_mode ? -XEN_EINVAL : 0;
	case XEN_DOMCTL_hypercall_init:
		domain->hypercall_page_mfn = op->u.hypercall_init.gmfn;
		return 0;
	case XEN_DOMCTL_getvcpucontext:
		if (op->u.vcpucontext.vcpu)
			return -XEN_ENODATA;
		*op->u.vcpucontext.ctxt.p = domain->context;
		return 0;
	case XEN_DOMCTL_sendtrigger:
		domain->nmis++;
		return 0;
	case XEN_DOMCTL_setvcpucontext:
		domain->context = *op->u.vcpucontext.ctxt.p;
		domain->has_context = true;
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}

static long domctl(struct xen_domctl *op)
{
	struct fake_domain *domain;

	if (op->interface_version != XEN_DOMCTL_INTERFACE_VERSION)
		return -XEN_EACCES;
	if (op->cmd == XEN_DOMCTL_getdomaininfo)
		return domain_info(op);
	if (op->cmd == XEN_DOMCTL_createdomain)
		return domain_create(op);
	domain = fake_domain(op->domain);
	if (!domain)
		return -XEN_ESRCH;
	if (op->cmd == XEN_DOMCTL_destroydomain)
		return domain_destroy(domain);
	return domctl_on(domain, op);
}

/* Other hypercalls -------------------------------------------------------- */

static long populate(struct xen_memory_reservation *op)
{
	struct fake_domain *domain = fake_domain(op->domid);
	uint64_t size = 1ul << op->extent_order;
	unsigned long i;

	if (!domain)
		return -XEN_ESRCH;
	for (i = 0; i < op->nr_extents; i++) {
		uint64_t mfn = 0;

		if (domain->pages + size <= domain->max_pages &&
		    !(op->extent_order && fake.no_large_extents))
			mfn = take_frames(domain->domid, size);
		if (!mfn)
			break;
		if (fake.zeroes_memory)
			memset(fake_frame(mfn), 0, size * PAGE);
		domain->pages += size;
		op->extent_start.p[i] = mfn;
	}
	return (long)i;
}

/* Marks all tables below a table; false when one of them is writable. */
static bool pin(uint64_t mfn, unsigned int level)
{
	uint64_t *table = fake_frame(mfn);
	unsigned int i;

	if (writable_mappings[mfn])
		return false;
	is_table[mfn] = true;
	for (i = 0; level > 1 && i < 512; i++) {
		if (table[i] & 1 && !pin(table[i] >> 12, level - 1))
			return false;
	}
	return true;
}

/* A page table that is mapped writable by another is refused, as it should. */
static bool has_writable_alias(uint64_t mfn, unsigned int level)
{
	uint64_t *table = fake_frame(mfn);
	unsigned int i;

	for (i = 0; i < 512; i++) {
		if (!(table[i] & 1))
			continue;
		if (level > 1 && has_writable_alias(table[i] >> 12, level - 1))
			return true;
		if (level == 1 && table[i] & 2 && is_table[table[i] >> 12])
			return true;
	}
	return false;
}

static long mmuext(struct mmuext_op *op, uint16_t domid)
{
	struct fake_domain *domain = fake_domain(domid);

	if (!domain || op->cmd != MMUEXT_PIN_L4_TABLE ||
	    owners[op->arg1.mfn] != domid)
		return -XEN_EINVAL;
	if (!pin(op->arg1.mfn, 4) || has_writable_alias(op->arg1.mfn, 4))
		return -XEN_EINVAL;
	domain->pinned_mfn = op->arg1.mfn;
	return 0;
}

static long evtchn(unsigned int op, struct evtchn_alloc_unbound *argument)
{
	struct fake_domain *domain = fake_domain(argument->dom);

	if (op != EVTCHNOP_alloc_unbound || !domain)
		return -XEN_EINVAL;
	argument->port = ++domain->ports;
	return 0;
}

static long grant(unsigned int op, struct gnttab_setup_table *argument)
{
	struct fake_domain *domain = fake_domain(argument->dom);

	if (op != GNTTABOP_setup_table || !domain)
		return -XEN_EINVAL;
	if (!domain->grant_mfn)
		domain->grant_mfn = take_frames(domain->domid, 1);
	argument->frame_list.p[0] = domain->grant_mfn;
	argument->status = domain->grant_mfn ? GNTST_okay : GNTST_general_error;
	return 0;
}

static long sysctl(struct xen_sysctl *op)
{
	static const char log[] = "(XEN) hello\n";

	if (op->cmd == XEN_SYSCTL_physinfo) {
		op->u.physinfo.nr_cpus = 2;
		op->u.physinfo.total_pages = FAKE_FRAMES;
		op->u.physinfo.free_pages = fake_free_pages();
		return 0;
	}
	if (op->cmd == XEN_SYSCTL_scheduler_op) {
		uint32_t *us = &op->u.scheduler_op.u.sched_credit2.ratelimit_us;

		if (op->u.scheduler_op.cmd == XEN_SYSCTL_SCHEDOP_putinfo)
			fake.ratelimit_us = *us;
		*us = fake.ratelimit_us;
		return 0;
	}
	if (op->cmd == XEN_SYSCTL_debug_keys) {
		fake.last_key = op->u.debug_keys.keys.p[0];
		return 0;
	}
	if (op->cmd != XEN_SYSCTL_readconsole)
		return -XEN_ENOSYS;
	if (op->u.readconsole.clear)
		fake.log_is_clear = true;
	if (fake.log_is_clear || !op->u.readconsole.count) {
		op->u.readconsole.count = 0;
		return 0;
	}
	op->u.readconsole.count = 0;
	if (!op->u.readconsole.index) {
		memcpy(op->u.readconsole.buffer.p, log, sizeof(log) - 1);
		op->u.readconsole.count = sizeof(log) - 1;
		op->u.readconsole.index = sizeof(log) - 1;
	}
	return 0;
}

static long version(uint64_t op, char *text)
{
	if (op == XENVER_version)
		return 4 << 16 | 17;
	if (op == XENVER_pagesize)
		return PAGE;
	if (op == XENVER_extraversion)
		strcpy(text, fake.zeroes_memory ? ".0-tenon" : ".fake");
	else
		*text = '\0';
	return 0;
}

static bool is_cleanup(unsigned int op, uint64_t a1)
{
	const struct xen_domctl *domctl_op = (const void *)(uintptr_t)a1;

	return op == __HYPERVISOR_domctl &&
	       (domctl_op->cmd == XEN_DOMCTL_destroydomain ||
		domctl_op->cmd == XEN_DOMCTL_pausedomain);
}

long tk_hypercall(unsigned int op, uint64_t a1, uint64_t a2, uint64_t a3,
		  uint64_t a4, uint64_t a5)
{
	(void)a3;
	(void)a5;
	if (!is_cleanup(op, a1) && fails_now())
		return -XEN_EPERM;
	switch (op) {
	case __HYPERVISOR_domctl:
		return domctl((void *)(uintptr_t)a1);
	case __HYPERVISOR_sysctl:
		return sysctl((void *)(uintptr_t)a1);
	case __HYPERVISOR_memory_op:
		return a1 == XENMEM_populate_physmap
			       ? populate((void *)(uintptr_t)a2)
			       : -XEN_ENOSYS;
	case __HYPERVISOR_mmuext_op:
		return mmuext((void *)(uintptr_t)a1, (uint16_t)a4);
	case __HYPERVISOR_event_channel_op:
		return evtchn((unsigned int)a1, (void *)(uintptr_t)a2);
	case __HYPERVISOR_grant_table_op:
		return grant((unsigned int)a1, (void *)(uintptr_t)a2);
	case __HYPERVISOR_xen_version:
		return version(a1, (void *)(uintptr_t)a2);
	case __HYPERVISOR_sched_op:
		fake.ended = *(int *)(uintptr_t)a2;
		return 0;
	default:
		return -XEN_ENOSYS;
	}
}

/* Foreign maps ------------------------------------------------------------ */

void *tk_map_foreign(uint16_t domid, const uint64_t *mfns, size_t count,
		     bool writable, struct tk_map_failure *failure)
{
	struct tk_map_failure ignored;
	struct mapping *mapping = mappings;
	size_t i;

	failure = failure ? failure : &ignored;
	*failure = (struct tk_map_failure){ 0, -XEN_ENOMEM };
	if (fails_now() || count > TK_MAP_FOREIGN_MAX)
		return NULL;
	for (i = 0; i < count; i++) {
		*failure = (struct tk_map_failure){ i, -XEN_EINVAL };
		if (mfns[i] >= FAKE_FRAMES || owners[mfns[i]] != domid ||
		    (writable && is_table[mfns[i]]))
			return NULL;
	}
	while (mapping->count)
		mapping++;
	mapping->mfns = real_alloc(count * sizeof(*mfns));
	memcpy(mapping->mfns, mfns, count * sizeof(*mfns));
	mapping->count = count;
	mapping->writable = writable;
	mapping->address =
		count == 1 ? fake_frame(mfns[0]) : real_alloc(count * PAGE);
	for (i = 0; i < count; i++) {
		if (count > 1)
			memcpy((uint8_t *)mapping->address + i * PAGE,
			       fake_frame(mfns[i]), PAGE);
		writable_mappings[mfns[i]] += writable;
	}
	fake.mappings += (unsigned int)count;
	fake.mapped += (unsigned int)count;
	fake.mapped_ever += (unsigned int)count;
	return mapping->address;
}

void tk_unmap_foreign(void *address, size_t count)
{
	struct mapping *mapping = mappings;
	size_t i;

	while (mapping->address != address || mapping->count != count)
		if (++mapping == mappings + MAPPINGS)
			abort();
	for (i = 0; i < count; i++) {
		if (count > 1)
			memcpy(fake_frame(mapping->mfns[i]),
			       (uint8_t *)address + i * PAGE, PAGE);
		writable_mappings[mapping->mfns[i]] -= mapping->writable;
	}
	if (count > 1)
		munmap(address, count * PAGE);
	munmap(mapping->mfns, count * sizeof(*mapping->mfns));
	memset(mapping, 0, sizeof(*mapping));
	fake.mappings -= (unsigned int)count;
}

/* Events ------------------------------------------------------------------ */

static int bind(uint16_t remote, uint32_t remote_port,
		tk_event_handler *handler, void *context)
{
	unsigned int port = 1;

	if (fails_now())
		return -XEN_ENOSPC;
	while (ports[port].open)
		port++;
	ports[port].open = true;
	ports[port].pending = false;
	ports[port].remote = remote;
	ports[port].remote_port = remote_port;
	ports[port].handler = handler;
	ports[port].context = context;
	fake.ports++;
	return (int)port;
}

int tk_evtchn_bind_interdomain(uint16_t domid, uint32_t remote_port,
			       tk_event_handler *handler, void *context)
{
	if (!fake_domain(domid) || fake_domain(domid)->ports < remote_port)
		return -XEN_EINVAL;
	return bind(domid, remote_port, handler, context);
}

int tk_evtchn_bind_virq(uint32_t virq, tk_event_handler *handler, void *context)
{
	return bind(NO_OWNER, virq, handler, context);
}

void tk_evtchn_close(uint32_t port)
{
	if (!ports[port].open)
		abort();
	ports[port].open = false;
	fake.ports--;
}

int tk_evtchn_notify(uint32_t port)
{
	if (!ports[port].open)
		abort();
	fake.notifications++;
	return 0;
}

static void raise_event(uint16_t remote, uint32_t remote_port)
{
	unsigned int port;

	for (port = 1; port < FAKE_PORTS; port++) {
		if (ports[port].open && ports[port].remote == remote &&
		    ports[port].remote_port == remote_port)
			ports[port].pending = true;
	}
}

void fake_shut_down(uint16_t domid, unsigned int reason)
{
	fake_domain(domid)->is_shutdown = true;
	fake_domain(domid)->shutdown_reason = reason;
	raise_event(NO_OWNER, VIRQ_DOM_EXC);
}

void fake_guest_notify(uint16_t domid, uint32_t port)
{
	raise_event(domid, port);
}

bool tk_wait(uint64_t deadline_ns)
{
	bool happened = fake.on_wait && fake.on_wait();
	unsigned int port;

	for (port = 1; port < FAKE_PORTS; port++) {
		if (!ports[port].open || !ports[port].pending)
			continue;
		ports[port].pending = false;
		ports[port].handler(port, ports[port].context);
		happened = true;
	}
	if (!happened && deadline_ns == TK_FOREVER)
		abort(); /* it would hang */
	return happened;
}

void *tk_grant_map(uint16_t domid, uint32_t ref, bool writable, int *error)
{
	(void)domid;
	(void)ref;
	(void)writable;
	if (error)
		*error = -XEN_ENOSYS;
	return NULL;
}

void tk_grant_unmap(void *address)
{
	(void)address;
	abort();
}

uint64_t tk_clock_ns(void)
{
	return fake.now += 1000;
}
