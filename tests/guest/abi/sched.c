/* SPDX-License-Identifier: MIT */
/*
 * sched_op: sleeping, waiting and the ends of a domain.
 */
#include "abi.h"

#include <public/event_channel.h>
#include <public/sched.h>
#include <pvguest/time.h>

void property_sched_errors(void)
{
	static uint8_t zeroes[64];

	show("yield", sched_op(SCHEDOP_yield, NULL));
	show("yield, argument", sched_op(SCHEDOP_yield, NOWHERE));
	show("remote shutdown", sched_op(SCHEDOP_remote_shutdown, zeroes));
	show("shutdown code, nowhere",
	     sched_op(SCHEDOP_shutdown_code, NOWHERE));
	show("shutdown, nowhere", sched_op(SCHEDOP_shutdown, NOWHERE));
	show("poll, nowhere", sched_op(SCHEDOP_poll, NOWHERE));
	show("pin override", sched_op(SCHEDOP_pin_override, zeroes));
	for (unsigned int command = 8; command < 12; command++)
		show("unknown", sched_op(command, zeroes));
}

/* Blocking unmasks, and does not sleep when an event is pending. */
void property_block(void)
{
	pend();
	pv_vcpu_info()->evtchn_upcall_mask = 1;
	show("block", sched_op(SCHEDOP_block, NULL));
	/* The library's upcall goes back masked. */
	show("masked", pv_vcpu_info()->evtchn_upcall_mask);
	show("pending", pv_vcpu_info()->evtchn_upcall_pending);
	pv_vcpu_info()->evtchn_upcall_pending = 0;
}

static long poll(evtchn_port_t *ports, unsigned int count, uint64_t timeout)
{
	struct sched_poll op = { .nr_ports = count, .timeout = timeout };

	set_xen_guest_handle(op.ports, ports);
	return sched_op(SCHEDOP_poll, &op);
}

static evtchn_port_t new_port(void)
{
	struct evtchn_bind_ipi op = { .vcpu = 0 };

	return evtchn_op(EVTCHNOP_bind_ipi, &op) ? 0 : op.port;
}

void property_poll(void)
{
	evtchn_port_t port[2] = { new_port(), 4095 };
	struct evtchn_send send = { .port = port[0] };
	struct evtchn_close end = { .port = port[0] };
	uint64_t start = pv_time_ns();

	show("until a time", poll(port, 1, start + 60000000));
	/* Clocks of two processors of the reference differ here. */
	show("has passed", pv_time_ns() >= start + 30000000);
	show("time in the past", poll(port, 1, 1));
	(void)evtchn_op(EVTCHNOP_send, &send);
	show("pending", poll(port, 1, 0));
	show("still pending", event_pending(port[0]));
	show("pending among two", poll(port, 2, 0));
	show("no ports", poll(port, 0, pv_time_ns() + 1000000));
	show("128 from nowhere", poll(NOWHERE, 128, 0));
	show("129", poll(port, 129, 1));
	show("ports nowhere", poll(NOWHERE, 1, 1));
	port[0] = 4096;
	show("no port", poll(port, 1, 1));
	port[0] = 0;
	show("port 0", poll(port, 1, 1));
	port[0] = 3000;
	show("unused port", poll(port, 1, 1));
	(void)evtchn_op(EVTCHNOP_close, &end);
	event_clear(send.port);
}

static void end_by(unsigned int reason)
{
	struct sched_shutdown op = { .reason = reason };

	show("shutdown", sched_op(SCHEDOP_shutdown, &op));
	pv_printf("still here\n");
}

/* Ends: each reason. */
void property_shutdown_poweroff(void)
{
	end_by(SHUTDOWN_poweroff);
}

/* Ends: */
void property_shutdown_reboot(void)
{
	end_by(SHUTDOWN_reboot);
}

/* Ends: */
void property_shutdown_crash(void)
{
	end_by(SHUTDOWN_crash);
}

/* Ends: */
void property_shutdown_watchdog(void)
{
	end_by(SHUTDOWN_watchdog);
}

/* Ends: */
void property_shutdown_unknown(void)
{
	end_by(99);
}

/* Ends: the reason that was given before counts. */
void property_shutdown_code(void)
{
	struct sched_shutdown op = { .reason = SHUTDOWN_crash };

	show("code", sched_op(SCHEDOP_shutdown_code, &op));
	show("again", sched_op(SCHEDOP_shutdown_code, &op));
	end_by(SHUTDOWN_poweroff);
}
