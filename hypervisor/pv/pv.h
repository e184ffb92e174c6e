/* SPDX-License-Identifier: MIT */
/*
 * What makes a guest paravirtualised: the functions that the entry paths and
 * the parts of pv/ call. Context unless said otherwise: v is the current
 * vCPU, its registers are guest_regs(), interrupts are on.
 */
#pragma once

#include "core/domain.h"
#include "x86/cpu.h"
#include "x86/entry.h"

#define PF_CODE_NONE 0

/* bounce.c: enter the guest kernel. A frame that does not fit: crash. */
void pv_inject(struct vcpu *v, unsigned int vector, uint32_t error);
void pv_inject_page_fault(struct vcpu *v, uint64_t cr2, uint32_t error);
void pv_deliver_event(struct vcpu *v);
void pv_deliver_nmi(struct vcpu *v);
void pv_deliver_syscall(struct vcpu *v, uint64_t handler, bool mask);
/* Selectors sel[ds, es, fs, gs] could not be loaded. */
void pv_deliver_failsafe(struct vcpu *v, const uint16_t sel[4]);

/* mode.c */
void pv_enter_kernel(struct vcpu *v);
void pv_enter_user(struct vcpu *v);

/* faults.c: exceptions of guest code. */
void pv_page_fault(struct vcpu *v, struct cpu_regs *regs, uint64_t cr2);
void pv_general_protection(struct vcpu *v, struct cpu_regs *regs);
void pv_invalid_opcode(struct vcpu *v, struct cpu_regs *regs);
void pv_device_not_available(struct vcpu *v);
void pv_debug(struct vcpu *v, uint64_t dr6);

/* emulate_priv.c: true when done (also when a fault was injected). */
bool pv_emulate_privileged(struct vcpu *v, struct cpu_regs *regs);
bool pv_emulate_forced_cpuid(struct vcpu *v, struct cpu_regs *regs);
/* After an emulated instruction of n bytes: rip, RF, #DB for TF. */
void pv_skip_instruction(struct vcpu *v, struct cpu_regs *regs, uint64_t n);
/* Up to 15 bytes of code at rip, cut where memory ends; the number. */
unsigned int pv_fetch(const struct cpu_regs *regs, uint8_t code[15]);

/* ptwr.c: true when it was the store of a page-table entry, and is done. */
bool pv_emulate_pte_store(struct vcpu *v, struct cpu_regs *regs, uint64_t cr2);

/* descriptor.c: map the LDT page behind a window address; false: none. */
bool pv_ldt_fault(struct vcpu *v, uint64_t cr2);
/* MMUEXT_SET_LDT: -EINVAL not page-aligned, not guest space, > 8192. */
must_check int pv_set_ldt(struct vcpu *v, uint64_t base, uint64_t entries);
must_check int pv_set_gdt(struct vcpu *v, const mfn_t *frames,
			  unsigned int entries);
/* Give back the references of GDT and LDT; the windows are loaded later. */
void pv_drop_descriptors(struct vcpu *v);
/* Window contents for v on this CPU; v is going to run here. */
void pv_load_windows(struct vcpu *v);

/* debugreg.c: -EINVAL, -EPERM as the hypercall. Changes v only. */
must_check int pv_debugreg_set(struct vcpu *v, unsigned int reg,
			       uint64_t value);

/* callbacks.c: may a guest be entered there? */
bool pv_handler_ok(uint64_t address);

/* msr.c: false: #GP. */
must_check bool pv_msr_read(struct vcpu *v, uint32_t msr, uint64_t *value);
must_check bool pv_msr_write(uint32_t msr, uint64_t value);

/* cpuid.c */
struct cpuid_result;
struct cpuid_result pv_cpuid(const struct vcpu *v, uint32_t leaf,
			     uint32_t subleaf);

/* CR4 as a guest sees it; the bits that may change. */
#define PV_CR4_BASE 0x660ul /* PAE MCE OSFXSR OSXMMEXCPT */
uint64_t pv_cr4_changeable(void);
/* Bits that cannot change keep their value (T54). */
void pv_store_cr4(struct vcpu *v, uint64_t value);
