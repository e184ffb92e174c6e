/* SPDX-License-Identifier: MIT */
/*
 * Event channels: one-bit notifications between domains, from devices and
 * from the hypervisor (two-level interface only, EV-1).
 *
 * Owns: struct evtchn and each domain's port table, allocated whole with the
 * domain and freed with its last reference (EV-2). A port is in exactly one
 * state; both ends of an interdomain pair always agree on each other, so a
 * connected peer is alive for as long as either lock is held.
 * Locks: domain->evtchn_lock for any change; both for the two ends of a pair.
 * Raising a VIRQ or PIRQ takes none: it may hit a port that is being closed,
 * which the guest sees as one spurious event.
 * Context: any CPU; the raising functions also with interrupts off.
 * Contract: include/public/event_channel.h.
 */
#include "core/evtchn.h"

#include "core/hypercall.h"
#include "core/manage.h"
#include "core/services.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "public/errno.h"
#include "public/event_channel.h"

struct evtchn {
	uint8_t state; /* EVTCHNSTAT_* */
	uint16_t vcpu; /* which it notifies */
	union {
		domid_t unbound; /* who may bind */
		uint32_t remote_port;
		uint32_t virq;
		uint32_t pirq;
	};
	struct domain *remote; /* interdomain */
};

_Static_assert(sizeof(struct evtchn) * MAX_EVTCHNS <= 65536, "heap_alloc");
_Static_assert(MAX_EVTCHNS == EVTCHN_2L_NR_CHANNELS, "two-level interface");

static bool test_and_set(xen_ulong_t *word, unsigned int bit)
{
	xen_ulong_t m = (xen_ulong_t)1 << bit;

	return __atomic_fetch_or(word, m, __ATOMIC_SEQ_CST) & m;
}

static bool test_and_clear(xen_ulong_t *word, unsigned int bit)
{
	xen_ulong_t m = (xen_ulong_t)1 << bit;

	return __atomic_fetch_and(word, ~m, __ATOMIC_SEQ_CST) & m;
}

static bool test(const xen_ulong_t *word, unsigned int bit)
{
	return read_once(*word) >> bit & 1;
}

/* The port's entry, NULL for a port number that is never valid. */
static struct evtchn *evtchn_of(struct domain *d, uint64_t port)
{
	if (port == 0 || port >= MAX_EVTCHNS)
		return NULL;
	return &d->evtchn[index_clamp(port, MAX_EVTCHNS)];
}

/* ---- raising ---- */

static void upcall_pend(struct vcpu *v)
{
	if (!__atomic_exchange_n(&v->info->evtchn_upcall_pending, 1,
				 __ATOMIC_SEQ_CST))
		vcpu_kick(v);
}

void evtchn_mark_all(struct vcpu *v)
{
	__atomic_store_n(&v->info->evtchn_pending_sel, ~(xen_ulong_t)0,
			 __ATOMIC_SEQ_CST);
	__atomic_store_n(&v->info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
	vcpu_kick(v);
}

static void select_word(struct vcpu *v, unsigned int word)
{
	if (!test_and_set(&v->info->evtchn_pending_sel, word))
		upcall_pend(v);
}

bool evtchn_poll_leave(struct vcpu *v)
{
	uint64_t m = 1ull << (v->id % 64);
	uint64_t *word = &v->domain->poll_mask[v->id / 64];

	if (!(read_once(*word) & m))
		return false;
	return __atomic_fetch_and(word, ~m, __ATOMIC_SEQ_CST) & m;
}

/* Pollers wait for masked ports too (T17). At most MAX_VCPUS of them. */
static void wake_pollers(struct domain *d, unsigned int port)
{
	for (unsigned int w = 0; w < ARRAY_SIZE(d->poll_mask); w++) {
		uint64_t m =
			__atomic_load_n(&d->poll_mask[w], __ATOMIC_SEQ_CST);

		for (; m; m &= m - 1) {
			struct vcpu *v = domain_vcpu(
				d, w * 64 + (unsigned int)__builtin_ctzll(m));
			int wanted = v ? read_once(v->poll_port) : 0;

			if (v &&
			    (wanted <= 0 || (unsigned int)wanted == port) &&
			    evtchn_poll_leave(v))
				vcpu_wake(v);
		}
	}
}

/* Make a valid port pending. Any context, no lock (EV-9). */
static void evtchn_raise(struct domain *d, unsigned int port)
{
	struct shared_info *s = d->shared_info;
	unsigned int word = port / 64, bit = port % 64;
	struct vcpu *v = domain_vcpu(d, read_once(d->evtchn[port].vcpu));

	if (test_and_set(&s->evtchn_pending[word], bit))
		return;
	if (v && !test(&s->evtchn_mask[word], bit))
		select_word(v, word);
	wake_pollers(d, port);
}

void evtchn_send_virq(struct vcpu *v, unsigned int virq)
{
	uint32_t port = read_once(v->virq_port[virq]);

	if (port)
		evtchn_raise(v->domain, port);
}

void evtchn_send_global_virq(unsigned int virq)
{
	struct domain *d = read_once(control_domain);
	struct vcpu *v = d ? domain_vcpu(d, 0) : NULL;

	if (v)
		evtchn_send_virq(v, virq);
}

void evtchn_send_pirq(struct domain *d, unsigned int pirq)
{
	const uint32_t *ports = read_once(d->irqs);
	uint32_t port = ports && pirq < MAX_PIRQS ? read_once(ports[pirq]) : 0;

	if (port)
		evtchn_raise(d, port);
}

bool evtchn_port_state(struct domain *d, uint64_t port, bool *pending)
{
	const struct evtchn *e = evtchn_of(d, port);

	if (!e || read_once(e->state) == EVTCHNSTAT_closed)
		return false;
	*pending = test(&d->shared_info->evtchn_pending[port / 64], port % 64);
	return true;
}

/* ---- opening ---- */

/* Lowest free port, or 0. The caller sets the state. */
static unsigned int port_find_free_locked(struct domain *d)
{
	ASSERT(spin_held(&d->evtchn_lock));
	if (d->dying)
		return 0;
	for (unsigned int port = 1; port < MAX_EVTCHNS; port++)
		if (d->evtchn[port].state == EVTCHNSTAT_closed)
			return port;
	return 0;
}

static void port_open_locked(struct domain *d, unsigned int port,
			     const struct evtchn *as)
{
	ASSERT(spin_held(&d->evtchn_lock));
	d->evtchn[port] = *as;
}

/* DOMID_SELF, or a domain that the caller may manage. Counted. */
static struct domain *domain_get_managed(const struct vcpu *v, domid_t id,
					 long *rc)
{
	struct domain *d;

	if (id == DOMID_SELF)
		id = v->domain->id;
	*rc = -XEN_EPERM;
	if (id != v->domain->id && !domain_is_control(v->domain))
		return NULL;
	d = domain_get(id);
	*rc = d ? 0 : -XEN_ESRCH;
	return d;
}

static long evtchn_alloc_unbound(struct vcpu *v, void *arg)
{
	struct evtchn_alloc_unbound *op = arg;
	struct evtchn e = { .state = EVTCHNSTAT_unbound };
	struct domain *d;
	unsigned int port;
	long rc;

	d = domain_get_managed(v, op->dom, &rc);
	if (!d)
		return rc;
	e.unbound =
		op->remote_dom == DOMID_SELF ? v->domain->id : op->remote_dom;
	spin_lock(&d->evtchn_lock);
	port = port_find_free_locked(d);
	if (port)
		port_open_locked(d, port, &e);
	spin_unlock(&d->evtchn_lock);
	domain_put(d);
	if (!port)
		return -XEN_ENOSPC;
	op->port = port;
	return 0;
}

/* Join local (free) and remote; the remote must wait for the local domain. */
static long pair_join_locked(struct domain *ld, struct domain *rd,
			     uint32_t remote_port, evtchn_port_t *local_port)
{
	struct evtchn *re = evtchn_of(rd, remote_port);
	struct evtchn le = { .state = EVTCHNSTAT_interdomain };
	unsigned int port;

	if (!re || rd->dying || re->state != EVTCHNSTAT_unbound ||
	    re->unbound != ld->id)
		return -XEN_EINVAL;
	port = port_find_free_locked(ld);
	if (!port)
		return -XEN_ENOSPC;
	le.remote = rd;
	le.remote_port = remote_port;
	port_open_locked(ld, port, &le);
	re->state = EVTCHNSTAT_interdomain;
	re->remote = ld;
	re->remote_port = port;
	/* What was sent before the connection must not be lost. */
	evtchn_raise(ld, port);
	*local_port = port;
	return 0;
}

static long evtchn_bind_interdomain(struct vcpu *v, void *arg)
{
	struct evtchn_bind_interdomain *op = arg;
	struct domain *ld = v->domain, *rd;
	long rc;

	rd = domain_get(op->remote_dom == DOMID_SELF ? ld->id : op->remote_dom);
	if (!rd)
		return -XEN_ESRCH;
	spin_lock_pair(&ld->evtchn_lock, &rd->evtchn_lock);
	rc = pair_join_locked(ld, rd, op->remote_port, &op->local_port);
	spin_unlock_pair(&ld->evtchn_lock, &rd->evtchn_lock);
	domain_put(rd);
	return rc;
}

static bool virq_is_per_vcpu(uint32_t virq)
{
	return virq == VIRQ_TIMER || virq == VIRQ_DEBUG ||
	       virq == VIRQ_XENOPROF || virq == VIRQ_XENPMU;
}

static long evtchn_bind_virq(struct vcpu *v, void *arg)
{
	struct evtchn_bind_virq *op = arg;
	struct evtchn e = { .state = EVTCHNSTAT_virq };
	struct domain *d = v->domain;
	struct vcpu *target = domain_vcpu(d, op->vcpu);
	long rc = 0;
	unsigned int port;

	if (op->virq >= NR_VIRQS)
		return -XEN_EINVAL;
	if (!virq_is_per_vcpu(op->virq) && op->vcpu != 0)
		return -XEN_EINVAL;
	if (!virq_is_per_vcpu(op->virq) && !domain_is_control(d))
		return -XEN_EPERM;
	if (!target)
		return -XEN_ENOENT;
	e.vcpu = (uint16_t)target->id;
	e.virq = op->virq;
	spin_lock(&d->evtchn_lock);
	port = port_find_free_locked(d);
	if (target->virq_port[e.virq])
		rc = -XEN_EEXIST;
	else if (!port)
		rc = -XEN_ENOSPC;
	if (!rc) {
		port_open_locked(d, port, &e);
		write_once(target->virq_port[e.virq], port);
	}
	spin_unlock(&d->evtchn_lock);
	op->port = port;
	return rc;
}

static long evtchn_bind_ipi(struct vcpu *v, void *arg)
{
	struct evtchn_bind_ipi *op = arg;
	struct evtchn e = { .state = EVTCHNSTAT_ipi };
	struct domain *d = v->domain;

	if (!domain_vcpu(d, op->vcpu))
		return -XEN_ENOENT;
	e.vcpu = (uint16_t)op->vcpu;
	spin_lock(&d->evtchn_lock);
	op->port = port_find_free_locked(d);
	if (op->port)
		port_open_locked(d, op->port, &e);
	spin_unlock(&d->evtchn_lock);
	return op->port ? 0 : -XEN_ENOSPC;
}

static long pirq_open_locked(struct domain *d, struct evtchn_bind_pirq *op)
{
	struct evtchn e = { .state = EVTCHNSTAT_pirq };
	uint32_t *ports = d->irqs;
	unsigned int port = port_find_free_locked(d);
	long rc;

	if (ports[op->pirq])
		return -XEN_EEXIST;
	if (!port)
		return -XEN_ENOSPC;
	e.pirq = op->pirq;
	port_open_locked(d, port, &e);
	write_once(ports[op->pirq], port);
	rc = pirq_bind(d, op->pirq, op->flags & BIND_PIRQ__WILL_SHARE);
	if (rc) {
		write_once(ports[op->pirq], 0);
		d->evtchn[port] = (struct evtchn){ 0 };
		return rc;
	}
	op->port = port;
	return 0;
}

static long evtchn_bind_pirq(struct vcpu *v, void *arg)
{
	struct evtchn_bind_pirq *op = arg;
	struct domain *d = v->domain;
	uint32_t *ports = NULL;
	long rc;

	if (!domain_is_control(d))
		return -XEN_EPERM;
	if (op->pirq >= MAX_PIRQS)
		return -XEN_EINVAL;
	if (!read_once(d->irqs)) {
		ports = heap_alloc(MAX_PIRQS * sizeof(*ports));
		if (!ports)
			return -XEN_ENOMEM;
	}
	spin_lock(&d->evtchn_lock);
	if (!d->irqs) {
		write_once(d->irqs, (void *)ports);
		ports = NULL;
	}
	rc = pirq_open_locked(d, op);
	spin_unlock(&d->evtchn_lock);
	heap_free(ports);
	return rc;
}

/* ---- closing ---- */

/* Free a port whose other end, if any, is taken care of. */
static void port_free_locked(struct domain *d, unsigned int port)
{
	struct evtchn *e = &d->evtchn[port];
	struct vcpu *v = domain_vcpu(d, e->vcpu);

	ASSERT(spin_held(&d->evtchn_lock));
	if (e->state == EVTCHNSTAT_virq && v)
		write_once(v->virq_port[e->virq], 0);
	if (e->state == EVTCHNSTAT_pirq) {
		write_once(((uint32_t *)d->irqs)[e->pirq], 0);
		pirq_unbind(d, e->pirq);
	}
	*e = (struct evtchn){ 0 };
	/* The next owner of the port must not see an old event. */
	test_and_clear(&d->shared_info->evtchn_pending[port / 64], port % 64);
}

/* The far end of a connection waits for its domain's next bind. */
static void peer_detach_locked(const struct domain *d, const struct evtchn *e)
{
	struct evtchn *re = &e->remote->evtchn[e->remote_port];

	re->state = EVTCHNSTAT_unbound;
	re->remote = NULL;
	re->unbound = d->id;
}

/*
 * Close port. A connected one needs both locks, in order, but who the peer is
 * shows only under the first: so look, let go, take both, and look again.
 */
static long port_close(struct domain *d, unsigned int port)
{
	struct evtchn *e = &d->evtchn[port];
	struct domain *peer;
	long rc = -XEN_EAGAIN;

	while (rc == -XEN_EAGAIN) {
		spin_lock(&d->evtchn_lock);
		peer = e->state == EVTCHNSTAT_interdomain ? e->remote : d;
		__atomic_add_fetch(&peer->refcount, 1, __ATOMIC_RELAXED);
		spin_unlock(&d->evtchn_lock);
		spin_lock_pair(&d->evtchn_lock, &peer->evtchn_lock);
		if (e->state == EVTCHNSTAT_closed) {
			rc = -XEN_EINVAL;
		} else if (e->state != EVTCHNSTAT_interdomain) {
			port_free_locked(d, port);
			rc = 0;
		} else if (e->remote == peer) {
			peer_detach_locked(d, e);
			port_free_locked(d, port);
			rc = 0;
		}
		spin_unlock_pair(&d->evtchn_lock, &peer->evtchn_lock);
		domain_put(peer);
	}
	return rc;
}

static long evtchn_close(struct vcpu *v, void *arg)
{
	struct evtchn_close *op = arg;

	if (!evtchn_of(v->domain, op->port))
		return -XEN_EINVAL;
	return port_close(v->domain,
			  (unsigned int)index_clamp(op->port, MAX_EVTCHNS));
}

/* At most MAX_EVTCHNS short steps. */
static void close_all(struct domain *d)
{
	for (unsigned int port = 1; port < MAX_EVTCHNS; port++)
		if (read_once(d->evtchn[port].state) != EVTCHNSTAT_closed)
			(void)port_close(d, port);
}

static long evtchn_reset(struct vcpu *v, void *arg)
{
	struct evtchn_reset *op = arg;
	long rc;
	struct domain *d = domain_get_managed(v, op->dom, &rc);

	if (!d)
		return rc;
	close_all(d);
	domain_put(d);
	return 0;
}

/* ---- the other operations ---- */

static long evtchn_send(struct vcpu *v, void *arg)
{
	struct evtchn_send *op = arg;
	struct domain *d = v->domain;
	const struct evtchn *e = evtchn_of(d, op->port);
	long rc = 0;

	if (!e)
		return -XEN_EINVAL;
	spin_lock(&d->evtchn_lock);
	switch (e->state) {
	case EVTCHNSTAT_interdomain:
		evtchn_raise(e->remote, e->remote_port);
		break;
	case EVTCHNSTAT_ipi:
		evtchn_raise(d, (unsigned int)(e - d->evtchn));
		break;
	case EVTCHNSTAT_unbound:
		break;
	default:
		rc = -XEN_EINVAL;
	}
	spin_unlock(&d->evtchn_lock);
	return rc;
}

static void status_fill_locked(const struct evtchn *e, evtchn_status_t *op)
{
	op->status = e->state;
	op->vcpu = e->vcpu;
	switch (e->state) {
	case EVTCHNSTAT_unbound:
		op->u.unbound.dom = e->unbound;
		break;
	case EVTCHNSTAT_interdomain:
		op->u.interdomain.dom = e->remote->id;
		op->u.interdomain.port = e->remote_port;
		break;
	case EVTCHNSTAT_virq:
		op->u.virq = e->virq;
		break;
	case EVTCHNSTAT_pirq:
		op->u.pirq = e->pirq;
		break;
	}
}

static long evtchn_status(struct vcpu *v, void *arg)
{
	struct evtchn_status *op = arg;
	const struct evtchn *e;
	long rc;
	struct domain *d = domain_get_managed(v, op->dom, &rc);

	if (!d)
		return rc;
	e = evtchn_of(d, op->port);
	if (e) {
		spin_lock(&d->evtchn_lock);
		status_fill_locked(e, op);
		spin_unlock(&d->evtchn_lock);
	}
	domain_put(d);
	return e ? 0 : -XEN_EINVAL;
}

static bool may_move(const struct evtchn *e)
{
	switch (e->state) {
	case EVTCHNSTAT_unbound:
	case EVTCHNSTAT_interdomain:
	case EVTCHNSTAT_pirq:
		return true;
	default:
		return false;
	}
}

static long evtchn_bind_vcpu(struct vcpu *v, void *arg)
{
	struct evtchn_bind_vcpu *op = arg;
	struct domain *d = v->domain;
	struct evtchn *e = evtchn_of(d, op->port);
	long rc = -XEN_EINVAL;

	if (!domain_vcpu(d, op->vcpu))
		return -XEN_ENOENT;
	if (!e)
		return -XEN_EINVAL;
	spin_lock(&d->evtchn_lock);
	if (may_move(e)) {
		e->vcpu = (uint16_t)op->vcpu;
		rc = 0;
	}
	spin_unlock(&d->evtchn_lock);
	return rc;
}

static long evtchn_unmask(struct vcpu *v, void *arg)
{
	struct evtchn_unmask *op = arg;
	struct domain *d = v->domain;
	const struct evtchn *e = evtchn_of(d, op->port);
	struct shared_info *s = d->shared_info;
	struct vcpu *target;
	unsigned int word, bit;

	if (!e)
		return -XEN_EINVAL;
	word = (unsigned int)(e - d->evtchn) / 64;
	bit = (unsigned int)(e - d->evtchn) % 64;
	spin_lock(&d->evtchn_lock);
	target = domain_vcpu(d, e->vcpu);
	if (target && test_and_clear(&s->evtchn_mask[word], bit) &&
	    test(&s->evtchn_pending[word], bit))
		select_word(target, word);
	spin_unlock(&d->evtchn_lock);
	return 0;
}

#define ROW(op, name, how)                                                     \
	[EVTCHNOP_##op] = { name, sizeof(struct evtchn_##op), how }

/* The FIFO operations are absent: -ENOSYS makes guests use two levels. */
static const struct subop evtchn_table[] = {
	ROW(bind_interdomain, evtchn_bind_interdomain, SUBOP_IN | SUBOP_OUT),
	ROW(bind_virq, evtchn_bind_virq, SUBOP_IN | SUBOP_OUT),
	ROW(bind_pirq, evtchn_bind_pirq, SUBOP_IN | SUBOP_OUT),
	ROW(close, evtchn_close, SUBOP_IN),
	ROW(send, evtchn_send, SUBOP_IN),
	ROW(status, evtchn_status, SUBOP_IN | SUBOP_OUT),
	ROW(alloc_unbound, evtchn_alloc_unbound, SUBOP_IN | SUBOP_OUT),
	ROW(bind_ipi, evtchn_bind_ipi, SUBOP_IN | SUBOP_OUT),
	ROW(bind_vcpu, evtchn_bind_vcpu, SUBOP_IN),
	ROW(unmask, evtchn_unmask, SUBOP_IN),
	ROW(reset, evtchn_reset, SUBOP_IN),
};

long hc_event_channel_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4,
			 uint64_t a5)
{
	return subop_call(evtchn_table, ARRAY_SIZE(evtchn_table), (uint32_t)cmd,
			  guest_ptr(arg));
}

/* ---- domains ---- */

int evtchn_init_domain(struct domain *d)
{
	struct shared_info *s = d->shared_info;

	spin_init(&d->evtchn_lock, RANK_EVTCHN);
	d->evtchn = heap_alloc(MAX_EVTCHNS * sizeof(*d->evtchn));
	if (!d->evtchn)
		return -XEN_ENOMEM;
	memset(s->evtchn_mask, 0xff, sizeof(s->evtchn_mask));
	return 0;
}

void evtchn_destroy_domain(struct domain *d)
{
	close_all(d);
	/* Nobody has a channel into the domain now: no sender is left. */
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			vcpu_info_release(d->vcpu[i]);
}

void evtchn_free_domain(struct domain *d)
{
	heap_free(d->irqs);
	d->irqs = NULL;
	heap_free(d->evtchn);
	d->evtchn = NULL;
}
