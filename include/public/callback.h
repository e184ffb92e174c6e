/* SPDX-License-Identifier: MIT */
/*
 * Entry points of a guest kernel: HYPERVISOR_callback_op(command, argument).
 *
 * Any domain; applies to the calling vCPU. Errors: -EINVAL address that is
 * not canonical or unknown type, -EFAULT, -ENOSYS unknown command or a type
 * that this processor does not have.
 */
#ifndef XEN_PUBLIC_CALLBACK_H
#define XEN_PUBLIC_CALLBACK_H

#include "xen.h"

#define CALLBACKTYPE_event               0 /* event upcall; always masks */
#define CALLBACKTYPE_failsafe            1 /* bad selectors at an exit */
#define CALLBACKTYPE_syscall             2 /* syscall from 64-bit user mode */
#define CALLBACKTYPE_sysenter_deprecated 3
#define CALLBACKTYPE_nmi                 4
#define CALLBACKTYPE_sysenter            5
#define CALLBACKTYPE_syscall32           7 /* syscall from 32-bit user mode */

/* Events are masked on entry. */
#define _CALLBACKF_mask_events 0
#define CALLBACKF_mask_events  (1U << _CALLBACKF_mask_events)

/* callback_register */
#define CALLBACKOP_register 0
/* callback_unregister; -EINVAL for the types that a kernel cannot do without */
#define CALLBACKOP_unregister 1

#ifndef __ASSEMBLY__

struct callback_register {
	uint16_t type;          /* IN, CALLBACKTYPE_* */
	uint16_t flags;         /* IN, CALLBACKF_* */
	xen_callback_t address; /* IN */
};
typedef struct callback_register callback_register_t;
DEFINE_XEN_GUEST_HANDLE(callback_register_t);

struct callback_unregister {
	uint16_t type; /* IN, CALLBACKTYPE_* */
	uint16_t _unused;
};
typedef struct callback_unregister callback_unregister_t;
DEFINE_XEN_GUEST_HANDLE(callback_unregister_t);

#endif /* !__ASSEMBLY__ */

#endif /* XEN_PUBLIC_CALLBACK_H */
