/* SPDX-License-Identifier: MIT */
/*
 * ELF notes with the owner name "Xen", by which a kernel image tells the
 * domain builder how it wants to be loaded. Numbers are 32 or 64 bits wide,
 * by the size of the note; addresses are virtual; texts are NUL-terminated.
 * Unknown types are skipped.
 */
#ifndef XEN_PUBLIC_ELFNOTE_H
#define XEN_PUBLIC_ELFNOTE_H

#define XEN_ELFNOTE_INFO               0  /* text for people */
#define XEN_ELFNOTE_ENTRY              1  /* address of the first instruction */
#define XEN_ELFNOTE_HYPERCALL_PAGE     2  /* address of a page for stubs */
#define XEN_ELFNOTE_VIRT_BASE          3  /* address of pseudo-physical 0 */
#define XEN_ELFNOTE_PADDR_OFFSET       4  /* subtracted from p_paddr */
#define XEN_ELFNOTE_XEN_VERSION        5  /* text "xen-3.0" */
#define XEN_ELFNOTE_GUEST_OS           6  /* text */
#define XEN_ELFNOTE_GUEST_VERSION      7  /* text */
#define XEN_ELFNOTE_LOADER             8  /* text "generic" */
#define XEN_ELFNOTE_PAE_MODE           9  /* text "yes"; 32-bit guests */
#define XEN_ELFNOTE_FEATURES           10 /* text "!needed|possible|..." */
#define XEN_ELFNOTE_BSD_SYMTAB         11 /* text "yes": load the symbol table */
#define XEN_ELFNOTE_HV_START_LOW       12 /* lowest address for the hypervisor */
#define XEN_ELFNOTE_L1_MFN_VALID       13 /* mask and value: valid L1 entries */
#define XEN_ELFNOTE_SUSPEND_CANCEL     14 /* 1: suspend may return 1 */
#define XEN_ELFNOTE_INIT_P2M           15 /* address for the p2m array */
#define XEN_ELFNOTE_MOD_START_PFN      16 /* 1: ramdisk need not be mapped */
#define XEN_ELFNOTE_SUPPORTED_FEATURES 17 /* bit mask of XENFEAT_* */
#define XEN_ELFNOTE_PHYS32_ENTRY       18 /* PVH entry point; not for PV */
#define XEN_ELFNOTE_MAX                XEN_ELFNOTE_PHYS32_ENTRY

/* In crash dumps, not in kernel images. */
#define XEN_ELFNOTE_CRASH_INFO              0x1000001
#define XEN_ELFNOTE_CRASH_REGS              0x1000002
#define XEN_ELFNOTE_DUMPCORE_NONE           0x2000000
#define XEN_ELFNOTE_DUMPCORE_HEADER         0x2000001
#define XEN_ELFNOTE_DUMPCORE_XEN_VERSION    0x2000002
#define XEN_ELFNOTE_DUMPCORE_FORMAT_VERSION 0x2000003

#endif /* XEN_PUBLIC_ELFNOTE_H */
