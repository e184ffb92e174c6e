/* SPDX-License-Identifier: MIT */
/*
 * What test kernels share that try things at the edge of the ABI: faults that
 * are expected, user mode, page-table entries, other vCPUs.
 *
 * Context: vCPU 0, unless a comment says otherwise; no locks. The
 * handlers of exceptions are those of faults_catch().
 */
#pragma once

#include <pvguest/console.h>
#include <pvguest/hypercall.h>
#include <pvguest/mm.h>
#include <pvguest/start.h>
#include <pvguest/trap.h>

#include "internal.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* Errors of the ABI that attacks expect. */
#define EPERM  (-1)
#define ENOENT (-2)
#define ESRCH  (-3)
#define EFAULT (-14)
#define EBUSY  (-16)
#define EEXIST (-17)
#define EINVAL (-22)
#define ENOSYS (-38)

#define PTE_P    0x1UL
#define PTE_RW   0x2UL
#define PTE_PSE  0x80UL
#define PTE_ADDR 0x000ffffffffff000UL
#define RW_PAGE  0x67UL
#define RO_PAGE  0x65UL
#define TABLE    0x67UL

#define HOLE             0x0000800000000000UL
#define HYPERVISOR_START 0xffff800000000000UL
#define HYPERVISOR_END   0xffff880000000000UL

#define FLAG_IF   0x200UL
#define NO_FAULT  99u
#define KERNEL_CS (FLAT_KERNEL_CS & ~3UL) /* RPL 3 would mean user mode */
#define KERNEL_SS (FLAT_KERNEL_SS & ~3UL)

/* The exception that code() causes, or NO_FAULT. With details in `fault`. */
struct fault {
	unsigned int vector;
	uint64_t error, address, rip, cs, rflags, rsp, ss;
	uint64_t frame; /* where it was, from rip on */
};
extern volatile struct fault fault;
unsigned int fault_of(void (*code)(void));
void faults_catch(void);
/* For handlers of one's own that see the frame first. */
pv_trap_handler *faults_handler(void);

/*
 * From msrs_catch() to faults_catch(): false where the access is refused, and
 * what cannot be read is 0.
 */
void msrs_catch(void);
bool msr_read(uint32_t msr, uint64_t *value);
bool msr_write(uint32_t msr, uint64_t value);

/* Reproducible numbers. */
uint64_t random64(void);

/* What follows TEXT on the command line, or NULL. */
const char *on_command_line(const char *text);

/* What follows TEXT on the command line as a number, else `otherwise`. */
uint64_t parameter(const char *text, uint64_t otherwise);

/* Our own number, which the ABI has no call for. */
uint16_t own_domid(void);

/* Page tables. Entries are named by their place in the linear mapping. */
uint64_t maddr_of(const void *page);
uint64_t *entry_at(uint64_t va, unsigned int level);
long store_with(unsigned int command, const uint64_t *entry, uint64_t value);
long store(const uint64_t *entry, uint64_t value);
long store_va(const void *va, uint64_t value);
long mmuext(unsigned int command, uint64_t arg1, uint64_t arg2);
long pin(unsigned int level, const void *table);
long unpin(const void *table);
bool is_own(uint64_t mfn);

/* A zeroed page that is mapped read-only, so that it can become a table. */
uint64_t *table_page(void);
void table_free(void *page);

/*
 * Runs code() again and again on vCPU `id` (from 1) until cpu_stop(): false
 * where the domain has no such vCPU. code() neither prints nor faults, but by
 * pv_probe_*().
 */
bool cpu_start(unsigned int id, void (*code)(void));
void cpu_stop(unsigned int id);
/* What such a vCPU is initialised with; entry(id) runs on it. */
void cpu_context(struct vcpu_guest_context *c, unsigned int id,
		 void (*entry)(uint64_t id));

/*
 * An event is pending at the next hypercall of vCPU 0, which has to give way.
 * The upcall does nothing but mask events again.
 */
void pend(void);

/* Goes on with what the context says, by the iret hypercall. */
void iret_to(const struct iret_context *context);

/* In user mode, on a stack of its own: the exception that ends code(). */
extern uint64_t user_flags; /* at its start */
unsigned int user_fault_of(void (*code)(void));
