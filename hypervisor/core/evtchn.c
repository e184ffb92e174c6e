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
#include "public/event_channel.h"

struct evtchn {
	uint8_t state; /* EVTCHNSTAT_* */
	uint16_t vcpu; /* which it notifies */
	union {
		domid_t unbound; /* who may bind */
		uint32_t remote_port;
		uint32_t number; /* of the VIRQ or PIRQ */
	};
	union {
		struct domain *remote; /* interdomain */
		uint32_t
			*slot; /* virq, pirq: where its senders find the port */
	};
};

/* The control domain's port of each pirq; 0: none. As v->virq_port. */
static uint32_t pirq_port[MAX_PIRQS];

_Static_assert(sizeof(struct evtchn) * MAX_EVTCHNS <= 65536, "heap_alloc");
_Static_assert(MAX_VCPUS == 128, "evtchn_raise() looks at two words");
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

static unsigned int port_of(const struct domain *d, const struct evtchn *e)
{
	return (unsigned int)(e - d->evtchn);
}

/* ---- raising ---- */

void evtchn_mark_all(struct vcpu *v)
{
	__atomic_store_n(&v->info->evtchn_pending_sel, ~(xen_ulong_t)0,
			 __ATOMIC_SEQ_CST);
	__atomic_store_n(&v->info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
	vcpu_kick(v);
}

/* Make v look at the word, and wake it if that is news. */
static void select_word(struct vcpu *v, unsigned int word)
{
	if (!test_and_set(&v->info->evtchn_pending_sel, word) &&
	    !__atomic_exchange_n(&v->info->evtchn_upcall_pending, 1,
				 __ATOMIC_SEQ_CST))
		vcpu_kick(v);
}

bool evtchn_poll_leave(struct vcpu *v)
{
	uint64_t *word = &v->domain->poll_mask[v->id / 64];

	return test(word, v->id % 64) && test_and_clear(word, v->id % 64);
}

/* Pollers wait for masked ports too (T17). Rare: not inline. */
static __attribute__((noinline)) void wake_pollers(struct domain *d,
						   unsigned int port)
{
	for (unsigned int w = 0; w < ARRAY_SIZE(d->poll_mask); w++) {
		uint64_t m = read_once(d->poll_mask[w]);

		for (; m; m &= m - 1) {
			struct vcpu *v = d->vcpu[w * 64 + __builtin_ctzll(m)];
			int wanted = read_once(v->poll_port);

			if ((wanted <= 0 || (unsigned int)wanted == port) &&
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
	if (read_once(d->poll_mask[0]) | read_once(d->poll_mask[1]))
		wake_pollers(d, port);
}

/* Whatever port the slot names, if any. */
static void raise_slot(struct domain *d, const uint32_t *slot)
{
	uint32_t port = read_once(*slot);

	if (port)
		evtchn_raise(d, port);
}

void evtchn_send_virq(struct vcpu *v, unsigned int virq)
{
	raise_slot(v->domain, &v->virq_port[virq]);
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
	if (pirq < MAX_PIRQS)
		raise_slot(d, &pirq_port[pirq]);
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

static bool has_slot(const struct evtchn *e)
{
	return e->state == EVTCHNSTAT_virq || e->state == EVTCHNSTAT_pirq;
}

/* Open the lowest free port and return it; -ENOSPC, -EEXIST: slot in use. */
static long port_open_locked(struct domain *d, const struct evtchn *as)
{
	ASSERT(spin_held(&d->evtchn_lock));
	if (has_slot(as) && *as->slot)
		return -XEN_EEXIST;
	for (unsigned int port = 1; port < MAX_EVTCHNS && !d->dying; port++) {
		if (d->evtchn[port].state != EVTCHNSTAT_closed)
			continue;
		d->evtchn[port] = *as;
		if (has_slot(as))
			write_once(*as->slot, port);
		return port;
	}
	return -XEN_ENOSPC;
}

static void port_clear_locked(struct domain *d, struct evtchn *e)
{
	ASSERT(spin_held(&d->evtchn_lock));
	if (has_slot(e))
		write_once(*e->slot, 0);
	*e = (struct evtchn){ 0 };
}

static long port_open(struct domain *d, const struct evtchn *as,
		      evtchn_port_t *port)
{
	long rc;

	spin_lock(&d->evtchn_lock);
	rc = port_open_locked(d, as);
	spin_unlock(&d->evtchn_lock);
	*port = (evtchn_port_t)rc;
	return rc < 0 ? rc : 0;
}

static long evtchn_alloc_unbound(struct vcpu *v, void *arg)
{
	struct evtchn_alloc_unbound *op = arg;
	struct evtchn e = { .state = EVTCHNSTAT_unbound,
			    .unbound = op->remote_dom };
	long rc;
	struct domain *d = domain_get_target(op->dom, &rc);

	if (!d)
		return rc;
	if (op->remote_dom == DOMID_SELF)
		e.unbound = v->domain->id;
	rc = port_open(d, &e, &op->port);
	domain_put(d);
	return rc;
}

/* Join a new port and the remote one, which must wait for this domain. */
static long pair_join_locked(struct domain *ld, struct domain *rd,
			     struct evtchn_bind_interdomain *op)
{
	struct evtchn *re = evtchn_of(rd, op->remote_port);
	struct evtchn le = { .state = EVTCHNSTAT_interdomain,
			     .remote_port = op->remote_port,
			     .remote = rd };
	long port;

	if (!re || rd->dying || re->state != EVTCHNSTAT_unbound ||
	    re->unbound != ld->id)
		return -XEN_EINVAL;
	port = port_open_locked(ld, &le);
	if (port < 0)
		return port;
	op->local_port = (evtchn_port_t)port;
	re->state = EVTCHNSTAT_interdomain;
	re->remote = ld;
	re->remote_port = op->local_port;
	/* What was sent before the connection must not be lost. */
	evtchn_raise(ld, op->local_port);
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
	rc = pair_join_locked(ld, rd, op);
	spin_unlock_pair(&ld->evtchn_lock, &rd->evtchn_lock);
	domain_put(rd);
	return rc;
}

static long evtchn_bind_virq(struct vcpu *v, void *arg)
{
	struct evtchn_bind_virq *op = arg;
	struct evtchn e = { .state = EVTCHNSTAT_virq,
			    .vcpu = (uint16_t)op->vcpu,
			    .number = op->virq };
	struct vcpu *target = domain_vcpu(v->domain, op->vcpu);
	bool global = op->virq != VIRQ_TIMER && op->virq != VIRQ_DEBUG &&
		      op->virq != VIRQ_XENOPROF && op->virq != VIRQ_XENPMU;

	if (op->virq >= NR_VIRQS || (global && op->vcpu))
		return -XEN_EINVAL;
	if (global && !domain_is_control(v->domain))
		return -XEN_EPERM;
	if (!target)
		return -XEN_ENOENT;
	e.slot = &target->virq_port[index_clamp(op->virq, NR_VIRQS)];
	return port_open(v->domain, &e, &op->port);
}

static long evtchn_bind_ipi(struct vcpu *v, void *arg)
{
	struct evtchn_bind_ipi *op = arg;
	struct evtchn e = { .state = EVTCHNSTAT_ipi,
			    .vcpu = (uint16_t)op->vcpu };

	if (!domain_vcpu(v->domain, op->vcpu))
		return -XEN_ENOENT;
	return port_open(v->domain, &e, &op->port);
}

static long evtchn_bind_pirq(struct vcpu *v, void *arg)
{
	struct evtchn_bind_pirq *op = arg;
	struct domain *d = v->domain;
	struct evtchn e = { .state = EVTCHNSTAT_pirq, .number = op->pirq };
	long rc;

	if (!domain_is_control(d))
		return -XEN_EPERM;
	if (op->pirq >= MAX_PIRQS)
		return -XEN_EINVAL;
	e.slot = &pirq_port[index_clamp(op->pirq, MAX_PIRQS)];
	spin_lock(&d->evtchn_lock);
	rc = port_open_locked(d, &e);
	if (rc > 0) {
		op->port = (evtchn_port_t)rc;
		rc = pirq_bind(d, op->pirq, op->flags & BIND_PIRQ__WILL_SHARE);
		if (rc)
			port_clear_locked(d, &d->evtchn[op->port]);
	}
	spin_unlock(&d->evtchn_lock);
	return rc;
}

/* ---- closing ---- */

/* Of a connected port the peer's lock is held, too. -EINVAL: is closed. */
static long port_free_locked(struct domain *d, struct evtchn *e)
{
	struct evtchn *re;
	unsigned int port = port_of(d, e);

	switch (e->state) {
	case EVTCHNSTAT_closed:
		return -XEN_EINVAL;
	case EVTCHNSTAT_interdomain:
		/* The far end waits for its domain's next bind. */
		re = &e->remote->evtchn[e->remote_port];
		re->state = EVTCHNSTAT_unbound;
		re->remote = NULL;
		re->unbound = d->id;
		break;
	case EVTCHNSTAT_pirq:
		pirq_unbind(d, e->number);
		break;
	}
	port_clear_locked(d, e);
	/* The next owner of the port must not see an old event. */
	test_and_clear(&d->shared_info->evtchn_pending[port / 64], port % 64);
	return 0;
}

/*
 * Close port. A connected one needs both locks, in order, but who the peer is
 * shows only under the first: so look, let go, take both, and look again.
 */
static long port_close(struct domain *d, uint64_t port)
{
	struct evtchn *e = evtchn_of(d, port);
	struct domain *peer;
	bool same;
	long rc = 0;

	if (!e)
		return -XEN_EINVAL;
	do {
		spin_lock(&d->evtchn_lock);
		peer = e->state == EVTCHNSTAT_interdomain ? e->remote : d;
		__atomic_add_fetch(&peer->refcount, 1, __ATOMIC_RELAXED);
		spin_unlock(&d->evtchn_lock);
		spin_lock_pair(&d->evtchn_lock, &peer->evtchn_lock);
		same = e->state != EVTCHNSTAT_interdomain || e->remote == peer;
		if (same)
			rc = port_free_locked(d, e);
		spin_unlock_pair(&d->evtchn_lock, &peer->evtchn_lock);
		domain_put(peer);
	} while (!same);
	return rc;
}

static long evtchn_close(struct vcpu *v, void *arg)
{
	const struct evtchn_close *op = arg;

	return port_close(v->domain, op->port);
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
	const struct evtchn_reset *op = arg;
	long rc;
	struct domain *d = domain_get_target(op->dom, &rc);

	if (!d)
		return rc;
	close_all(d);
	domain_put(d);
	return 0;
}

/* ---- the other operations ---- */

static long evtchn_send(struct domain *d, guest_ptr_t arg)
{
	struct evtchn_send op;
	const struct evtchn *e;
	long rc = 0;

	if (copy_small_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	e = evtchn_of(d, op.port);
	if (!e)
		return -XEN_EINVAL;
	spin_lock(&d->evtchn_lock);
	switch (e->state) {
	case EVTCHNSTAT_interdomain:
		evtchn_raise(e->remote, e->remote_port);
		break;
	case EVTCHNSTAT_ipi:
		evtchn_raise(d, port_of(d, e));
		break;
	case EVTCHNSTAT_unbound:
		break;
	default:
		rc = -XEN_EINVAL;
	}
	spin_unlock(&d->evtchn_lock);
	return rc;
}

static long status_fill_locked(const struct evtchn *e, evtchn_status_t *op)
{
	if (!e)
		return -XEN_EINVAL;
	op->status = e->state;
	op->vcpu = e->vcpu;
	if (e->state == EVTCHNSTAT_unbound) {
		op->u.unbound.dom = e->unbound;
	} else if (e->state == EVTCHNSTAT_interdomain) {
		op->u.interdomain.dom = e->remote->id;
		op->u.interdomain.port = e->remote_port;
	} else if (has_slot(e)) {
		op->u.pirq = e->number; /* u.virq is the same */
	}
	return 0;
}

static long evtchn_status(struct vcpu *v, void *arg)
{
	struct evtchn_status *op = arg;
	long rc;
	struct domain *d = domain_get_target(op->dom, &rc);

	if (!d)
		return rc;
	spin_lock(&d->evtchn_lock);
	rc = status_fill_locked(evtchn_of(d, op->port), op);
	spin_unlock(&d->evtchn_lock);
	domain_put(d);
	return rc;
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
	/* VIRQs and IPIs are bound to one for good. */
	if (e->state == EVTCHNSTAT_unbound || e->state == EVTCHNSTAT_pirq ||
	    e->state == EVTCHNSTAT_interdomain) {
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
	word = port_of(d, e) / 64;
	bit = port_of(d, e) % 64;
	spin_lock(&d->evtchn_lock);
	target = domain_vcpu(d, e->vcpu);
	if (target && test_and_clear(&s->evtchn_mask[word], bit) &&
	    test(&s->evtchn_pending[word], bit))
		select_word(target, word);
	spin_unlock(&d->evtchn_lock);
	return 0;
}

#define ROW(op, how)                                                           \
	[EVTCHNOP_##op] = { evtchn_##op, sizeof(struct evtchn_##op), how }

/* The FIFO operations are absent: -ENOSYS makes guests use two levels. */
static const struct subop evtchn_table[] = {
	ROW(bind_interdomain, SUBOP_IN | SUBOP_OUT),
	ROW(bind_virq, SUBOP_IN | SUBOP_OUT),
	ROW(bind_pirq, SUBOP_IN | SUBOP_OUT),
	ROW(close, SUBOP_IN),
	ROW(status, SUBOP_IN | SUBOP_OUT),
	ROW(alloc_unbound, SUBOP_IN | SUBOP_OUT),
	ROW(bind_ipi, SUBOP_IN | SUBOP_OUT),
	ROW(bind_vcpu, SUBOP_IN),
	ROW(unmask, SUBOP_IN),
	ROW(reset, SUBOP_IN),
};

long hc_event_channel_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4,
			 uint64_t a5)
{
	/* First, and apart: this is what is called all the time. */
	if ((uint32_t)cmd == EVTCHNOP_send)
		return evtchn_send(current_vcpu()->domain, guest_ptr(arg));
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
	domain_each_vcpu(d, vcpu_info_release);
}

void evtchn_free_domain(struct domain *d)
{
	heap_free(d->evtchn);
}
