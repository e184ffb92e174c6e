/* SPDX-License-Identifier: MIT */
/* XENMEM_exchange, see exchange.c. */
#ifndef TENON_MM_EXCHANGE_H
#define TENON_MM_EXCHANGE_H

#include "core/domain.h"
#include "x86/uaccess.h"

long memory_exchange(struct vcpu *v, guest_ptr_t arg);

#endif
