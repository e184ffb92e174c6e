/* SPDX-License-Identifier: MIT */
/* XENMEM_exchange, see exchange.c. */
#pragma once

#include "core/domain.h"
#include "x86/uaccess.h"

long memory_exchange(struct vcpu *v, guest_ptr_t arg);
