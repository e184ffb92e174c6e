/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions of guest kernels, and port accesses of programs
 * that may do them. One fetch, one decode, then a handler by opcode; each
 * states the privilege it needs (EM-3). What is not here stays the #GP it was.
 *
 * Context: v is current, in its frame, interrupts on.
 */
#include "core/services.h"
#include "lib/string.h"
#include "public/errno.h"
#include "pv/decode.h"
#include "pv/io_port.h"
#include "pv/pv.h"
#include "x86/context.h"
#include "x86/processor.h"
#include "x86/uaccess.h"

#define CR0_GUEST 0x80050033ul /* PE MP ET NE WP AM PG */
#define DR6_BS    0x4000ul
#define DR6_FIXED 0xffff0ff0ul

/* What became of the instruction. */
enum outcome {
	DONE,     /* skip it */
	REPEAT,   /* it moves rip itself, or is not over */
	REFUSED,  /* #GP(0) */
	INJECTED, /* the guest is in another exception's handler */
};

unsigned int pv_fetch(const struct cpu_regs *r, uint8_t code[15])
{
	uint64_t in_page = PAGE_SIZE - (r->rip & ~PAGE_MASK);

	if (!copy_from_guest(code, guest_ptr(r->rip), INSN_MAX))
		return INSN_MAX;
	if (in_page >= INSN_MAX ||
	    copy_from_guest(code, guest_ptr(r->rip), in_page))
		return 0;
	return (unsigned int)in_page;
}

void pv_skip_instruction(struct vcpu *v, struct cpu_regs *r, uint64_t n)
{
	bool step = r->rflags & RFLAGS_TF;

	r->rip += n;
	r->rflags &= ~RFLAGS_RF;
	if (step)
		pv_debug(v, DR6_BS | DR6_FIXED);
}

/* Virtual rings: the guest kernel counts as 1. */
static bool has_io_privilege(const struct vcpu *v)
{
	return v->iopl >= (v->in_kernel ? 1 : 3);
}

static enum outcome port_access(struct vcpu *v, struct cpu_regs *r,
				const struct insn *i, uint16_t port, bool out)
{
	uint32_t value;

	if (!has_io_privilege(v) && !io_port_in_bitmap(v, port, i->bytes))
		return REFUSED;
	if (out) {
		value = (uint32_t)insn_read_register(i, r, 0);
		io_port_write(v, port, i->bytes, value);
	} else {
		value = io_port_read(v, port, i->bytes);
		insn_write_register(i, r, 0, value);
	}
	return DONE;
}

static enum outcome string_fault(struct vcpu *v, uint64_t va, bool write)
{
	pv_inject_page_fault(v, va, write ? PF_WRITE : 0);
	return INJECTED;
}

/* One element of INS (port to rdi) or OUTS (rsi to port). */
static enum outcome string_port_access(struct vcpu *v, struct cpu_regs *r,
				       const struct insn *i, bool out)
{
	uint16_t port = (uint16_t)r->rdx;
	uint64_t *pointer = out ? &r->rsi : &r->rdi;
	bool rep = i->rep || i->repne;
	uint32_t value = 0;

	if (i->address32 || i->segment)
		return REFUSED;
	if (rep && r->rcx == 0)
		return DONE;
	if (!has_io_privilege(v) && !io_port_in_bitmap(v, port, i->bytes))
		return REFUSED;
	if (out) {
		if (copy_from_guest(&value, guest_ptr(*pointer), i->bytes))
			return string_fault(v, *pointer, false);
		io_port_write(v, port, i->bytes, value);
	} else {
		value = io_port_read(v, port, i->bytes);
		if (copy_to_guest(guest_ptr(*pointer), &value, i->bytes))
			return string_fault(v, *pointer, true);
	}
	*pointer += r->rflags & RFLAGS_DF ? -(uint64_t)i->bytes : i->bytes;
	if (!rep)
		return DONE;
	r->rcx--;
	return r->rcx ? REPEAT : DONE;
}

static enum outcome read_cr(struct vcpu *v, struct cpu_regs *r,
			    const struct insn *i)
{
	uint64_t *reg = insn_register(r, i->rm);

	switch (i->reg) {
	case 0:
		*reg = CR0_GUEST | (v->cr0_ts ? CR0_TS : 0);
		return DONE;
	case 2:
		*reg = v->info->arch.cr2;
		return DONE;
	case 3:
		*reg = v->kernel_root.n << PAGE_SHIFT;
		return DONE;
	case 4:
		*reg = v->cr4;
		return DONE;
	default:
		return REFUSED;
	}
}

static enum outcome write_cr(struct vcpu *v, struct cpu_regs *r,
			     const struct insn *i)
{
	uint64_t value = *insn_register(r, i->rm);

	switch (i->reg) {
	case 0:
		if ((value ^ CR0_GUEST) & ~CR0_TS)
			return REFUSED;
		v->cr0_ts = value & CR0_TS ? 1 : 0;
		context_load_ts(v);
		return DONE;
	case 2:
		v->cr2 = value;
		write_once(v->info->arch.cr2, value);
		return DONE;
	case 4: /* bits that cannot change are dropped (T54) */
		v->cr4 = (v->cr4 & ~pv_cr4_changeable()) |
			 (value & pv_cr4_changeable());
		context_load_cr4(v);
		return DONE;
	default:
		return REFUSED;
	}
}

static enum outcome access_dr(struct vcpu *v, struct cpu_regs *r,
			      const struct insn *i, bool write)
{
	uint64_t *reg = insn_register(r, i->rm);

	if (i->reg > 7 || i->reg == 4 || i->reg == 5)
		return REFUSED;
	if (!write) {
		*reg = v->debugreg[i->reg];
		return DONE;
	}
	if (pv_debugreg_set(v, i->reg, *reg))
		return REFUSED;
	context_load_debug(v);
	return DONE;
}

static enum outcome access_msr(struct vcpu *v, struct cpu_regs *r, bool write)
{
	uint64_t value = r->rdx << 32 | (uint32_t)r->rax;

	if (write)
		return pv_msr_write(v, (uint32_t)r->rcx, value) ? DONE
								: REFUSED;
	if (!pv_msr_read(v, (uint32_t)r->rcx, &value))
		return REFUSED;
	r->rax = (uint32_t)value;
	r->rdx = value >> 32;
	return DONE;
}

/* XSETBV, the only one of its group that a PV kernel may use. */
static enum outcome write_xcr(struct vcpu *v, const struct cpu_regs *r,
			      const struct insn *i)
{
	uint64_t value = r->rdx << 32 | (uint32_t)r->rax;

	if (i->mod != 3 || (i->reg & 7) != 2 || (i->rm & 7) != 1 ||
	    !(v->cr4 & CR4_OSXSAVE) || (uint32_t)r->rcx != 0 ||
	    !fpu_xcr0_ok(value))
		return REFUSED;
	v->xcr0 = value;
	fpu_load_xcr0(v);
	return DONE;
}

static void read_tsc(struct cpu_regs *r)
{
	uint64_t tsc = rdtsc();

	r->rax = (uint32_t)tsc;
	r->rdx = tsc >> 32;
}

/* Instructions of the guest kernel only. */
static enum outcome emulate_kernel(struct vcpu *v, struct cpu_regs *r,
				   const struct insn *i)
{
	switch (i->opcode) {
	case OP_0F | 0x30:
		return access_msr(v, r, true);
	case OP_0F | 0x32:
		return access_msr(v, r, false);
	case OP_0F | 0x01:
		return write_xcr(v, r, i);
	case OP_0F | 0x06: /* CLTS */
		v->cr0_ts = 0;
		context_load_ts(v);
		return DONE;
	case OP_0F | 0x08: /* INVD, WBINVD: devices of the control domain */
	case OP_0F | 0x09:
		if (domain_is_control(v->domain))
			wbinvd();
		return DONE;
	case OP_0F | 0x20:
		return read_cr(v, r, i);
	case OP_0F | 0x22:
		return write_cr(v, r, i);
	case OP_0F | 0x21:
		return access_dr(v, r, i, false);
	case OP_0F | 0x23:
		return access_dr(v, r, i, true);
	case OP_0F | 0x31: /* RDTSC, if the kernel set CR4.TSD */
		read_tsc(r);
		return DONE;
	default:
		return REFUSED;
	}
}

static enum outcome emulate(struct vcpu *v, struct cpu_regs *r,
			    const struct insn *i)
{
	uint16_t dx = (uint16_t)r->rdx;

	switch (i->opcode) {
	case 0xe4:
	case 0xe5:
		return port_access(v, r, i, (uint8_t)i->immediate, false);
	case 0xe6:
	case 0xe7:
		return port_access(v, r, i, (uint8_t)i->immediate, true);
	case 0xec:
	case 0xed:
		return port_access(v, r, i, dx, false);
	case 0xee:
	case 0xef:
		return port_access(v, r, i, dx, true);
	case 0x6c:
	case 0x6d:
		return string_port_access(v, r, i, false);
	case 0x6e:
	case 0x6f:
		return string_port_access(v, r, i, true);
	case 0xfa: /* CLI, STI: events are masked otherwise (T10) */
	case 0xfb:
		return has_io_privilege(v) ? DONE : REFUSED;
	default:
		return v->in_kernel ? emulate_kernel(v, r, i) : REFUSED;
	}
}

bool pv_emulate_privileged(struct vcpu *v, struct cpu_regs *r)
{
	uint8_t code[INSN_MAX];
	struct insn i;
	unsigned int n = pv_fetch(r, code);

	if (!n) {
		pv_inject_page_fault(v, r->rip, 0);
		return true;
	}
	if (!insn_decode(code, n, &i) || i.lock)
		return false;
	switch (emulate(v, r, &i)) {
	case DONE:
		pv_skip_instruction(v, r, i.length);
		return true;
	case REPEAT:
	case INJECTED:
		return true;
	default:
		return false;
	}
}

bool pv_emulate_forced_cpuid(struct vcpu *v, struct cpu_regs *r)
{
	static const uint8_t forced[7] = {
		0x0f, 0x0b, 'x', 'e', 'n', 0x0f, 0xa2
	};
	uint8_t code[sizeof(forced)];
	struct cpuid_result result;

	if (copy_from_guest(code, guest_ptr(r->rip), sizeof(code)) ||
	    memcmp(code, forced, sizeof(code)) != 0)
		return false;
	result = pv_cpuid(v, (uint32_t)r->rax, (uint32_t)r->rcx);
	r->rax = result.a;
	r->rbx = result.b;
	r->rcx = result.c;
	r->rdx = result.d;
	pv_skip_instruction(v, r, sizeof(code));
	return true;
}
