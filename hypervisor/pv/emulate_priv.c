/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions of guest kernels, and port accesses of programs
 * that may do them. One fetch, one decode, then a handler by opcode; each
 * states the privilege it needs (EM-3). What is not here stays the #GP it was.
 *
 * Context: v is current, in its frame, interrupts on.
 */
#include "pv/decode.h"
#include "pv/pv.h"

#define DR6_BS 0x4000ul
/* ud2, "xen", cpuid */
#define FORCED_CPUID       0xa20f6e65780b0ful
#define FORCED_CPUID_BYTES 7

unsigned int pv_fetch(const struct cpu_regs *r, uint8_t code[INSN_FETCH])
{
	uint64_t in_page = PAGE_SIZE - (r->rip & ~PAGE_MASK);

	if (likely(!copy_small_from_guest(code, guest_ptr(r->rip), INSN_FETCH)))
		return INSN_MAX;
	if (in_page >= INSN_FETCH ||
	    copy_from_guest(code, guest_ptr(r->rip), in_page))
		return 0;
	return (unsigned int)in_page;
}

void pv_skip_instruction(struct vcpu *v, struct cpu_regs *r, uint64_t n)
{
	r->rip += n;
	r->rflags &= ~RFLAGS_RF;
	if (r->rflags & RFLAGS_TF)
		pv_debug(v, DR6_BS | DR6_FIXED);
}

static uint64_t edx_eax(const struct cpu_regs *r)
{
	return r->rdx << 32 | (uint32_t)r->rax;
}

/* Virtual rings: the guest kernel counts as 1. */
static bool has_io_privilege(const struct vcpu *v)
{
	return v->iopl >= (v->in_kernel ? 1 : 3);
}

static bool may_access(struct vcpu *v, const struct insn *i, uint16_t port)
{
	return has_io_privilege(v) || io_port_in_bitmap(v, port, i->bytes);
}

/* IN, INS against OUT, OUTS. */
static bool is_out(const struct insn *i)
{
	return i->opcode & 2;
}

static bool port_access(struct vcpu *v, struct cpu_regs *r,
			const struct insn *i, uint16_t port)
{
	uint32_t value;

	if (!may_access(v, i, port))
		return false;
	value = io_port_access(v, is_out(i), port, i->bytes,
			       (uint32_t)insn_read_register(i, r, 0));
	if (!is_out(i))
		insn_write_register(i, r, 0, value);
	return true;
}

/* One element of INS or OUTS, in memory at va; 0 or -EFAULT. */
static int transfer(struct vcpu *v, const struct insn *i, uint16_t port,
		    uint64_t va)
{
	uint32_t value = 0;

	if (is_out(i) && copy_from_guest(&value, guest_ptr(va), i->bytes))
		return -XEN_EFAULT;
	value = io_port_access(v, is_out(i), port, i->bytes, value);
	return is_out(i) ? 0 : copy_to_guest(guest_ptr(va), &value, i->bytes);
}

/* INS (port to rdi) or OUTS (rsi to port), one element; moves rip itself. */
static bool string_port_access(struct vcpu *v, struct cpu_regs *r,
			       const struct insn *i)
{
	uint16_t port = (uint16_t)r->rdx;
	uint64_t *pointer = is_out(i) ? &r->rsi : &r->rdi;
	bool empty = (i->prefixes & INSN_REP) && !r->rcx;

	if ((i->prefixes & (INSN_ADDRESS32 | INSN_FS | INSN_GS)) ||
	    (!empty && !may_access(v, i, port)))
		return false;
	if (!empty && transfer(v, i, port, *pointer))
		pv_inject_page_fault(v, *pointer, is_out(i) ? 0 : PF_WRITE);
	else if (empty || !insn_next_element(i, r, pointer))
		pv_skip_instruction(v, r, i->length);
	return true;
}

static bool read_cr(struct vcpu *v, struct cpu_regs *r, const struct insn *i)
{
	uint64_t *reg = insn_register(r, i->rm);

	if (i->reg == 0)
		*reg = CR0_HYPERVISOR | v->cr0_ts;
	else if (i->reg == 2)
		*reg = v->info->arch.cr2;
	else if (i->reg == 3)
		*reg = v->kernel_root.n << PAGE_SHIFT;
	else if (i->reg == 4)
		*reg = v->cr4;
	else
		return false;
	return true;
}

static bool write_cr(struct vcpu *v, struct cpu_regs *r, const struct insn *i)
{
	uint64_t value = *insn_register(r, i->rm);

	if (i->reg == 0 && !((value ^ CR0_HYPERVISOR) & ~CR0_TS)) {
		context_set_ts(v, value & CR0_TS);
	} else if (i->reg == 2) {
		write_once(v->info->arch.cr2, value);
	} else if (i->reg == 4) {
		pv_store_cr4(v, value);
		context_load_cr4(v);
	} else {
		return false;
	}
	return true;
}

static bool read_msr(struct vcpu *v, struct cpu_regs *r, uint32_t msr)
{
	uint64_t value;

	if (!pv_msr_read(v, msr, &value))
		return false;
	r->rax = (uint32_t)value;
	r->rdx = value >> 32;
	return true;
}

/* XSETBV, the only one of its group that a PV kernel may use. */
static bool write_xcr(struct vcpu *v, const struct cpu_regs *r,
		      const struct insn *i)
{
	uint64_t value = edx_eax(r);

	if (i->mod != 3 || (i->reg & 7) != 2 || (i->rm & 7) != 1 ||
	    !(v->cr4 & CR4_OSXSAVE) || (uint32_t)r->rcx != 0 ||
	    !fpu_xcr0_ok(value))
		return false;
	v->xcr0 = value;
	fpu_load_xcr0(v);
	return true;
}

/* False: #GP. True: done, the instruction can be skipped. */
static bool emulate(struct vcpu *v, struct cpu_regs *r, const struct insn *i)
{
	/* All of these are for the guest kernel only. */
	if (i->opcode >= OP_0F && !v->in_kernel)
		return false;
	switch (i->opcode) {
	case 0xe4 ... 0xe7:
		return port_access(v, r, i, (uint8_t)i->immediate);
	case 0xec ... 0xef:
		return port_access(v, r, i, (uint16_t)r->rdx);
	case 0xfa ... 0xfb: /* CLI, STI: events are masked otherwise (T10) */
		return has_io_privilege(v);
	case OP_0F | 0x30:
		return pv_msr_write((uint32_t)r->rcx, edx_eax(r));
	case OP_0F | 0x31: /* RDTSC, if the kernel set CR4.TSD */
		return read_msr(v, r, MSR_TSC);
	case OP_0F | 0x32:
		return read_msr(v, r, (uint32_t)r->rcx);
	case OP_0F | 0x01:
		return write_xcr(v, r, i);
	case OP_0F | 0x06: /* CLTS */
		context_set_ts(v, 0);
		return true;
	case OP_0F | 0x09: /* WBINVD: devices of the control domain */
		if (domain_is_control(v->domain))
			wbinvd();
		return true;
	case OP_0F | 0x20:
		return read_cr(v, r, i);
	case OP_0F | 0x22:
		return write_cr(v, r, i);
	case OP_0F | 0x21:
		return !pv_debugreg_get(v, i->reg, insn_register(r, i->rm));
	case OP_0F | 0x23:
		return !hc_set_debugreg(i->reg, *insn_register(r, i->rm), 0, 0);
	default:
		return false;
	}
}

bool pv_emulate_privileged(struct vcpu *v, struct cpu_regs *r)
{
	uninitialized_buf uint8_t code[INSN_FETCH];
	struct insn i;
	unsigned int n = pv_fetch(r, code);

	/* A jump into the hole is a #GP of its own. */
	if (!n && !is_canonical(r->rip))
		return false;
	if (!n) {
		pv_inject_page_fault(v, r->rip, 0);
		return true;
	}
	if (!insn_decode(code, n, &i) || (i.prefixes & INSN_LOCK))
		return false;
	if (i.opcode >= 0x6c && i.opcode <= 0x6f)
		return string_port_access(v, r, &i);
	if (!emulate(v, r, &i))
		return false;
	pv_skip_instruction(v, r, i.length);
	return true;
}

static __attribute__((noinline)) void forced_cpuid(struct vcpu *v,
						   struct cpu_regs *r)
{
	struct cpuid_result result =
		pv_cpuid(v, (uint32_t)r->rax, (uint32_t)r->rcx);

	r->rax = result.a;
	r->rbx = result.b;
	r->rcx = result.c;
	r->rdx = result.d;
	pv_skip_instruction(v, r, FORCED_CPUID_BYTES);
}

void pv_invalid_opcode(struct vcpu *v, struct cpu_regs *r)
{
	uint64_t code = 0;

	irq_enable();
	/* A whole word is faster to read, but may not be there. */
	if (copy_small_from_guest(&code, guest_ptr(r->rip), sizeof(code)) &&
	    copy_from_guest(&code, guest_ptr(r->rip), FORCED_CPUID_BYTES))
		code = 0;
	if (code << 8 == FORCED_CPUID << 8)
		forced_cpuid(v, r);
	else
		pv_inject(v, TRAP_UD, 0);
}
