/* SPDX-License-Identifier: MIT */
/*
 * The last thing that the hypervisor does. Any context, any state: takes no
 * locks, allocates nothing, follows no pointer outside this CPU's block and
 * the image.
 */

#include "boot/boot.h"
#include "core/services.h"
#include "x86/machine.h"

#define MAX_FRAMES 24
#define MAX_TEXT   200

struct symbol {
	uint64_t address;
	const char *name;
};

extern const struct symbol symbol_table[];
extern const uint32_t symbol_table_count;
extern const char image_text_end[];

static const struct symbol *find_symbol(uint64_t address)
{
	uint32_t low = 0, high = symbol_table_count, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (symbol_table[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low && address < (uint64_t)image_text_end
		       ? &symbol_table[low - 1]
		       : NULL;
}

/* False: it is not in our code. */
static bool show_address(uint64_t address)
{
	const struct symbol *s = find_symbol(address);

	if (s)
		log_error("  %016lx %s+0x%lx\n", address, s->name,
			  address - s->address);
	return s;
}

static void show_backtrace(uint64_t rip, uint64_t rbp)
{
	uint64_t block = (uint64_t)this_cpu();

	log_error("backtrace:\n");
	if (!show_address(rip))
		log_error("  %016lx\n", rip);
	for (unsigned int i = 0; i < MAX_FRAMES; i++) {
		const uint64_t *frame = (const uint64_t *)rbp;

		/* Only ever upwards, and within mapped parts of the block. */
		if (rbp & 7 || rbp < block + CPU_BLOCK_STUB + PAGE_SIZE ||
		    rbp > block + CPU_BLOCK_SIZE - 16 ||
		    (rbp > block + CPU_BLOCK_GUARD - 16 &&
		     rbp < block + CPU_BLOCK_STACK_BOTTOM))
			return;
		if (!show_address(frame[1]) || frame[0] <= rbp)
			return;
		rbp = frame[0];
	}
}

static void show_registers(const struct cpu_regs *r)
{
	log_error("rip %04lx:%016lx rflags %08lx vector %u error %x\n", r->cs,
		  r->rip, r->rflags, r->vector, r->error_code);
	log_error("rsp %04lx:%016lx rbp %016lx cr2 %016lx\n", r->ss, r->rsp,
		  r->rbp, read_cr2());
	log_error("rax %016lx rbx %016lx rcx %016lx\n", r->rax, r->rbx, r->rcx);
	log_error("rdx %016lx rsi %016lx rdi %016lx\n", r->rdx, r->rsi, r->rdi);
	log_error("r8  %016lx r9  %016lx r10 %016lx\n", r->r8, r->r9, r->r10);
	log_error("r11 %016lx r12 %016lx r13 %016lx\n", r->r11, r->r12, r->r13);
	log_error("r14 %016lx r15 %016lx\n", r->r14, r->r15);
}

void panic_with(const struct cpu_regs *regs, const char *fmt, ...)
{
	static bool entered;
	const uint64_t *frame = __builtin_frame_address(0);
	char text[MAX_TEXT];
	va_list ap;

	irq_disable();
	/* A panic within the panic, or on two CPUs: the first one wins. */
	while (__atomic_exchange_n(&entered, true, __ATOMIC_SEQ_CST))
		halt();
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	smp_stop_others();
	console_force();
	log_error("PANIC on CPU %u: %s\n", this_cpu()->id, text);
	if (regs)
		show_registers(regs);
	log_error("cr0 %08lx cr3 %016lx cr4 %08lx vcpu %lx\n", read_cr0(),
		  read_cr3(), read_cr4(), (uint64_t)this_cpu()->current);
	show_backtrace(regs ? regs->rip : frame[1], regs ? regs->rbp : *frame);
	if (!options.noreboot)
		machine_reboot();
	log_error("halted\n");
	for (;;)
		halt();
}
