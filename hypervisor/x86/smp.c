/* SPDX-License-Identifier: MIT */
/*
 * CPUs: their blocks, their start, and interrupts between them. CPU numbers
 * are dense and in the order of starting; the boot CPU is 0.
 *
 * Starting [SDM3 "MP Initialization"]: INIT, STARTUP with the page of
 * trampoline_start (boot/head.S), one CPU after the other.
 */
#include "x86/smp.h"

#include "boot/boot.h"
#include "core/services.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "platform/acpi.h"
#include "x86/apic.h"
#include "x86/clock.h"
#include "x86/entry.h"
#include "x86/features.h"
#include "x86/gdt.h"
#include "x86/paging.h"
#include "x86/processor.h"

/*
 * Far above what hardware takes: under an emulator on a busy machine a CPU
 * may get its first time slice late. A CPU that never comes costs this once.
 */
#define START_TIMEOUT_MS 10000

extern const char trampoline_start[], trampoline_end[];
void ap_main(void);

unsigned int cpu_count = 1;
uint64_t ap_stack; /* read by head.S */
static void *block_alias[MAX_CPUS];
static unsigned int prepared = 1; /* blocks that exist */
static bool stopping;

static struct {
	void (*fn)(void *);
	void *data;
	unsigned int waiting; /* CPUs that have not finished */
	bool busy;
} call;

/* Also of a CPU that has a block and is not started yet. */
static struct cpu *block_of(unsigned int id)
{
	return (struct cpu *)(ENTRY_REGION + id * CPU_BLOCK_SIZE);
}

struct cpu *cpu_get(unsigned int id)
{
	return id < read_once(cpu_count) ? block_of(id) : NULL;
}

void *cpu_block_alias(unsigned int cpu)
{
	return block_alias[cpu];
}

void cpu_init_boot(void)
{
	struct cpu *c = block_of(0);

	c->self = c;
	c->online = true;
	block_alias[0] = boot_cpu_block;
}

static void prepare_cpu(unsigned int id)
{
	struct cpu *c = block_of(id);

	block_alias[id] = boot_alloc_pages(CPU_BLOCK_SIZE / PAGE_SIZE);
	cpu_block_map(id, virt_to_phys(block_alias[id]));
	c->self = c;
	c->id = id;
	gdt_prepare(c);
}

static void call_interrupt(unsigned int vector)
{
	call.fn(call.data);
	__atomic_fetch_sub(&call.waiting, 1, __ATOMIC_RELEASE);
}

void smp_prepare(void)
{
	unsigned int limit = acpi.cpu_count;

	if (limit > options.maxcpus)
		limit = options.maxcpus;
	for (; prepared < limit; prepared++)
		prepare_cpu(prepared);
	irq_set_handler(VECTOR_CALL, call_interrupt, true);
}

/* From head.S on a new CPU: its own stack, boot_root, nothing else. */
void ap_main(void)
{
	struct cpu *c = this_cpu();

	write_once(cpu_count, c->id + 1); /* cpu_get() knows us */
	features_init_cpu();
	gdt_load();
	c->loaded_root = boot_root;
	entry_init_cpu((char *)cpu_block_alias(c->id) + CPU_BLOCK_STUB);
	apic_init_cpu();
	clock_sync_cpu();
	__atomic_store_n(&c->online, true, __ATOMIC_RELEASE);
	sched_start();
}

static bool wait_online(const struct cpu *c)
{
	uint64_t end = now() + START_TIMEOUT_MS * 1000000ull;

	while (!__atomic_load_n(&c->online, __ATOMIC_ACQUIRE)) {
		if (now() > end)
			return false;
		clock_sync_serve();
		cpu_relax();
	}
	return true;
}

static bool start_cpu(uint32_t target, unsigned int page)
{
	struct cpu *c = block_of(cpu_count);

	c->apic_id = target;
	ap_stack = (uint64_t)c + CPU_BLOCK_SIZE;
	apic_send_init(target);
	delay_us(10000);
	apic_send_startup(target, page);
	delay_us(200);
	if (!read_once(c->online))
		apic_send_startup(target, page);
	if (!wait_online(c)) {
		log_error("CPU with APIC id %u does not start\n", target);
		return false;
	}
	return true;
}

void smp_start_cpus(void)
{
	uint64_t page = boot_low_page;
	uint32_t self = this_cpu()->apic_id;
	unsigned int i;

	if (!page && prepared > 1)
		log_warning("no page below 1 MiB: one CPU only\n");
	if (!page || prepared < 2)
		return;
	memcpy(phys_to_virt(page), trampoline_start,
	       (size_t)(trampoline_end - trampoline_start));
	for (i = 0; i < acpi.cpu_count && cpu_count < prepared; i++) {
		/* A CPU that is late may still use its block: stop there. */
		if (acpi.apic_ids[i] != self &&
		    !start_cpu(acpi.apic_ids[i], (unsigned int)(page >> 12)))
			break;
	}
	log_info("%u CPUs\n", cpu_count);
}

void smp_send_ipi(unsigned int cpu, unsigned int vector)
{
	const struct cpu *c = cpu_get(cpu);

	if (c && c->online)
		apic_send_ipi(c->apic_id, vector);
}

void smp_send_ipi_others(unsigned int vector)
{
	unsigned int i, n = read_once(cpu_count);

	for (i = 0; i < n; i++) {
		if (i != this_cpu()->id)
			smp_send_ipi(i, vector);
	}
}

void smp_call_all(void (*fn)(void *), void *data)
{
	while (__atomic_exchange_n(&call.busy, true, __ATOMIC_ACQUIRE))
		cpu_relax();
	call.fn = fn;
	call.data = data;
	__atomic_store_n(&call.waiting, cpu_count - 1, __ATOMIC_RELEASE);
	smp_send_ipi_others(VECTOR_CALL);
	fn(data);
	while (__atomic_load_n(&call.waiting, __ATOMIC_ACQUIRE))
		cpu_relax();
	__atomic_store_n(&call.busy, false, __ATOMIC_RELEASE);
}

void smp_check_stop(void)
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
	unsigned int i;

	if (__atomic_exchange_n(&stopping, true, __ATOMIC_SEQ_CST))
		return;
	for (i = 0; i < cpu_count; i++) {
		if (i != this_cpu()->id && block_of(i)->online)
			apic_send_nmi(block_of(i)->apic_id);
	}
	delay_us(10000);
}
