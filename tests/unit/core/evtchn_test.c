/* SPDX-License-Identifier: MIT */
/*
 * Event channels: each operation's errors and effects, then a random run of
 * all operations by three domains with invariants after every step.
 */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hypercall.h"
#include "core/sched.h"
#include "core/services.h"
#include "core_fake.h"
#include "public/errno.h"
#include "public/event_channel.h"
#include "public/sched.h"

static struct domain *control, *a, *b;

static long call_as(struct domain *d, unsigned int cmd, void *arg)
{
	long rc;

	cpu_get(0)->current = d->vcpu[0];
	rc = hc_event_channel_op(cmd, (uint64_t)(uintptr_t)arg, 0, 0);
	cpu_get(0)->current = NULL;
	return rc;
}

static bool pending(const struct domain *d, unsigned int port)
{
	return d->shared_info->evtchn_pending[port / 64] >> (port % 64) & 1;
}

static void take(struct domain *d, unsigned int port)
{
	d->shared_info->evtchn_pending[port / 64] &= ~(1ul << (port % 64));
	for (unsigned int i = 0; i < d->max_vcpus; i++) {
		d->vcpu[i]->info->evtchn_pending_sel = 0;
		d->vcpu[i]->info->evtchn_upcall_pending = 0;
	}
}

static void mask(struct domain *d, unsigned int port, bool on)
{
	xen_ulong_t m = 1ul << (port % 64);

	if (on)
		d->shared_info->evtchn_mask[port / 64] |= m;
	else
		d->shared_info->evtchn_mask[port / 64] &= ~m;
}

static long op_alloc(struct domain *by, domid_t dom, domid_t remote,
		     unsigned int *port)
{
	struct evtchn_alloc_unbound op = { .dom = dom, .remote_dom = remote };
	long rc = call_as(by, EVTCHNOP_alloc_unbound, &op);

	*port = op.port;
	return rc;
}

static long op_bind(struct domain *by, domid_t dom, unsigned int remote,
		    unsigned int *port)
{
	struct evtchn_bind_interdomain op = { .remote_dom = dom,
					      .remote_port = remote };
	long rc = call_as(by, EVTCHNOP_bind_interdomain, &op);

	*port = op.local_port;
	return rc;
}

static long op_port(struct domain *by, unsigned int cmd, unsigned int port)
{
	evtchn_port_t op = port; /* close, send, unmask: just the port */

	return call_as(by, cmd, &op);
}

static struct evtchn_status status(struct domain *d, unsigned int port)
{
	struct evtchn_status op = { .dom = DOMID_SELF, .port = port };

	CHECK(!call_as(d, EVTCHNOP_status, &op));
	return op;
}

static long op_virq(struct domain *d, unsigned int virq, unsigned int vcpu,
		    unsigned int *port)
{
	struct evtchn_bind_virq op = { .virq = virq, .vcpu = vcpu };
	long rc = call_as(d, EVTCHNOP_bind_virq, &op);

	*port = op.port;
	return rc;
}

static long op_ipi(struct domain *d, unsigned int vcpu, unsigned int *port)
{
	struct evtchn_bind_ipi op = { .vcpu = vcpu };
	long rc = call_as(d, EVTCHNOP_bind_ipi, &op);

	*port = op.port;
	return rc;
}

static long op_bind_vcpu(struct domain *d, unsigned int port, unsigned int vcpu)
{
	struct evtchn_bind_vcpu op = { .port = port, .vcpu = vcpu };

	return call_as(d, EVTCHNOP_bind_vcpu, &op);
}

static void test_interdomain(void)
{
	unsigned int pa, pb, other;

	CHECK(op_alloc(a, b->id, a->id, &other) == -XEN_EPERM);
	CHECK(op_alloc(control, 7, 1, &other) == -XEN_ESRCH);
	CHECK(!op_alloc(a, DOMID_SELF, b->id, &pa) && pa == 1);
	CHECK(op_port(a, EVTCHNOP_send, pa) == 0);
	/* Only b, only this port. */
	CHECK(op_bind(control, a->id, pa, &other) == -XEN_EINVAL);
	CHECK(op_bind(b, a->id, pa + 1, &other) == -XEN_EINVAL);
	CHECK(op_bind(b, a->id, 0, &other) == -XEN_EINVAL);
	CHECK(op_bind(b, a->id, 4096, &other) == -XEN_EINVAL);
	CHECK(op_bind(b, 6, pa, &other) == -XEN_ESRCH);
	CHECK(!op_bind(b, a->id, pa, &pb) && pb == 1);
	CHECK(op_bind(b, a->id, pa, &other) == -XEN_EINVAL);
	CHECK(pending(b, pb) && !pending(a, pa));
	take(b, pb);

	mask(a, pa, false);
	CHECK(!op_port(b, EVTCHNOP_send, pb));
	CHECK(pending(a, pa) && a->vcpu[0]->info->evtchn_upcall_pending &&
	      a->vcpu[0]->info->evtchn_pending_sel == 1);
	mask(a, pa, true);
	CHECK(status(a, pa).u.interdomain.port == pb);
	CHECK(status(b, pb).u.interdomain.dom == a->id);

	/* The end that stays waits for the same domain again. */
	CHECK(!op_port(b, EVTCHNOP_close, pb));
	CHECK(op_port(b, EVTCHNOP_close, pb) == -XEN_EINVAL);
	CHECK(status(a, pa).status == EVTCHNSTAT_unbound);
	CHECK(status(a, pa).u.unbound.dom == b->id);
	CHECK(!op_bind(b, a->id, pa, &pb));
	CHECK(!op_port(a, EVTCHNOP_close, pa));
	CHECK(!pending(a, pa));
	CHECK(!op_port(b, EVTCHNOP_close, pb));
	fake_ok("interdomain: bind, send, close, and whom it is for");
}

static void test_self(void)
{
	unsigned int p, q;

	CHECK(!op_alloc(a, DOMID_SELF, DOMID_SELF, &p));
	CHECK(!op_bind(a, DOMID_SELF, p, &q) && p != q);
	take(a, q);
	CHECK(!op_port(a, EVTCHNOP_send, q) && pending(a, p));
	CHECK(!op_port(a, EVTCHNOP_close, p));
	CHECK(status(a, q).status == EVTCHNSTAT_unbound);
	CHECK(!op_port(a, EVTCHNOP_close, q));
	fake_ok("a domain may be connected with itself");
}

static void test_virq(void)
{
	unsigned int p, q;

	CHECK(op_virq(a, NR_VIRQS, 0, &p) == -XEN_EINVAL);
	CHECK(op_virq(a, VIRQ_TIMER, 9, &p) == -XEN_ENOENT);
	CHECK(op_virq(a, VIRQ_DOM_EXC, 0, &p) == -XEN_EPERM);
	CHECK(op_virq(control, VIRQ_DOM_EXC, 1, &p) == -XEN_EINVAL);
	CHECK(!op_virq(a, VIRQ_TIMER, 1, &p));
	CHECK(op_virq(a, VIRQ_TIMER, 1, &q) == -XEN_EEXIST);
	CHECK(op_port(a, EVTCHNOP_send, p) == -XEN_EINVAL);
	CHECK(op_bind_vcpu(a, p, 0) == -XEN_EINVAL);
	evtchn_send_virq(a->vcpu[0], VIRQ_TIMER);
	CHECK(!pending(a, p));
	evtchn_send_virq(a->vcpu[1], VIRQ_TIMER);
	CHECK(pending(a, p));
	CHECK(!op_port(a, EVTCHNOP_close, p));
	evtchn_send_virq(a->vcpu[1], VIRQ_TIMER);
	CHECK(!pending(a, p));
	CHECK(!op_virq(control, VIRQ_DOM_EXC, 0, &p));
	evtchn_send_global_virq(VIRQ_DOM_EXC);
	CHECK(pending(control, p));
	CHECK(!op_port(control, EVTCHNOP_close, p));
	fake_ok("virtual interrupts: one port each, global ones by privilege");
}

static void test_ipi(void)
{
	unsigned int p;

	CHECK(op_ipi(a, 2, &p) == -XEN_ENOENT);
	CHECK(!op_ipi(a, 1, &p));
	CHECK(op_bind_vcpu(a, p, 0) == -XEN_EINVAL);
	take(a, p);
	mask(a, p, false);
	CHECK(!op_port(a, EVTCHNOP_send, p));
	CHECK(a->vcpu[1]->info->evtchn_upcall_pending);
	CHECK(!a->vcpu[0]->info->evtchn_upcall_pending);
	take(a, p);
	mask(a, p, true);
	CHECK(!op_port(a, EVTCHNOP_send, p));
	CHECK(pending(a, p) && !a->vcpu[1]->info->evtchn_upcall_pending);
	CHECK(!op_port(a, EVTCHNOP_unmask, p));
	CHECK(a->vcpu[1]->info->evtchn_upcall_pending);
	take(a, p);
	CHECK(!op_port(a, EVTCHNOP_close, p));
	fake_ok("interprocessor interrupts and the mask");
}

static void test_fifo_absent(void)
{
	char arg[64] = "";

	CHECK(call_as(a, EVTCHNOP_init_control, arg) == -XEN_ENOSYS);
	CHECK(call_as(a, EVTCHNOP_expand_array, arg) == -XEN_ENOSYS);
	CHECK(call_as(a, EVTCHNOP_set_priority, arg) == -XEN_ENOSYS);
	CHECK(call_as(a, 99, arg) == -XEN_ENOSYS);
	fake_ok("the other interface is not there");
}

/* Ports come in buckets; the first of each takes memory. */
static void test_no_memory(void)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF };
	unsigned int p;
	long before = fake_allocated;

	fake_heap_empty = true;
	CHECK(call_as(a, EVTCHNOP_alloc_unbound, &op) == -XEN_ENOMEM);
	CHECK(op_virq(a, VIRQ_TIMER, 0, &p) == -XEN_ENOMEM);
	CHECK(a->vcpu[0]->virq_port[VIRQ_TIMER] == 0);
	CHECK(op_bind(a, control->id, 1, &p) == -XEN_EINVAL);
	/* Of a port that nobody had: closed, and can be unmasked. */
	CHECK(status(a, 1).status == EVTCHNSTAT_closed);
	CHECK(status(a, 4095).status == EVTCHNSTAT_closed);
	CHECK(op_port(a, EVTCHNOP_close, 4095) == -XEN_EINVAL);
	CHECK(op_port(a, EVTCHNOP_send, 4095) == -XEN_EINVAL);
	CHECK(op_bind_vcpu(a, 4095, 0) == -XEN_EINVAL);
	CHECK(!op_port(a, EVTCHNOP_unmask, 4095));
	CHECK(op_port(a, EVTCHNOP_unmask, 0) == -XEN_EINVAL);
	CHECK(op_port(a, EVTCHNOP_unmask, 4096) == -XEN_EINVAL);
	mask(a, 4095, true);
	fake_heap_empty = false;
	for (unsigned int i = 1; i < EVTCHN_BUCKET; i++)
		CHECK(!op_ipi(a, 0, &p) && p == i);
	CHECK(fake_allocated == before + 1);
	fake_heap_empty = true;
	CHECK(op_ipi(a, 0, &p) == -XEN_ENOMEM);
	CHECK(!op_port(a, EVTCHNOP_close, 7) && !op_ipi(a, 0, &p) && p == 7);
	fake_heap_empty = false;
	CHECK(!op_ipi(a, 0, &p) && p == EVTCHN_BUCKET);
	CHECK(fake_allocated == before + 2);
	while (p)
		CHECK(!op_port(a, EVTCHNOP_close, p--));
	fake_ok("memory for ports comes with their use, or does not");
}

/* As often as it gives way. */
static long op_reset(struct domain *d, domid_t whose, unsigned int *calls)
{
	struct evtchn_reset reset = { .dom = whose };
	long rc;

	*calls = 0;
	do {
		rc = call_as(d, EVTCHNOP_reset, &reset);
		++*calls;
	} while (rc == -XEN_ERESTART);
	return rc;
}

static unsigned int open_ports(struct domain *d)
{
	unsigned int n = 0;

	for (unsigned int p = 1; p < MAX_EVTCHNS; p++)
		n += status(d, p).status != EVTCHNSTAT_closed;
	return n;
}

/* One that is asked for all at once gives way after each, and is taken up. */
static void test_reset_in_steps(void)
{
	struct evtchn_reset reset = { .dom = DOMID_SELF };
	unsigned int p, n;

	for (unsigned int i = 0; i < 100; i++)
		CHECK(!op_ipi(a, 0, &p));
	fake_preempt = true;
	CHECK(call_as(a, EVTCHNOP_reset, &reset) == -XEN_ERESTART);
	CHECK(open_ports(a) == 99);
	CHECK(op_ipi(a, 0, &p) == -XEN_ENOSPC);
	CHECK(call_as(a, EVTCHNOP_reset, &reset) == -XEN_ERESTART);
	CHECK(open_ports(a) == 98);
	CHECK(!op_reset(a, DOMID_SELF, &n) && n == 98 + 1);
	CHECK(open_ports(a) == 0);
	fake_preempt = false;
	CHECK(!op_ipi(a, 0, &p) && p == 1);
	CHECK(!op_reset(a, DOMID_SELF, &n) && n == 1);
	fake_ok("a reset gives way, and ports are opened after it only");
}

static void test_all_ports(void)
{
	unsigned int p, n = 0;
	long rc;

	while (!(rc = op_alloc(a, DOMID_SELF, b->id, &p)))
		CHECK(p == ++n);
	CHECK(rc == -XEN_ENOSPC && n == 4095);
	CHECK(op_virq(a, VIRQ_TIMER, 0, &p) == -XEN_ENOSPC);
	CHECK(a->vcpu[0]->virq_port[VIRQ_TIMER] == 0);
	CHECK(!op_port(a, EVTCHNOP_close, 77));
	CHECK(!op_ipi(a, 0, &p) && p == 77);
	CHECK(op_reset(b, a->id, &n) == -XEN_EPERM);
	CHECK(!op_reset(control, a->id, &n));
	CHECK(!op_ipi(a, 0, &p) && p == 1);
	CHECK(!op_port(a, EVTCHNOP_close, p));
	fake_ok("all ports in use, and a reset");
}

static long poll(struct vcpu *v, evtchn_port_t *ports, unsigned int n,
		 uint64_t timeout)
{
	struct sched_poll op = { .nr_ports = n, .timeout = timeout };
	long rc;

	op.ports.p = ports;
	machine_be(v->cpu);
	CHECK(current_vcpu() == v);
	rc = hc_sched_op(SCHEDOP_poll, (uint64_t)(uintptr_t)&op, 0, 0);
	machine_settle();
	return rc;
}

static void test_poll(void)
{
	struct domain *d = fake_domain(5, 1, false);
	struct vcpu *v = d->vcpu[0];
	unsigned int p, q;
	evtchn_port_t ports[2];

	CHECK(!op_ipi(d, 0, &p) && !op_ipi(d, 0, &q));
	ports[0] = p;
	ports[1] = q;
	v->down = false;
	sched_update(v);
	machine_settle();
	CHECK(v->running);
	/* Masked ports wake a poller, others do not. */
	CHECK(!poll(v, ports, 1, 0) && !v->running);
	CHECK(!op_port(d, EVTCHNOP_send, q));
	machine_settle();
	CHECK(!v->running);
	CHECK(!op_port(d, EVTCHNOP_send, p));
	machine_settle();
	CHECK(v->running && !d->poll_mask[0]);
	/* One that is pending already does not wait. */
	CHECK(!poll(v, ports, 2, 0) && v->running);
	take(d, p);
	take(d, q);
	CHECK(!poll(v, ports, 2, fake_now + 5000) && !v->running);
	machine_run_until(fake_now + 4999);
	CHECK(!v->running);
	machine_run_until(fake_now + 1);
	CHECK(v->running);
	ports[0] = 4000;
	CHECK(poll(v, ports, 1, 0) == -XEN_EINVAL && v->running);
	CHECK(poll(v, ports, 129, 0) == -XEN_EINVAL && v->running);
	fake_domain_free(d);
	fake_ok("polling: masked ports, several, a timeout, bad ones");
}

static void check_pairs(struct domain **ds)
{
	for (unsigned int i = 0; i < 3; i++)
		for (unsigned int p = 1; p < 40; p++) {
			struct evtchn_status s = status(ds[i], p), t;

			if (s.status != EVTCHNSTAT_interdomain)
				continue;
			t = status(ds[s.u.interdomain.dom],
				   s.u.interdomain.port);
			CHECK(t.status == EVTCHNSTAT_interdomain);
			CHECK(t.u.interdomain.dom == i &&
			      t.u.interdomain.port == p);
		}
}

static unsigned int lowest_closed(struct domain *d)
{
	unsigned int p = 1;

	while (status(d, p).status != EVTCHNSTAT_closed)
		p++;
	return p;
}

static void random_step(struct domain **ds)
{
	struct domain *d = ds[random() % 3];
	unsigned int p, port = (unsigned int)random() % 40;
	unsigned int lowest = lowest_closed(d);

	switch (random() % 12) {
	case 0:
	case 1:
		CHECK(!op_alloc(d, DOMID_SELF, (domid_t)(random() % 3), &p));
		CHECK(p == lowest);
		break;
	case 2:
	case 3:
	case 4:
		(void)op_bind(d, (domid_t)(random() % 3), port, &p);
		break;
	case 5:
		(void)op_virq(d, (unsigned int)random() % 30,
			      (unsigned int)random() % 3, &p);
		break;
	case 6:
		CHECK(op_ipi(d, (unsigned int)random() % 3, &p) || p == lowest);
		break;
	case 7:
		(void)op_bind_vcpu(d, port, (unsigned int)random() % 3);
		break;
	case 8:
		(void)op_port(d, EVTCHNOP_unmask, port);
		break;
	case 9:
		if (random() % 50 == 0)
			(void)op_reset(d, DOMID_SELF, &p);
		break;
	case 10:
		(void)op_port(d, EVTCHNOP_close, port);
		break;
	default:
		(void)op_port(d, EVTCHNOP_send, port);
	}
}

static void test_random(void)
{
	struct domain *ds[3] = { control, a, b };

	srandom(3);
	for (unsigned int step = 0; step < 60000; step++) {
		random_step(ds);
		if (step % 50 == 0)
			check_pairs(ds);
	}
	fake_ok("random operations: both ends of a pair agree");
}

int main(void)
{
	fake_now = 1000;
	machine_start(1);
	control = fake_domain(0, 2, true);
	a = fake_domain(1, 2, false);
	b = fake_domain(2, 1, false);
	test_no_memory();
	test_interdomain();
	test_self();
	test_virq();
	test_ipi();
	test_fifo_absent();
	test_reset_in_steps();
	test_all_ports();
	test_poll();
	test_random();
	/* Channels between the living and the dead are gone. */
	fake_domain_free(a);
	fake_domain_free(b);
	fake_domain_free(control);
	CHECK(fake_allocated == 0);
	fake_ok("nothing is left behind");
	return 0;
}
