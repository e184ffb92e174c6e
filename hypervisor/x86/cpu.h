/* SPDX-License-Identifier: MIT */
/*
 * Per-CPU state, found from the stack pointer (x86/layout.h), and the saved
 * register frame. The frame of the interrupted guest is always at the top of
 * the CPU's main stack; context switch replaces its contents in place.
 */
#pragma once

#include "lib/types.h"
#include "x86/layout.h"

struct vcpu;
struct domain;

/* Saved on every entry; offsets are used by entry.S (asm-offsets.c). */
struct cpu_regs {
	uint64_t r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8;
	uint64_t rax, rcx, rdx, rsi, rdi;
	uint32_t error_code;
	uint32_t vector;
	uint64_t rip, cs, rflags, rsp, ss; /* as the processor pushes them */
};

enum softirq {
	SOFTIRQ_TIMER,    /* run expired timers */
	SOFTIRQ_SCHEDULE, /* choose the vCPU to run */
	SOFTIRQ_CONSOLE,  /* console input has arrived */
};

struct cpu {
	unsigned int id; /* 0 .. cpu_count - 1 */
	uint32_t apic_id;
	struct vcpu *current;     /* on the stack top; NULL while idle */
	uint64_t softirq_pending; /* bit set by any CPU, atomically */
	uint64_t syscall_rsp;     /* guest rsp, syscall stub only */
	mfn_t loaded_root;        /* frame in CR3 (TL-6); idle root when idle */
	uint64_t tlb_epoch;       /* owner CPU: flush epoch completed (TL-2) */
	struct domain *tlb_domain; /* whose tables CR3 may walk, or NULL */
	bool tlb_requested; /* another CPU waits for a flush of this one */
	bool online;
	/* owner CPU: that many pages at the end of its windows are empty */
	uint8_t empty_gdt_pages, empty_ldt_pages;
	uint32_t lock_ranks; /* debug: bit per rank held */
	uint64_t tsc_offset;
};

#ifndef TENON_HOSTED
static inline struct cpu *this_cpu(void)
{
	uint64_t sp;

	__asm__("mov %%rsp, %0" : "=r"(sp));
	return (struct cpu *)(sp & ~(CPU_BLOCK_SIZE - 1));
}
#else
struct cpu *this_cpu(void); /* tests/unit/fake */
#endif

/* The vCPU in whose context we run; NULL in idle and before first dispatch. */
static inline struct vcpu *current_vcpu(void)
{
	return this_cpu()->current;
}

/* The guest's frame on this CPU's stack. Valid while current is not NULL. */
static inline struct cpu_regs *guest_regs(void)
{
	return (struct cpu_regs *)((char *)this_cpu() + CPU_BLOCK_SIZE) - 1;
}

struct cpu *cpu_get(unsigned int id); /* NULL when there is no such CPU */
extern unsigned int cpu_count;        /* CPUs started; constant after boot */

/* Any CPU, any context: mark work for cpu, and interrupt it if remote. */
void softirq_raise(unsigned int cpu, enum softirq which);
/* Interrupts on: run everything pending on this CPU. */
void softirq_run(void);
