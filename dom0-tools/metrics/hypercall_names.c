/* SPDX-License-Identifier: MIT */
/*
 * Names of hypercalls: those of the ABI that PV guests and toolstacks make.
 */
#include "metrics/metrics.h"

#include <public/xen.h>

#define NAME(call) [__HYPERVISOR_##call] = #call

static const char *const names[] = {
	NAME(set_trap_table),
	NAME(mmu_update),
	NAME(set_gdt),
	NAME(stack_switch),
	NAME(set_callbacks),
	NAME(fpu_taskswitch),
	NAME(platform_op),
	NAME(set_debugreg),
	NAME(get_debugreg),
	NAME(update_descriptor),
	NAME(memory_op),
	NAME(multicall),
	NAME(update_va_mapping),
	NAME(set_timer_op),
	NAME(xen_version),
	NAME(console_io),
	NAME(grant_table_op),
	NAME(vm_assist),
	NAME(update_va_mapping_otherdomain),
	NAME(iret),
	NAME(vcpu_op),
	NAME(set_segment_base),
	NAME(mmuext_op),
	NAME(nmi_op),
	NAME(sched_op),
	NAME(callback_op),
	NAME(event_channel_op),
	NAME(physdev_op),
	NAME(sysctl),
	NAME(domctl),
};

const char *metrics_hypercall_name(unsigned int number)
{
	return number < sizeof(names) / sizeof(names[0]) ? names[number] : NULL;
}
