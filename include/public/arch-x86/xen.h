/* SPDX-License-Identifier: MIT */
/*
 * The x86-64 part of the guest interface: guest handles, segment selectors,
 * address space layout, register frames and the context of a new vCPU.
 *
 * Included by ../xen.h; include that one. Hypercall convention of a 64-bit PV
 * kernel:
 *
 *	instruction	syscall, in kernel mode
 *	number		eax
 *	arguments	rdi, rsi, rdx, r10, r8
 *	result		rax
 *	destroyed	rcx, r11, and possibly the argument registers
 *
 * A kernel that names a page in a HYPERCALL_PAGE note gets 128 stubs of 32
 * bytes there, one per number, which keep rcx and r11.
 */
#ifndef XEN_PUBLIC_ARCH_X86_XEN_H
#define XEN_PUBLIC_ARCH_X86_XEN_H

/*
 * Typed constants: the suffix is pasted in C, and left out in assembly where
 * it would not parse.
 */
#ifdef __ASSEMBLY__
#define xen_mk_uint(x)   x
#define xen_mk_ulong(x)  x
#define xen_mk_ullong(x) x
#else
#define __xen_mk_uint(x)   x##U
#define __xen_mk_ulong(x)  x##UL
#define __xen_mk_ullong(x) x##ULL
#define xen_mk_uint(x)     __xen_mk_uint(x)
#define xen_mk_ulong(x)    __xen_mk_ulong(x)
#define xen_mk_ullong(x)   __xen_mk_ullong(x)
#endif

/*
 * Selectors that the hypervisor keeps in its part of every GDT. A PV kernel
 * runs in ring 3 just like its processes.
 */
#define FLAT_RING3_CS32 0xe023
#define FLAT_RING3_CS64 0xe033
#define FLAT_RING3_DS32 0xe02b
#define FLAT_RING3_DS64 0x0000
#define FLAT_RING3_SS32 0xe02b
#define FLAT_RING3_SS64 0xe02b

#define FLAT_KERNEL_DS64 FLAT_RING3_DS64
#define FLAT_KERNEL_DS32 FLAT_RING3_DS32
#define FLAT_KERNEL_DS   FLAT_KERNEL_DS64
#define FLAT_KERNEL_CS64 FLAT_RING3_CS64
#define FLAT_KERNEL_CS32 FLAT_RING3_CS32
#define FLAT_KERNEL_CS   FLAT_KERNEL_CS64
#define FLAT_KERNEL_SS64 FLAT_RING3_SS64
#define FLAT_KERNEL_SS32 FLAT_RING3_SS32
#define FLAT_KERNEL_SS   FLAT_KERNEL_SS64

#define FLAT_USER_DS64 FLAT_RING3_DS64
#define FLAT_USER_DS32 FLAT_RING3_DS32
#define FLAT_USER_DS   FLAT_USER_DS64
#define FLAT_USER_CS64 FLAT_RING3_CS64
#define FLAT_USER_CS32 FLAT_RING3_CS32
#define FLAT_USER_CS   FLAT_USER_CS64
#define FLAT_USER_SS64 FLAT_RING3_SS64
#define FLAT_USER_SS32 FLAT_RING3_SS32
#define FLAT_USER_SS   FLAT_USER_SS64

/*
 * Address space. The range VIRT_START..VIRT_END (L4 slots 256-271) belongs to
 * the hypervisor in every page table; its start holds the machine-to-physical
 * table, which guests may read: one 64-bit entry per machine frame. Entries of
 * frames that have no pseudo-physical number have the top bit set; reading
 * beyond the table faults.
 */
#define __HYPERVISOR_VIRT_START 0xFFFF800000000000
#define __HYPERVISOR_VIRT_END   0xFFFF880000000000
#define __MACH2PHYS_VIRT_START  0xFFFF800000000000
#define __MACH2PHYS_VIRT_END    0xFFFF804000000000

#ifndef HYPERVISOR_VIRT_START
#define HYPERVISOR_VIRT_START xen_mk_ulong(__HYPERVISOR_VIRT_START)
#define HYPERVISOR_VIRT_END   xen_mk_ulong(__HYPERVISOR_VIRT_END)
#endif

#define MACH2PHYS_VIRT_START xen_mk_ulong(__MACH2PHYS_VIRT_START)
#define MACH2PHYS_VIRT_END   xen_mk_ulong(__MACH2PHYS_VIRT_END)
#define MACH2PHYS_NR_ENTRIES ((MACH2PHYS_VIRT_END - MACH2PHYS_VIRT_START) >> 3)
#ifndef machine_to_phys_mapping
#define machine_to_phys_mapping ((unsigned long *)HYPERVISOR_VIRT_START)
#endif

/* The guest may use GDT entries below this one: 14 frames. */
#define FIRST_RESERVED_GDT_PAGE  14
#define FIRST_RESERVED_GDT_BYTE  (FIRST_RESERVED_GDT_PAGE * 4096)
#define FIRST_RESERVED_GDT_ENTRY (FIRST_RESERVED_GDT_BYTE / 8)

/* vCPUs with a slot in struct shared_info. */
#define XEN_LEGACY_MAX_VCPUS 32

#define XEN_HAVE_PV_GUEST_ENTRY 1
#define XEN_HAVE_PV_UPCALL_MASK 1

/*
 * HYPERVISOR_set_segment_base(which, value). GS_USER is the base seen in user
 * mode, GS_KERNEL the one in kernel mode. GS_USER_SEL loads a selector for
 * user mode; one that cannot be loaded is replaced by 0, without an error.
 * Errors: -EINVAL address that is not canonical, unknown which.
 */
#define SEGBASE_FS          0
#define SEGBASE_GS_USER     1
#define SEGBASE_GS_KERNEL   2
#define SEGBASE_GS_USER_SEL 3

/*
 * Bits of vcpu_guest_context.flags; in_syscall also in iret_context.flags,
 * where it means that rcx and r11 need not be restored.
 */
#define _VGCF_i387_valid               0 /* fpu_ctxt has something to load */
#define VGCF_i387_valid                (1 << _VGCF_i387_valid)
#define _VGCF_in_kernel                2 /* starts in kernel mode */
#define VGCF_in_kernel                 (1 << _VGCF_in_kernel)
#define _VGCF_failsafe_disables_events 3 /* failsafe entry masks events */
#define VGCF_failsafe_disables_events  (1 << _VGCF_failsafe_disables_events)
#define _VGCF_syscall_disables_events  4 /* syscall entry masks events */
#define VGCF_syscall_disables_events   (1 << _VGCF_syscall_disables_events)
#define _VGCF_online                   5 /* is up; OUT, and IN by the tools */
#define VGCF_online                    (1 << _VGCF_online)
#define _VGCF_in_syscall               8
#define VGCF_in_syscall                (1 << _VGCF_in_syscall)
#define VGCF_IN_SYSCALL                VGCF_in_syscall
#define VGCF_I387_VALID                (1 << 0)
#define VGCF_IN_KERNEL                 (1 << 2)

/* Devices of an HVM domain, xen_arch_domainconfig.emulation_flags; PV: 0. */
#define _XEN_X86_EMU_LAPIC    0
#define XEN_X86_EMU_LAPIC     (1U << _XEN_X86_EMU_LAPIC)
#define _XEN_X86_EMU_HPET     1
#define XEN_X86_EMU_HPET      (1U << _XEN_X86_EMU_HPET)
#define _XEN_X86_EMU_PM       2
#define XEN_X86_EMU_PM        (1U << _XEN_X86_EMU_PM)
#define _XEN_X86_EMU_RTC      3
#define XEN_X86_EMU_RTC       (1U << _XEN_X86_EMU_RTC)
#define _XEN_X86_EMU_IOAPIC   4
#define XEN_X86_EMU_IOAPIC    (1U << _XEN_X86_EMU_IOAPIC)
#define _XEN_X86_EMU_PIC      5
#define XEN_X86_EMU_PIC       (1U << _XEN_X86_EMU_PIC)
#define _XEN_X86_EMU_VGA      6
#define XEN_X86_EMU_VGA       (1U << _XEN_X86_EMU_VGA)
#define _XEN_X86_EMU_IOMMU    7
#define XEN_X86_EMU_IOMMU     (1U << _XEN_X86_EMU_IOMMU)
#define _XEN_X86_EMU_PIT      8
#define XEN_X86_EMU_PIT       (1U << _XEN_X86_EMU_PIT)
#define _XEN_X86_EMU_USE_PIRQ 9
#define XEN_X86_EMU_USE_PIRQ  (1U << _XEN_X86_EMU_USE_PIRQ)
#define _XEN_X86_EMU_VPCI     10
#define XEN_X86_EMU_VPCI      (1U << _XEN_X86_EMU_VPCI)
#define XEN_X86_EMU_ALL       0x7ffU

/* xen_arch_domainconfig.misc_flags: unknown MSRs read as 0, ignore writes. */
#define XEN_X86_MSR_RELAXED    (1u << 0)
#define XEN_X86_MISC_FLAGS_MAX XEN_X86_MSR_RELAXED

/* xen_cpuid_leaf.subleaf of a leaf that has none. */
#define XEN_CPUID_NO_SUBLEAF 0xffffffffu

/*
 * Put before cpuid, these bytes ask the hypervisor for its answer where the
 * processor would otherwise give its own: an undefined instruction followed by
 * the letters "xen".
 */
#ifdef __ASSEMBLY__
#define XEN_EMULATE_PREFIX .byte 0x0f, 0x0b, 0x78, 0x65, 0x6e;
#define XEN_CPUID          XEN_EMULATE_PREFIX cpuid
#else
#define XEN_EMULATE_PREFIX ".byte 0x0f,0x0b,0x78,0x65,0x6e ; "
#define XEN_CPUID          XEN_EMULATE_PREFIX "cpuid"
#endif

/* Debug output port of HVM guests. */
#define XEN_HVM_DEBUGCONS_IOPORT 0xe9

#ifndef __ASSEMBLY__

#include <stdint.h>

/*
 * A guest handle is a pointer into guest memory wrapped in a structure, so
 * that nobody follows it by accident.
 */
#define ___DEFINE_XEN_GUEST_HANDLE(name, type)                                 \
	typedef struct {                                                       \
		type *p;                                                       \
	} __guest_handle_##name
#define __DEFINE_XEN_GUEST_HANDLE(name, type)                                  \
	___DEFINE_XEN_GUEST_HANDLE(name, type);                                \
	___DEFINE_XEN_GUEST_HANDLE(const_##name, const type)
#define DEFINE_XEN_GUEST_HANDLE(name) __DEFINE_XEN_GUEST_HANDLE(name, name)
#define __XEN_GUEST_HANDLE(name)      __guest_handle_##name
#define XEN_GUEST_HANDLE(name)        __XEN_GUEST_HANDLE(name)
#define XEN_GUEST_HANDLE_PARAM(name)  XEN_GUEST_HANDLE(name)
#define set_xen_guest_handle_raw(hnd, val)                                     \
	do {                                                                   \
		(hnd).p = val;                                                 \
	} while (0)
#define set_xen_guest_handle(hnd, val) set_xen_guest_handle_raw(hnd, val)

typedef unsigned long xen_pfn_t;
#define PRI_xen_pfn  "lx"
#define PRIu_xen_pfn "lu"

typedef unsigned long xen_ulong_t;
#define PRI_xen_ulong "lx"

typedef unsigned long xen_callback_t;
typedef uint64_t tsc_timestamp_t;

/*
 * One row of HYPERVISOR_set_trap_table; all fields IN. Rows are merged into
 * the table of the calling vCPU up to the row with address 0; a NULL table
 * clears all. Errors: -EINVAL address not canonical or in hypervisor space,
 * -EFAULT table not readable.
 */
struct trap_info {
	uint8_t vector;        /* exception vector */
	uint8_t flags;         /* 0-1: privilege level, 2: mask events */
	uint16_t cs;           /* code selector, not used for 64 bit */
	unsigned long address; /* handler */
};
typedef struct trap_info trap_info_t;
DEFINE_XEN_GUEST_HANDLE(trap_info_t);

#define TI_GET_DPL(_ti)       ((_ti)->flags & 3)
#define TI_GET_IF(_ti)        ((_ti)->flags & 4)
#define TI_SET_DPL(_ti, _dpl) ((_ti)->flags |= (_dpl))
#define TI_SET_IF(_ti, _if)   ((_ti)->flags |= ((!!(_if)) << 2))

/*
 * What HYPERVISOR_iret pops, lowest address first, from the guest's kernel
 * stack. Sets the event mask to the inverse of rflags.IF; CS with RPL 3
 * returns to user mode.
 */
struct iret_context {
	uint64_t rax, r11, rcx, flags, rip, cs, rflags, rsp, ss;
};

/*
 * A register by its 64-bit name, and in GNU C also by the e-name that
 * code shared with 32-bit guests uses.
 */
#if defined(__GNUC__) && !defined(__STRICT_ANSI__)
#define XEN_REG64(r, e)                                                        \
	union {                                                                \
		uint64_t r, e;                                                 \
		uint32_t _##e;                                                 \
	}
#else
#define XEN_REG64(r, e) uint64_t r
#endif

struct cpu_user_regs {
	uint64_t r15;
	uint64_t r14;
	uint64_t r13;
	uint64_t r12;
	XEN_REG64(rbp, ebp);
	XEN_REG64(rbx, ebx);
	uint64_t r11;
	uint64_t r10;
	uint64_t r9;
	uint64_t r8;
	XEN_REG64(rax, eax);
	XEN_REG64(rcx, ecx);
	XEN_REG64(rdx, edx);
	XEN_REG64(rsi, esi);
	XEN_REG64(rdi, edi);
	uint32_t error_code;   /* hypervisor private */
	uint32_t entry_vector; /* hypervisor private */
	XEN_REG64(rip, eip);
	uint16_t cs, _pad0[1];
	uint8_t saved_upcall_mask;
	uint8_t _pad1[3];
	XEN_REG64(rflags, eflags); /* IF is the inverse of saved_upcall_mask */
	XEN_REG64(rsp, esp);
	uint16_t ss, _pad2[3];
	uint16_t es, _pad3[3];
	uint16_t ds, _pad4[3];
	uint16_t fs, _pad5[3]; /* a selector other than 0 wins over fs_base */
	uint16_t gs, _pad6[3]; /* a selector other than 0 wins over gs_base */
};
typedef struct cpu_user_regs cpu_user_regs_t;
DEFINE_XEN_GUEST_HANDLE(cpu_user_regs_t);

/*
 * State of a vCPU: IN for VCPUOP_initialise and XEN_DOMCTL_setvcpucontext,
 * OUT for XEN_DOMCTL_getvcpucontext.
 */
struct vcpu_guest_context {
	struct {
		char x[512];
	} fpu_ctxt;          /* FXSAVE image */
	unsigned long flags; /* VGCF_* */
	struct cpu_user_regs user_regs;
	struct trap_info trap_ctxt[256]; /* by vector */
	unsigned long ldt_base, ldt_ents;
	unsigned long gdt_frames[16], gdt_ents; /* machine frames */
	unsigned long kernel_ss, kernel_sp;     /* as by stack_switch */
	unsigned long ctrlreg[8]; /* [1]: user L4, [3]: kernel L4 (as CR3) */
	unsigned long debugreg[8];
	unsigned long event_callback_eip;
	unsigned long failsafe_callback_eip;
	unsigned long syscall_callback_eip;
	unsigned long vm_assist; /* bit mask of VMASST_TYPE_* */
	uint64_t fs_base;
	uint64_t gs_base_kernel;
	uint64_t gs_base_user;
};
typedef struct vcpu_guest_context vcpu_guest_context_t;
DEFINE_XEN_GUEST_HANDLE(vcpu_guest_context_t);

/* How ctrlreg[3] holds the frame of the top page table. */
#define xen_pfn_to_cr3(pfn) ((unsigned long)(pfn) << 12)
#define xen_cr3_to_pfn(cr3) ((unsigned long)(cr3) >> 12)

/* Part of struct vcpu_info. */
struct arch_vcpu_info {
	unsigned long cr2; /* hypervisor writes before entering a #PF handler */
	unsigned long pad;
};
typedef struct arch_vcpu_info arch_vcpu_info_t;

/*
 * Part of struct shared_info. The guest writes all but nmi_reason, for the
 * benefit of the tools; the hypervisor never acts on them.
 */
struct arch_shared_info {
	unsigned long max_pfn; /* frames covered by the p2m, 0 = not yet set */
	xen_pfn_t pfn_to_mfn_frame_list_list; /* top of the 3-level p2m */
	unsigned long nmi_reason; /* XEN_NMIREASON_*; hypervisor writes */
	unsigned long p2m_cr3;    /* not 0: p2m_vaddr is valid in this table */
	unsigned long p2m_vaddr;  /* the linear p2m array */
	unsigned long p2m_generation; /* odd while the p2m mapping changes */
};
typedef struct arch_shared_info arch_shared_info_t;

/* Part of XEN_DOMCTL_createdomain and getdomaininfo. */
struct xen_arch_domainconfig {
	uint32_t emulation_flags; /* XEN_X86_EMU_* */
	uint32_t misc_flags;      /* XEN_X86_MSR_RELAXED */
};

/* One CPUID leaf of a CPU policy. */
typedef struct xen_cpuid_leaf {
	uint32_t leaf, subleaf; /* subleaf: XEN_CPUID_NO_SUBLEAF if none */
	uint32_t a, b, c, d;
} xen_cpuid_leaf_t;
DEFINE_XEN_GUEST_HANDLE(xen_cpuid_leaf_t);

/* One MSR of a CPU policy. */
typedef struct xen_msr_entry {
	uint32_t idx;
	uint32_t flags; /* 0 */
	uint64_t val;
} xen_msr_entry_t;
DEFINE_XEN_GUEST_HANDLE(xen_msr_entry_t);

#endif /* !__ASSEMBLY__ */

#endif /* XEN_PUBLIC_ARCH_X86_XEN_H */
