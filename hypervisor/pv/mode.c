/* SPDX-License-Identifier: MIT */
/*
 * Guest-kernel and guest-user mode: both are ring 3, they differ in page
 * tables and GS base. The hypervisor changes both where hardware would change
 * rings.
 *
 * Context: v is current, interrupts on.
 */
#include "core/services.h"
#include "pv/pv.h"
#include "x86/processor.h"

void pv_set_mode(struct vcpu *v, bool kernel)
{
	if (v->in_kernel == kernel)
		return;
	/* A context switch between the two would save the bases crosswise. */
	irq_disable();
	v->in_kernel = kernel;
	swapgs();
	irq_enable();
	mm_load_root(v);
	if (unlikely(kernel && v->areas_stale))
		time_write_areas(v);
}
