/* SPDX-License-Identifier: MIT */
/*
 * 2-level event channels, dispatched synchronously.
 *
 * Owns: channels[], and the mask bits in shared_info. Each handled port is
 * unmasked; every other is masked, so a stray event wakes nobody.
 * The upcall mask is set at all times except inside SCHEDOP_block.
 */
#include <public/event_channel.h>
#include <public/physdev.h>
#include <public/sched.h>
#include <pvguest/event.h>
#include <pvguest/hypercall.h>
#include <pvguest/start.h>
#include <pvguest/time.h>
#include <pvguest/trap.h>

#include "internal.h"

#define WORD_BITS    64
#define INVALID_PORT (-22)

static struct channel {
	pv_event_handler *handler;
	void *context;
	bool eoi; /* end the interrupt `pirq` after the handler */
	uint32_t pirq;
} channels[PV_EVENT_PORTS];

static unsigned int ports_open;

static int evtchn_op(int cmd, void *op)
{
	return (int)pv_hypercall2(__HYPERVISOR_event_channel_op, (uint64_t)cmd,
				  PV_ARG(op));
}

void pv_event_mask(uint32_t port)
{
	__atomic_fetch_or(&pv_shared_info->evtchn_mask[port / WORD_BITS],
			  1UL << (port % WORD_BITS), __ATOMIC_SEQ_CST);
}

/*
 * A pending bit that was set under the mask does not reach the selector, so
 * the hypervisor is asked to look again.
 */
void pv_event_unmask(uint32_t port)
{
	struct evtchn_unmask op = { .port = port };

	evtchn_op(EVTCHNOP_unmask, &op);
}

int pv_event_attach(uint32_t port, pv_event_handler *handler, void *context)
{
	if (port >= PV_EVENT_PORTS)
		return INVALID_PORT;
	channels[port] = (struct channel){ handler, context, false, 0 };
	pv_event_unmask(port);
	return (int)port;
}

static int attach_new(int rc, uint32_t port, pv_event_handler *handler,
		      void *context)
{
	if (rc < 0)
		return rc;
	rc = pv_event_attach(port, handler, context);
	if (rc >= 0)
		ports_open++;
	return rc;
}

unsigned int pv_event_ports_open(void)
{
	return ports_open;
}

int pv_event_bind_virq(uint32_t virq, pv_event_handler *handler, void *context)
{
	struct evtchn_bind_virq op = { .virq = virq, .vcpu = 0 };
	int rc = evtchn_op(EVTCHNOP_bind_virq, &op);

	return attach_new(rc, op.port, handler, context);
}

int pv_event_bind_interdomain(uint16_t domid, uint32_t remote_port,
			      pv_event_handler *handler, void *context)
{
	struct evtchn_bind_interdomain op = { .remote_dom = domid,
					      .remote_port = remote_port };
	int rc = evtchn_op(EVTCHNOP_bind_interdomain, &op);

	return attach_new(rc, op.local_port, handler, context);
}

int pv_event_alloc_unbound(uint16_t remote, pv_event_handler *handler,
			   void *context)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF,
					   .remote_dom = remote };
	int rc = evtchn_op(EVTCHNOP_alloc_unbound, &op);

	return attach_new(rc, op.port, handler, context);
}

static long physdev_op(int cmd, void *op)
{
	return pv_hypercall2(__HYPERVISOR_physdev_op, (uint64_t)cmd,
			     PV_ARG(op));
}

int pv_event_bind_pirq(uint32_t pirq, pv_event_handler *handler, void *context)
{
	struct evtchn_bind_pirq op = { .pirq = pirq,
				       .flags = BIND_PIRQ__WILL_SHARE };
	struct physdev_irq_status_query status = { .irq = pirq };
	struct physdev_eoi eoi = { .irq = pirq };
	int rc = evtchn_op(EVTCHNOP_bind_pirq, &op);

	if (rc < 0 || op.port >= PV_EVENT_PORTS)
		return rc < 0 ? rc : INVALID_PORT;
	physdev_op(PHYSDEVOP_irq_status_query, &status);
	rc = pv_event_attach(op.port, handler, context);
	channels[op.port].pirq = pirq;
	channels[op.port].eoi = status.flags & XENIRQSTAT_needs_eoi;
	/* One that came before the handler was there. */
	if (channels[op.port].eoi)
		physdev_op(PHYSDEVOP_eoi, &eoi);
	return rc;
}

static void end_interrupt(const struct channel *channel)
{
	struct physdev_eoi eoi = { .irq = channel->pirq };

	if (channel->eoi)
		physdev_op(PHYSDEVOP_eoi, &eoi);
}

int pv_event_close(uint32_t port)
{
	struct evtchn_close op = { .port = port };
	int rc;

	if (port >= PV_EVENT_PORTS)
		return INVALID_PORT;
	pv_event_mask(port);
	channels[port] = (struct channel){ NULL, NULL, false, 0 };
	rc = evtchn_op(EVTCHNOP_close, &op);
	if (!rc)
		ports_open--;
	__atomic_fetch_and(&pv_shared_info->evtchn_pending[port / WORD_BITS],
			   ~(1UL << (port % WORD_BITS)), __ATOMIC_SEQ_CST);
	return rc;
}

int pv_event_notify(uint32_t port)
{
	struct evtchn_send op = { .port = port };

	return evtchn_op(EVTCHNOP_send, &op);
}

/* What the hypervisor does for an event: bit, selector, upcall. */
void pv_event_again(uint32_t port)
{
	struct vcpu_info *vcpu = pv_vcpu_info();
	uint32_t word = port / WORD_BITS;

	__atomic_fetch_or(&pv_shared_info->evtchn_pending[word],
			  1UL << (port % WORD_BITS), __ATOMIC_SEQ_CST);
	__atomic_fetch_or(&vcpu->evtchn_pending_sel, 1UL << word,
			  __ATOMIC_SEQ_CST);
	__atomic_store_n(&vcpu->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST);
}

bool pv_event_is_pending(uint32_t port)
{
	return __atomic_load_n(
		       &pv_shared_info->evtchn_pending[port / WORD_BITS],
		       __ATOMIC_SEQ_CST) >>
		       (port % WORD_BITS) &
	       1;
}

static bool run_port(uint32_t port)
{
	uint64_t bit = 1UL << (port % WORD_BITS);
	struct channel *channel = &channels[port];
	uint64_t old;

	old = __atomic_fetch_and(
		&pv_shared_info->evtchn_pending[port / WORD_BITS], ~bit,
		__ATOMIC_SEQ_CST);
	if (!(old & bit) || !channel->handler)
		return false;
	channel->handler(port, channel->context);
	end_interrupt(channel);
	return true;
}

/* Handlers may open and close ports: each word is read anew. */
static bool run_word(unsigned int word)
{
	bool any = false;
	uint64_t pending;

	pending = __atomic_load_n(&pv_shared_info->evtchn_pending[word],
				  __ATOMIC_SEQ_CST) &
		  ~pv_shared_info->evtchn_mask[word];
	while (pending != 0) {
		unsigned int bit = (unsigned int)__builtin_ctzl(pending);

		any |= run_port(word * WORD_BITS + bit);
		pending &= pending - 1;
		pending &= ~__atomic_load_n(&pv_shared_info->evtchn_mask[word],
					    __ATOMIC_SEQ_CST);
	}
	return any;
}

bool pv_poll(void)
{
	struct vcpu_info *vcpu = pv_vcpu_info();
	bool any = pv_timers_run();
	uint64_t selector;

	if (!__atomic_exchange_n(&vcpu->evtchn_upcall_pending, 0,
				 __ATOMIC_SEQ_CST))
		return any;
	selector = __atomic_exchange_n(&vcpu->evtchn_pending_sel, 0,
				       __ATOMIC_SEQ_CST);
	for (; selector != 0; selector &= selector - 1)
		any |= run_word((unsigned int)__builtin_ctzl(selector));
	return any;
}

/*
 * SCHEDOP_block unmasks events and sleeps in one step, so an event between
 * pv_poll() and here still ends the sleep at once. The callback masks again.
 */
static void block(void)
{
	pv_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_block, 0);
	pv_vcpu_info()->evtchn_upcall_mask = 1;
	PV_BARRIER();
}

bool pv_wait(uint64_t deadline)
{
	for (;;) {
		uint64_t next;

		if (pv_poll())
			return true;
		if (deadline != PV_FOREVER && pv_time_ns() >= deadline)
			return false;
		next = pv_timers_next();
		if (deadline < next)
			next = deadline;
		if (next != PV_FOREVER)
			pv_timer_set(next);
		block();
	}
}

void pv_events_init(void)
{
	unsigned int i;

	pv_vcpu_info()->evtchn_upcall_mask = 1;
	for (i = 0; i < WORD_BITS; i++)
		__atomic_store_n(&pv_shared_info->evtchn_mask[i], ~0UL,
				 __ATOMIC_SEQ_CST);
}
