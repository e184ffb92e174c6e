/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_sched_op: a vCPU that wants to wait, to let others run, or to
 * end its domain.
 *
 * Context: hypercall, no lock held. Waiting only marks the vCPU; the way back
 * to the guest calls schedule().
 * Contract: include/public/sched.h.
 */
#include "core/hypercall.h"
#include "public/sched.h"

#define POLL_MAX 128

static long sched_yield(struct vcpu *v, struct domain *d, void *arg)
{
	sched_yield_current();
	return 0;
}

static long sched_block(struct vcpu *v, struct domain *d, void *arg)
{
	write_once(v->info->evtchn_upcall_mask, 0);
	vcpu_block_current();
	return 0;
}

static long sched_shutdown(struct vcpu *v, struct domain *d, void *arg)
{
	const struct sched_shutdown *op = arg;

	domain_shutdown(d, (uint8_t)op->reason);
	return 0;
}

/* Why the domain will end, before it does; the first reason counts. */
static long sched_shutdown_code(struct vcpu *v, struct domain *d, void *arg)
{
	const struct sched_shutdown *op = arg;

	spin_lock(&d->lock);
	if (!d->reason_recorded && !d->shut_down) {
		d->shutdown_reason = (uint8_t)op->reason;
		d->reason_recorded = true;
	}
	spin_unlock(&d->lock);
	return 0;
}

static long sched_remote_shutdown(struct vcpu *v, struct domain *d, void *arg)
{
	const struct sched_remote_shutdown *op = arg;

	domain_shutdown(d, (uint8_t)op->reason);
	return 0;
}

static long sched_poll(struct vcpu *v, struct domain *d, void *arg)
{
	const struct sched_poll *op = arg;
	evtchn_port_t ports[POLL_MAX];
	long rc;

	if (op->nr_ports > POLL_MAX)
		return -XEN_EINVAL;
	if (copy_array_from_guest(ports, guest_handle(op->ports), 0,
				  op->nr_ports, sizeof(ports[0])))
		return -XEN_EFAULT;
	write_once(v->poll_port, op->nr_ports == 1 ? (int)ports[0] : -1);
	store_ordered(v->blocked, true);
	/* From here on whoever raises an event finds the poller. */
	(void)set_bit(d->poll_mask, v->id);
	rc = evtchn_any_pending(d, ports, op->nr_ports);
	if (rc || vcpu_event_pending(v)) {
		(void)evtchn_poll_leave(v);
		store_ordered(v->blocked, false);
		return rc < 0 ? rc : 0;
	}
	if (op->timeout)
		timer_set(&v->poll_timer, op->timeout);
	else
		timer_stop(&v->poll_timer);
	softirq_raise(this_cpu()->id, SOFTIRQ_SCHEDULE);
	return 0;
}

#define ROW(op, argument, how)                                                 \
	[SCHEDOP_##op] = { sched_##op, sizeof(argument), how }

/* No watchdogs and no pinning by guests: absent rows answer -ENOSYS. */
static const struct subop sched_table[] = {
	[SCHEDOP_yield] = { .handler = sched_yield },
	[SCHEDOP_block] = { .handler = sched_block },
	ROW(shutdown, struct sched_shutdown, SUBOP_IN),
	ROW(poll, struct sched_poll, SUBOP_IN),
	ROW(shutdown_code, struct sched_shutdown, SUBOP_IN),
	ROW(remote_shutdown, struct sched_remote_shutdown,
	    SUBOP_IN | SUBOP_PRIV | SUBOP_TARGET),
};

long hc_sched_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4)
{
	return subop_call(sched_table, cmd, guest_ptr(arg));
}
