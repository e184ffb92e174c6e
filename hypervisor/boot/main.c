/* SPDX-License-Identifier: MIT */
/*
 * The boot CPU's way from head.S to the first guest. Read this for the order
 * in which the parts come alive; each says for itself what it needs.
 */
#include "mm/mm.h"
#include "platform/platform.h"
#include "x86/cpu.h"
#include "x86/machine.h"
#include "x86/paging.h"

noreturn_fn void boot_main(uint32_t magic, uint32_t info);

static void show_boot_info(void)
{
	log_info("Tenon, started by %s with: %s\n", boot_info.loader,
		 boot_info.cmdline);
	for (unsigned int i = 0; i < boot_info.memory_count; i++) {
		const struct memory_range *r = &boot_info.memory[i];

		log_debug("memory %016lx-%016lx type %u\n", r->start,
			  r->start + r->size, r->type);
	}
	for (unsigned int i = 0; i < boot_info.module_count; i++)
		log_info("module %u: %lu bytes at 0x%lx: %s\n", i,
			 boot_info.modules[i].size, boot_info.modules[i].start,
			 boot_info.modules[i].cmdline);
}

void boot_main(uint32_t magic, uint32_t info)
{
	const struct ram_range *ranges;
	unsigned int n;
	bool parsed;

	this_cpu()->online = true;
	parsed = boot_parse(magic, phys_to_virt(info));
	options_parse(boot_info.cmdline);
	if (options.com1)
		uart_init(options.baud);
	if (!parsed)
		panic("not started by a Multiboot loader: 0x%x", magic);
	show_boot_info();
	boot_memory_init();

	/* Our own address space, descriptor tables and entry points. */
	features_init();
	speculation_init();
	features_init_cpu();
	paging_init();
	idt_init();
	gdt_load();

	if (options.vga)
		vga_init();
	acpi_init();
	clock_init();
	apic_init();
	ioapic_init();

	paging_populate(FRAME_TABLE_START,
			machine_frames * sizeof(struct frame));
	paging_make_m2p();
	n = boot_memory_take(&ranges);
	mm_init(ranges, n);
	log_info("memory: up to %lu MiB, %lu MiB free\n", machine_frames >> 8,
		 heap_free_pages >> 8);

	irq_enable();
	uart_enable_irq();
	smp_start_cpus();
	dom0_build();
	sched_start();
}
