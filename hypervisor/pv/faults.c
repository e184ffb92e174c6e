/* SPDX-License-Identifier: MIT */
/*
 * Exceptions of guest code that the hypervisor may have to act on before, or
 * instead of, handing them to the guest kernel.
 *
 * Context: v is current, in its frame, interrupts off until what the next
 * exception would overwrite has been read.
 */
#include "pv/pv.h"

#define LDT_WINDOW_SIZE (16 * PAGE_SIZE)
#define SELECTOR_LDT    4u /* table indicator in an error code */

/*
 * Some emulated processors check the stack reads of an IRETQ in ring 3 as if
 * they were the supervisor's, and report a present page without the user bit
 * in the error code: impossible on hardware for a guest address. Do what
 * the instruction should have done.
 */
static __attribute__((noinline)) bool complete_iretq(struct cpu_regs *r,
						     uint64_t cr2)
{
	uint64_t f[5];
	uint8_t code[2];

	if (cr2 - r->rsp >= sizeof(f) ||
	    copy_from_guest(code, guest_ptr(r->rip), sizeof(code)) ||
	    code[0] != 0x48 || code[1] != 0xcf ||
	    copy_from_guest(f, guest_ptr(r->rsp), sizeof(f)))
		return false;
	r->rip = f[0];
	r->cs = (f[1] & 0xffff) | 3;
	/* What IRET changes in ring 3 [SDM2 "IRET"] */
	r->rflags = (r->rflags & ~RFLAGS_GUEST) | (f[2] & RFLAGS_GUEST);
	r->rsp = f[3];
	r->ss = (f[4] & 0xffff) | 3;
	return true;
}

/*
 * An LDT entry that cannot be read: as on hardware with the LDT at its place
 * in the guest's memory, a page fault there, or #GP beyond its end.
 */
static bool pv_ldt_missing(struct vcpu *v, uint64_t cr2, uint32_t error)
{
	uint64_t offset = cr2 - LDT_WINDOW(this_cpu()->id);

	if (offset >= LDT_WINDOW_SIZE)
		return false;
	if (offset < v->ldt_entries * 8)
		pv_inject_page_fault(v, v->ldt_base + offset, error);
	else
		pv_inject(v, TRAP_GP, SELECTOR_LDT | (uint32_t)(offset & ~7ul));
	return true;
}

void pv_page_fault(struct vcpu *v, struct cpu_regs *r)
{
	uint64_t cr2 = read_cr2();
	uint32_t error = r->error_code;
	bool done = false;

	irq_enable();
	if (unlikely(!is_guest_va(cr2)))
		done = pv_ldt_fault(v, cr2) || pv_ldt_missing(v, cr2, error);
	else if (!(error & PF_PRESENT))
		;
	else if ((error & PF_WRITE) && v->in_kernel)
		done = pv_emulate_pte_store(v, r, cr2);
	else if (unlikely(!(error & PF_USER)))
		done = complete_iretq(r, cr2);
	if (!done)
		pv_inject_page_fault(v, cr2, error);
}

/*
 * INT n through a gate that ring 3 may not use: #GP with bit 1 (IDT) set. The
 * vector comes from the instruction, because QEMU reports vector * 16 here
 * where hardware says vector * 8.
 */
static bool software_interrupt(struct vcpu *v, struct cpu_regs *r)
{
	unsigned int rights = v->in_kernel ? 1 : 3;
	const struct trap_info *t;
	uint8_t code[2];

	if (copy_from_guest(code, guest_ptr(r->rip), sizeof(code)) ||
	    code[0] != 0xcd)
		return false;
	t = &v->trap[code[1]];
	if (!t->address || TI_GET_DPL(t) < rights) {
		pv_inject(v, TRAP_GP, code[1] * 8u + 2);
		return true;
	}
	r->rip += 2;
	pv_inject(v, code[1], 0);
	return true;
}

void pv_general_protection(struct vcpu *v, struct cpu_regs *r)
{
	irq_enable();
	if (r->error_code & 2) {
		if (software_interrupt(v, r))
			return;
	} else if (r->error_code == 0 && pv_emulate_privileged(v, r)) {
		return;
	}
	pv_inject(v, TRAP_GP, r->error_code);
}

void pv_device_not_available(struct vcpu *v, struct cpu_regs *r)
{
	irq_enable();
	context_set_ts(v, 0);
	pv_inject(v, TRAP_NM, 0);
}

void pv_debug(struct vcpu *v, uint64_t dr6)
{
	/* B0-B3 are news, BD never, BS and BT sticky [SDM3 "DR6"]. */
	v->debugreg[6] = (v->debugreg[6] & ~0xful) | (dr6 & 0xc00f) | DR6_FIXED;
	pv_inject(v, TRAP_DB, 0);
}
