/* SPDX-License-Identifier: MIT */
/*
 * From the entry point to main(), and the end of the domain.
 *
 * Owns: pv_start_info, pv_shared_info. The shared page is mapped over a page
 * of our own bss, whose frame is then unused.
 * Next: mm.c, events.c.
 */
#include <public/sched.h>
#include <public/vcpu.h>
#include <public/version.h>
#include <pvguest/console.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>
#include <pvguest/start.h>
#include <pvguest/trap.h>

#include "internal.h"

struct start_info *pv_start_info;

static char shared_page[4096] __attribute__((aligned(4096)));
struct shared_info *pv_shared_info = (struct shared_info *)shared_page;

int main(void);
void pv_start(struct start_info *info) __attribute__((noreturn));

/* Where the vCPU's state is: in the shared page, until we place it. */
static struct vcpu_info own_vcpu_info __attribute__((aligned(64)));
static struct vcpu_info *vcpu_info;

struct vcpu_info *pv_vcpu_info(void)
{
	return vcpu_info ? vcpu_info : &pv_shared_info->vcpu_info[0];
}

bool pv_is_initial_domain(void)
{
	return (pv_start_info->flags & SIF_INITDOMAIN) != 0;
}

unsigned int pv_xen_version(void)
{
	return (unsigned int)pv_hypercall2(__HYPERVISOR_xen_version,
					   XENVER_version, 0);
}

uint64_t pv_memory_kib(void)
{
	return (uint64_t)pv_start_info->nr_pages * 4;
}

void pv_shutdown(unsigned int reason)
{
	struct sched_shutdown op = { .reason = reason };

	for (;;)
		pv_hypercall2(__HYPERVISOR_sched_op, SCHEDOP_shutdown,
			      PV_ARG(&op));
}

static void map_shared_info(void)
{
	pv_hypercall3(__HYPERVISOR_update_va_mapping, PV_ARG(shared_page),
		      pv_start_info->shared_info | 0x67,
		      UVMF_INVLPG | UVMF_LOCAL);
}

/* The C library's glue has its own, which writes out buffers first. */
__attribute__((weak)) void pv_finish(int status)
{
	if (status != 0)
		pv_panic("main returned %d", status);
	pv_shutdown(SHUTDOWN_poweroff);
}

/*
 * Gives the vCPU's state a place of its own, as kernels do that have more
 * vCPUs than the shared page has room for. The hypervisor copies what there
 * was; where it refuses, the shared page goes on to serve.
 */
static void place_vcpu_info(void)
{
	struct vcpu_register_vcpu_info op = {
		.mfn = pv_va_to_mfn(&own_vcpu_info),
		.offset = (uint64_t)&own_vcpu_info & (PV_PAGE_SIZE - 1),
	};

	if (pv_hypercall3(__HYPERVISOR_vcpu_op, VCPUOP_register_vcpu_info, 0,
			  PV_ARG(&op)) == 0)
		vcpu_info = &own_vcpu_info;
}

void pv_start(struct start_info *info)
{
	pv_start_info = info;
	map_shared_info();
	pv_traps_init();
	pv_console_init();
	pv_mm_init();
	place_vcpu_info();
	pv_events_init();
	pv_time_init();
	pv_finish(main());
	pv_shutdown(SHUTDOWN_crash);
}
