/* SPDX-License-Identifier: MIT */
/* The machine described in whole.h, and stand-ins for x86/ and platform/. */
#include "whole.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include "boot/boot.h"
#include "core/grant.h"
#include "core/services.h"
#include "mm/pagetype.h"
#include "platform/platform.h"
#include "public/errno.h"
#include "pv/pv.h"
#include "x86/cpu.h"
#include "x86/machine.h"
#include "x86/paging.h"

#define FRAMES 2048
#define LINES  24

struct frame frame_table[FRAMES];
uint64_t machine_frames = FRAMES;
static uint8_t memory[FRAMES * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
uint8_t *machine_memory = memory;
uint64_t boot_l4[512] __attribute__((aligned(PAGE_SIZE)));
mfn_t boot_root;
struct boot_info boot_info;
struct acpi_info acpi;
struct options options;
struct cpu_features cpu_features = { .address_bits = 40, .xcr0 = 7 };
unsigned int cpu_count = 1;
uint32_t clock_mul = 1u << (32 - CLOCK_SHIFT);
uint64_t tsc_khz = 1000000;

uint8_t whole_window[WINDOW_SIZE];
unsigned int whole_preempt;

static uint8_t block[CPU_BLOCK_SIZE] __attribute__((aligned(CPU_BLOCK_SIZE)));
static struct domain *domains[WHOLE_DOMAINS];
static uint64_t frames[WHOLE_DOMAINS][WHOLE_PAGES];
static uint64_t free_before;
static unsigned int questions;
static jmp_buf leave; /* the machine goes down */

/* Processor. */

struct cpu *this_cpu(void)
{
	return (struct cpu *)block;
}

struct cpu *cpu_get(unsigned int id)
{
	return id ? NULL : this_cpu();
}

/* Nobody is at the console. */

void uart_write(const char *s, size_t n)
{
}

int uart_read(void)
{
	return -1;
}

void vga_write(const char *s, size_t n)
{
}

uint64_t whole_cr2;

uint64_t read_cr2(void)
{
	return whole_cr2;
}

void softirq_raise(unsigned int cpu, enum softirq which)
{
	this_cpu()->softirq_pending |= 1ull << which;
}

void softirq_run(void)
{
	this_cpu()->softirq_pending = 0;
}

void smp_send_ipi(unsigned int cpu, unsigned int vector)
{
	CHECK(!"there is one CPU");
}

uint64_t now(void)
{
	static uint64_t ns;

	return ns += 1000;
}

void clock_read(uint64_t *tsc, uint64_t *ns)
{
	*tsc = *ns = now();
}

uint64_t rdmsr(uint32_t msr)
{
	return msr;
}

void paging_load_root(mfn_t root)
{
	this_cpu()->loaded_root = root;
}

volatile uint32_t *paging_device_window(uint64_t pa)
{
	static uint32_t table[1024];

	return &table[pa % PAGE_SIZE / 4];
}

void gdt_load_ldt(unsigned int entries)
{
}

void load_user_gs(uint16_t selector)
{
}

void guest_resume(void)
{
	CHECK(!"nothing is scheduled");
	__builtin_unreachable();
}

/* Contexts. */

void context_load_cr4(const struct vcpu *v)
{
}

void context_set_ts(struct vcpu *v, uint64_t ts)
{
	v->cr0_ts = ts;
}

void context_load_debug(const struct vcpu *v)
{
}

void vcpu_context_save(struct vcpu *v)
{
}

void vcpu_context_load(struct vcpu *v)
{
}

void speculation_idle(void)
{
}

void vcpu_context_load_idle(void)
{
}

/* As in x86/context.c. */
int vcpu_context_init(struct vcpu *v)
{
	v->kernel_root = v->user_root = INVALID_MFN;
	v->in_kernel = true;
	v->cr4 = PV_CR4_BASE;
	v->fpu = heap_alloc(FXSAVE_SIZE + 64);
	return v->fpu ? 0 : -XEN_ENOMEM;
}

void vcpu_context_destroy(struct vcpu *v)
{
	pv_drop_descriptors(v);
	mm_drop_roots(v);
	heap_free(v->fpu);
}

void fpu_reset(struct vcpu *v)
{
}

void fpu_load_xcr0(const struct vcpu *v)
{
}

bool fpu_xcr0_ok(uint64_t xcr0)
{
	return xcr0 == 1 || xcr0 == 3 || xcr0 == 7;
}

int fpu_set_image(struct vcpu *v, const void *fxsave)
{
	memcpy(v->fpu, fxsave, FXSAVE_SIZE);
	return 0;
}

/* Interrupts and devices: lines without anything behind them. */

void apic_timer_arm(uint64_t deadline_ns)
{
}

void irq_set_handler(unsigned int vector, irq_handler_fn *handler)
{
	CHECK(vector >= VECTOR_DEVICE && vector < VECTOR_DEVICE_END);
}

unsigned int ioapic_gsi_count = LINES;

bool ioapic_has_gsi(unsigned int gsi)
{
	return gsi < LINES;
}

bool ioapic_is_routed(unsigned int gsi)
{
	return gsi == 4;
}

void ioapic_route(unsigned int gsi, unsigned int vector, bool level,
		  bool active_low)
{
	CHECK(gsi < LINES && gsi != 4);
}

void ioapic_mask(unsigned int gsi, bool masked)
{
	CHECK(gsi < LINES && gsi != 4);
}

struct spinlock pci_lock = SPINLOCK_INIT(RANK_IRQ);

/* One device with an MSI capability at 0x50. */
uint32_t pci_read(uint16_t device, unsigned int reg)
{
	static const uint32_t config[64] = {
		0x12348086, 0x100000, 0, 0, [13] = 0x50, [20] = 0x800005
	};

	return device == 8 && reg < 256 ? config[reg / 4] : ~0u;
}

void pci_write(uint16_t device, unsigned int reg, uint32_t value)
{
}

void machine_poweroff(void)
{
	longjmp(leave, 1);
}

void machine_reboot(void)
{
	longjmp(leave, 1);
}

void panic_with(const struct cpu_regs *regs, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("not ok panic: ");
	vprintf(fmt, ap);
	printf("\n");
	va_end(ap);
	fflush(stdout);
	abort();
}

/* Memory. */

void m2p_set(mfn_t m, uint64_t gfn)
{
	CHECK(m.n < FRAMES);
}

mfn_t m2p_frame(uint64_t offset)
{
	return INVALID_MFN;
}

/* lib/string.c would take the place of what the sanitizers look into. */
void string_copy(char *dst, const char *src, size_t size)
{
	size_t n = strnlen(src, size - 1);

	memcpy(dst, src, n);
	memset(dst + n, 0, size - n);
}

/* The bytes from va on that there are, up to n. */
static size_t window_part(uint64_t va, size_t n)
{
	uint64_t at = va - WINDOW;

	if (at >= WINDOW_SIZE)
		return 0;
	return min_u64(n, WINDOW_SIZE - at);
}

int guest_copy_in(void *dst, const void *src, size_t n);
int guest_copy_out(void *dst, const void *src, size_t n);

int guest_copy_in(void *dst, const void *src, size_t n)
{
	size_t part = window_part((uint64_t)src, n);

	memcpy(dst, whole_window + ((uint64_t)src - WINDOW) % WINDOW_SIZE,
	       part);
	memset((uint8_t *)dst + part, 0, n - part);
	return part == n ? 0 : -XEN_EFAULT;
}

int guest_copy_out(void *dst, const void *src, size_t n)
{
	size_t part = window_part((uint64_t)dst, n);

	memcpy(whole_window + ((uint64_t)dst - WINDOW) % WINDOW_SIZE, src,
	       part);
	return part == n ? 0 : -XEN_EFAULT;
}

/* Allocations that are refused; the linker sends calls here (--wrap). */

static unsigned long refuse_at, allocations;
static long alive;

void whole_refuse(unsigned long number)
{
	refuse_at = number;
	allocations = 0;
}

bool whole_refused(void)
{
	return refuse_at && allocations >= refuse_at;
}

long whole_objects(void)
{
	return alive;
}

static bool refuse(void)
{
	return refuse_at && ++allocations == refuse_at;
}

void *__real_heap_alloc(size_t size);
void *__wrap_heap_alloc(size_t size);
void *__wrap_heap_alloc(size_t size)
{
	void *p = refuse() ? NULL : __real_heap_alloc(size);

	alive += p != NULL;
	return p;
}

void __real_heap_free(void *p);
void __wrap_heap_free(void *p);
void __wrap_heap_free(void *p)
{
	alive -= p != NULL;
	__real_heap_free(p);
}

struct frame *__real_frames_alloc(unsigned int order, unsigned int bits);
struct frame *__wrap_frames_alloc(unsigned int order, unsigned int bits);
struct frame *__wrap_frames_alloc(unsigned int order, unsigned int bits)
{
	return refuse() ? NULL : __real_frames_alloc(order, bits);
}

/* The control domain's end is the machine's: it does not come to that. */

void __real_domain_shutdown(struct domain *d, uint8_t reason);
void __wrap_domain_shutdown(struct domain *d, uint8_t reason);
void __wrap_domain_shutdown(struct domain *d, uint8_t reason)
{
	if (!d->is_control)
		__real_domain_shutdown(d, reason);
}

void __real_domain_crash(struct domain *d, const char *fmt, ...)
	printf_like(2, 3);
void __wrap_domain_crash(struct domain *d, const char *fmt, ...)
	printf_like(2, 3);
void __wrap_domain_crash(struct domain *d, const char *fmt, ...)
{
	char text[100];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (!d->is_control)
		__real_domain_crash(d, "%s", text);
}

/* Hypercalls. */

static bool preempted(void)
{
	return whole_preempt && ++questions % whole_preempt == 0;
}

/* Run again as the registers say, until they say nothing new. */
static long call_to_end(struct vcpu *v, uint64_t number)
{
	struct cpu_regs *r = guest_regs();
	long rc = 0;

	r->rax = number;
	for (unsigned int i = 0; i < 200; i++) {
		uint64_t rip = r->rip;

		v->in_kernel = true;
		this_cpu()->softirq_pending = preempted();
		rc = hypercall_dispatch(r->rdi, r->rsi, r->rdx, r->r10, r->rax,
					this_cpu());
		this_cpu()->softirq_pending = 0;
		if (rc != HYPERCALL_NO_RESULT || r->rip != rip - 2)
			break;
		r->rip = rip;
	}
	return rc;
}

static long call_or_leave(struct vcpu *v, uint64_t number)
{
	if (!setjmp(leave))
		return call_to_end(v, number);
	return 0; /* and it goes on */
}

long whole_call(uint64_t number, uint64_t a1, uint64_t a2, uint64_t a3,
		uint64_t a4)
{
	struct vcpu *v = current_vcpu();
	struct cpu_regs *r = guest_regs();
	long rc;

	*r = (struct cpu_regs){ .rdi = a1,
				.rsi = a2,
				.rdx = a3,
				.r10 = a4,
				.rip = 0x1000,
				.cs = GUEST_CS64,
				.ss = GUEST_DS };
	rc = call_or_leave(v, number);
	v->in_kernel = true;
	CHECK(!this_cpu()->lock_ranks);
	CHECK(current_vcpu() == v && !v->multicall);
	return rc;
}

bool whole_be(unsigned int domain, unsigned int vcpu)
{
	struct domain *d = domain_get((domid_t)domain);
	struct vcpu *v = d && vcpu < d->max_vcpus ? d->vcpu[vcpu] : NULL;

	if (v) {
		this_cpu()->current = v;
		mm_load_root(v);
	}
	if (d)
		domain_put(d);
	return v;
}

uint64_t whole_frame(unsigned int domain, unsigned int i)
{
	return frames[domain][i];
}

struct domain *whole_domain(unsigned int domain)
{
	return domains[domain];
}

/* Domains. */

static void domain_begin(unsigned int id)
{
	struct domain *d;
	int rc;

	d = domain_create((domid_t)id, 2, !id, &rc);
	CHECK(d && d->id == id);
	domains[id] = d;
	d->max_pages = 4 * WHOLE_PAGES;
	for (unsigned int i = 0; i < 2; i++) {
		CHECK(vcpu_create(d, i));
		d->vcpu[i]->initialised = true;
	}
	for (unsigned int i = 0; i < WHOLE_PAGES; i++) {
		struct frame *f = domain_alloc_frame(d);

		CHECK(f);
		frames[id][i] = frame_to_mfn(f).n;
	}
}

static void machine_once(void)
{
	static uint64_t window[32];
	struct ram_range all = { 0, FRAMES * PAGE_SIZE };

	if (heap_total_pages)
		return;
	this_cpu()->window = window;
	boot_info.memory_count = 1;
	boot_info.memory[0] = (struct memory_range){ 0, all.end, MEMORY_RAM };
	this_cpu()->online = true;
	mm_load_idle_root();
	mm_init(&all, 1);
	time_set_wallclock(1, 0, 0);
}

void whole_begin(void)
{
	machine_once();
	whole_refuse(0);
	whole_preempt = 0;
	questions = 0;
	memset(whole_window, 0, sizeof(whole_window));
	free_before = heap_free_pages;
	for (unsigned int i = 0; i < WHOLE_DOMAINS; i++)
		domain_begin(i);
	CHECK(whole_be(0, 0));
}

/* As DOMCTL_destroydomain does, which nobody can do to himself. */
static void domain_destroy(struct domain *d)
{
	if (!d->dying) {
		d->dying = true;
		domain_each_vcpu(d, vcpu_pause);
	}
	if (d->dead)
		return;
	while (evtchn_destroy_domain(d))
		;
	while (mm_domain_relinquish(d))
		;
	while (grant_release_mappings(d))
		;
	d->dead = true;
	domain_put(d);
}

bool whole_end(void)
{
	/* Somebody must be asked whether he is preempted. */
	static struct vcpu_info info;
	static struct domain nobody;
	static struct vcpu caller = { .domain = &nobody, .info = &info };
	struct domain *d;

	whole_refuse(0);
	whole_preempt = 0;
	mm_load_idle_root();
	this_cpu()->current = &caller;
	control_domain = NULL; /* freed first, it is told of no other's end */
	for (domid_t id = 0; (d = domain_get_next(id)); id++) {
		id = d->id;
		domain_destroy(d);
		domain_put(d);
	}
	if (zombies)
		zombies_put();
	this_cpu()->current = NULL;
	return heap_free_pages == free_before && !domain_get_next(0);
}
