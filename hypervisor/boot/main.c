/* SPDX-License-Identifier: MIT */
/*
 * The boot CPU's way from head.S to the first guest. Read this for the order
 * in which the parts come alive; each says for itself what it needs.
 */
#include "boot/boot.h"
#include "core/console.h"
#include "core/services.h"
#include "dom0/build.h"
#include "lib/panic.h"
#include "lib/string.h"
#include "mm/mm.h"
#include "platform/acpi.h"
#include "platform/platform.h"
#include "x86/apic.h"
#include "x86/clock.h"
#include "x86/entry.h"
#include "x86/features.h"
#include "x86/paging.h"
#include "x86/processor.h"
#include "x86/segments.h"
#include "x86/smp.h"

noreturn_fn void boot_main(uint32_t magic, uint32_t info);

static void start_consoles(void)
{
	console_set_level(options.loglevel);
	if (strstr(options.console, "com1"))
		uart_init(options.baud);
}

static void show_boot_info(void)
{
	const struct memory_range *r;
	unsigned int i;

	log_info("Tenon, started by %s with: %s\n", boot_info.loader,
		 boot_info.cmdline);
	for (i = 0; i < boot_info.memory_count; i++) {
		r = &boot_info.memory[i];
		log_debug("memory %016lx-%016lx type %u\n", r->start,
			  r->start + r->size, r->type);
	}
	for (i = 0; i < boot_info.module_count; i++)
		log_info("module %u: %lu bytes at %#lx: %s\n", i,
			 boot_info.modules[i].size, boot_info.modules[i].start,
			 boot_info.modules[i].cmdline);
}

/* Our own address space, descriptor tables and entry points. */
static void start_processor(void)
{
	features_init();
	features_init_cpu();
	paging_init();
	idt_init();
	gdt_load();
}

static void start_memory(void)
{
	const struct ram_range *ranges;
	unsigned int n;

	paging_populate(FRAME_TABLE_START,
			machine_frames * sizeof(struct frame));
	paging_make_m2p();
	n = boot_memory_take(&ranges);
	mm_init(ranges, n);
	log_info("memory: up to %lu MiB, %lu MiB free\n", machine_frames >> 8,
		 heap_free_pages() >> 8);
}

static void start_devices(void)
{
	if (strstr(options.console, "vga"))
		vga_init();
	acpi_init();
	clock_init();
	apic_init();
	ioapic_init();
}

/* Module 0 is the kernel of the control domain, module 1 its ramdisk. */
static void build_control_domain(void)
{
	const struct boot_module *m = boot_info.modules;
	struct dom0_parts parts = { .pages = options.dom0_mem >> PAGE_SHIFT };
	unsigned int i;

	if (!boot_info.module_count)
		panic("no boot module: a kernel for the control domain");
	parts.kernel = phys_to_virt(m[0].start);
	parts.kernel_size = m[0].size;
	parts.cmdline = m[0].cmdline;
	if (boot_info.module_count > 1) {
		parts.ramdisk = phys_to_virt(m[1].start);
		parts.ramdisk_size = m[1].size;
	}
	dom0_build(&parts);
	for (i = 0; i < boot_info.module_count; i++)
		mm_free_boot_range(m[i].start & PAGE_MASK,
				   (m[i].start + m[i].size + PAGE_SIZE - 1) &
					   PAGE_MASK);
}

void boot_main(uint32_t magic, uint32_t info)
{
	bool parsed;

	this_cpu()->online = true;
	parsed = boot_parse(magic, phys_to_virt(info));
	options_parse(boot_info.cmdline);
	start_consoles();
	if (!parsed)
		panic("not started by a Multiboot loader: %#x", magic);
	show_boot_info();
	boot_memory_init();
	start_processor();
	start_devices();
	start_memory();
	sched_init();
	sched_init_cpu();
	timer_init_cpu();
	irq_enable();
	uart_enable_irq();
	smp_start_cpus();
	build_control_domain();
	sched_start();
}
