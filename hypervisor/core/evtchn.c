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
 * Locks: domain->evtchn_lock for any change, held by the dispatcher
 * (SUBOP_PORTS) where no other domain's is needed. Pairs are joined and parted
 * under pairs_lock and both ends' locks: so either lock shows who the peer is,
 * and pairs_lock that it stays so. Raising a VIRQ or PIRQ takes none: it may
 * hit a port that is being closed, which the guest sees as one spurious event.
 * Context: any CPU; the raising functions also with interrupts off.
 * Contract: include/public/event_channel.h.
 */

#include "core/hypercall.h"
#include "public/event_channel.h"

static struct spinlock pairs_lock = SPINLOCK_INIT(RANK_PAIRS);

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

_Static_assert(MAX_VCPUS == 128, "evtchn_raise() looks at two words");
_Static_assert(MAX_EVTCHNS == EVTCHN_2L_NR_CHANNELS, "two-level interface");

/* A number from a guest: the port, or 0, which is always closed. */
static unsigned int port_clamp(uint64_t port)
{
	return (unsigned int)index_clamp(port, MAX_EVTCHNS);
}

/* The entry of a port below MAX_EVTCHNS. */
static struct evtchn *evtchn_of(const struct domain *d, unsigned int port)
{
	return &load_acquire(
		d->evtchn[port / EVTCHN_BUCKET])[port % EVTCHN_BUCKET];
}

/* ---- raising ---- */

/* Make v look at the word, and wake it if that is news. */
static void select_word(struct vcpu *v, unsigned int word)
{
	if (!set_bit(&v->info->evtchn_pending_sel, word % 64) &&
	    !__atomic_exchange_n(&v->info->evtchn_upcall_pending, 1,
				 __ATOMIC_SEQ_CST))
		vcpu_kick(v);
}

bool evtchn_poll_leave(struct vcpu *v)
{
	uint64_t *mask = v->domain->poll_mask;

	return test_bit(mask, v->id) && clear_bit(mask, v->id);
}

/* Pollers wait for masked ports too (T17). Rare: not inline. */
static never_inline void wake_pollers(struct domain *d, unsigned int port)
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
	/* It was there when the port was opened, but for the first. */
	struct vcpu *v = d->vcpu[read_once(evtchn_of(d, port)->vcpu)];

	if (set_bit(s->evtchn_pending, port))
		return;
	if (v && !test_bit(s->evtchn_mask, port))
		select_word(v, port / 64);
	if (read_once(d->poll_mask[0]) | read_once(d->poll_mask[1]))
		wake_pollers(d, port);
}

void evtchn_raise_slot(struct domain *d, const uint32_t *slot)
{
	uint32_t port = read_once(*slot);

	if (port)
		evtchn_raise(d, port);
}

void evtchn_send_virq(struct vcpu *v, unsigned int virq)
{
	evtchn_raise_slot(v->domain, &v->virq_port[virq]);
}

void evtchn_send_global_virq(unsigned int virq)
{
	struct domain *d = read_once(control_domain);

	if (d && d->vcpu[0])
		evtchn_send_virq(d->vcpu[0], virq);
}

long evtchn_any_pending(struct domain *d, const uint32_t *ports, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		unsigned int port = port_clamp(ports[i]);

		if (read_once(evtchn_of(d, port)->state) == EVTCHNSTAT_closed)
			return -XEN_EINVAL;
		if (test_bit(d->shared_info->evtchn_pending, port))
			return 1;
	}
	return 0;
}

/* ---- opening ---- */

static bool has_slot(const struct evtchn *e)
{
	return e->state == EVTCHNSTAT_virq || e->state == EVTCHNSTAT_pirq;
}

/* Open the lowest free port; -EEXIST: the slot is in use. */
static long port_open_locked(struct domain *d, const struct evtchn *as,
			     evtchn_port_t *opened)
{
	struct evtchn **bucket, *fresh;
	unsigned int port = d->low_port;

	ASSERT(spin_held(&d->evtchn_lock));
	if (has_slot(as) && *as->slot)
		return -XEN_EEXIST;
	while (port <= d->max_port &&
	       evtchn_of(d, port)->state != EVTCHNSTAT_closed)
		port++;
	d->low_port = port;
	if (port > d->max_port || read_once(d->closing_port) || d->dying)
		return -XEN_ENOSPC;
	bucket = &d->evtchn[port / EVTCHN_BUCKET];
	if (*bucket == unused_bucket) {
		fresh = heap_alloc(sizeof(unused_bucket));
		if (!fresh)
			return -XEN_ENOMEM;
		store_release(*bucket, fresh);
	}
	*evtchn_of(d, port) = *as;
	if (has_slot(as))
		store_release(*as->slot, port);
	if (as->state == EVTCHNSTAT_pirq)
		pirq_slot_changed(as->number);
	*opened = port;
	return 0;
}

static long evtchn_alloc_unbound(struct vcpu *v, struct domain *d, void *arg)
{
	struct evtchn_alloc_unbound *op = arg;
	struct evtchn e = { .state = EVTCHNSTAT_unbound,
			    .unbound = op->remote_dom };

	if (op->remote_dom == DOMID_SELF)
		e.unbound = v->domain->id;
	return port_open_locked(d, &e, &op->port);
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
	long rc;

	if (rd->dying || re->state != EVTCHNSTAT_unbound ||
	    re->unbound != ld->id)
		return -XEN_EINVAL;
	rc = port_open_locked(ld, &le, &op->local_port);
	if (rc)
		return rc;
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
	spin_lock(&pairs_lock);
	spin_lock_pair(&d->evtchn_lock, &rd->evtchn_lock);
	rc = pair_join_locked(d, rd, op);
	spin_unlock_pair(&d->evtchn_lock, &rd->evtchn_lock);
	spin_unlock(&pairs_lock);
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
	return port_open_locked(d, &e, &op->port);
}

static long evtchn_bind_ipi(struct vcpu *v, struct domain *d, void *arg)
{
	struct evtchn_bind_ipi *op = arg;
	struct evtchn e = { .state = EVTCHNSTAT_ipi,
			    .vcpu = (uint16_t)op->vcpu };

	if (!domain_vcpu(d, op->vcpu))
		return -XEN_ENOENT;
	return port_open_locked(d, &e, &op->port);
}

static long evtchn_bind_pirq(struct vcpu *v, struct domain *d, void *arg)
{
	struct evtchn_bind_pirq *op = arg;
	struct evtchn e = { .state = EVTCHNSTAT_pirq, .number = op->pirq };

	if (!domain_is_control(d))
		return -XEN_EPERM;
	e.slot = pirq_slot(op->pirq);
	if (!e.slot)
		return -XEN_EINVAL;
	return port_open_locked(d, &e, &op->port);
}

/* ---- closing ---- */

/* Of a connected port the peer's lock is held, too. -EINVAL: is closed. */
static long port_free_locked(struct domain *d, unsigned int port)
{
	struct evtchn *e = evtchn_of(d, port), *re;

	if (e->state == EVTCHNSTAT_closed)
		return -XEN_EINVAL;
	if (e->state == EVTCHNSTAT_interdomain) {
		/* The far end waits for its domain's next bind. */
		re = evtchn_of(e->remote, e->remote_port);
		re->state = EVTCHNSTAT_unbound;
		re->remote = NULL;
		re->unbound = d->id;
	}
	if (has_slot(e))
		write_once(*e->slot, 0);
	if (e->state == EVTCHNSTAT_pirq)
		pirq_slot_changed(e->number);
	*e = (struct evtchn){ 0 };
	if (port < d->low_port)
		d->low_port = port;
	/* The next owner of the port must not see an old event. */
	clear_bit(d->shared_info->evtchn_pending, port);
	return 0;
}

/* A connected peer is there for as long as nobody else may part the two. */
static long port_close(struct domain *d, unsigned int port)
{
	const struct evtchn *e = evtchn_of(d, port);
	struct domain *peer = d;
	long rc;

	spin_lock(&pairs_lock);
	if (read_once(e->state) == EVTCHNSTAT_interdomain)
		peer = e->remote;
	spin_lock_pair(&d->evtchn_lock, &peer->evtchn_lock);
	rc = port_free_locked(d, port);
	spin_unlock_pair(&d->evtchn_lock, &peer->evtchn_lock);
	spin_unlock(&pairs_lock);
	return rc;
}

static long evtchn_close(struct vcpu *v, struct domain *d, void *arg)
{
	const struct evtchn_close *op = arg;

	return port_close(d, port_clamp(op->port));
}

/*
 * Close all from the port on, until somebody else has to run. Returns where to
 * go on; 0: all are closed.
 */
static unsigned int close_from(struct domain *d, unsigned int port)
{
	for (; port < MAX_EVTCHNS; port++)
		if (evtchn_of(d, port) - port % EVTCHN_BUCKET == unused_bucket)
			port |= EVTCHN_BUCKET - 1; /* the last of it */
		else if (read_once(evtchn_of(d, port)->state) &&
			 !port_close(d, port) && hypercall_preempt_check())
			return port + 1;
	return 0;
}

/* None is opened before the end of it. Two at once do the same work (EV-6). */
static long evtchn_reset(struct vcpu *v, struct domain *d, void *arg)
{
	unsigned int port;

	spin_lock(&d->evtchn_lock);
	if (!d->closing_port)
		d->closing_port = 1;
	port = d->closing_port;
	spin_unlock(&d->evtchn_lock);
	port = close_from(d, port);
	write_once(d->closing_port, port);
	return port ? -XEN_ERESTART : 0;
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
	const struct evtchn *e = evtchn_of(d, port);

	if (!port)
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

static long evtchn_bind_vcpu(struct vcpu *v, struct domain *d, void *arg)
{
	const struct evtchn_bind_vcpu *op = arg;
	struct evtchn *e = evtchn_of(d, port_clamp(op->port));

	if (!domain_vcpu(d, op->vcpu))
		return -XEN_ENOENT;
	/* VIRQs and IPIs are bound to one for good. */
	if (e->state != EVTCHNSTAT_unbound && e->state != EVTCHNSTAT_pirq &&
	    e->state != EVTCHNSTAT_interdomain)
		return -XEN_EINVAL;
	e->vcpu = (uint16_t)op->vcpu;
	return 0;
}

static long evtchn_unmask(struct vcpu *v, struct domain *d, void *arg)
{
	const struct evtchn_unmask *op = arg;
	unsigned int port = port_clamp(op->port);
	struct vcpu *target = d->vcpu[evtchn_of(d, port)->vcpu];
	struct shared_info *s = d->shared_info;

	if (!port)
		return -XEN_EINVAL;
	if (target && clear_bit(s->evtchn_mask, port) &&
	    test_bit(s->evtchn_pending, port))
		select_word(target, port / 64);
	return 0;
}

#define ROW(op, how)                                                           \
	[EVTCHNOP_##op] = { evtchn_##op, sizeof(struct evtchn_##op), how }
#define OPEN (SUBOP_IN | SUBOP_OUT | SUBOP_PORTS)

/* The FIFO operations are absent: -ENOSYS makes guests use two levels. */
static const struct subop evtchn_table[] = {
	ROW(bind_interdomain, SUBOP_IN | SUBOP_OUT),
	ROW(bind_virq, OPEN),
	ROW(bind_pirq, OPEN),
	ROW(close, SUBOP_IN),
	ROW(status, SUBOP_IN | SUBOP_OUT | SUBOP_PORTS | SUBOP_TARGET),
	ROW(alloc_unbound, OPEN | SUBOP_TARGET),
	ROW(bind_ipi, OPEN),
	ROW(bind_vcpu, SUBOP_IN | SUBOP_PORTS),
	ROW(unmask, SUBOP_IN | SUBOP_PORTS),
	ROW(reset, SUBOP_IN | SUBOP_TARGET),
};

/* Not inline: sending has no use for so many registers. */
static never_inline long other_op(uint64_t cmd, uint64_t arg, uint64_t a3,
				  uint64_t a4)
{
	long rc = subop_call(evtchn_table, cmd, guest_ptr(arg));

	return rc == -XEN_ERESTART
		       ? hypercall_continue(__HYPERVISOR_event_channel_op, cmd,
					    arg, a3, a4)
		       : rc;
}

long hc_event_channel_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4)
{
	/* First, and apart: this is what is called all the time. */
	if ((uint32_t)cmd == EVTCHNOP_send)
		return evtchn_send(current_vcpu()->domain, guest_ptr(arg));
	return other_op(cmd, arg, a3, a4);
}

/* ---- domains ---- */

void evtchn_init_domain(struct domain *d)
{
	struct shared_info *s = d->shared_info;

	spin_init(&d->evtchn_lock, RANK_EVTCHN);
	for (unsigned int i = 0; i < ARRAY_SIZE(d->evtchn); i++)
		d->evtchn[i] = unused_bucket;
	d->max_port = MAX_EVTCHNS - 1;
	d->low_port = 1;
	memset(s->evtchn_mask, 0xff, sizeof(s->evtchn_mask));
}

long evtchn_destroy_domain(struct domain *d)
{
	if (d->ports_gone)
		return 0;
	spin_lock(&d->evtchn_lock); /* who opens one after this sees dying */
	spin_unlock(&d->evtchn_lock);
	if (close_from(d, 1))
		return -XEN_ERESTART;
	/* Nobody has a channel into the domain now: no sender is left. */
	domain_each_vcpu(d, vcpu_info_release);
	d->ports_gone = true;
	return 0;
}

void evtchn_free_domain(struct domain *d)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(d->evtchn); i++)
		if (d->evtchn[i] != unused_bucket)
			heap_free(d->evtchn[i]);
}
