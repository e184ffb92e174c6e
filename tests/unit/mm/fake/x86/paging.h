/* SPDX-License-Identifier: MIT */
/* Stand-in for hypervisor/x86/paging.h: machine memory is an array. */
#ifndef TENON_X86_PAGING_H
#define TENON_X86_PAGING_H

#include "lib/types.h"
#include "x86/layout.h"

extern uint64_t boot_l4[512];
extern mfn_t boot_root;
extern uint8_t *machine_memory;

void paging_load_root(mfn_t root);
volatile uint32_t *paging_device_window(uint64_t pa);

static inline void *phys_to_virt(uint64_t pa)
{
	/* As the address that it is: it may be a guest's, and not used. */
	return (void *)((uintptr_t)machine_memory + pa);
}

static inline uint64_t virt_to_phys(const void *p)
{
	return (uint64_t)((const uint8_t *)p - machine_memory);
}

#endif
