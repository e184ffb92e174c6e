/* SPDX-License-Identifier: MIT */
/* Kept for guests that include the architecture header by its old name. */
#ifndef XEN_PUBLIC_ARCH_X86_64_H
#define XEN_PUBLIC_ARCH_X86_64_H

#include "arch-x86/xen.h"

#endif /* XEN_PUBLIC_ARCH_X86_64_H */
