/* SPDX-License-Identifier: MIT */
/*
 * Non-maskable interrupts: HYPERVISOR_nmi_op(command, argument).
 *
 * Any domain, on vCPU 0. Errors: -EINVAL bad address or vCPU, -EFAULT,
 * -ENOSYS.
 */
#ifndef XEN_PUBLIC_NMI_H
#define XEN_PUBLIC_NMI_H

#include "xen.h"

/* Bits of arch_shared_info.nmi_reason, shown to the hardware domain. */
#define _XEN_NMIREASON_io_error 0 /* I/O channel check */
#define XEN_NMIREASON_io_error  (xen_mk_ulong(1) << _XEN_NMIREASON_io_error)
#define _XEN_NMIREASON_pci_serr 1 /* PCI system error */
#define XEN_NMIREASON_pci_serr  (xen_mk_ulong(1) << _XEN_NMIREASON_pci_serr)
#define _XEN_NMIREASON_unknown  2
#define XEN_NMIREASON_unknown   (xen_mk_ulong(1) << _XEN_NMIREASON_unknown)

/* xennmi_callback */
#define XENNMI_register_callback 0
/* no argument */
#define XENNMI_unregister_callback 1

#ifndef __ASSEMBLY__

struct xennmi_callback {
	unsigned long handler_address; /* IN */
	unsigned long pad;
};
typedef struct xennmi_callback xennmi_callback_t;
DEFINE_XEN_GUEST_HANDLE(xennmi_callback_t);

#endif /* !__ASSEMBLY__ */

#endif /* XEN_PUBLIC_NMI_H */
