/* SPDX-License-Identifier: MIT */
/*
 * Platform services for the hardware domain:
 * HYPERVISOR_platform_op(struct xen_platform_op *).
 *
 * For a control domain only; others get -EPERM. All commands: -EACCES wrong
 * interface_version, -EFAULT, -EINVAL, -ENOSYS unknown command. The structure
 * is copied in, and on success copied out.
 *
 * The numbers are complete; the arguments described are those that a PV Linux
 * kernel and the tools pass.
 */
#ifndef XEN_PUBLIC_PLATFORM_H
#define XEN_PUBLIC_PLATFORM_H

#include "xen.h"

#define XENPF_INTERFACE_VERSION 0x03000001

#define XENPF_settime32            17 /* settime32 */
#define XENPF_add_memtype          31 /* add_memtype: an MTRR */
#define XENPF_del_memtype          32 /* del_memtype */
#define XENPF_read_memtype         33 /* read_memtype */
#define XENPF_microcode_update     35 /* microcode */
#define XENPF_platform_quirk       39 /* platform_quirk */
#define XENPF_get_cpu_version      48 /* pcpu_version */
#define XENPF_efi_runtime_call     49 /* not described */
#define XENPF_firmware_info        50 /* firmware_info */
#define XENPF_enter_acpi_sleep     51 /* enter_acpi_sleep */
#define XENPF_change_freq          52 /* change_freq */
#define XENPF_getidletime          53 /* getidletime */
#define XENPF_set_processor_pminfo 54 /* not described */
#define XENPF_get_cpuinfo          55 /* pcpu_info */
#define XENPF_cpu_online           56 /* cpu_ol */
#define XENPF_cpu_offline          57 /* cpu_ol */
#define XENPF_cpu_hotadd           58 /* cpu_add */
#define XENPF_mem_hotadd           59 /* mem_add */
#define XENPF_core_parking         60 /* core_parking */
#define XENPF_resource_op          61 /* resource_op */
#define XENPF_settime64            62 /* settime64 */
#define XENPF_get_symbol           63 /* symdata */
#define XENPF_settime              XENPF_settime64

/* platform_quirk.quirk_id */
#define QUIRK_NOIRQBALANCING     1
#define QUIRK_IOAPIC_BAD_REGSEL  2
#define QUIRK_IOAPIC_GOOD_REGSEL 3

/* firmware_info.type, and index for EFI_INFO */
#define XEN_FW_DISK_INFO            1
#define XEN_FW_DISK_MBR_SIGNATURE   2
#define XEN_FW_VBEDDC_INFO          3
#define XEN_FW_EFI_INFO             4
#define XEN_FW_EFI_VERSION          0
#define XEN_FW_EFI_CONFIG_TABLE     1
#define XEN_FW_EFI_VENDOR           2
#define XEN_FW_EFI_MEM_INFO         3
#define XEN_FW_EFI_RT_VERSION       4
#define XEN_FW_EFI_PCI_ROM          5
#define XEN_FW_EFI_APPLE_PROPERTIES 6
#define XEN_FW_KBD_SHIFT_FLAGS      5

/* enter_acpi_sleep.flags: val_a and val_b are for the reduced interface */
#define XENPF_ACPI_SLEEP_EXTENDED 0x00000001

/* pcpu_info.flags */
#define XEN_PCPU_FLAGS_ONLINE  1
#define XEN_PCPU_FLAGS_INVALID 2 /* there is no such CPU */

/* core_parking.type */
#define XEN_CORE_PARKING_SET 1
#define XEN_CORE_PARKING_GET 2

/* xenpf_resource_entry.u.cmd */
#define XEN_RESOURCE_OP_MSR_READ  0
#define XEN_RESOURCE_OP_MSR_WRITE 1

#ifndef __ASSEMBLY__

/* 17, 62: the wall clock showed this at the given system time. */
struct xenpf_settime32 {
	uint32_t secs;        /* IN */
	uint32_t nsecs;       /* IN */
	uint64_t system_time; /* IN */
};
typedef struct xenpf_settime32 xenpf_settime32_t;

struct xenpf_settime64 {
	uint64_t secs;        /* IN */
	uint32_t nsecs;       /* IN */
	uint32_t mbz;         /* IN, 0 */
	uint64_t system_time; /* IN */
};
typedef struct xenpf_settime64 xenpf_settime64_t;
#define xenpf_settime xenpf_settime64
typedef struct xenpf_settime xenpf_settime_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_settime_t);

/* 31 */
struct xenpf_add_memtype {
	xen_pfn_t mfn;    /* IN */
	uint64_t nr_mfns; /* IN */
	uint32_t type;    /* IN, MTRR type */
	uint32_t handle;  /* OUT */
	uint32_t reg;     /* OUT */
};
typedef struct xenpf_add_memtype xenpf_add_memtype_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_add_memtype_t);

/* 32 */
struct xenpf_del_memtype {
	uint32_t handle; /* IN */
	uint32_t reg;    /* IN */
};
typedef struct xenpf_del_memtype xenpf_del_memtype_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_del_memtype_t);

/* 33: nr_mfns 0 = register not in use; -EINVAL no such register. */
struct xenpf_read_memtype {
	uint32_t reg;     /* IN */
	xen_pfn_t mfn;    /* OUT */
	uint64_t nr_mfns; /* OUT */
	uint32_t type;    /* OUT */
};
typedef struct xenpf_read_memtype xenpf_read_memtype_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_read_memtype_t);

/* 35 */
struct xenpf_microcode_update {
	XEN_GUEST_HANDLE(const_void) data; /* IN */
	uint32_t length;                   /* IN */
};
typedef struct xenpf_microcode_update xenpf_microcode_update_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_microcode_update_t);

/* 39 */
struct xenpf_platform_quirk {
	uint32_t quirk_id; /* IN, QUIRK_* */
};
typedef struct xenpf_platform_quirk xenpf_platform_quirk_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_platform_quirk_t);

/* 50: what the BIOS or EFI told the hypervisor. -ESRCH no such item. */
struct xenpf_firmware_info {
	uint32_t type;  /* IN, XEN_FW_* */
	uint32_t index; /* IN */
	union {
		struct {
			uint8_t device;
			uint8_t version;
			uint16_t interface_support;
			uint16_t legacy_max_cylinder;
			uint8_t legacy_max_head;
			uint8_t legacy_sectors_per_track;
			XEN_GUEST_HANDLE(void) edd_params;
		} disk_info; /* int 0x13 */
		struct {
			uint8_t device;
			uint32_t mbr_signature;
		} disk_mbr_signature;
		struct {
			uint8_t capabilities;
			uint8_t edid_transfer_time;
			XEN_GUEST_HANDLE(uint8) edid; /* 128 bytes */
		} vbeddc_info;
		union xenpf_efi_info {
			uint32_t version;
			struct {
				uint64_t addr;
				uint32_t nent;
			} cfg; /* configuration table */
			struct {
				uint32_t revision;
				uint32_t bufsz; /* IN room, bytes */
				XEN_GUEST_HANDLE(void) name;
			} vendor;
			struct {
				uint64_t addr;
				uint64_t size;
				uint64_t attr;
				uint32_t type;
			} mem; /* addr IN, others OUT */
			struct {
				uint16_t segment;
				uint8_t bus;
				uint8_t devfn;
				uint16_t vendor;
				uint16_t devid;
				uint64_t address;
				xen_ulong_t size;
			} pci_rom;
			struct {
				uint64_t address;
				xen_ulong_t size;
			} apple_properties;
		} efi_info;
		uint8_t kbd_shift_flags; /* int 0x16 */
	} u;                             /* OUT */
};
typedef struct xenpf_firmware_info xenpf_firmware_info_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_firmware_info_t);

/* 51 */
struct xenpf_enter_acpi_sleep {
	uint16_t val_a;       /* IN, for PM1a or sleep control */
	uint16_t val_b;       /* IN, for PM1b */
	uint32_t sleep_state; /* IN, 1-5 */
	uint32_t flags;       /* IN, XENPF_ACPI_SLEEP_* */
};
typedef struct xenpf_enter_acpi_sleep xenpf_enter_acpi_sleep_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_enter_acpi_sleep_t);

/* 52 */
struct xenpf_change_freq {
	uint32_t flags; /* IN, 0 */
	uint32_t cpu;   /* IN */
	uint64_t freq;  /* IN, Hz */
};
typedef struct xenpf_change_freq xenpf_change_freq_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_change_freq_t);

/* 53: the bitmap selects CPUs, and afterwards tells which exist. */
struct xenpf_getidletime {
	XEN_GUEST_HANDLE(uint8) cpumap_bitmap; /* IN/OUT */
	uint32_t cpumap_nr_cpus;               /* IN */
	XEN_GUEST_HANDLE(uint64) idletime;     /* OUT, ns by CPU */
	uint64_t now;                          /* OUT, ns */
};
typedef struct xenpf_getidletime xenpf_getidletime_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_getidletime_t);

/* 55 */
struct xenpf_pcpuinfo {
	uint32_t xen_cpuid;   /* IN */
	uint32_t max_present; /* OUT, highest id */
	uint32_t flags;       /* OUT, XEN_PCPU_FLAGS_* */
	uint32_t apic_id;     /* OUT */
	uint32_t acpi_id;     /* OUT */
};
typedef struct xenpf_pcpuinfo xenpf_pcpuinfo_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_pcpuinfo_t);

/* 48 */
struct xenpf_pcpu_version {
	uint32_t xen_cpuid;   /* IN */
	uint32_t max_present; /* OUT */
	char vendor_id[12];   /* OUT, no NUL */
	uint32_t family;      /* OUT */
	uint32_t model;       /* OUT */
	uint32_t stepping;    /* OUT */
};
typedef struct xenpf_pcpu_version xenpf_pcpu_version_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_pcpu_version_t);

/* 56, 57 */
struct xenpf_cpu_ol {
	uint32_t cpuid; /* IN */
};
typedef struct xenpf_cpu_ol xenpf_cpu_ol_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_cpu_ol_t);

/* 58 */
struct xenpf_cpu_hotadd {
	uint32_t apic_id; /* IN */
	uint32_t acpi_id; /* IN */
	uint32_t pxm;     /* IN, ACPI proximity domain */
};
typedef struct xenpf_cpu_hotadd xenpf_cpu_hotadd_t;

/* 59 */
struct xenpf_mem_hotadd {
	uint64_t spfn;  /* IN */
	uint64_t epfn;  /* IN, first frame after it */
	uint32_t pxm;   /* IN */
	uint32_t flags; /* IN */
};
typedef struct xenpf_mem_hotadd xenpf_mem_hotadd_t;

/* 60 */
struct xenpf_core_parking {
	uint32_t type;      /* IN, XEN_CORE_PARKING_* */
	uint32_t idle_nums; /* IN or OUT, parked CPUs */
};
typedef struct xenpf_core_parking xenpf_core_parking_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_core_parking_t);

struct xenpf_resource_entry {
	union {
		uint32_t cmd; /* IN, XEN_RESOURCE_OP_* */
		int32_t ret;  /* OUT */
	} u;
	uint32_t rsvd; /* 0 */
	uint64_t idx;  /* IN, MSR */
	uint64_t val;  /* IN or OUT */
};
typedef struct xenpf_resource_entry xenpf_resource_entry_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_resource_entry_t);

/* 61 */
struct xenpf_resource_op {
	uint32_t nr_entries; /* IN */
	uint32_t cpu;        /* IN, where to do it */
	XEN_GUEST_HANDLE(xenpf_resource_entry_t) entries;
};
typedef struct xenpf_resource_op xenpf_resource_op_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_resource_op_t);

/* 63: the hypervisor's symbols, one after the other. */
struct xenpf_symdata {
	uint32_t namelen;            /* IN room, OUT length */
	uint32_t symnum;             /* IN, OUT the next one */
	XEN_GUEST_HANDLE(char) name; /* OUT */
	uint64_t address;            /* OUT */
	char type;                   /* OUT, as by nm */
};
typedef struct xenpf_symdata xenpf_symdata_t;
DEFINE_XEN_GUEST_HANDLE(xenpf_symdata_t);

struct xen_platform_op {
	uint32_t cmd;               /* IN, XENPF_* */
	uint32_t interface_version; /* IN, XENPF_INTERFACE_VERSION */
	union {
		xenpf_settime_t settime;
		xenpf_settime32_t settime32;
		xenpf_settime64_t settime64;
		xenpf_add_memtype_t add_memtype;
		xenpf_del_memtype_t del_memtype;
		xenpf_read_memtype_t read_memtype;
		xenpf_microcode_update_t microcode;
		xenpf_platform_quirk_t platform_quirk;
		xenpf_firmware_info_t firmware_info;
		xenpf_enter_acpi_sleep_t enter_acpi_sleep;
		xenpf_change_freq_t change_freq;
		xenpf_getidletime_t getidletime;
		xenpf_pcpuinfo_t pcpu_info;
		xenpf_pcpu_version_t pcpu_version;
		xenpf_cpu_ol_t cpu_ol;
		xenpf_cpu_hotadd_t cpu_add;
		xenpf_mem_hotadd_t mem_add;
		xenpf_core_parking_t core_parking;
		xenpf_resource_op_t resource_op;
		xenpf_symdata_t symdata;
		uint8_t pad[128];
	} u;
};
typedef struct xen_platform_op xen_platform_op_t;
DEFINE_XEN_GUEST_HANDLE(xen_platform_op_t);

#endif /* !__ASSEMBLY__ */

#endif /* XEN_PUBLIC_PLATFORM_H */
