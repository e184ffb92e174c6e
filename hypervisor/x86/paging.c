/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor's address space. paging_init() builds it from boot memory:
 * direct map, image (W^X), boot CPU's block; later parts of boot add the
 * frame table, the M2P and each CPU's block and windows. Level 3 tables of
 * every slot exist from the start, so that the L4 entries, which each guest
 * root copies, never change.
 *
 * Context: boot CPU until the others start; ioremap() and paging_map_page()
 * on the boot CPU only. paging_device_window() later, on any CPU.
 */
#include "x86/paging.h"

#include "boot/boot.h"
#include "core/services.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "x86/processor.h"
#include "x86/smp.h"

#define LARGE_SIZE    (2ul << 20)
#define DEVICE_WINDOW IOMAP_START
#define TABLE_FLAGS   (PTE_PRESENT | PTE_WRITE | PTE_ACCESSED)
#define PTE_HV        (PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY | PTE_GLOBAL)
#define PTE_HV_RW     (PTE_HV | PTE_WRITE | PTE_NX)
#define PTE_HV_RO     (PTE_HV | PTE_NX)
#define PTE_HV_RX     PTE_HV
#define PTE_HV_UC     (PTE_HV_RW | PTE_PCD | PTE_PWT)

extern const char image_start[], image_text_end[], image_rodata_end[],
	image_end[];

uint64_t boot_l4[512] __attribute__((aligned(4096)));
mfn_t boot_root;
static uint64_t iomap_next = DEVICE_WINDOW + PAGE_SIZE;
static bool heap_ready;

static unsigned int table_index(uint64_t va, unsigned int level)
{
	return (va >> (PAGE_SHIFT + 9 * (level - 1))) & 511;
}

static uint64_t *new_table(void)
{
	uint64_t *t = heap_ready ? page_alloc() : boot_alloc_pages(1);

	if (!t)
		panic("no memory for the hypervisor's page tables");
	return t;
}

/* The entry for va at a level, making the tables above it. */
static uint64_t *entry_of(uint64_t va, unsigned int level)
{
	uint64_t *table = boot_l4, *e;
	unsigned int l;

	for (l = 4; l > level; l--) {
		e = &table[table_index(va, l)];
		if (!(*e & PTE_PRESENT))
			*e = virt_to_phys(new_table()) | TABLE_FLAGS | PTE_USER;
		else if (*e & PTE_LARGE)
			panic("page table for %#lx already is a page", va);
		table = phys_to_virt(*e & PTE_ADDR);
	}
	return &table[table_index(va, level)];
}

void paging_map_page(uint64_t va, uint64_t pa, uint64_t flags)
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
			paging_map_page(va, pa, flags);
		}
		va += step;
		pa += step;
		size -= step;
	}
}

static void map_image_part(const char *start, const char *end, uint64_t flags)
{
	const char *p;

	for (p = start; p < end; p += PAGE_SIZE)
		paging_map_page((uint64_t)p, virt_to_phys(p), flags);
}

/* All RAM, also what is in use; nothing else, which may be devices. */
static void map_ram(void)
{
	const struct memory_range *r;
	uint64_t start, end;
	unsigned int i;

	for (i = 0; i < boot_info.memory_count; i++) {
		r = &boot_info.memory[i];
		start = (r->start + PAGE_SIZE - 1) & PAGE_MASK;
		end = (r->start + r->size) & PAGE_MASK;
		end = min_u64(end, DIRECT_MAP_END - DIRECT_MAP_START);
		if (r->type == MEMORY_RAM && start < end)
			map_range(DIRECT_MAP_START + start, start, end - start,
				  PTE_HV_RW);
	}
}

void cpu_block_map(unsigned int cpu, uint64_t pa)
{
	uint64_t va = ENTRY_REGION + cpu * CPU_BLOCK_SIZE, at;

	for (at = 0; at < CPU_BLOCK_SIZE; at += PAGE_SIZE) {
		if (at == CPU_BLOCK_STUB)
			paging_map_page(va + at, pa + at, PTE_HV_RX);
		else if (at < CPU_BLOCK_DB_TOP || at >= CPU_BLOCK_STACK_BOTTOM)
			paging_map_page(va + at, pa + at, PTE_HV_RW);
	}
	/* The windows' tables; descriptor pages are mapped there later. */
	entry_of(GDT_WINDOW(cpu), 1);
}

static void make_top_tables(void)
{
	unsigned int slot;
	uint64_t top = machine_frames << PAGE_SHIFT;

	for (slot = HYPERVISOR_FIRST_SLOT; slot <= HYPERVISOR_LAST_SLOT;
	     slot++) {
		uint64_t va = 0xffff000000000000ul | (uint64_t)slot << 39;

		if (va < DIRECT_MAP_START || va < DIRECT_MAP_START + top)
			entry_of(va, 3);
	}
}

void paging_init(void)
{
	boot_root = mfn_of(virt_to_phys(boot_l4) >> PAGE_SHIFT);
	make_top_tables();
	map_ram();
	map_image_part(image_start, image_text_end, PTE_HV_RX);
	map_image_part(image_text_end, image_rodata_end, PTE_HV_RO);
	map_image_part(image_rodata_end, image_end, PTE_HV_RW);
	cpu_block_map(0, virt_to_phys(boot_cpu_block));
	paging_load_root(boot_root);
	boot_memory_unlimited();
}

void paging_heap_ready(void)
{
	heap_ready = true;
}

void paging_load_root(mfn_t root)
{
	write_cr3(root.n << PAGE_SHIFT);
	this_cpu()->loaded_root = root;
}

static void *iomap(uint64_t pa, size_t size, uint64_t flags)
{
	uint64_t offset = pa & (PAGE_SIZE - 1);
	uint64_t va = iomap_next;
	uint64_t bytes = (offset + size + PAGE_SIZE - 1) & PAGE_MASK;

	if (bytes > FRAME_TABLE_START - va)
		panic("no room to map %zu bytes of device memory", size);
	iomap_next += bytes;
	for (uint64_t at = 0; at < bytes; at += PAGE_SIZE)
		paging_map_page(va + at, (pa & PAGE_MASK) + at, flags);
	return (void *)(va + offset);
}

void *ioremap(uint64_t pa, size_t size)
{
	return iomap(pa, size, PTE_HV_UC);
}

/* Its tables are there: boot has mapped more of the same 2 MiB. */
volatile uint32_t *paging_device_window(uint64_t pa)
{
	paging_map_page(DEVICE_WINDOW, pa & PAGE_MASK, PTE_HV_UC);
	invlpg(DEVICE_WINDOW);
	return (uint32_t *)(DEVICE_WINDOW + (pa & ~PAGE_MASK));
}

const void *map_firmware(uint64_t pa, size_t size)
{
	return iomap(pa, size, PTE_HV_RO);
}

void paging_populate(uint64_t va, uint64_t size)
{
	uint64_t at;

	for (at = 0; at < size; at += LARGE_SIZE)
		*entry_of(va + at, 2) = virt_to_phys(boot_alloc_aligned(
						LARGE_SIZE, LARGE_SIZE)) |
					PTE_HV_RW | PTE_LARGE;
}

/*
 * The M2P: one 2 MiB page for each GiB of machine memory that has RAM. Guests
 * read it in slot 256 (user, read-only), the hypervisor writes it in 257.
 */
void paging_make_m2p(void)
{
	uint64_t per_page = LARGE_SIZE / 8, first, pa, at;
	uint64_t frames = machine_frames;

	for (first = 0; first < frames; first += per_page) {
		void *p = boot_alloc_aligned(LARGE_SIZE, LARGE_SIZE);

		memset(p, 0xff, LARGE_SIZE);
		pa = virt_to_phys(p);
		at = first * 8;
		*entry_of(M2P_VIRT_START + at, 2) =
			pa | PTE_HV_RO | PTE_USER | PTE_LARGE;
		*entry_of(M2P_RW_START + at, 2) = pa | PTE_HV_RW | PTE_LARGE;
	}
}

uint64_t *desc_window_ptes(unsigned int cpu)
{
	uint64_t va = GDT_WINDOW(cpu), *table = boot_l4;
	unsigned int level;

	for (level = 4; level > 1; level--)
		table = phys_to_virt(table[table_index(va, level)] & PTE_ADDR);
	return &table[table_index(va, 1)];
}
