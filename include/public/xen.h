/* SPDX-License-Identifier: MIT */
/*
 * Core of the guest interface: hypercall numbers, MMU operations, virtual
 * interrupts, reserved domain ids, the shared info page and the start info
 * page.
 *
 * Names, numbers and layouts are those of the Xen 4.17 interface, so guests
 * written for it compile and run unchanged; tests/abi/check.py compares every
 * value with the headers of Debian's libxen-dev.
 *
 * The constants may be used from assembly (__ASSEMBLY__ defined). C users
 * need C90 with GNU extensions, C11 or C++. Only x86-64 is described.
 *
 * Notation in this folder: IN = caller fills in, OUT = hypervisor fills in.
 * A negative result is an error from errno.h; 0 means success if nothing
 * else is said. A "control domain" is one that has SIF_PRIVILEGED in
 * its start info; only domain 0 is one.
 *
 * Read next: arch-x86/xen.h, then event_channel.h and memory.h.
 */
#ifndef XEN_PUBLIC_XEN_H
#define XEN_PUBLIC_XEN_H

/*
 * Number of the interface revision. Xen 4.17 left the number of 4.14, in which
 * it last changed.
 */
#define __XEN_LATEST_INTERFACE_VERSION__ 0x00040e00
#ifndef __XEN_INTERFACE_VERSION__
#define __XEN_INTERFACE_VERSION__ __XEN_LATEST_INTERFACE_VERSION__
#endif

#include "arch-x86/xen.h"

#ifndef __ASSEMBLY__

DEFINE_XEN_GUEST_HANDLE(char);
__DEFINE_XEN_GUEST_HANDLE(uchar, unsigned char);
DEFINE_XEN_GUEST_HANDLE(int);
__DEFINE_XEN_GUEST_HANDLE(uint, unsigned int);
DEFINE_XEN_GUEST_HANDLE(void);
DEFINE_XEN_GUEST_HANDLE(uint64_t);
DEFINE_XEN_GUEST_HANDLE(xen_pfn_t);
DEFINE_XEN_GUEST_HANDLE(xen_ulong_t);
__DEFINE_XEN_GUEST_HANDLE(uint8, uint8_t);
__DEFINE_XEN_GUEST_HANDLE(uint16, uint16_t);
__DEFINE_XEN_GUEST_HANDLE(uint32, uint32_t);
__DEFINE_XEN_GUEST_HANDLE(uint64, uint64_t);

/* Dimension of a trailing array, in the spelling this language allows. */
#if defined(__STDC_VERSION__) && __STDC_VERSION__ >= 199901L
#define XEN_FLEX_ARRAY_DIM
#elif defined(__GNUC__)
#define XEN_FLEX_ARRAY_DIM 0
#else
#define XEN_FLEX_ARRAY_DIM 1
#endif

#endif /* !__ASSEMBLY__ */

/*
 * Hypercall numbers. "any" may be called by every domain; "control" only by
 * a control domain, others get -EPERM. An unknown number yields -ENOSYS.
 *
 * Arguments in call order, "h" marking a guest handle (a guest virtual
 * address). arch-x86/xen.h has the register convention.
 */
/* any: h trap_info[], ended by address 0; NULL clears the table */
#define __HYPERVISOR_set_trap_table 0
/* any, foreign with rights: h mmu_update[], count, h done, foreigndom */
#define __HYPERVISOR_mmu_update 1
/* any: h frames[], number of entries */
#define __HYPERVISOR_set_gdt 2
/* any: kernel stack selector, kernel stack pointer */
#define __HYPERVISOR_stack_switch 3
/* any: event, failsafe, syscall entry addresses (old form of callback_op) */
#define __HYPERVISOR_set_callbacks 4
/* any: 1 = next FPU use traps, 0 = does not */
#define __HYPERVISOR_fpu_taskswitch 5
/* any: pre-3.1 form of sched_op (command, plain argument) */
#define __HYPERVISOR_sched_op_compat 6
/* control: h xen_platform_op; platform.h */
#define __HYPERVISOR_platform_op 7
/* any: register number, value */
#define __HYPERVISOR_set_debugreg 8
/* any: register number; returns the value */
#define __HYPERVISOR_get_debugreg 9
/* any: machine address of a descriptor, its new value */
#define __HYPERVISOR_update_descriptor 10
/* any, foreign with rights: command, h argument; memory.h */
#define __HYPERVISOR_memory_op 12
/* any: h multicall_entry[], count */
#define __HYPERVISOR_multicall 13
/* any: virtual address, new page-table entry, UVMF_* flags */
#define __HYPERVISOR_update_va_mapping 14
/* any: absolute system time in ns; 0 cancels */
#define __HYPERVISOR_set_timer_op 15
/* any: pre-3.2 form of event_channel_op (h evtchn_op) */
#define __HYPERVISOR_event_channel_op_compat 16
/* any: command, h argument; version.h */
#define __HYPERVISOR_xen_version 17
/* any: CONSOLEIO_*, count, h buffer */
#define __HYPERVISOR_console_io 18
/* any: pre-3.2 form of physdev_op (h physdev_op) */
#define __HYPERVISOR_physdev_op_compat 19
/* any: command, h argument[], count; grant_table.h */
#define __HYPERVISOR_grant_table_op 20
/* any: VMASST_CMD_*, VMASST_TYPE_* */
#define __HYPERVISOR_vm_assist 21
/* control: as update_va_mapping with a target domain id last */
#define __HYPERVISOR_update_va_mapping_otherdomain 22
/* any: no argument; reads struct iret_context from the guest stack */
#define __HYPERVISOR_iret 23
/* any: command, vcpu id, h argument; vcpu.h */
#define __HYPERVISOR_vcpu_op 24
/* any: SEGBASE_*, base address or selector */
#define __HYPERVISOR_set_segment_base 25
/* any, foreign with rights: h mmuext_op[], count, h done, foreigndom */
#define __HYPERVISOR_mmuext_op 26
/* security-module interface; not offered, -ENOSYS */
#define __HYPERVISOR_xsm_op 27
/* any: command, h argument; nmi.h */
#define __HYPERVISOR_nmi_op 28
/* any: command, h argument; sched.h */
#define __HYPERVISOR_sched_op 29
/* any: command, h argument; callback.h */
#define __HYPERVISOR_callback_op 30
#define __HYPERVISOR_xenoprof_op 31
/* any: command, h argument; event_channel.h */
#define __HYPERVISOR_event_channel_op 32
/* control, a few operations any: command, h argument; physdev.h */
#define __HYPERVISOR_physdev_op 33
/* HVM guests only; -ENOSYS for PV */
#define __HYPERVISOR_hvm_op 34
/* control: h xen_sysctl; sysctl.h */
#define __HYPERVISOR_sysctl 35
/* control: h xen_domctl; domctl.h */
#define __HYPERVISOR_domctl    36
#define __HYPERVISOR_kexec_op  37
#define __HYPERVISOR_tmem_op   38
#define __HYPERVISOR_argo_op   39
#define __HYPERVISOR_xenpmu_op 40
#define __HYPERVISOR_dm_op     41
#define __HYPERVISOR_hypfs_op  42
/* Set aside for the architecture; arch-x86/xen.h names those in use. */
#define __HYPERVISOR_arch_0 48
#define __HYPERVISOR_arch_1 49
#define __HYPERVISOR_arch_2 50
#define __HYPERVISOR_arch_3 51
#define __HYPERVISOR_arch_4 52
#define __HYPERVISOR_arch_5 53
#define __HYPERVISOR_arch_6 54
#define __HYPERVISOR_arch_7 55

/*
 * Virtual interrupts, bound to a port by EVTCHNOP_bind_virq.
 * (V) one instance per vCPU; (G) one for the system, bound on vCPU 0 by a
 * control domain or by the domain it was assigned to.
 */
#define VIRQ_TIMER      0  /* (V) one-shot or periodic timer expired */
#define VIRQ_DEBUG      1  /* (V) dump your state on the console */
#define VIRQ_CONSOLE    2  /* (G) input is waiting on the system console */
#define VIRQ_DOM_EXC    3  /* (G) some domain shut down, crashed or vanished */
#define VIRQ_TBUF       4  /* (G) trace buffer has records */
#define VIRQ_DEBUGGER   6  /* (G) a domain stopped for its debugger */
#define VIRQ_XENOPROF   7  /* (V) profiling sample overflow */
#define VIRQ_CON_RING   8  /* (G) hypervisor log has new text */
#define VIRQ_PCPU_STATE 9  /* (G) a physical CPU came or went */
#define VIRQ_MEM_EVENT  10 /* (G) memory event ring has entries */
#define VIRQ_ARGO       11 /* (G) argo message notification */
#define VIRQ_ENOMEM     12 /* (G) free memory of the host is low */
#define VIRQ_XENPMU     13 /* (V) performance-counter interrupt */
#define VIRQ_ARCH_0     16
#define VIRQ_ARCH_1     17
#define VIRQ_ARCH_2     18
#define VIRQ_ARCH_3     19
#define VIRQ_ARCH_4     20
#define VIRQ_ARCH_5     21
#define VIRQ_ARCH_6     22
#define VIRQ_ARCH_7     23
#define NR_VIRQS        24

/*
 * HYPERVISOR_mmu_update(reqs, count, done, foreigndom)
 *
 * Works through reqs in order and stops at the first error. If done is not
 * NULL the number of completed requests is stored there in either case.
 * foreigndom: bits 0-15 the domain that owns the frames named by the new
 * entries; bits 16-31 one more than the domain whose page tables are changed,
 * 0 = the caller's. DOMID_SELF is the ordinary value. May be preempted.
 *
 * The low two bits of mmu_update.ptr choose the operation:
 *
 * MMU_NORMAL_PT_UPDATE: ptr is the machine address of a page-table entry,
 *	val the new entry. A frame that is no page table gets a plain store.
 * MMU_MACHPHYS_UPDATE: ptr is a machine address inside a frame of the
 *	domain, val the pseudo-physical frame number to record for it.
 * MMU_PT_UPDATE_PRESERVE_AD: as the first, but accessed and dirty bits that
 *	the processor set meanwhile are kept.
 * MMU_PT_UPDATE_NO_TRANSLATE: as the first; val is never translated. Used
 *	by an auto-translated control domain for PV targets.
 *
 * Errors: -EINVAL forbidden bits, wrong frame or frame type; -EBUSY an L1 entry
 * for a frame of another or in use as a table; -EPERM no right over foreigndom;
 * -ESRCH no such domain; -EFAULT bad pointer; -ENOSYS unknown operation. The
 * same errors serve HYPERVISOR_mmuext_op.
 */
#define MMU_NORMAL_PT_UPDATE       0
#define MMU_MACHPHYS_UPDATE        1
#define MMU_PT_UPDATE_PRESERVE_AD  2
#define MMU_PT_UPDATE_NO_TRANSLATE 3

/*
 * HYPERVISOR_mmuext_op(ops, count, done, foreigndom), commands in
 * mmuext_op.cmd. Order, done and preemption are as for mmu_update.
 *
 *	command			arg1		arg2
 *	PIN_L1..L4_TABLE	mfn		-	validate as a table and
 *keep UNPIN_TABLE		mfn		-	give the pin up
 *	NEW_BASEPTR		mfn of L4	-	switch address space
 *	TLB_FLUSH_LOCAL		-		-
 *	INVLPG_LOCAL		linear_addr	-
 *	TLB_FLUSH_MULTI		-		vcpumask
 *	INVLPG_MULTI		linear_addr	vcpumask
 *	TLB_FLUSH_ALL		-		-
 *	INVLPG_ALL		linear_addr	-
 *	FLUSH_CACHE		-		-	needs I/O rights
 *	SET_LDT			linear_addr	nr_ents	page aligned; 0 clears
 *	NEW_USER_BASEPTR	mfn of L4 or 0	-	used in user mode
 *	CLEAR_PAGE		mfn		-
 *	COPY_PAGE		mfn (to)	src_mfn
 *	FLUSH_CACHE_GLOBAL	-		-	needs I/O rights
 *	MARK_SUPER, UNMARK_SUPER mfn		-	-EOPNOTSUPP
 *
 * The operation has finished on every vCPU concerned when the call returns.
 */
#define MMUEXT_PIN_L1_TABLE       0
#define MMUEXT_PIN_L2_TABLE       1
#define MMUEXT_PIN_L3_TABLE       2
#define MMUEXT_PIN_L4_TABLE       3
#define MMUEXT_UNPIN_TABLE        4
#define MMUEXT_NEW_BASEPTR        5
#define MMUEXT_TLB_FLUSH_LOCAL    6
#define MMUEXT_INVLPG_LOCAL       7
#define MMUEXT_TLB_FLUSH_MULTI    8
#define MMUEXT_INVLPG_MULTI       9
#define MMUEXT_TLB_FLUSH_ALL      10
#define MMUEXT_INVLPG_ALL         11
#define MMUEXT_FLUSH_CACHE        12
#define MMUEXT_SET_LDT            13
#define MMUEXT_NEW_USER_BASEPTR   15
#define MMUEXT_CLEAR_PAGE         16
#define MMUEXT_COPY_PAGE          17
#define MMUEXT_FLUSH_CACHE_GLOBAL 18
#define MMUEXT_MARK_SUPER         19
#define MMUEXT_UNMARK_SUPER       20

/*
 * Flags of HYPERVISOR_update_va_mapping: what to flush once the entry is
 * written, and where. Instead of UVMF_LOCAL or UVMF_ALL the bits above the
 * flush type may hold the address of a bitmap of vCPUs (UVMF_MULTI).
 * Errors: -EINVAL no L1 table maps the address, or the entry is refused.
 */
#define UVMF_NONE           (xen_mk_ulong(0) << 0) /* no flush */
#define UVMF_TLB_FLUSH      (xen_mk_ulong(1) << 0) /* whole TLB */
#define UVMF_INVLPG         (xen_mk_ulong(2) << 0) /* this address only */
#define UVMF_FLUSHTYPE_MASK (xen_mk_ulong(3) << 0)
#define UVMF_MULTI          (xen_mk_ulong(0) << 2) /* vCPUs in a bitmap */
#define UVMF_LOCAL          (xen_mk_ulong(0) << 2) /* the calling vCPU */
#define UVMF_ALL            (xen_mk_ulong(1) << 2) /* all vCPUs */

/*
 * HYPERVISOR_console_io(command, count, buffer): the system console.
 * write returns 0; read returns the number of bytes stored and is open to a
 * control domain only. A domain without the right gets -EPERM.
 */
#define CONSOLEIO_write 0
#define CONSOLEIO_read  1

/*
 * HYPERVISOR_vm_assist(command, type): switch a convenience on or off.
 * Errors: -EINVAL type that is unknown or may not be changed, -ENOSYS
 * unknown command.
 */
#define VMASST_CMD_enable  0
#define VMASST_CMD_disable 1
/* 32-bit guests only: imitate full-size segments; tell the guest about it */
#define VMASST_TYPE_4gb_segments        0
#define VMASST_TYPE_4gb_segments_notify 1
/* plain stores to page tables are trapped and validated; always on here */
#define VMASST_TYPE_writable_pagetables 2
/* 32-bit guests only: page directory pointer table above 4 GiB */
#define VMASST_TYPE_pae_extended_cr3 3
/* the guest's IOPL lives in RFLAGS instead of a hypervisor variable */
#define VMASST_TYPE_architectural_iopl 4
/* runstate areas are bracketed by XEN_RUNSTATE_UPDATE */
#define VMASST_TYPE_runstate_update_flag 5
/* the machine-to-physical table shows in kernel page tables only */
#define VMASST_TYPE_m2p_strict 32

/*
 * Domain ids from DOMID_FIRST_RESERVED up never name an ordinary domain.
 */
#define DOMID_FIRST_RESERVED xen_mk_uint(0x7FF0)
#define DOMID_SELF           xen_mk_uint(0x7FF0) /* the caller */
#define DOMID_IO             xen_mk_uint(0x7FF1) /* owner of I/O memory */
#define DOMID_XEN            xen_mk_uint(0x7FF2) /* hypervisor-owned pages */
#define DOMID_COW            xen_mk_uint(0x7FF3) /* owner of shared pages */
#define DOMID_INVALID        xen_mk_uint(0x7FF4) /* no domain at all */
#define DOMID_IDLE           xen_mk_uint(0x7FFF) /* the idle vCPUs */
#define DOMID_MASK           xen_mk_uint(0x7FFF) /* bits an id may use */

/* Bits of start_info.flags. */
#define SIF_PRIVILEGED      (1 << 0)    /* control domain */
#define SIF_INITDOMAIN      (1 << 1)    /* the first domain after boot */
#define SIF_MULTIBOOT_MOD   (1 << 2)    /* mod_start: xen_multiboot_mod_list */
#define SIF_MOD_START_PFN   (1 << 3)    /* mod_start is a frame number */
#define SIF_VIRT_P2M_4TOOLS (1 << 4)    /* tools follow arch.p2m_vaddr */
#define SIF_PM_MASK         (0xFF << 8) /* power-management choices, dom0 */

/* Bits of vcpu_time_info.flags. */
#define XEN_PVCLOCK_TSC_STABLE_BIT (1 << 0) /* monotonic across vCPUs */
#define XEN_PVCLOCK_GUEST_STOPPED  (1 << 1) /* guest was halted by tools */

#define MAX_GUEST_CMDLINE 1024

/* Values of dom0_vga_console_info.video_type. */
#define XEN_VGATYPE_TEXT_MODE_3 0x03
#define XEN_VGATYPE_VESA_LFB    0x23
#define XEN_VGATYPE_EFI_LFB     0x70

#ifndef __ASSEMBLY__

typedef uint16_t domid_t;

/* One MMUEXT_* operation; all fields IN. See the table above. */
struct mmuext_op {
	unsigned int cmd;
	union {
		xen_pfn_t mfn;
		unsigned long linear_addr;
	} arg1;
	union {
		unsigned int nr_ents;
		XEN_GUEST_HANDLE(const_void) vcpumask;
		xen_pfn_t src_mfn;
	} arg2;
};
typedef struct mmuext_op mmuext_op_t;
DEFINE_XEN_GUEST_HANDLE(mmuext_op_t);

/* One request of HYPERVISOR_mmu_update; both fields IN. */
struct mmu_update {
	uint64_t ptr; /* machine address | MMU_* */
	uint64_t val; /* new entry, or frame number */
};
typedef struct mmu_update mmu_update_t;
DEFINE_XEN_GUEST_HANDLE(mmu_update_t);

/*
 * HYPERVISOR_multicall(list, count): the calls are made in order and each
 * stores its own result; the multicall itself returns 0, or -EFAULT if the
 * list cannot be accessed. May be preempted between calls.
 */
struct multicall_entry {
	xen_ulong_t op;      /* IN: hypercall number, not multicall itself */
	xen_ulong_t result;  /* OUT */
	xen_ulong_t args[6]; /* IN */
};
typedef struct multicall_entry multicall_entry_t;
DEFINE_XEN_GUEST_HANDLE(multicall_entry_t);

/*
 * Clock parameters of one vCPU. Written by the hypervisor only.
 *
 * Reader: load version; if odd, or changed after reading the rest, start
 * over (a compiler barrier on each side is enough on x86). Then
 *
 *	delta = rdtsc - tsc_timestamp
 *	delta = tsc_shift >= 0 ? delta << tsc_shift : delta >> -tsc_shift
 *	now   = system_time + ((delta * tsc_to_system_mul) >> 32)
 *
 * gives nanoseconds since boot, the multiplication being 96 bits wide.
 */
struct vcpu_time_info {
	uint32_t version; /* odd while being updated */
	uint32_t pad0;
	uint64_t tsc_timestamp;
	uint64_t system_time;
	uint32_t tsc_to_system_mul;
	int8_t tsc_shift;
	uint8_t flags; /* XEN_PVCLOCK_* */
	uint8_t pad1[2];
};
typedef struct vcpu_time_info vcpu_time_info_t;

/*
 * Per-vCPU part of the shared page, or of the area registered with
 * VCPUOP_register_vcpu_info.
 */
struct vcpu_info {
	/*
	 * Set to 1 by the hypervisor when an event wants delivery, cleared by
	 * the guest before it scans for pending ports. The clear must not be
	 * reordered after the scan (use xchg or a barrier).
	 */
	uint8_t evtchn_upcall_pending;
	/*
	 * The virtual interrupt flag, inverted: 1 = no upcalls. Written by the
	 * guest at will; set by the hypervisor when it enters a handler that
	 * masks events, and set or cleared by the iret hypercall. A guest that
	 * clears it must then look at evtchn_upcall_pending itself.
	 */
	uint8_t evtchn_upcall_mask;
	/*
	 * Two-level events: bit w says word w of shared_info.evtchn_pending may
	 * have something. Set by the hypervisor, taken by the guest with xchg.
	 */
	xen_ulong_t evtchn_pending_sel;
	struct arch_vcpu_info arch;
	struct vcpu_time_info time;
};
typedef struct vcpu_info vcpu_info_t;

/*
 * The page shared between the hypervisor and one domain; start_info has its
 * machine address. Every vCPU of the domain may use it.
 */
struct shared_info {
	/* vCPUs from XEN_LEGACY_MAX_VCPUS up must register an area */
	struct vcpu_info vcpu_info[XEN_LEGACY_MAX_VCPUS];
	/* one bit per port: hypervisor sets, guest clears (locked operations)
	 */
	xen_ulong_t evtchn_pending[sizeof(xen_ulong_t) * 8];
	/* one bit per port, 1 = do not deliver; guest writes (locked) */
	xen_ulong_t evtchn_mask[sizeof(xen_ulong_t) * 8];
	/*
	 * Wall-clock time at system time 0, written by the hypervisor with
	 * wc_version used like vcpu_time_info.version.
	 */
	uint32_t wc_version;
	uint32_t wc_sec;
	uint32_t wc_nsec;
	uint32_t wc_sec_hi;
	struct arch_shared_info arch;
};
#define xen_wc_sec_hi wc_sec_hi
typedef struct shared_info shared_info_t;

/*
 * Handed to a new domain: rsi holds its virtual address at the entry point.
 * Written once by the domain builder; on resume the tools refresh the fields
 * up to and including console.
 */
struct start_info {
	char magic[32];            /* "xen-<major>.<minor>-<platform>" */
	unsigned long nr_pages;    /* memory of the domain, in pages */
	unsigned long shared_info; /* machine address of struct shared_info */
	uint32_t flags;            /* SIF_* */
	xen_pfn_t store_mfn;       /* frame of the xenstore ring, 0 = none */
	uint32_t store_evtchn;     /* port of the xenstore ring, 0 = none */
	union {
		struct {
			xen_pfn_t mfn;   /* frame of the console ring */
			uint32_t evtchn; /* port of the console ring */
		} domU;
		struct {
			uint32_t info_off;  /* offset of VGA information */
			uint32_t info_size; /* its size, 0 = none */
		} dom0;
	} console;
	/* From here on valid at boot only, not after a resume. */
	unsigned long pt_base;      /* virtual address of the first L4 */
	unsigned long nr_pt_frames; /* page-table frames from pt_base on */
	unsigned long mfn_list;     /* virtual address of the p2m array */
	unsigned long mod_start;    /* ramdisk: address, or frame number */
	unsigned long mod_len;      /* ramdisk: bytes, 0 = none */
	int8_t cmd_line[MAX_GUEST_CMDLINE]; /* NUL-terminated */
	/* p2m array outside the initial mapping: where its frames are */
	unsigned long first_p2m_pfn;
	unsigned long nr_p2m_frames;
};
typedef struct start_info start_info_t;
#define console_mfn    console.domU.mfn
#define console_evtchn console.domU.evtchn

/* One module, with SIF_MULTIBOOT_MOD. Addresses are pseudo-physical. */
struct xen_multiboot_mod_list {
	uint32_t mod_start;
	uint32_t mod_end; /* first byte after the module */
	uint32_t cmdline; /* address of its command line */
	uint32_t pad;
};

/*
 * State of the screen at boot, for the first domain; follows start_info at
 * console.dom0.info_off. Also returned by XENPF_get_dom0_console.
 */
typedef struct dom0_vga_console_info {
	uint8_t video_type; /* XEN_VGATYPE_* */
	union {
		struct {
			uint16_t font_height;
			uint16_t cursor_x, cursor_y;
			uint16_t rows, columns;
		} text_mode_3;
		struct {
			uint16_t width, height; /* pixels */
			uint16_t bytes_per_line;
			uint16_t bits_per_pixel;
			uint32_t lfb_base; /* machine address, low half */
			uint32_t lfb_size; /* units of 64 KiB */
			uint8_t red_pos, red_size;
			uint8_t green_pos, green_size;
			uint8_t blue_pos, blue_size;
			uint8_t rsvd_pos, rsvd_size;
			uint32_t gbl_caps;
			uint16_t mode_attrs;
			uint16_t pad;
			uint32_t ext_lfb_base; /* machine address, high half */
		} vesa_lfb;
	} u;
} dom0_vga_console_info_t;
#define xen_vga_console_info   dom0_vga_console_info
#define xen_vga_console_info_t dom0_vga_console_info_t

typedef uint8_t xen_domain_handle_t[16];

typedef struct {
	uint8_t a[16];
} xen_uuid_t;

/*
 * Types of the control interfaces (domctl.h, sysctl.h). On x86-64 the natural
 * alignment of 64-bit fields is already the one these interfaces need.
 */
#define int64_aligned_t           int64_t
#define uint64_aligned_t          uint64_t
#define XEN_GUEST_HANDLE_64(name) XEN_GUEST_HANDLE(name)

/*
 * A bitmap in caller memory. nr_bits need not be a multiple of 8; a short
 * bitmap passed IN is extended with zeroes, and only what fits is passed OUT.
 */
struct xenctl_bitmap {
	XEN_GUEST_HANDLE_64(uint8) bitmap;
	uint32_t nr_bits;
};
typedef struct xenctl_bitmap xenctl_bitmap_t;

#endif /* !__ASSEMBLY__ */

#endif /* XEN_PUBLIC_XEN_H */
