/* SPDX-License-Identifier: MIT */
/*
 * The trap table, and what happens when an exception has no handler.
 *
 * Owns: handlers[]. Compiled without SSE, so a trap leaves the vector
 * registers of the interrupted code alone.
 * Next: traps.S.
 */
#include <public/callback.h>
#include <public/sched.h>
#include <pvguest/console.h>
#include <pvguest/hypercall.h>
#include <pvguest/start.h>
#include <pvguest/trap.h>

#include "internal.h"

#define STUB_SIZE   16
#define TRACE_DEPTH 16

static pv_trap_handler *handlers[PV_TRAP_COUNT];

extern const char pv_probe_read_access[];
extern const char pv_probe_write_access[];
extern const char pv_probe_failed[];

void pv_trap_dispatch(struct pv_trap_frame *frame);
void pv_failsafe(void) __attribute__((noreturn));

static const char *const names[PV_TRAP_COUNT] = {
	"divide error",
	"debug",
	"NMI",
	"breakpoint",
	"overflow",
	"bound range",
	"invalid opcode",
	"no FPU",
	"double fault",
	"9",
	"invalid TSS",
	"segment not present",
	"stack fault",
	"general protection",
	"page fault",
	"15",
	"x87 error",
	"alignment check",
	"machine check",
	"SIMD error",
};

void pv_trap_set_handler(unsigned int vector, pv_trap_handler *handler)
{
	if (vector < PV_TRAP_COUNT)
		handlers[vector] = handler;
}

static void print_frame(const struct pv_trap_frame *f, uint64_t address)
{
	pv_printf("rip %016lx cs %04lx rflags %08lx rsp %016lx ss %04lx\n",
		  f->rip, f->cs & 0xffff, f->rflags, f->rsp, f->ss & 0xffff);
	pv_printf("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax,
		  f->rbx, f->rcx, f->rdx);
	pv_printf("rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", f->rsi,
		  f->rdi, f->rbp, f->r8);
	pv_printf("r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", f->r9,
		  f->r10, f->r11, f->r12);
	pv_printf("r13 %016lx r14 %016lx r15 %016lx cr2 %016lx\n", f->r13,
		  f->r14, f->r15, address);
}

/* Follows saved frame pointers; any of them may be garbage. */
static void print_backtrace(uint64_t rbp)
{
	uint64_t caller, next;
	int i;

	pv_printf("called from");
	for (i = 0; i < TRACE_DEPTH && rbp != 0 && (rbp & 7) == 0; i++) {
		if (!pv_probe_read((uint64_t *)rbp, &next) ||
		    !pv_probe_read((uint64_t *)rbp + 1, &caller))
			break;
		pv_printf(" %lx", caller);
		if (next <= rbp)
			break;
		rbp = next;
	}
	pv_printf("\n");
}

static bool probe_failed(struct pv_trap_frame *frame)
{
	if (frame->rip != (uint64_t)pv_probe_read_access &&
	    frame->rip != (uint64_t)pv_probe_write_access)
		return false;
	frame->rip = (uint64_t)pv_probe_failed;
	return true;
}

void pv_trap_dispatch(struct pv_trap_frame *frame)
{
	uint64_t address = 0;
	bool fault = frame->vector == PV_TRAP_PAGE_FAULT;

	if (fault)
		address = pv_vcpu_info()->arch.cr2;
	if ((fault || frame->vector == PV_TRAP_GENERAL_PROTECTION) &&
	    probe_failed(frame))
		return;
	if (handlers[frame->vector] && handlers[frame->vector](frame, address))
		return;
	pv_printf("\nException %lu (%s), error code %lx\n", frame->vector,
		  names[frame->vector], frame->error_code);
	print_frame(frame, address);
	print_backtrace(frame->rbp);
	pv_shutdown(SHUTDOWN_crash);
}

void pv_failsafe(void)
{
	pv_panic("failsafe callback: the hypervisor could not return to us");
}

void pv_panic(const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	pv_vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	pv_printf("\nPanic: %s\n", text);
	print_backtrace((uint64_t)__builtin_frame_address(0));
	pv_shutdown(SHUTDOWN_crash);
}

static void register_callback(uint16_t type, const char *entry)
{
	struct callback_register op = {
		.type = type,
		.flags = CALLBACKF_mask_events,
		.address = (unsigned long)entry,
	};
	long rc = pv_hypercall2(__HYPERVISOR_callback_op, CALLBACKOP_register,
				PV_ARG(&op));

	if (rc != 0)
		pv_panic("callback %u was refused: %ld", type, rc);
}

void pv_traps_init(void)
{
	struct trap_info table[PV_TRAP_COUNT + 1];
	unsigned int i;

	memset(table, 0, sizeof(table));
	for (i = 0; i < PV_TRAP_COUNT; i++) {
		table[i].vector = (uint8_t)i;
		table[i].flags = i == 3 || i == 4 ? 3 : 0;
		table[i].cs = FLAT_KERNEL_CS;
		table[i].address = (unsigned long)&pv_trap_stubs[i * STUB_SIZE];
	}
	pv_hypercall1(__HYPERVISOR_set_trap_table, PV_ARG(table));
	register_callback(CALLBACKTYPE_event, pv_upcall_entry);
	register_callback(CALLBACKTYPE_failsafe, pv_failsafe_entry);
}
