/* SPDX-License-Identifier: MIT */
/*
 * CPUs: their blocks, their start, and interrupts between them. CPU numbers
 * are dense and in the order of starting; the boot CPU is 0.
 *
 * Starting [SDM3 "MP Initialization"]: INIT, STARTUP with the page of
 * trampoline_start (boot/head.S), one CPU after the other.
 */
#include "x86/machine.h"

#include "mm/mm.h"
#include "platform/platform.h"
#include "x86/entry.h"

/*
 * Far above what hardware takes: under an emulator on a busy machine a CPU
 * may get its first time slice late. A CPU that never comes costs this once.
 */
#define START_TIMEOUT_MS 10000

extern const char trampoline_start[], trampoline_end[];
void ap_main(void);

unsigned int cpu_count = 1;
uint64_t ap_stack; /* read by head.S */
static bool stopping;

/* Also of a CPU that has a block and is not started yet. */
static struct cpu *block_of(unsigned int id)
{
	return (struct cpu *)(ENTRY_REGION + id * CPU_BLOCK_SIZE);
}

struct cpu *cpu_get(unsigned int id)
{
	return id < read_once(cpu_count) ? block_of(id) : NULL;
}

/* From head.S on a new CPU: its own stack, boot_root, nothing else. */
void ap_main(void)
{
	struct cpu *c = this_cpu();

	write_once(cpu_count, c->id + 1); /* cpu_get() knows us */
	features_init_cpu();
	gdt_load();
	c->loaded_root = boot_root;
	apic_init_cpu();
	clock_sync_cpu();
	__atomic_store_n(&c->online, true, __ATOMIC_RELEASE);
	sched_start();
}

static bool start_cpu(uint32_t target, unsigned int page)
{
	struct cpu *c = block_of(cpu_count);
	void *block = heap_alloc(CPU_BLOCK_SIZE);
	uint64_t end;

	if (!block)
		return false;
	cpu_prepare(cpu_count, block);
	c->apic_id = target;
	ap_stack = (uint64_t)c + CPU_BLOCK_SIZE;
	apic_send(target, APIC_INIT);
	delay_us(10000);
	apic_send(target, APIC_STARTUP | page);
	delay_us(200);
	if (!read_once(c->online))
		apic_send(target, APIC_STARTUP | page);
	for (end = now() + START_TIMEOUT_MS * 1000000ull; now() < end;) {
		if (__atomic_load_n(&c->online, __ATOMIC_ACQUIRE))
			return true;
		clock_sync_serve();
		cpu_relax();
	}
	log_error("CPU with APIC id %u does not start\n", target);
	return false;
}

void smp_start_cpus(void)
{
	unsigned int limit =
		(unsigned int)min_u64(acpi.cpu_count, options.maxcpus);
	uint64_t page = boot_low_page;

	if (!page) {
		log_warning("no page below 1 MiB: one CPU only\n");
		return;
	}
	memcpy(phys_to_virt(page), trampoline_start,
	       (size_t)(trampoline_end - trampoline_start));
	for (unsigned int i = 0; i < acpi.cpu_count && cpu_count < limit; i++) {
		/* A CPU that is late may still use its block: stop there. */
		if (acpi.apic_ids[i] != this_cpu()->apic_id &&
		    !start_cpu(acpi.apic_ids[i], (unsigned int)(page >> 12)))
			break;
	}
	log_info("%u CPUs\n", cpu_count);
}

void smp_send_ipi(unsigned int cpu, unsigned int what)
{
	const struct cpu *c = cpu_get(cpu);

	if (c && c->online)
		apic_send(c->apic_id, APIC_IPI | what);
}

void handle_nmi(struct vcpu *v, struct cpu_regs *regs)
{
	if (!read_once(stopping))
		return;
	this_cpu()->online = false;
	for (;;) {
		irq_disable();
		halt();
	}
}

void smp_stop_others(void)
{
	if (__atomic_exchange_n(&stopping, true, __ATOMIC_SEQ_CST))
		return;
	for (unsigned int i = 0; i < cpu_count; i++) {
		if (i != this_cpu()->id)
			smp_send_ipi(i, APIC_NMI);
	}
	delay_us(10000);
}
