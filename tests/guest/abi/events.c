/* SPDX-License-Identifier: MIT */
/*
 * Event channels between a domain and itself, and what must not be.
 */
#include "abi.h"

#include <public/event_channel.h>

static long close_port(evtchn_port_t port)
{
	struct evtchn_close op = { .port = port };
	long rc = evtchn_op(EVTCHNOP_close, &op);

	if (port < 4096)
		event_clear(port);
	return rc;
}

static evtchn_port_t unbound(uint16_t remote)
{
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF,
					   .remote_dom = remote };

	return evtchn_op(EVTCHNOP_alloc_unbound, &op) ? 0 : op.port;
}

static long send(evtchn_port_t port)
{
	struct evtchn_send op = { .port = port };

	return evtchn_op(EVTCHNOP_send, &op);
}

static void show_status(const char *name, evtchn_port_t port)
{
	struct evtchn_status s = { .dom = DOMID_SELF, .port = port };
	long rc = evtchn_op(EVTCHNOP_status, &s);

	if (rc) {
		show(name, rc);
		return;
	}
	pv_printf("%s: status %u, vCPU %u", name, s.status, s.vcpu);
	if (s.status == EVTCHNSTAT_virq)
		pv_printf(", VIRQ %u", s.u.virq);
	if (s.status == EVTCHNSTAT_unbound)
		pv_printf(", by %s",
			  s.u.unbound.dom == own_domid() ? "self" : "other");
	if (s.status == EVTCHNSTAT_interdomain)
		pv_printf(", with %s", s.u.interdomain.dom == own_domid()
					       ? "self"
					       : "other");
	pv_printf("\n");
}

void property_alloc_unbound(void)
{
	static const uint16_t ids[] = { DOMID_SELF, 0,         700,
					DOMID_IO,   DOMID_XEN, DOMID_INVALID,
					DOMID_IDLE, 0x8000 };
	struct evtchn_alloc_unbound op;

	for (unsigned int i = 0; i < COUNT(ids); i++) {
		op = (struct evtchn_alloc_unbound){ .dom = DOMID_SELF,
						    .remote_dom = ids[i] };
		pv_printf("for domain %x ", ids[i]);
		show("allocate", evtchn_op(EVTCHNOP_alloc_unbound, &op));
		if (op.port) {
			show_status("is", op.port);
			show("close", close_port(op.port));
		}
		op = (struct evtchn_alloc_unbound){ .dom = ids[i],
						    .remote_dom = 0 };
		pv_printf("in domain %x ", ids[i]);
		show("allocate", evtchn_op(EVTCHNOP_alloc_unbound, &op));
		if (op.port)
			(void)close_port(op.port);
	}
	show("nowhere", evtchn_op(EVTCHNOP_alloc_unbound, NOWHERE));
}

/* Both ends are ours. */
void property_interdomain_self(void)
{
	evtchn_port_t far = unbound(DOMID_SELF);
	struct evtchn_bind_interdomain op = { .remote_dom = DOMID_SELF,
					      .remote_port = far };

	show("send to nobody", send(far));
	show("bind", evtchn_op(EVTCHNOP_bind_interdomain, &op));
	show("starts pending", event_pending(op.local_port));
	show("far end not", event_pending(far));
	show_status("near", op.local_port);
	show_status("far", far);
	event_clear(op.local_port);
	show("send", send(op.local_port));
	show("far end pending", event_pending(far));
	show("near end not", event_pending(op.local_port));
	event_clear(far);
	show("send back", send(far));
	show("near end pending", event_pending(op.local_port));
	show("close far", close_port(far));
	show_status("near", op.local_port);
	show_status("far", far);
	show("send", send(op.local_port));
	show("close near", close_port(op.local_port));
	show_status("near", op.local_port);
}

void property_interdomain_errors(void)
{
	evtchn_port_t port = unbound(0);
	struct evtchn_bind_interdomain op = { .remote_dom = DOMID_SELF,
					      .remote_port = port };
	static const uint16_t ids[] = { 700,           DOMID_IO,   DOMID_XEN,
					DOMID_INVALID, DOMID_IDLE, 0x8000 };
	static const evtchn_port_t ports[] = { 0, 4095, 4096, ~0U };

	show("not for us", evtchn_op(EVTCHNOP_bind_interdomain, &op));
	for (unsigned int i = 0; i < COUNT(ids); i++) {
		op.remote_dom = ids[i];
		pv_printf("domain %x ", ids[i]);
		show("bind", evtchn_op(EVTCHNOP_bind_interdomain, &op));
	}
	for (unsigned int i = 0; i < COUNT(ports); i++) {
		op.remote_dom = DOMID_SELF;
		op.remote_port = ports[i];
		pv_printf("port %x ", ports[i]);
		show("bind", evtchn_op(EVTCHNOP_bind_interdomain, &op));
		op.remote_dom = 0;
		show("bind in domain 0",
		     evtchn_op(EVTCHNOP_bind_interdomain, &op));
	}
	(void)close_port(port);
}

void property_bind_virq(void)
{
	struct evtchn_bind_virq op;

	for (uint32_t virq = 0; virq < NR_VIRQS + 2; virq++)
		for (uint32_t vcpu = 0; vcpu < 5; vcpu += 2) {
			op = (struct evtchn_bind_virq){ virq, vcpu, 0 };
			pv_printf("VIRQ %u, vCPU %u ", virq, vcpu);
			show("bind", evtchn_op(EVTCHNOP_bind_virq, &op));
			if (op.port)
				(void)close_port(op.port);
		}
	op = (struct evtchn_bind_virq){ ~0U, 0, 0 };
	show("VIRQ ~0", evtchn_op(EVTCHNOP_bind_virq, &op));
	op = (struct evtchn_bind_virq){ 1, ~0U, 0 };
	show("vCPU ~0", evtchn_op(EVTCHNOP_bind_virq, &op));
	op = (struct evtchn_bind_virq){ VIRQ_DEBUG, 2, 0 };
	show("VIRQ 1, vCPU 2", evtchn_op(EVTCHNOP_bind_virq, &op));
	show_status("is", op.port);
	show("send", send(op.port));
	show("again", evtchn_op(EVTCHNOP_bind_virq, &op));
	show("close", close_port(op.port));
}

void property_bind_ipi(void)
{
	struct evtchn_bind_ipi op = { .vcpu = 0 };
	struct evtchn_bind_vcpu move;

	show("vCPU 0", evtchn_op(EVTCHNOP_bind_ipi, &op));
	show_status("is", op.port);
	show("send", send(op.port));
	show("pending", event_pending(op.port));
	move = (struct evtchn_bind_vcpu){ op.port, 1 };
	show("to another vCPU", evtchn_op(EVTCHNOP_bind_vcpu, &move));
	show("close", close_port(op.port));
	op.vcpu = 3;
	show("vCPU that is down", evtchn_op(EVTCHNOP_bind_ipi, &op));
	show_status("is", op.port);
	show("close", close_port(op.port));
	op.vcpu = 4;
	show("no vCPU", evtchn_op(EVTCHNOP_bind_ipi, &op));
	op.vcpu = ~0U;
	show("no vCPU", evtchn_op(EVTCHNOP_bind_ipi, &op));
}

void property_bind_vcpu(void)
{
	struct evtchn_bind_vcpu op = { unbound(0), 1 };
	struct evtchn_bind_virq virq = { VIRQ_DEBUG, 0, 0 };

	show("another", evtchn_op(EVTCHNOP_bind_vcpu, &op));
	show_status("is", op.port);
	op.vcpu = 4;
	show("no vCPU", evtchn_op(EVTCHNOP_bind_vcpu, &op));
	show_status("is", op.port);
	(void)close_port(op.port);
	op.vcpu = 0;
	show("closed port", evtchn_op(EVTCHNOP_bind_vcpu, &op));
	(void)evtchn_op(EVTCHNOP_bind_virq, &virq);
	op = (struct evtchn_bind_vcpu){ virq.port, 1 };
	show("VIRQ of a vCPU", evtchn_op(EVTCHNOP_bind_vcpu, &op));
	(void)close_port(virq.port);
	op.port = 4096;
	show("no port", evtchn_op(EVTCHNOP_bind_vcpu, &op));
}

/* Ports that are not: each operation. */
void property_bad_ports(void)
{
	static const evtchn_port_t ports[] = { 0,    2000,     4095,
					       4096, 1U << 17, ~0U };

	for (unsigned int i = 0; i < COUNT(ports); i++) {
		struct evtchn_unmask unmask = { ports[i] };

		pv_printf("port %x ", ports[i]);
		show("send", send(ports[i]));
		show("close", close_port(ports[i]));
		show("unmask", evtchn_op(EVTCHNOP_unmask, &unmask));
		show_status("status", ports[i]);
	}
	show("send nowhere", evtchn_op(EVTCHNOP_send, NOWHERE));
	show("close nowhere", evtchn_op(EVTCHNOP_close, NOWHERE));
	show("status nowhere", evtchn_op(EVTCHNOP_status, NOWHERE));
	for (unsigned int command = 14; command < 17; command++)
		show("unknown", evtchn_op(command, NOWHERE));
}

void property_status_of_others(void)
{
	static const uint16_t ids[] = { 0,         700,           DOMID_IO,
					DOMID_XEN, DOMID_INVALID, 0x8000 };
	struct evtchn_status s;
	struct evtchn_reset r;

	for (unsigned int i = 0; i < COUNT(ids); i++) {
		s = (struct evtchn_status){ .dom = ids[i], .port = 1 };
		r.dom = ids[i];
		pv_printf("domain %x ", ids[i]);
		show("status", evtchn_op(EVTCHNOP_status, &s));
		show("reset", evtchn_op(EVTCHNOP_reset, &r));
	}
}

/* The bits that an event sets, masked and not. */
void property_event_bits(void)
{
	struct evtchn_bind_ipi op = { .vcpu = 0 };
	struct vcpu_info *v = pv_vcpu_info();
	struct evtchn_unmask unmask;
	uint64_t bit;

	(void)evtchn_op(EVTCHNOP_bind_ipi, &op);
	unmask.port = op.port;
	bit = 1UL << (op.port & 63);
	v->evtchn_pending_sel = 0;
	v->evtchn_upcall_pending = 0;
	pv_shared_info->evtchn_mask[op.port / 64] |= bit;
	show("send", send(op.port));
	show("pending", event_pending(op.port));
	show_hex("selector", v->evtchn_pending_sel);
	show("upcall", v->evtchn_upcall_pending);
	show("unmask", evtchn_op(EVTCHNOP_unmask, &unmask));
	show("selector", v->evtchn_pending_sel == 1UL << op.port / 64);
	show("upcall", v->evtchn_upcall_pending);
	show("mask bit",
	     (pv_shared_info->evtchn_mask[op.port / 64] & bit) != 0);
	v->evtchn_pending_sel = 0;
	v->evtchn_upcall_pending = 0;
	show("send when pending", send(op.port));
	show_hex("selector", v->evtchn_pending_sel);
	show("upcall", v->evtchn_upcall_pending);
	event_clear(op.port);
	show("unmask, not pending", evtchn_op(EVTCHNOP_unmask, &unmask));
	show("upcall", v->evtchn_upcall_pending);
	show("send unmasked", send(op.port));
	show("upcall", v->evtchn_upcall_pending);
	pv_shared_info->evtchn_mask[op.port / 64] |= bit;
	(void)close_port(op.port);
	v->evtchn_upcall_pending = 0;
}

/* The lowest free port is given; a port that is closed is free again. */
void property_port_reuse(void)
{
	evtchn_port_t a = unbound(0), b = unbound(0), c;

	show("side by side", (long)(b - a));
	(void)close_port(a);
	c = unbound(0);
	show("the lowest", c == a);
	(void)close_port(c);
	(void)close_port(b);
}

void property_port_limit(void)
{
	evtchn_port_t first = unbound(0), last = first, port;
	struct evtchn_alloc_unbound op = { .dom = DOMID_SELF };

	while ((port = unbound(0)) != 0)
		last = port;
	show("last port", last);
	show("one more", evtchn_op(EVTCHNOP_alloc_unbound, &op));
	for (port = first; port <= last; port++)
		(void)close_port(port);
	port = unbound(0);
	show("first again", port == first);
	(void)close_port(port);
}

void property_fifo(void)
{
	static uint8_t buffer[64];

	for (unsigned int command = 11; command < 14; command++)
		show("operation", evtchn_op(command, buffer));
}

void property_bind_pirq(void)
{
	struct evtchn_bind_pirq op = { .pirq = 4 };

	show("a line", evtchn_op(EVTCHNOP_bind_pirq, &op));
	op.pirq = ~0U;
	show("no line", evtchn_op(EVTCHNOP_bind_pirq, &op));
}
