/* SPDX-License-Identifier: MIT */
/*
 * Physical devices: HYPERVISOR_physdev_op(command, argument).
 *
 * For the control domain unless marked "any". All commands: -EFAULT argument
 * not accessible, -EPERM, -EINVAL, -ENOSYS unknown command.
 */
#ifndef XEN_PUBLIC_PHYSDEV_H
#define XEN_PUBLIC_PHYSDEV_H

#include "xen.h"

/* physdev_irq_status_query; domains with the interrupt */
#define PHYSDEVOP_irq_status_query 5
/* any: physdev_set_iopl */
#define PHYSDEVOP_set_iopl 6
/* any: physdev_set_iobitmap */
#define PHYSDEVOP_set_iobitmap 7
/* physdev_apic: a register of an I/O APIC */
#define PHYSDEVOP_apic_read  8
#define PHYSDEVOP_apic_write 9
/* physdev_irq */
#define PHYSDEVOP_alloc_irq_vector 10
#define PHYSDEVOP_free_irq_vector  11
/* physdev_eoi; domains with the interrupt */
#define PHYSDEVOP_eoi 12
/* physdev_map_pirq */
#define PHYSDEVOP_map_pirq 13
/* physdev_unmap_pirq */
#define PHYSDEVOP_unmap_pirq 14
/* physdev_manage_pci; old forms of 25 and 26 */
#define PHYSDEVOP_manage_pci_add    15
#define PHYSDEVOP_manage_pci_remove 16
/* physdev_pirq_eoi_gmfn; v2 also unmasks in the page */
#define PHYSDEVOP_pirq_eoi_gmfn_v1 17
#define PHYSDEVOP_pirq_eoi_gmfn_v2 28
#define PHYSDEVOP_pirq_eoi_gmfn    PHYSDEVOP_pirq_eoi_gmfn_v2
/* physdev_restore_msi; old form of 27 */
#define PHYSDEVOP_restore_msi 19
/* physdev_manage_pci_ext; old form of 25 */
#define PHYSDEVOP_manage_pci_add_ext 20
/* physdev_setup_gsi */
#define PHYSDEVOP_setup_gsi 21
/* any: physdev_get_free_pirq */
#define PHYSDEVOP_get_free_pirq 23
/* physdev_pci_mmcfg_reserved */
#define PHYSDEVOP_pci_mmcfg_reserved 24
/* physdev_pci_device_add */
#define PHYSDEVOP_pci_device_add 25
/* physdev_pci_device: device gone; rewrite its MSI state after a reset */
#define PHYSDEVOP_pci_device_remove 26
#define PHYSDEVOP_restore_msi_ext   27
/* physdev_dbgp_op: around a reset of the USB debug port controller */
#define PHYSDEVOP_dbgp_op 29
/* physdev_pci_device: MSI-X tables for a device that is assigned */
#define PHYSDEVOP_prepare_msix 30
#define PHYSDEVOP_release_msix 31
/* Command of the old interface that has no effect any more. */
#define PHYSDEVOP_IRQ_UNMASK_NOTIFY 4

/* physdev_irq_status_query.flags */
#define _XENIRQSTAT_needs_eoi (0) /* the guest must use PHYSDEVOP_eoi */
#define XENIRQSTAT_needs_eoi  (xen_mk_uint(1) << _XENIRQSTAT_needs_eoi)
#define _XENIRQSTAT_shared    (1) /* other domains use the line too */
#define XENIRQSTAT_shared     (xen_mk_uint(1) << _XENIRQSTAT_shared)

/* physdev_map_pirq.type */
#define MAP_PIRQ_TYPE_MSI       0x0 /* bus, devfn, entry_nr on segment 0 */
#define MAP_PIRQ_TYPE_GSI       0x1 /* index is the GSI */
#define MAP_PIRQ_TYPE_UNKNOWN   0x2
#define MAP_PIRQ_TYPE_MSI_SEG   0x3 /* segment in bits 16-31 of bus */
#define MAP_PIRQ_TYPE_MULTI_MSI 0x4 /* as 3, entry_nr vectors */

/* physdev_pci_mmcfg_reserved.flags: firmware reserves the range */
#define XEN_PCI_MMCFG_RESERVED 0x1

/* physdev_pci_device_add.flags */
#define XEN_PCI_DEV_EXTFN  0x1 /* not the first function of its slot */
#define XEN_PCI_DEV_VIRTFN 0x2 /* virtual function of physfn */
#define XEN_PCI_DEV_PXM    0x4 /* optarr[0] is the ACPI proximity domain */

/* physdev_dbgp_op.op and bus */
#define PHYSDEVOP_DBGP_RESET_PREPARE 1
#define PHYSDEVOP_DBGP_RESET_DONE    2
#define PHYSDEVOP_DBGP_BUS_UNKNOWN   0
#define PHYSDEVOP_DBGP_BUS_PCI       1

#ifndef __ASSEMBLY__

/* The interrupt has been served: the line may deliver again. */
struct physdev_eoi {
	uint32_t irq; /* IN, pirq */
};
typedef struct physdev_eoi physdev_eoi_t;
DEFINE_XEN_GUEST_HANDLE(physdev_eoi_t);

/* Share a page with one bit per pirq: set by the hypervisor if it needs eoi. */
struct physdev_pirq_eoi_gmfn {
	xen_pfn_t gmfn; /* IN */
};
typedef struct physdev_pirq_eoi_gmfn physdev_pirq_eoi_gmfn_t;
DEFINE_XEN_GUEST_HANDLE(physdev_pirq_eoi_gmfn_t);

struct physdev_irq_status_query {
	uint32_t irq;   /* IN, pirq */
	uint32_t flags; /* OUT, XENIRQSTAT_* */
};
typedef struct physdev_irq_status_query physdev_irq_status_query_t;
DEFINE_XEN_GUEST_HANDLE(physdev_irq_status_query_t);

/* I/O privilege level of the calling vCPU; only a matter between the guest's
 * kernel and its processes, ports still need the domain's right. */
struct physdev_set_iopl {
	uint32_t iopl; /* IN, 0-3 */
};
typedef struct physdev_set_iopl physdev_set_iopl_t;
DEFINE_XEN_GUEST_HANDLE(physdev_set_iopl_t);

/* Ports that user mode of the calling vCPU may use: clear bits. */
struct physdev_set_iobitmap {
	XEN_GUEST_HANDLE(uint8) bitmap; /* IN */
	uint32_t nr_ports;              /* IN */
};
typedef struct physdev_set_iobitmap physdev_set_iobitmap_t;
DEFINE_XEN_GUEST_HANDLE(physdev_set_iobitmap_t);

struct physdev_apic {
	unsigned long apic_physbase; /* IN, which I/O APIC */
	uint32_t reg;                /* IN */
	uint32_t value;              /* IN or OUT */
};
typedef struct physdev_apic physdev_apic_t;
DEFINE_XEN_GUEST_HANDLE(physdev_apic_t);

struct physdev_irq {
	uint32_t irq;    /* IN */
	uint32_t vector; /* OUT */
};
typedef struct physdev_irq physdev_irq_t;
DEFINE_XEN_GUEST_HANDLE(physdev_irq_t);

struct physdev_map_pirq {
	domid_t domid;       /* IN, usually DOMID_SELF */
	int type;            /* IN, MAP_PIRQ_TYPE_* */
	int index;           /* IN, GSI, or -1 for MSI */
	int pirq;            /* IN wanted or -1, OUT given */
	int bus;             /* IN, MSI only */
	int devfn;           /* IN, MSI only */
	int entry_nr;        /* IN entry of the table, or count; OUT count */
	uint64_t table_base; /* IN, MSI-X table, 0 for MSI */
};
typedef struct physdev_map_pirq physdev_map_pirq_t;
DEFINE_XEN_GUEST_HANDLE(physdev_map_pirq_t);

struct physdev_unmap_pirq {
	domid_t domid; /* IN */
	int pirq;      /* IN */
};
typedef struct physdev_unmap_pirq physdev_unmap_pirq_t;
DEFINE_XEN_GUEST_HANDLE(physdev_unmap_pirq_t);

struct physdev_manage_pci {
	uint8_t bus;   /* IN */
	uint8_t devfn; /* IN */
};
typedef struct physdev_manage_pci physdev_manage_pci_t;
DEFINE_XEN_GUEST_HANDLE(physdev_manage_pci_t);

struct physdev_restore_msi {
	uint8_t bus;   /* IN */
	uint8_t devfn; /* IN */
};
typedef struct physdev_restore_msi physdev_restore_msi_t;
DEFINE_XEN_GUEST_HANDLE(physdev_restore_msi_t);

struct physdev_manage_pci_ext {
	uint8_t bus;        /* IN */
	uint8_t devfn;      /* IN */
	uint32_t is_extfn;  /* IN */
	uint32_t is_virtfn; /* IN */
	struct {
		uint8_t bus;
		uint8_t devfn;
	} physfn; /* IN */
};
typedef struct physdev_manage_pci_ext physdev_manage_pci_ext_t;
DEFINE_XEN_GUEST_HANDLE(physdev_manage_pci_ext_t);

/* Argument of HYPERVISOR_physdev_op_compat. */
struct physdev_op {
	uint32_t cmd;
	union {
		physdev_irq_status_query_t irq_status_query;
		physdev_set_iopl_t set_iopl;
		physdev_set_iobitmap_t set_iobitmap;
		physdev_apic_t apic_op;
		physdev_irq_t irq_op;
	} u;
};
typedef struct physdev_op physdev_op_t;
DEFINE_XEN_GUEST_HANDLE(physdev_op_t);

/* What firmware says about a line. -EEXIST: set already, not an error. */
struct physdev_setup_gsi {
	int gsi;            /* IN */
	uint8_t triggering; /* IN, 0 edge, 1 level */
	uint8_t polarity;   /* IN, 0 high, 1 low */
};
typedef struct physdev_setup_gsi physdev_setup_gsi_t;
DEFINE_XEN_GUEST_HANDLE(physdev_setup_gsi_t);

struct physdev_get_free_pirq {
	int type;      /* IN, MAP_PIRQ_TYPE_* */
	uint32_t pirq; /* OUT */
};
typedef struct physdev_get_free_pirq physdev_get_free_pirq_t;
DEFINE_XEN_GUEST_HANDLE(physdev_get_free_pirq_t);

struct physdev_pci_mmcfg_reserved {
	uint64_t address;  /* IN */
	uint16_t segment;  /* IN */
	uint8_t start_bus; /* IN */
	uint8_t end_bus;   /* IN */
	uint32_t flags;    /* IN, XEN_PCI_MMCFG_RESERVED */
};
typedef struct physdev_pci_mmcfg_reserved physdev_pci_mmcfg_reserved_t;
DEFINE_XEN_GUEST_HANDLE(physdev_pci_mmcfg_reserved_t);

struct physdev_pci_device_add {
	uint16_t seg;   /* IN */
	uint8_t bus;    /* IN */
	uint8_t devfn;  /* IN */
	uint32_t flags; /* IN, XEN_PCI_DEV_* */
	struct {
		uint8_t bus;
		uint8_t devfn;
	} physfn; /* IN */
	uint32_t optarr[XEN_FLEX_ARRAY_DIM];
};
typedef struct physdev_pci_device_add physdev_pci_device_add_t;
DEFINE_XEN_GUEST_HANDLE(physdev_pci_device_add_t);

struct physdev_pci_device {
	uint16_t seg;  /* IN */
	uint8_t bus;   /* IN */
	uint8_t devfn; /* IN */
};
typedef struct physdev_pci_device physdev_pci_device_t;
DEFINE_XEN_GUEST_HANDLE(physdev_pci_device_t);

struct physdev_dbgp_op {
	uint8_t op;  /* IN */
	uint8_t bus; /* IN */
	union {
		physdev_pci_device_t pci;
	} u; /* IN */
};
typedef struct physdev_dbgp_op physdev_dbgp_op_t;
DEFINE_XEN_GUEST_HANDLE(physdev_dbgp_op_t);

#endif /* !__ASSEMBLY__ */

#endif /* XEN_PUBLIC_PHYSDEV_H */
