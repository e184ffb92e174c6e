/* SPDX-License-Identifier: MIT */
/*
 * Device interrupts for the physdev operations: pirq.c. All but
 * pirq_device_exists(): the control domain's evtchn_lock held. Numbers may be
 * anything; `device` is bus << 8 | devfn.
 */
#pragma once

#include "lib/types.h"

/* -EINVAL no such line; -EEXIST the mode is known. */
long pirq_setup_gsi(uint64_t gsi, bool level, bool active_low);
/* The pirq, also when it is mapped already; -EINVAL, -EBUSY, -ENOSPC. */
long pirq_map_gsi(uint64_t gsi);
/* The pirq; -EINVAL no such device or entry; -EEXIST; -ENOSPC. */
long pirq_map_message(uint16_t device, bool msix, uint64_t entry,
		      uint64_t number);
/* The lowest number that a message may have; -ENOSPC. */
long pirq_find_free(void);
long pirq_unmap(uint64_t number);         /* -EINVAL; -EBUSY bound */
long pirq_remove_device(uint16_t device); /* all messages; -EBUSY one bound */
long pirq_eoi(uint64_t number);           /* -EINVAL; without need: nothing */
bool pirq_needs_eoi(uint64_t number);
bool pirq_device_exists(uint16_t device);
