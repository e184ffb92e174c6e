/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's own address space: built once at boot, after which only
 * ioremap() and per-CPU windows change it. docs/memory-layout.md.
 */
#pragma once

#include "x86/cpu.h"

/*
 * The idle root: lower half empty. Slots 256..271 are the template that every
 * guest root copies; they never change after paging_init().
 */
extern uint64_t boot_l4[512];
extern mfn_t boot_root;

void paging_init(void); /* boot CPU: build boot_l4 and load it */

/* CR3, flushing what is not global. */
static inline void paging_load_root(mfn_t root)
{
	write_cr3(root.n << PAGE_SHIFT);
	this_cpu()->loaded_root = root;
}

/* RAM by machine address, through the direct map. */
static inline void *phys_to_virt(uint64_t pa)
{
	return (void *)(DIRECT_MAP_START + pa);
}

/* Of the direct map or the image. */
static inline uint64_t virt_to_phys(const void *p)
{
	uint64_t va = (uint64_t)p;

	return va >= DIRECT_MAP_START ? va - DIRECT_MAP_START
				      : va - IMAGE_START + IMAGE_PHYS_START;
}

/* Device registers, uncached. Never unmapped; boot CPU only. */
void *ioremap(uint64_t pa, size_t size);
/* Firmware tables in memory: as ioremap(), cacheable, read-only. */
const void *map_firmware(uint64_t pa, size_t size);

/*
 * Registers at pa until the next call, in this page and on this CPU only; the
 * caller sees to it that it is the only one.
 */
volatile uint32_t *paging_device_window(uint64_t pa);

/* Every frame's entry ~0. */
void paging_make_m2p(void);
/*
 * Map a CPU's block (CPU_BLOCK_SIZE bytes at pa) and our page of its GDT. The
 * L1 entries behind GDT_WINDOW(cpu): 32, the first 16 GDT, then LDT.
 */
uint64_t *cpu_block_map(unsigned int cpu, uint64_t pa);

/* Map size bytes of zeroed boot memory at va (2 MiB aligned), read-write. */
void paging_populate(uint64_t va, uint64_t size);
