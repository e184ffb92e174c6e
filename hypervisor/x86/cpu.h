/* SPDX-License-Identifier: MIT */
/*
 * The processor. Instructions that C has no words for, one inline function
 * each, and the names of control-register and MSR bits: everything privileged
 * that is neither here nor in a .S file is a mistake. Then what each CPU has:
 * its state, its frame of the guest's registers, its descriptor tables.
 */
#pragma once

#include "lib/types.h"
#include "x86/layout.h"

#define RFLAGS_CF    (1ul << 0)
#define RFLAGS_FIXED (1ul << 1) /* always one */
#define RFLAGS_PF    (1ul << 2)
#define RFLAGS_AF    (1ul << 4)
#define RFLAGS_ZF    (1ul << 6)
#define RFLAGS_SF    (1ul << 7)
#define RFLAGS_TF    (1ul << 8)
#define RFLAGS_IF    (1ul << 9)
#define RFLAGS_DF    (1ul << 10)
#define RFLAGS_OF    (1ul << 11)
#define RFLAGS_IOPL  (3ul << 12)
#define RFLAGS_NT    (1ul << 14)
#define RFLAGS_RF    (1ul << 16)
#define RFLAGS_VM    (1ul << 17)
#define RFLAGS_AC    (1ul << 18)
#define RFLAGS_ID    (1ul << 21)
/* What SYSCALL clears: all, and BF-8 names those that it must. */
#define RFLAGS_SYSCALL_MASK 0xfffffffdul

/* What a guest can have set; IF is always on, IOPL never (BF-5a, EM-11). */
#define RFLAGS_GUEST                                                           \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF |           \
	 RFLAGS_TF | RFLAGS_DF | RFLAGS_OF | RFLAGS_RF | RFLAGS_AC |           \
	 RFLAGS_ID)

/* Bits of DR6 that are always one [SDM3 "DR6"]. */
#define DR6_FIXED 0xffff0ff0ul
#define DR7_OFF   0x400ul /* every breakpoint disabled */

#define CR0_TS         (1ul << 3)
#define CR0_HYPERVISOR 0x80050033ul /* PG AM WP NE ET MP PE; guests see it */

#define CR4_HYPERVISOR 0x6e8ul /* OSXMMEXCPT OSFXSR PGE MCE PAE DE */
#define CR4_TSD        (1ul << 2)
#define CR4_DE         (1ul << 3)
#define CR4_FSGSBASE   (1ul << 16)
#define CR4_OSXSAVE    (1ul << 18)
#define CR4_SMEP       (1ul << 20)
#define CR4_SMAP       (1ul << 21)

#define MSR_TSC            0x10u
#define MSR_APIC_BASE      0x1bu
#define MSR_SPEC_CTRL      0x48u
#define MSR_PRED_CMD       0x49u
#define MSR_ARCH_CAPS      0x10au
#define MSR_TSX_CTRL       0x122u
#define MSR_PAT            0x277u
#define MSR_X2APIC         0x800u /* + register offset / 16 */
#define MSR_EFER           0xc0000080u
#define MSR_STAR           0xc0000081u
#define MSR_LSTAR          0xc0000082u
#define MSR_CSTAR          0xc0000083u
#define MSR_SYSCALL_MASK   0xc0000084u
#define MSR_FS_BASE        0xc0000100u
#define MSR_GS_BASE        0xc0000101u
#define MSR_KERNEL_GS_BASE 0xc0000102u
#define MSR_TSC_AUX        0xc0000103u

#define EFER_SCE (1ul << 0)
#define EFER_LME (1ul << 8)
#define EFER_LMA (1ul << 10)
#define EFER_NXE (1ul << 11)
/* Automatic IBRS: ring 0's branches are its own [APM2 "EFER"]. */
#define EFER_AIBRSE (1ul << 21)

/* The PAT that the ABI promises to guests: WB WT UC- UC WC WP UC UC. */
#define PAT_ABI_VALUE 0x050100070406ul

/* Page-table entry bits. */
#define PTE_PRESENT  (1ul << 0)
#define PTE_WRITE    (1ul << 1)
#define PTE_USER     (1ul << 2)
#define PTE_PWT      (1ul << 3)
#define PTE_PCD      (1ul << 4)
#define PTE_ACCESSED (1ul << 5)
#define PTE_DIRTY    (1ul << 6)
#define PTE_LARGE    (1ul << 7) /* in L2 and L3; PAT in L1 */
#define PTE_PAT      (1ul << 7)
#define PTE_GLOBAL   (1ul << 8)
#define PTE_NX       (1ul << 63)
#define PTE_ADDR     0x000ffffffffff000ul

/* The host's tests go without what only ring 0 may execute. */
#ifdef TENON_HOSTED
#define PRIVILEGED(text) ""
uint64_t rdmsr(uint32_t msr); /* tests/unit/fake */
uint64_t read_cr2(void);
#else
#define PRIVILEGED(text) text

static inline uint64_t rdmsr(uint32_t msr)
{
	uint32_t lo, hi;

	__asm__ volatile("rdmsr" : "=a"(lo), "=d"(hi) : "c"(msr));
	return (uint64_t)hi << 32 | lo;
}
#endif

#define DEFINE_WRITE(insn)                                                     \
	static inline void insn(uint32_t which, uint64_t value)                \
	{                                                                      \
		uint32_t lo = (uint32_t)value, hi = (uint32_t)(value >> 32);   \
		__asm__ volatile(PRIVILEGED(#insn)                             \
				 :                                             \
				 : "c"(which), "a"(lo), "d"(hi)                \
				 : "memory");                                  \
	}
DEFINE_WRITE(wrmsr)
DEFINE_WRITE(xsetbv)

/* Control and debug registers. */
#define DEFINE_READ(reg)                                                       \
	static inline uint64_t read_##reg(void)                                \
	{                                                                      \
		uint64_t v;                                                    \
		__asm__ volatile("mov %%" #reg ", %0" : "=r"(v));              \
		return v;                                                      \
	}
#define DEFINE_REGISTER(reg)                                                   \
	DEFINE_READ(reg)                                                       \
	static inline void write_##reg(uint64_t v)                             \
	{                                                                      \
		__asm__ volatile("mov %0, %%" #reg : : "r"(v) : "memory");     \
	}
#ifndef TENON_HOSTED
DEFINE_READ(cr2)
#endif
DEFINE_REGISTER(cr0)
DEFINE_REGISTER(cr3)
DEFINE_REGISTER(cr4)
DEFINE_REGISTER(dr0)
DEFINE_REGISTER(dr1)
DEFINE_REGISTER(dr2)
DEFINE_REGISTER(dr3)
DEFINE_REGISTER(dr6)
DEFINE_REGISTER(dr7)

/* Instructions with one operand. */
#define DEFINE_OPERAND(name, text, type, constraint)                           \
	static inline void name(type operand)                                  \
	{                                                                      \
		__asm__ volatile(text : : constraint(operand) : "memory");     \
	}
DEFINE_OPERAND(invlpg, PRIVILEGED("invlpg (%0)"), uint64_t, "r")
DEFINE_OPERAND(ltr, "ltr %0", uint16_t, "r")
DEFINE_OPERAND(lldt, "lldt %0", uint16_t, "r")

struct descriptor_table {
	uint16_t limit;
	uint64_t base;
} __attribute__((packed));
DEFINE_OPERAND(lgdt, "lgdt %0", struct descriptor_table, "m")
DEFINE_OPERAND(lidt, "lidt %0", struct descriptor_table, "m")

/* Instructions without one. */
#define DEFINE_PLAIN(name, text)                                               \
	static inline void name(void)                                          \
	{                                                                      \
		__asm__ volatile(text : : : "memory");                         \
	}
DEFINE_PLAIN(irq_enable, PRIVILEGED("sti"))
DEFINE_PLAIN(irq_disable, PRIVILEGED("cli"))
DEFINE_PLAIN(halt, "hlt")
/*
 * Interrupts on and sleep: STI holds interrupts back for one instruction, so
 * none can slip in between [SDM2 "STI"].
 */
DEFINE_PLAIN(irq_enable_and_halt, PRIVILEGED("sti; hlt"))
DEFINE_PLAIN(cpu_relax, "pause")
DEFINE_PLAIN(swapgs, PRIVILEGED("swapgs"))
DEFINE_PLAIN(wbinvd, PRIVILEGED("wbinvd"))

struct cpuid_result {
	uint32_t a, b, c, d;
};

static inline struct cpuid_result cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct cpuid_result r;

	__asm__ volatile("cpuid"
			 : "=a"(r.a), "=b"(r.b), "=c"(r.c), "=d"(r.d)
			 : "a"(leaf), "c"(subleaf));
	return r;
}

static inline uint64_t rdtsc(void)
{
	return __builtin_ia32_rdtsc();
}

/* RDTSC that earlier loads cannot pass [SDM2 "RDTSC"]. */
static inline uint64_t rdtsc_ordered(void)
{
	__asm__ volatile("lfence" : : : "memory");
	return rdtsc();
}

#define DEFINE_PORT(size, type)                                                \
	static inline type in##size(uint16_t port)                             \
	{                                                                      \
		type v;                                                        \
		__asm__ volatile(PRIVILEGED("in %1, %0")                       \
				 : "=a"(v)                                     \
				 : "Nd"(port));                                \
		return v;                                                      \
	}                                                                      \
	static inline void out##size(uint16_t port, type v)                    \
	{                                                                      \
		__asm__ volatile(PRIVILEGED("out %0, %1")                      \
				 :                                             \
				 : "a"(v), "Nd"(port));                        \
	}
DEFINE_PORT(8, uint8_t)
DEFINE_PORT(16, uint16_t)
DEFINE_PORT(32, uint32_t)

/*
 * Interrupts off; the result is for irq_restore(). On the host it is anything,
 * since irq_enable() does nothing there.
 */
static inline uint64_t irq_save(void)
{
	uint64_t flags;

	__asm__ volatile(PRIVILEGED("pushf; pop %0; cli")
			 : "=r"(flags)
			 :
			 : "memory");
	return flags;
}

static inline void irq_restore(uint64_t flags)
{
	if (flags & RFLAGS_IF)
		irq_enable();
}

/* What the processors can do, and the control registers that say so. */
struct cpu_features {
	bool smap, xsave, rdtscp, x2apic, tsc_deadline, invariant_tsc, intel;
	uint64_t xcr0;       /* every state component that we support */
	uint32_t xsave_size; /* bytes of an XSAVE area for xcr0 */
	uint32_t fxsave_mxcsr_mask;
	unsigned int address_bits; /* of machine addresses */
	uint64_t cr4;              /* CR4 of the hypervisor on every CPU */
	uint64_t efer;             /* and EFER */
	/* Against speculation (x86/speculation.c). */
	uint64_t spec_ctrl;  /* constant contents of MSR_SPEC_CTRL; 0: no MSR */
	bool ibpb;           /* a vCPU must not train branches of the next */
	bool verw;           /* VERW clears buffers that a guest could sample */
	bool tsx_off;        /* through MSR_TSX_CTRL */
	bool guests_refused; /* memory of the hypervisor is theirs to read */
};

extern struct cpu_features cpu_features;

void features_init(void); /* boot CPU: fill cpu_features */
/* Each CPU: CR0, CR4, EFER, PAT, XCR0, and against speculation. */
void features_init_cpu(void);

/* Speculation (x86/speculation.c). */

/* Words of CPUID and MSR_ARCH_CAPS that it depends on; absent ones are 0. */
struct speculation_facts {
	bool amd, virtual_machine;
	uint32_t leaf7_b, leaf7_d, leaf7_2_d, ext8_b, ext21_a, ext21_c;
	uint64_t arch_caps;
};

/* What to do on such a processor; a pure function. */
void speculation_choose(struct cpu_features *f,
			const struct speculation_facts *facts);
/* Boot CPU, the image still writable: choose, say so, patch the ways out. */
void speculation_init(void);
void speculation_init_cpu(void); /* each CPU */
/* Interrupts off, before another vCPU's guest code runs here. */
void speculation_switch(void);
/* Before this CPU idles: its other thread must not find what we left. */
void speculation_idle(void);

/* Instructions that recover from faults (x86/uaccess.S). */

/* A register whose selector cannot be loaded gets null; false: one was. */
bool load_selectors(uint16_t ds, uint16_t es, uint16_t fs, uint16_t gs);
void load_user_gs(uint16_t selector);
must_check bool fxrstor_safe(const void *image);
must_check bool xrstor_safe(const void *image, uint64_t components);

struct vcpu;
struct domain;

/*
 * Per-CPU state is found from the stack pointer (x86/layout.h). The frame of
 * the interrupted guest is always at the top of the CPU's main stack; context
 * switch replaces its contents in place.
 */

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

#define HYPERCALL_LIMIT 64 /* numbers are below it; a power of two */

struct cpu {
	unsigned int id; /* 0 .. cpu_count - 1 */
	uint32_t apic_id;
	struct vcpu *current;     /* on the stack top; NULL while idle */
	uint64_t softirq_pending; /* bit set by any CPU, atomically */
	uint64_t syscall_rsp;     /* guest rsp, syscall stub only */
	uint64_t *window;         /* owner CPU: L1 entries of GDT_WINDOW */
	mfn_t loaded_root;        /* frame in CR3 (TL-6); idle root when idle */
	uint64_t tlb_epoch;       /* owner CPU: flush epoch completed (TL-2) */
	struct domain *tlb_domain; /* whose tables CR3 may walk, or NULL */
	bool tlb_requested; /* another CPU waits for a flush of this one */
	bool online;
	/* owner CPU: that many pages at the end of its windows are empty */
	uint8_t empty_gdt_pages, empty_ldt_pages;
	uint32_t lock_ranks; /* debug: bit per rank held */
	uint64_t tsc_offset;
	/* owner CPU; read by any: made here, by number (core/perfc.c) */
	uint64_t hypercalls[HYPERCALL_LIMIT];
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

/* Descriptor tables (x86/segments.c). */

/* GDT, TSS, IDT, our selectors and SYSCALL's way in, on this CPU. */
void gdt_load(void);
void idt_init(void); /* once: fill the IDT */
/* The LDT_WINDOW of this CPU, so many entries, as its LDT; 0: none. */
void gdt_load_ldt(unsigned int entries);

/* What of a vCPU lives in the processor (x86/context.c). */

/* CR4 of this CPU for v, from what v has stored (EM-7). */
void context_load_cr4(const struct vcpu *v);
/* CR0.TS of v, and of this CPU; ts: CR0_TS or 0. */
void context_set_ts(struct vcpu *v, uint64_t ts);
/* DR0..3 and 7 of this CPU. */
void context_load_debug(const struct vcpu *v);

#define FXSAVE_SIZE 512

/* Components of XCR0 [SDM1 "XSAVE-Managed State"]. */
#define XCR0_X87    1ul
#define XCR0_SSE    2ul
#define XCR0_AVX    4ul
#define XCR0_AVX512 0xe0ul

void fpu_reset(struct vcpu *v);
/* The guest's XCR0, if CR4.OSXSAVE is on. */
void fpu_load_xcr0(const struct vcpu *v);
/* May a guest have this XCR0? */
bool fpu_xcr0_ok(uint64_t xcr0);
/* vcpu_guest_context.fpu_ctxt. -EINVAL: not an image this CPU can load. */
must_check int fpu_set_image(struct vcpu *v, const void *fxsave);
