/* SPDX-License-Identifier: MIT */
/*
 * T21: event channels. All ports used up, binds that then fail must not
 * disturb anything; vCPUs and ports that do not exist, of other states and of
 * others; lists for polling; FIFO calls; binding and closing on all vCPUs
 * while another resets (EV-1..8; XSA-47, 107, 188, 221, 317, 338, 343).
 */
#include "attack.h"

#include <public/event_channel.h>
#include <public/sched.h>

static long bind_ipi(uint32_t vcpu, uint32_t *port)
{
	struct evtchn_bind_ipi op = { .vcpu = vcpu };
	long rc = event_op(EVTCHNOP_bind_ipi, &op);

	*port = op.port;
	return rc;
}

static long close_port(uint32_t port)
{
	struct evtchn_close op = { .port = port };

	return event_op(EVTCHNOP_close, &op);
}

static void test_limit(void)
{
	static uint32_t ports[4096];
	struct evtchn_bind_virq virq = { .virq = VIRQ_DEBUG };
	unsigned int n = 0, wrong = 0;
	uint32_t port;

	while (n < COUNT(ports) && bind_ipi(0, &ports[n]) == 0)
		n++;
	/* The builder's limit: 1023. */
	check("ports end", n > 1000 && n < 1024, n);
	wrong += event_op(EVTCHNOP_bind_virq, &virq) == 0;
	wrong += bind_ipi(0, &port) == 0;
	while (n)
		wrong += close_port(ports[--n]) != 0;
	virq.virq = VIRQ_DEBUG;
	wrong += event_op(EVTCHNOP_bind_virq, &virq) != 0;
	wrong += close_port(virq.port) != 0;
	check("and come back", wrong == 0, wrong);
}

static const uint32_t bad_numbers[] = {
	0, 4095, 4096, 131071, 0x7fffffff, ~0u
};

static void test_numbers(void)
{
	unsigned int wrong = 0;
	uint32_t port, ipi;

	wrong += bind_ipi(0, &ipi) != 0;
	for (unsigned int i = 0; i < COUNT(bad_numbers); i++) {
		uint32_t n = bad_numbers[i];
		struct evtchn_bind_vcpu bind = { .port = n };
		struct evtchn_send send = { .port = n };
		struct evtchn_bind_interdomain pair = { .remote_dom = 1,
							.remote_port = n };
		struct evtchn_bind_virq virq = { .virq = n | 0x20 };
		struct evtchn_bind_pirq pirq = { .pirq = n };
		struct evtchn_status status = { .dom = 1, .port = 1 };

		wrong += close_port(n) == 0;
		wrong += event_op(EVTCHNOP_send, &send) == 0;
		wrong += event_op(EVTCHNOP_bind_vcpu, &bind) == 0;
		bind = (struct evtchn_bind_vcpu){ .port = ipi, .vcpu = 0 };
		wrong += event_op(EVTCHNOP_bind_vcpu, &bind) == 0;
		wrong += event_op(EVTCHNOP_bind_interdomain, &pair) == 0;
		wrong += event_op(EVTCHNOP_bind_virq, &virq) == 0;
		wrong += event_op(EVTCHNOP_bind_pirq, &pirq) == 0;
		wrong += event_op(EVTCHNOP_status, &status) == 0;
		wrong += n && bind_ipi(n, &port) == 0;
	}
	for (uint32_t virq = VIRQ_CONSOLE; virq <= VIRQ_ENOMEM; virq++) {
		struct evtchn_bind_virq op = { .virq = virq };

		wrong += virq != VIRQ_XENOPROF && virq != VIRQ_DEBUGGER &&
			 event_op(EVTCHNOP_bind_virq, &op) == 0;
	}
	wrong += close_port(ipi) != 0;
	check("ports and vCPUs of nobody", wrong == 0, wrong);
}

static void test_poll(void)
{
	static evtchn_port_t ports[129];
	struct sched_poll op = { .timeout = 1 };
	unsigned int wrong = 0;

	set_xen_guest_handle(op.ports, ports);
	for (unsigned int i = 0; i < COUNT(bad_numbers); i++) {
		ports[0] = bad_numbers[i];
		op.nr_ports = 1;
		wrong += pv_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_poll,
				       PV_ARG(&op)) != EINVAL;
		op.nr_ports = 129 + bad_numbers[i] % 0x7fffffff;
		wrong += pv_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_poll,
				       PV_ARG(&op)) != EINVAL;
	}
	op.nr_ports = 0;
	wrong += pv_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_poll,
			       PV_ARG(&op)) != 0;
	check("lists for polling", wrong == 0, wrong);
}

static void test_fifo(void)
{
	uint64_t op[8] = { 0 };
	unsigned int wrong = 0;

	for (unsigned int command = 11; command < 20; command++)
		wrong += event_op(command, op) != ENOSYS;
	check("calls for FIFO events", wrong == 0, wrong);
}

static uint32_t kept; /* a port that races must not touch */

static void churn(void)
{
	uint32_t port;

	if (bind_ipi(0, &port) == 0 && port != kept)
		(void)close_port(port);
}

static void test_races(void)
{
	struct evtchn_send send;
	bool smp;
	unsigned int wrong = 0;

	wrong += bind_ipi(0, &kept) != 0;
	send.port = kept;
	smp = cpu_start(1, churn) && cpu_start(2, churn);
	for (unsigned int i = 0; i < 2000; i++) {
		wrong += event_op(EVTCHNOP_send, &send) != 0;
		churn();
	}
	for (unsigned int id = 1; smp && id <= 2; id++)
		cpu_stop(id);
	wrong += close_port(kept) != 0;
	check("others' ports are not touched", wrong == 0, wrong);
}

void attack_T21(void)
{
	test_limit();
	test_numbers();
	test_poll();
	test_fifo();
	test_races();
}
