/* SPDX-License-Identifier: MIT */
/*
 * Privileged instructions of guest kernels, also MSRs, and ports of programs
 * that may do them. One fetch, one decode, then a handler by opcode; each
 * states the privilege it needs (EM-3). What is not here stays the #GP it was.
 *
 * Context: v is current, in its frame, interrupts on.
 */
#include "platform/platform.h"
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

/*
 * Which I/O ports a guest reaches. The control domain owns the machine's
 * ports except those that the hypervisor drives; other domains own none.
 */

/* The timer that kernels calibrate against: never there, never awaited. */
#define PIT_CHANNEL_2  0x42
#define PIT_GATE       0x61
#define PIT_GATE_READY 0x20 /* output of channel 2 is high */

/* The hypervisor's: PICs, PIT, gate, COM1. */
static const struct {
	uint16_t first, last;
} denied[] = {
	{ 0x20, 0x21 }, { 0xa0, 0xa1 },   { 0x40, 0x43 },
	{ 0x61, 0x61 }, { 0x3f8, 0x3ff },
};

static bool port_allowed(const struct vcpu *v, uint16_t port,
			 unsigned int bytes)
{
	uint32_t last = port + bytes - 1;

	if (!domain_is_control(v->domain) || last > 0xffff)
		return false;
	for (unsigned int i = 0; i < ARRAY_SIZE(denied); i++)
		if (port <= denied[i].last && last >= denied[i].first)
			return false;
	return true;
}

/*
 * Has the kernel allowed its program these ports (set_iobitmap)? The bitmap is
 * in memory of the guest kernel; its page tables are loaded for the read when
 * the access comes from user mode (UA-8).
 */
static bool in_bitmap(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	bool kernel = v->in_kernel;
	uint16_t bits;
	int rc;

	if (!v->iobmp || port + bytes > v->iobmp_ports)
		return false;
	pv_set_mode(v, true);
	/* Two bytes hold all bits of an access; the last one may be absent. */
	rc = copy_from_guest(&bits, guest_ptr(v->iobmp + port / 8),
			     sizeof(bits));
	pv_set_mode(v, kernel);
	if (rc)
		return false;
	return !(bits >> (port & 7) & ((1u << bytes) - 1));
}

/* Ports that the domain has no right to: all ones, and writes are dropped. */
static uint32_t port_access(struct vcpu *v, bool out, uint16_t port,
			    unsigned int bytes, uint32_t value)
{
	uint64_t flags;

	if (!out && port == PIT_CHANNEL_2)
		return 0;
	if (!out && port == PIT_GATE)
		return PIT_GATE_READY;
	if (!port_allowed(v, port, bytes))
		return ~0u;
	/* One access at a time: see platform/pci.c. */
	flags = spin_lock_irqsave(&pci_lock);
	if (out && bytes == 1)
		out8(port, (uint8_t)value);
	else if (out && bytes == 2)
		out16(port, (uint16_t)value);
	else if (out)
		out32(port, value);
	else if (bytes == 1)
		value = in8(port);
	else
		value = bytes == 2 ? in16(port) : in32(port);
	spin_unlock_irqrestore(&pci_lock, flags);
	return value;
}

/*
 * IN, INS (port to rdi), OUT, OUTS (rsi to port): one element. Not inline, so
 * that other instructions save fewer registers.
 */
static __attribute__((noinline)) bool
emulate_port(struct vcpu *v, struct cpu_regs *r, const struct insn *i)
{
	bool string = i->opcode < 0x70, out = i->opcode & 2;
	uint16_t port = (uint16_t)(i->immediate_bytes ? i->immediate & 0xff
						      : (int64_t)r->rdx);
	uint64_t *pointer = out ? &r->rsi : &r->rdi;
	uint32_t value = 0;
	int rc = 0;

	if (string && (i->prefixes & (INSN_ADDRESS32 | INSN_FS | INSN_GS)))
		return false;
	if (string && (i->prefixes & INSN_REP) && !r->rcx)
		goto skip;
	if (!has_io_privilege(v) && !in_bitmap(v, port, i->bytes))
		return false;
	if (!string)
		value = (uint32_t)insn_read_register(i, r, 0);
	else if (out)
		rc = copy_from_guest(&value, guest_ptr(*pointer), i->bytes);
	if (!rc)
		value = port_access(v, out, port, i->bytes, value);
	if (string && !out && !rc)
		rc = copy_to_guest(guest_ptr(*pointer), &value, i->bytes);
	else if (!out)
		insn_write_register(i, r, 0, value);
	if (rc) {
		pv_inject_page_fault(v, *pointer, out ? 0 : PF_WRITE);
		return true;
	}
	if (string && insn_next_element(i, r, pointer))
		return true;
skip:
	pv_skip_instruction(v, r, i->length);
	return true;
}

/*
 * MSRs that a guest may read or write: one row each, with the reason. All
 * others answer #GP (EM-6).
 */

enum msr_kind {
	ADDRESS,    /* as SHOWN; canonical values may be written */
	SHOWN,      /* bits `value` of the processor's; writes are dropped */
	FIXED,      /* reads `value`; writes are dropped */
	FIXED_SAME, /* reads `value`; writing another is #GP */
	FIXED_RO,   /* reads `value`; writes are #GP */
	HYPERCALLS, /* reads 0; writes make a page of entry points */
};

struct msr_row {
	uint32_t first, last;
	enum msr_kind kind;
	uint64_t value;
};

static const struct msr_row msr_rows[] = {
	/*
	 * Segment bases: what PV kernels write first of all. The active GS
	 * base is the kernel's here.
	 */
	{ MSR_FS_BASE, MSR_KERNEL_GS_BASE, ADDRESS, ~0ul },
	/* Kernels look for NX and long mode here. */
	{ MSR_EFER, MSR_EFER, SHOWN,
	  EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE },
	{ MSR_TSC, MSR_TSC, SHOWN, ~0ul },
	/* Kernels ask whether there is a local APIC, and ignore it. */
	{ MSR_APIC_BASE, MSR_APIC_BASE, FIXED, 0xfee00800 },
	/* The PAT is the ABI's; kernels adopt it. */
	{ MSR_PAT, MSR_PAT, FIXED_SAME, PAT_ABI_VALUE },
	/* Machine checks: no banks. Linux complains where CPUID hides them. */
	{ 0x179, 0x17a, FIXED, 0 },
	/* Microcode revision: shown as unknown. */
	{ 0x8b, 0x8b, FIXED, 0 },
	/* AMD HWCR: kernels write back what they read with a bit changed. */
	{ 0xc0010015, 0xc0010015, FIXED, 0 },
	/* AMD DE_CFG: LFENCE serialises; kernels try to set the bit else. */
	{ 0xc0011029, 0xc0011029, FIXED, 2 },
	/* AMD performance counters: reading back 0 says there are none. */
	{ 0xc0010000, 0xc0010007, FIXED, 0 },
	/* Intel FEATURE_CONTROL: locked with everything off. */
	{ 0x3a, 0x3a, FIXED_RO, 1 },
	/* Named by CPUID, for kernels without a note in their image. */
	{ 0x40000000, 0x40000000, HYPERCALLS, 0 },
};

static const struct msr_row *msr_find(uint32_t msr)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(msr_rows); i++)
		if (msr >= msr_rows[i].first && msr <= msr_rows[i].last)
			return &msr_rows[i];
	return NULL;
}

static bool read_msr(const struct vcpu *v, struct cpu_regs *r, uint32_t msr)
{
	const struct msr_row *row = msr_find(msr);
	uint64_t value;

	if (!row)
		return false;
	value = row->kind <= SHOWN ? rdmsr(msr) & row->value : row->value;
	if (msr == MSR_APIC_BASE && !v->id)
		value |= 0x100; /* the boot processor */
	r->rax = (uint32_t)value;
	r->rdx = value >> 32;
	return true;
}

static bool write_msr(uint32_t msr, uint64_t value)
{
	const struct msr_row *row = msr_find(msr);

	if (!row || row->kind == FIXED_RO ||
	    (row->kind == FIXED_SAME && value != row->value) ||
	    (row->kind == ADDRESS && !is_canonical(value)))
		return false;
	if (row->kind == HYPERCALLS)
		return !(value & ~PAGE_MASK) &&
		       hypercall_page_install(current_vcpu()->domain,
					      mfn_of(value >> PAGE_SHIFT));
	if (row->kind == ADDRESS)
		wrmsr(msr, value);
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
	case 0xfa ... 0xfb: /* CLI, STI: events are masked otherwise (T10) */
		return has_io_privilege(v);
	case OP_0F | 0x30:
		return write_msr((uint32_t)r->rcx, edx_eax(r));
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
	/* INS and OUTS; IN and OUT. */
	if ((i.opcode & ~3u) == 0x6c || (i.opcode & ~0xbu) == 0xe4)
		return emulate_port(v, r, &i);
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
