/* SPDX-License-Identifier: MIT */
/*
 * Event channels: one-bit notifications between domains, from devices and
 * from the hypervisor (two-level interface only, EV-1).
 *
 * Owns: struct evtchn and each domain's port table. Its buckets are allocated
 * when a port in them is first opened, and freed with the domain's last
 * reference (EV-2): an entry never moves. A port is in exactly one state; both
 * ends of an interdomain pair always agree on each other, so a
 * connected peer is alive for as long as either lock is held.
 * Locks: domain->evtchn_lock for any change; both for the two ends of a pair.
 * Raising a VIRQ or PIRQ takes none: it may hit a port that is being closed,
 * which the guest sees as one spurious event.
 * Context: any CPU; the raising functions also with interrupts off.
 * Contract: include/public/event_channel.h.
 */

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
		uint32_t *slot; /* virq, pirq: where senders find the port */
	};
};

/*
 * What a domain has in the place of buckets that it has not used so far: all
 * ports closed. Never written to.
 */
static struct evtchn unused_bucket[EVTCHN_BUCKET];

/* The control domain's port of each pirq; 0: none. As v->virq_port. */
static uint32_t pirq_port[MAX_PIRQS];

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

/* A number from a guest: the port, or 0, which is always closed. */
static unsigned int port_clamp(uint64_t port)
{
	return (unsigned int)index_clamp(port, MAX_EVTCHNS);
}

/* The entry of a port below MAX_EVTCHNS. */
static struct evtchn *evtchn_of(const struct domain *d, unsigned int port)
{
	struct evtchn *bucket = __atomic_load_n(
		&d->evtchn[port / EVTCHN_BUCKET], __ATOMIC_ACQUIRE);

	return &bucket[port % EVTCHN_BUCKET];
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
	/* It was there when the port was opened, but for the first. */
	struct vcpu *v = d->vcpu[read_once(evtchn_of(d, port)->vcpu)];

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

bool evtchn_port_state(struct domain *d, uint64_t number, bool *pending)
{
	unsigned int port = port_clamp(number);

	if (read_once(evtchn_of(d, port)->state) == EVTCHNSTAT_closed)
		return false;
	*pending = test(&d->shared_info->evtchn_pending[port / 64], port % 64);
	return true;
}

/* ---- opening ---- */

static bool has_slot(const struct evtchn *e)
{
	return e->state == EVTCHNSTAT_virq || e->state == EVTCHNSTAT_pirq;
}

/* See that the port has an entry of its own. */
static int bucket_fill_locked(struct domain *d, unsigned int port)
{
	struct evtchn **slot = &d->evtchn[port / EVTCHN_BUCKET], *bucket;

	if (*slot != unused_bucket)
		return 0;
	bucket = heap_alloc(sizeof(unused_bucket));
	if (!bucket)
		return -XEN_ENOMEM;
	__atomic_store_n(slot, bucket, __ATOMIC_RELEASE);
	return 0;
}

/* Open the lowest free port and return it; -EEXIST: the slot is in use. */
static long port_open_locked(struct domain *d, const struct evtchn *as)
{
	unsigned int port = 1;

	ASSERT(spin_held(&d->evtchn_lock));
	if (has_slot(as) && *as->slot)
		return -XEN_EEXIST;
	if (as->state == EVTCHNSTAT_pirq && !pirq_is_mapped(as->number))
		return -XEN_EINVAL;
	while (port <= d->max_port &&
	       evtchn_of(d, port)->state != EVTCHNSTAT_closed)
		port++;
	if (port > d->max_port || d->dying)
		return -XEN_ENOSPC;
	if (bucket_fill_locked(d, port))
		return -XEN_ENOMEM;
	*evtchn_of(d, port) = *as;
	if (has_slot(as))
		__atomic_store_n(as->slot, port, __ATOMIC_RELEASE);
	if (as->state == EVTCHNSTAT_pirq)
		pirq_set_bound(as->number, true);
	return port;
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

static long evtchn_alloc_unbound(struct vcpu *v, struct domain *d, void *arg)
{
	struct evtchn_alloc_unbound *op = arg;
	struct evtchn e = { .state = EVTCHNSTAT_unbound,
			    .unbound = op->remote_dom };

	if (op->remote_dom == DOMID_SELF)
		e.unbound = v->domain->id;
	return port_open(d, &e, &op->port);
}

/* Join a new port and the remote one, which must wait for this domain. */
static long pair_join_locked(struct domain *ld, struct domain *rd,
			     struct evtchn_bind_interdomain *op)
{
	unsigned int remote_port = port_clamp(op->remote_port);
	struct evtchn *re = evtchn_of(rd, remote_port);
	struct evtchn le = { .state = EVTCHNSTAT_interdomain,
			     .remote_port = remote_port,
			     .remote = rd };
	long port;

	if (rd->dying || re->state != EVTCHNSTAT_unbound ||
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

static long evtchn_bind_interdomain(struct vcpu *v, struct domain *d, void *arg)
{
	struct evtchn_bind_interdomain *op = arg;
	domid_t id = op->remote_dom == DOMID_SELF ? d->id : op->remote_dom;
	struct domain *rd = domain_get(id);
	long rc;

	if (!rd)
		return -XEN_ESRCH;
	spin_lock_pair(&d->evtchn_lock, &rd->evtchn_lock);
	rc = pair_join_locked(d, rd, op);
	spin_unlock_pair(&d->evtchn_lock, &rd->evtchn_lock);
	domain_put(rd);
	return rc;
}

static long evtchn_bind_virq(struct vcpu *v, struct domain *d, void *arg)
{
	struct evtchn_bind_virq *op = arg;
	struct evtchn e = { .state = EVTCHNSTAT_virq,
			    .vcpu = (uint16_t)op->vcpu,
			    .number = op->virq };
	struct vcpu *target = domain_vcpu(d, op->vcpu);
	bool global = op->virq != VIRQ_TIMER && op->virq != VIRQ_DEBUG &&
		      op->virq != VIRQ_XENOPROF && op->virq != VIRQ_XENPMU;

	if (op->virq >= NR_VIRQS || (global && op->vcpu))
		return -XEN_EINVAL;
	if (global && !domain_is_control(d))
		return -XEN_EPERM;
	if (!target)
		return -XEN_ENOENT;
	e.slot = &target->virq_port[index_clamp(op->virq, NR_VIRQS)];
	return port_open(d, &e, &op->port);
}

static long evtchn_bind_ipi(struct vcpu *v, struct domain *d, void *arg)
{
	struct evtchn_bind_ipi *op = arg;
	struct evtchn e = { .state = EVTCHNSTAT_ipi,
			    .vcpu = (uint16_t)op->vcpu };

	if (!domain_vcpu(d, op->vcpu))
		return -XEN_ENOENT;
	return port_open(d, &e, &op->port);
}

static long evtchn_bind_pirq(struct vcpu *v, struct domain *d, void *arg)
{
	struct evtchn_bind_pirq *op = arg;
	struct evtchn e = { .state = EVTCHNSTAT_pirq, .number = op->pirq };

	if (!domain_is_control(d))
		return -XEN_EPERM;
	if (op->pirq >= MAX_PIRQS)
		return -XEN_EINVAL;
	e.slot = &pirq_port[index_clamp(op->pirq, MAX_PIRQS)];
	return port_open(d, &e, &op->port);
}

/* ---- closing ---- */

/* Of a connected port the peer's lock is held, too. -EINVAL: is closed. */
static long port_free_locked(struct domain *d, unsigned int port)
{
	struct evtchn *e = evtchn_of(d, port), *re;

	switch (e->state) {
	case EVTCHNSTAT_closed:
		return -XEN_EINVAL;
	case EVTCHNSTAT_interdomain:
		/* The far end waits for its domain's next bind. */
		re = evtchn_of(e->remote, e->remote_port);
		re->state = EVTCHNSTAT_unbound;
		re->remote = NULL;
		re->unbound = d->id;
		break;
	case EVTCHNSTAT_pirq:
		pirq_set_bound(e->number, false);
		break;
	}
	if (has_slot(e))
		write_once(*e->slot, 0);
	*e = (struct evtchn){ 0 };
	/* The next owner of the port must not see an old event. */
	test_and_clear(&d->shared_info->evtchn_pending[port / 64], port % 64);
	return 0;
}

/* Whose lock it takes besides d's to close the port; d: nobody's. */
static struct domain *port_peer_locked(struct domain *d, unsigned int port)
{
	const struct evtchn *e = evtchn_of(d, port);

	return e->state == EVTCHNSTAT_interdomain ? e->remote : d;
}

/*
 * Close port. A connected one needs both locks, in order, but who the peer is
 * shows only under the first: so look, let go, take both, and look again.
 */
static long port_close(struct domain *d, unsigned int port)
{
	struct domain *peer;
	bool same;
	long rc = 0;

	do {
		spin_lock(&d->evtchn_lock);
		peer = port_peer_locked(d, port);
		__atomic_add_fetch(&peer->refcount, 1, __ATOMIC_RELAXED);
		spin_unlock(&d->evtchn_lock);
		spin_lock_pair(&d->evtchn_lock, &peer->evtchn_lock);
		same = port_peer_locked(d, port) == peer;
		if (same)
			rc = port_free_locked(d, port);
		spin_unlock_pair(&d->evtchn_lock, &peer->evtchn_lock);
		domain_put(peer);
	} while (!same);
	return rc;
}

static long evtchn_close(struct vcpu *v, struct domain *d, void *arg)
{
	const struct evtchn_close *op = arg;

	return port_close(d, port_clamp(op->port));
}

/* At most MAX_EVTCHNS short steps. */
static void close_all(struct domain *d)
{
	for (unsigned int port = 1; port < MAX_EVTCHNS; port++)
		if (evtchn_of(d, port) - port % EVTCHN_BUCKET == unused_bucket)
			port |= EVTCHN_BUCKET - 1; /* the last of it */
		else if (read_once(evtchn_of(d, port)->state))
			(void)port_close(d, port);
}

static long evtchn_reset(struct vcpu *v, struct domain *d, void *arg)
{
	close_all(d);
	return 0;
}

/* ---- the other operations ---- */

static long evtchn_send(struct domain *d, guest_ptr_t arg)
{
	uninitialized_buf struct evtchn_send op;
	const struct evtchn *e;
	unsigned int port;
	long rc = 0;

	if (copy_small_from_guest(&op, arg, sizeof(op)))
		return -XEN_EFAULT;
	port = port_clamp(op.port);
	spin_lock(&d->evtchn_lock);
	e = evtchn_of(d, port);
	if (e->state == EVTCHNSTAT_interdomain)
		evtchn_raise(e->remote, e->remote_port);
	else if (e->state == EVTCHNSTAT_ipi)
		evtchn_raise(d, port);
	else if (e->state != EVTCHNSTAT_unbound)
		rc = -XEN_EINVAL;
	spin_unlock(&d->evtchn_lock);
	return rc;
}

static long evtchn_status(struct vcpu *v, struct domain *d, void *arg)
{
	struct evtchn_status *op = arg;
	unsigned int port = port_clamp(op->port);
	const struct evtchn *e;

	if (!port)
		return -XEN_EINVAL;
	spin_lock(&d->evtchn_lock);
	e = evtchn_of(d, port);
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
	spin_unlock(&d->evtchn_lock);
	return 0;
}

static long evtchn_bind_vcpu(struct vcpu *v, struct domain *d, void *arg)
{
	struct evtchn_bind_vcpu *op = arg;
	struct evtchn *e;
	long rc = -XEN_EINVAL;

	if (!domain_vcpu(d, op->vcpu))
		return -XEN_ENOENT;
	spin_lock(&d->evtchn_lock);
	e = evtchn_of(d, port_clamp(op->port));
	/* VIRQs and IPIs are bound to one for good. */
	if (e->state == EVTCHNSTAT_unbound || e->state == EVTCHNSTAT_pirq ||
	    e->state == EVTCHNSTAT_interdomain) {
		e->vcpu = (uint16_t)op->vcpu;
		rc = 0;
	}
	spin_unlock(&d->evtchn_lock);
	return rc;
}

static long evtchn_unmask(struct vcpu *v, struct domain *d, void *arg)
{
	struct evtchn_unmask *op = arg;
	unsigned int port = port_clamp(op->port), word = port / 64;
	struct shared_info *s = d->shared_info;
	struct vcpu *target;

	if (!port)
		return -XEN_EINVAL;
	spin_lock(&d->evtchn_lock);
	target = d->vcpu[evtchn_of(d, port)->vcpu];
	if (target && test_and_clear(&s->evtchn_mask[word], port % 64) &&
	    test(&s->evtchn_pending[word], port % 64))
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
	ROW(status, SUBOP_IN | SUBOP_OUT | SUBOP_TARGET),
	ROW(alloc_unbound, SUBOP_IN | SUBOP_OUT | SUBOP_TARGET),
	ROW(bind_ipi, SUBOP_IN | SUBOP_OUT),
	ROW(bind_vcpu, SUBOP_IN),
	ROW(unmask, SUBOP_IN),
	ROW(reset, SUBOP_IN | SUBOP_TARGET),
};

long hc_event_channel_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4)
{
	/* First, and apart: this is what is called all the time. */
	if ((uint32_t)cmd == EVTCHNOP_send)
		return evtchn_send(current_vcpu()->domain, guest_ptr(arg));
	return subop_call(evtchn_table, ARRAY_SIZE(evtchn_table), (uint32_t)cmd,
			  guest_ptr(arg));
}

/* ---- domains ---- */

void evtchn_init_domain(struct domain *d)
{
	struct shared_info *s = d->shared_info;

	spin_init(&d->evtchn_lock, RANK_EVTCHN);
	for (unsigned int i = 0; i < ARRAY_SIZE(d->evtchn); i++)
		d->evtchn[i] = unused_bucket;
	d->max_port = MAX_EVTCHNS - 1;
	memset(s->evtchn_mask, 0xff, sizeof(s->evtchn_mask));
}

void evtchn_destroy_domain(struct domain *d)
{
	close_all(d);
	/* Nobody has a channel into the domain now: no sender is left. */
	domain_each_vcpu(d, vcpu_info_release);
}

void evtchn_free_domain(struct domain *d)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(d->evtchn); i++)
		if (d->evtchn[i] != unused_bucket)
			heap_free(d->evtchn[i]);
}
