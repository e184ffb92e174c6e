/* SPDX-License-Identifier: MIT */
/*
 * Runs the properties that the command line names (`only=NAME`, `end=NAME` for
 * one that ends the domain), or all that return. Each begins with a line
 * `= NAME`; the last line is `done`.
 */
#include "abi.h"

#include <public/event_channel.h>
#include <public/sched.h>
#include <pvguest/event.h>
#include <pvguest/time.h>

static const struct {
	int number;
	const char *name;
} errors[] = {
#define ERROR(name)                                                            \
	{                                                                      \
		-XEN_##name, "-" #name                                         \
	}
	ERROR(EPERM),      ERROR(ENOENT), ERROR(ESRCH),      ERROR(EINTR),
	ERROR(ENXIO),      ERROR(E2BIG),  ERROR(EAGAIN),     ERROR(ENOMEM),
	ERROR(EACCES),     ERROR(EFAULT), ERROR(EBUSY),      ERROR(EEXIST),
	ERROR(EXDEV),      ERROR(ENODEV), ERROR(EINVAL),     ERROR(ENOSPC),
	ERROR(EDOM),       ERROR(ERANGE), ERROR(ENOSYS),     ERROR(ENODATA),
	ERROR(ETIME),      ERROR(EILSEQ), ERROR(EOPNOTSUPP), ERROR(ENOBUFS),
	ERROR(EADDRINUSE),
#undef ERROR
};

void show_text(const char *label, const char *text)
{
	pv_printf("%s: %s\n", label, text);
}

void show_hex(const char *label, uint64_t value)
{
	pv_printf("%s: 0x%lx\n", label, value);
}

void show_number(const char *label, long value)
{
	pv_printf("%s: %ld\n", label, value);
}

void show(const char *label, long value)
{
	for (unsigned int i = 0; i < COUNT(errors); i++)
		if (errors[i].number == value) {
			show_text(label, errors[i].name);
			return;
		}
	if (value > -10000 && value < 10000)
		show_number(label, value);
	else
		show_hex(label, (uint64_t)value);
}

void show_vector(const char *label, unsigned int vector)
{
	if (vector == NO_FAULT)
		show_text(label, "done");
	else
		pv_printf("%s: exception %u, error code %lx\n", label, vector,
			  fault.error);
}

void show_fault(const char *label, void (*code)(void))
{
	show_vector(label, fault_of(code));
}

/* User code ends with ud2 when nothing else happens. */
void show_user_fault(const char *label, void (*code)(void))
{
	show_vector(label, user_fault_of(code));
}

long memory_op(unsigned int command, void *arg)
{
	return call2(__HYPERVISOR_memory_op, command, arg);
}

long evtchn_op(unsigned int command, void *arg)
{
	return call2(__HYPERVISOR_event_channel_op, command, arg);
}

long vcpu_op(unsigned int command, unsigned int id, void *arg)
{
	return pv_hypercall3(__HYPERVISOR_vcpu_op, command, id, PV_ARG(arg));
}

long sched_op(unsigned int command, void *arg)
{
	return call2(__HYPERVISOR_sched_op, command, arg);
}

long physdev_op(unsigned int command, void *arg)
{
	return call2(__HYPERVISOR_physdev_op, command, arg);
}

long grant_op(unsigned int command, void *arg)
{
	return pv_hypercall3(__HYPERVISOR_grant_table_op, command, PV_ARG(arg),
			     1);
}

bool event_pending(uint32_t port)
{
	return __atomic_load_n(&pv_shared_info->evtchn_pending[port / 64],
			       __ATOMIC_SEQ_CST) >>
		       (port % 64) &
	       1;
}

void event_clear(uint32_t port)
{
	__atomic_fetch_and(&pv_shared_info->evtchn_pending[port / 64],
			   ~(1UL << port % 64), __ATOMIC_SEQ_CST);
}

bool event_arrives(uint32_t port, uint64_t ns)
{
	evtchn_port_t list[1] = { port };
	struct sched_poll op = { .nr_ports = 1, .timeout = pv_time_ns() + ns };
	bool arrived;

	set_xen_guest_handle(op.ports, list);
	(void)sched_op(SCHEDOP_poll, &op);
	arrived = event_pending(port);
	event_clear(port);
	return arrived;
}

static const struct {
	const char *name;
	void (*run)(void);
	bool ends;
} properties[] = {
#define PROPERTY(name) { #name, property_##name, false },
#define ENDING(name)   { #name, property_##name, true },
#include "list.h"
#undef PROPERTY
#undef ENDING
};

/* Whether the words after `key` are this name. */
static bool is_named(const char *key, const char *name)
{
	const char *at = on_command_line(key);
	size_t n = strlen(name);

	return at && memcmp(at, name, n) == 0 && (at[n] == ' ' || at[n] == 0);
}

static bool is_wanted(unsigned int i)
{
	if (on_command_line("end="))
		return properties[i].ends &&
		       is_named("end=", properties[i].name);
	if (on_command_line("only="))
		return is_named("only=", properties[i].name);
	return !properties[i].ends;
}

/* Events in any state, as a property may have left them, are done with. */
static void settle_events(void)
{
	struct vcpu_info *v = pv_vcpu_info();

	v->evtchn_upcall_mask = 1;
	v->evtchn_pending_sel = ~0UL;
	v->evtchn_upcall_pending = 1;
	(void)pv_poll();
}

int main(void)
{
	uint64_t pages;

	/* Tables for the windows, which the library keeps. */
	pv_map_release(pv_map_reserve(1), 1);
	for (unsigned int i = 0; i < COUNT(properties); i++) {
		if (!is_wanted(i))
			continue;
		faults_catch();
		pages = pv_pages_free();
		pv_printf("= %s\n", properties[i].name);
		properties[i].run();
		settle_events();
		if (pv_pages_free() != pages)
			pv_printf("pages lost: %ld\n",
				  (long)(pages - pv_pages_free()));
	}
	pv_printf("done\n");
	return 0;
}
