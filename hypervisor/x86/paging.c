/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's address space. paging_init() builds it from boot memory:
 * direct map, image (W^X), boot CPU's block; later parts of boot add the
 * frame table, the M2P, which is looked after here, and each CPU's block and
 * windows. Level 3 tables of every slot exist from the start, so that the L4
 * entries, which each guest root copies, never change.
 *
 * Context: boot CPU until the others start; ioremap() and cpu_block_map()
 * on the boot CPU only. paging_device_window() later, on any CPU.
 */
#include "x86/paging.h"

#include "mm/mm.h"
#include "x86/machine.h"

#define LARGE_SIZE    (2ul << 20)
#define DEVICE_WINDOW IOMAP_START
#define TABLE_FLAGS   (PTE_PRESENT | PTE_WRITE | PTE_ACCESSED)
#define PTE_HV_RX     (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL)
#define PTE_HV_RW     (PTE_HV_RX | PTE_WRITE | PTE_NX)
#define PTE_HV_RO     (PTE_HV_RX | PTE_NX)
#define PTE_HV_UC     (PTE_HV_RW | PTE_PCD | PTE_PWT)

extern const char image_start[], image_text_end[], image_rodata_end[],
	image_end[];

uint64_t boot_l4[512] __attribute__((aligned(4096)));
mfn_t boot_root;
static uint64_t iomap_next = DEVICE_WINDOW + PAGE_SIZE;

static unsigned int table_index(uint64_t va, unsigned int level)
{
	return (va >> (PAGE_SHIFT + 9 * (level - 1))) & 511;
}

/* The entry for va at a level, making the tables above it. */
static uint64_t *entry_of(uint64_t va, unsigned int level)
{
	uint64_t *table = boot_l4;

	for (unsigned int l = 4; l > level; l--) {
		uint64_t *e = &table[table_index(va, l)];

		if (!(*e & PTE_PRESENT)) {
			table = heap_total_pages ? heap_alloc(PAGE_SIZE)
						 : boot_alloc(PAGE_SIZE);
			if (!table)
				panic("no memory for page tables");
			*e = virt_to_phys(table) | TABLE_FLAGS | PTE_USER;
		} else if (*e & PTE_LARGE) {
			panic("page table for 0x%lx already is a page", va);
		}
		table = phys_to_virt(*e & PTE_ADDR);
	}
	return &table[table_index(va, level)];
}

static void map_page(uint64_t va, uint64_t pa, uint64_t flags)
{
	*entry_of(va, 1) = pa | flags;
}

static void map_range(uint64_t va, uint64_t pa, uint64_t size, uint64_t flags)
{
	while (size) {
		uint64_t step = PAGE_SIZE;

		if (!((va | pa) & (LARGE_SIZE - 1)) && size >= LARGE_SIZE) {
			step = LARGE_SIZE;
			*entry_of(va, 2) = pa | flags | PTE_LARGE;
		} else {
			map_page(va, pa, flags);
		}
		va += step;
		pa += step;
		size -= step;
	}
}

static void map_image_part(const char *start, const char *end, uint64_t flags)
{
	map_range((uint64_t)start, virt_to_phys(start), (uint64_t)(end - start),
		  flags);
}

uint64_t *cpu_block_map(unsigned int cpu, uint64_t pa)
{
	uint64_t va = ENTRY_REGION + cpu * CPU_BLOCK_SIZE, at;

	for (at = 0; at < CPU_BLOCK_SIZE; at += PAGE_SIZE) {
		if (at == CPU_BLOCK_STUB)
			map_page(va + at, pa + at, PTE_HV_RX);
		else if (at < CPU_BLOCK_GUARD || at >= CPU_BLOCK_STACK_BOTTOM)
			map_page(va + at, pa + at, PTE_HV_RW);
	}
	map_page(GDT_WINDOW(cpu) + RESERVED_GDT_PAGE * PAGE_SIZE,
		 pa + CPU_BLOCK_GDT, PTE_HV_RW);
	return entry_of(GDT_WINDOW(cpu), 1);
}

void paging_init(void)
{
	uint64_t end = DIRECT_MAP_START + (machine_frames << PAGE_SHIFT);

	boot_root = mfn_of(virt_to_phys(boot_l4) >> PAGE_SHIFT);
	/* A level 3 table for each slot that this machine needs. */
	end = min_u64(end, HYPERVISOR_END);
	for (uint64_t va = HYPERVISOR_START; va < end; va += 1ul << 39)
		entry_of(va, 3);
	/* All RAM, also what is in use; nothing else, which may be devices. */
	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];
		uint64_t start = page_up(r->start);

		end = min_u64((r->start + r->size) & PAGE_MASK,
			      HYPERVISOR_END - DIRECT_MAP_START);
		if (r->type == MEMORY_RAM && start < end)
			map_range(DIRECT_MAP_START + start, start, end - start,
				  PTE_HV_RW);
	}
	map_image_part(image_start, image_text_end, PTE_HV_RX);
	map_image_part(image_text_end, image_rodata_end, PTE_HV_RO);
	map_image_part(image_rodata_end, image_end, PTE_HV_RW);
	cpu_prepare(0, boot_cpu_block);
	paging_load_root(boot_root);
	boot_memory_unlimited();
}

static void *iomap(uint64_t pa, size_t size, uint64_t flags)
{
	uint64_t offset = pa & (PAGE_SIZE - 1);
	uint64_t va = iomap_next;
	uint64_t bytes = page_up(offset + size);

	if (bytes > FRAME_TABLE_START - va)
		panic("no room to map %zu bytes of device memory", size);
	iomap_next += bytes;
	map_range(va, pa & PAGE_MASK, bytes, flags);
	return (void *)(va + offset);
}

void *ioremap(uint64_t pa, size_t size)
{
	return iomap(pa, size, PTE_HV_UC);
}

/* Its tables are there: boot has mapped more of the same 2 MiB. */
volatile uint32_t *paging_device_window(uint64_t pa)
{
	map_page(DEVICE_WINDOW, pa & PAGE_MASK, PTE_HV_UC);
	invlpg(DEVICE_WINDOW);
	return (uint32_t *)(DEVICE_WINDOW + (pa & ~PAGE_MASK));
}

const void *map_firmware(uint64_t pa, size_t size)
{
	return iomap(pa, size, PTE_HV_RO);
}

void paging_populate(uint64_t va, uint64_t size)
{
	for (uint64_t at = 0; at < size; at += LARGE_SIZE)
		map_range(va + at, virt_to_phys(boot_alloc(LARGE_SIZE)),
			  LARGE_SIZE, PTE_HV_RW);
}

/*
 * The machine-to-physical table: which guest frame number the owner gave a
 * machine frame. One 2 MiB page for each GiB of machine memory that has RAM.
 * Guests read it in slot 256 (user, read-only); the hypervisor writes it in
 * 257 and never believes it (PT-16). The control domain may map its frames,
 * read-only.
 */
void paging_make_m2p(void)
{
	for (uint64_t at = 0; at < machine_frames * 8; at += LARGE_SIZE) {
		void *p = boot_alloc(LARGE_SIZE);
		uint64_t pa = virt_to_phys(p);

		memset(p, 0xff, LARGE_SIZE);
		map_range(M2P_VIRT_START + at, pa, LARGE_SIZE,
			  PTE_HV_RO | PTE_USER);
		map_range(M2P_RW_START + at, pa, LARGE_SIZE, PTE_HV_RW);
		for (unsigned int i = 0; i < LARGE_SIZE / PAGE_SIZE; i++)
			frame_table[(pa >> PAGE_SHIFT) + i].state = FRAME_M2P;
	}
}

mfn_t m2p_frame(uint64_t offset)
{
	return pte_mfn(*entry_of(M2P_VIRT_START + offset, 2));
}

void m2p_set(mfn_t m, uint64_t gfn)
{
	if (m.n < machine_frames)
		write_once(((uint64_t *)M2P_RW_START)[m.n], gfn);
}
