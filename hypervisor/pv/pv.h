/* SPDX-License-Identifier: MIT */
/*
 * What makes a guest paravirtualised: the functions that the entry paths and
 * the parts of pv/ call. Context unless said otherwise: v is the current
 * vCPU, its registers are guest_regs(), interrupts are on.
 */
#pragma once

#include "core/hypercall.h"
#include "mm/mm.h"
#include "public/callback.h"

/* bounce.c: enter the guest kernel. A frame that does not fit: crash. */
void pv_inject(struct vcpu *v, unsigned int vector, uint32_t error);
void pv_inject_page_fault(struct vcpu *v, uint64_t cr2, uint32_t error);
void pv_deliver_event(struct vcpu *v);
void pv_deliver_nmi(struct vcpu *v);
/* Selectors sel[ds, es, fs, gs] could not be loaded. No callback: nothing. */
void pv_deliver_failsafe(struct vcpu *v, const uint64_t sel[4]);

/*
 * From guest-user mode to guest-kernel mode or back. Both are ring 3 and differ
 * in page tables and GS base, which change where hardware would change rings.
 */
static inline void pv_set_mode(struct vcpu *v, bool kernel)
{
	/* A context switch between the two would save the bases crosswise. */
	irq_disable();
	v->in_kernel = kernel;
	swapgs();
	mm_switch_root(v->domain, kernel ? v->kernel_root : v->user_root);
	if (kernel && unlikely(v->areas_stale))
		time_write_areas(v);
}

/* faults.c: exceptions of guest code. Interrupts are off; on afterwards. */
void pv_page_fault(struct vcpu *v, struct cpu_regs *regs);
void pv_general_protection(struct vcpu *v, struct cpu_regs *regs);
void pv_invalid_opcode(struct vcpu *v, struct cpu_regs *regs); /* or CPUID */
void pv_device_not_available(struct vcpu *v, struct cpu_regs *regs);
/* After an exception or an instruction; interrupts are on. */
void pv_debug(struct vcpu *v, uint64_t dr6);

/* emulate_priv.c: true when done (also when a fault was injected). */
bool pv_emulate_privileged(struct vcpu *v, struct cpu_regs *regs);
/* After an emulated instruction of n bytes: rip, RF, #DB for TF. */
void pv_skip_instruction(struct vcpu *v, struct cpu_regs *regs, uint64_t n);
/* Up to 15 bytes of code at rip, cut where memory ends; the number. */
unsigned int pv_fetch(const struct cpu_regs *regs, uint8_t code[16]);

/* ptwr.c: true when it was the store of a page-table entry, and is done. */
bool pv_emulate_pte_store(struct vcpu *v, struct cpu_regs *regs, uint64_t cr2);

/* descriptor.c: map the LDT page behind a window address; false: none. */
bool pv_ldt_fault(struct vcpu *v, uint64_t cr2);
/* MMUEXT_SET_LDT: -EINVAL not page-aligned, not guest space, > 8192. */
must_check int pv_set_ldt(struct vcpu *v, uint64_t base, uint64_t entries);
bool pv_ldt_ok(uint64_t base, uint64_t entries);
/* -EINVAL: too many, or a frame that cannot be a descriptor page. */
must_check int pv_set_gdt(struct vcpu *v, const uint64_t *mfns,
			  uint64_t entries);
/* Give back the references of GDT and LDT; the windows are loaded later. */
void pv_drop_descriptors(struct vcpu *v);
/* Window contents for v on this CPU; v is going to run here. */
void pv_load_windows(struct vcpu *v);
/*
 * All 512 entries of a page that is becoming a descriptor page; nobody else
 * can write it. 0 or -EINVAL. Levels are fixed in place.
 */
must_check int descriptor_page_check(uint64_t *entries);

/* debugreg.c: -EPERM not for guests, -ENODEV no such register. Of v, current.
 */
must_check int pv_debugreg_get(const struct vcpu *v, uint64_t reg,
			       uint64_t *value);
/* Only the check; *value becomes what is stored. */
must_check int pv_debugreg_fix(const struct vcpu *v, unsigned int reg,
			       uint64_t *value);

/* cpuid.c */
struct cpuid_result pv_cpuid(const struct vcpu *v, uint32_t leaf,
			     uint32_t subleaf);

/* CR4 as a guest sees it; the bits that may change. */
#define PV_CR4_BASE 0x660ul /* PAE MCE OSFXSR OSXMMEXCPT */
uint64_t pv_cr4_changeable(void);
/* Bits that cannot change keep their value (T54). */
void pv_store_cr4(struct vcpu *v, uint64_t value);
