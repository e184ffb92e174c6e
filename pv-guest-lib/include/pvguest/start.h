/* SPDX-License-Identifier: MIT */
/*
 * How a kernel on pv-guest-lib begins and ends.
 *
 * The library owns the entry point. It prepares stack, traps, memory,
 * console, events, time and grants, and then calls the kernel's
 *
 *	int main(void);
 *
 * When main returns 0 the domain powers off; any other value is reported as
 * a crash. There is one vCPU and no interrupt context: event handlers run
 * only inside pv_poll() and pv_wait() (see event.h).
 */
#ifndef PVGUEST_START_H
#define PVGUEST_START_H

#include <stdbool.h>
#include <stdint.h>

#include <public/xen.h>

/* What the domain builder told us; valid for the whole life of the kernel. */
extern struct start_info *pv_start_info;

/* The page that all domains share with the hypervisor. */
extern struct shared_info *pv_shared_info;

/*
 * What the vCPU shares with it; not in pv_shared_info, unless the hypervisor
 * refuses a place of its own.
 */
struct vcpu_info *pv_vcpu_info(void);

/* The time stamp counter at the kernel's first instruction. */
extern uint64_t pv_first_tsc;

/* True for the first domain, which has the machine's console. */
bool pv_is_initial_domain(void);

/* The hypervisor's version: major << 16 | minor. */
unsigned int pv_xen_version(void);

/* Memory given to this domain, in KiB. */
uint64_t pv_memory_kib(void);

/* Ends the kernel as if main() had returned `status`. */
void pv_finish(int status);

/* Ends the domain; `reason` is a SHUTDOWN_* of <public/sched.h>. */
void pv_shutdown(unsigned int reason) __attribute__((noreturn));

#endif /* PVGUEST_START_H */
