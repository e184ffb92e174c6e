/* SPDX-License-Identifier: MIT */
/* The machine described in core_fake.h. */
#include "core_fake.h"

#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/hypercall.h"
#include "core/sched.h"
#include "core/services.h"
#include "lib/log.h"
#include "public/errno.h"
#include "x86/machine.h"
#include "x86/uaccess.h"

#define FAKE_CPUS    8
#define FAKE_DOMAINS 8

uint64_t fake_now;
long fake_allocated;
bool fake_heap_empty;
void (*fake_meanwhile)(void);
unsigned int cpu_count;
uint32_t clock_mul = 1u << (32 - CLOCK_SHIFT);
struct domain *control_domain;

static struct cpu *cpus[FAKE_CPUS];
static uint64_t armed[FAKE_CPUS];
static struct domain *domains[FAKE_DOMAINS];
static __thread unsigned int me;

/* Whose turn: a CPU, or FAKE_CPUS for the test itself. */
static unsigned int baton = FAKE_CPUS;
static pthread_mutex_t baton_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t baton_moved = PTHREAD_COND_INITIALIZER;

void fake_fail(const char *file, int line, const char *what)
{
	printf("not ok %s:%d: %s\n", file, line, what);
	fflush(stdout);
	abort();
}

void fake_ok(const char *name)
{
	printf("ok %s\n", name);
}

/* ---- CPUs ---- */

static void baton_pass(unsigned int to, unsigned int self)
{
	pthread_mutex_lock(&baton_mutex);
	baton = to;
	pthread_cond_broadcast(&baton_moved);
	while (baton != self)
		pthread_cond_wait(&baton_moved, &baton_mutex);
	pthread_mutex_unlock(&baton_mutex);
}

static void cpu_wait(void)
{
	baton_pass(FAKE_CPUS, me);
}

struct cpu *this_cpu(void)
{
	if (fake_meanwhile)
		fake_meanwhile();
	return cpus[me];
}

struct cpu *cpu_get(unsigned int id)
{
	return id < cpu_count ? cpus[id] : NULL;
}

void softirq_raise(unsigned int cpu, enum softirq which)
{
	if (cpu < cpu_count)
		cpus[cpu]->softirq_pending |= 1ull << which;
}

void speculation_idle(void)
{
}

bool frames_clear_ahead(void)
{
	return false;
}

void softirq_run(void)
{
	struct cpu *c = this_cpu();

	if (!c->softirq_pending)
		cpu_wait(); /* this was a halt in the idle loop */
	while (c->softirq_pending) {
		int which = __builtin_ctzll(c->softirq_pending);

		c->softirq_pending &= ~(1ull << which);
		if (which == SOFTIRQ_TIMER)
			timer_softirq();
		else if (which == SOFTIRQ_SCHEDULE)
			schedule();
	}
}

void guest_resume(void)
{
	for (;;) {
		cpu_wait();
		if (this_cpu()->softirq_pending)
			softirq_run();
	}
}

static void *cpu_thread(void *data)
{
	me = (unsigned int)(uintptr_t)data;
	pthread_mutex_lock(&baton_mutex);
	while (baton != me)
		pthread_cond_wait(&baton_moved, &baton_mutex);
	pthread_mutex_unlock(&baton_mutex);
	sched_start();
}

void machine_be(unsigned int cpu)
{
	me = cpu;
}

void machine_settle(void)
{
	unsigned int self = me;
	bool again = true;

	while (again) {
		again = false;
		for (unsigned int i = 0; i < cpu_count; i++) {
			if (!cpus[i]->softirq_pending)
				continue;
			again = true;
			baton_pass(i, FAKE_CPUS);
		}
	}
	me = self;
}

void machine_start(unsigned int n)
{
	cpu_count = n;
	for (unsigned int i = 0; i < n; i++) {
		if (posix_memalign((void **)&cpus[i], CPU_BLOCK_SIZE,
				   CPU_BLOCK_SIZE))
			abort();
		memset(cpus[i], 0, CPU_BLOCK_SIZE);
		cpus[i]->id = i;
		cpus[i]->online = true;
		armed[i] = TIMER_NEVER;
		me = i;
	}
	for (unsigned int i = 0; i < n; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, cpu_thread, (void *)(uintptr_t)i);
		pthread_detach(thread);
		baton_pass(i, FAKE_CPUS);
	}
	me = 0;
}

void apic_timer_arm(uint64_t deadline)
{
	armed[me] = deadline;
}

uint64_t machine_armed(unsigned int cpu)
{
	return armed[cpu];
}

void machine_run_until(uint64_t t)
{
	machine_settle();
	for (;;) {
		unsigned int first = 0;

		for (unsigned int i = 1; i < cpu_count; i++)
			if (armed[i] < armed[first])
				first = i;
		if (armed[first] > t)
			break;
		if (armed[first] > fake_now)
			fake_now = armed[first];
		armed[first] = TIMER_NEVER;
		softirq_raise(first, SOFTIRQ_TIMER);
		machine_settle();
	}
	fake_now = t;
}

uint64_t now(void)
{
	return fake_now;
}

void clock_read(uint64_t *tsc, uint64_t *ns)
{
	*tsc = fake_now;
	*ns = fake_now;
}

/* ---- contexts ---- */

void vcpu_context_save(struct vcpu *v)
{
	CHECK(v->running && v->cpu == me);
	cpus[me]->current = NULL;
}

void vcpu_context_load(struct vcpu *v)
{
	CHECK(v->running && v->cpu == me);
	for (unsigned int i = 0; i < cpu_count; i++)
		CHECK(i == me || cpus[i]->current != v);
	cpus[me]->current = v;
}

void vcpu_context_load_idle(void)
{
	cpus[me]->current = NULL;
}

int vcpu_context_set(struct vcpu *v, const struct vcpu_guest_context *c)
{
	(void)v;
	(void)c;
	return 0;
}

/* ---- memory ---- */

void *heap_alloc(size_t size)
{
	if (fake_heap_empty)
		return NULL;
	fake_allocated++;
	return calloc(1, size);
}

void heap_free(void *p)
{
	fake_allocated -= p != NULL;
	free(p);
}

void *mfn_to_virt(mfn_t m)
{
	return (void *)(uintptr_t)(m.n << PAGE_SHIFT);
}

struct frame *frame_get_writable(struct domain *d, mfn_t m)
{
	(void)d;
	fake_allocated++;
	return (struct frame *)(uintptr_t)(m.n << PAGE_SHIFT);
}

void frame_put_writable(struct frame *f)
{
	(void)f;
	fake_allocated--;
}

bool guest_range_ok(uint64_t va, uint64_t n)
{
	(void)n;
	return va != 0;
}

/* ---- domains ---- */

struct domain *domain_get_next(domid_t first)
{
	for (unsigned int i = first; i < FAKE_DOMAINS; i++)
		if (domains[i]) {
			domains[i]->refcount++;
			return domains[i];
		}
	return NULL;
}

struct domain *domain_get(domid_t id)
{
	struct domain *d = id < FAKE_DOMAINS ? domains[id] : NULL;

	if (!d || d->dying)
		return NULL;
	d->refcount++;
	return d;
}

struct domain *domain_get_target(domid_t id, long *rc)
{
	const struct domain *self = current_vcpu()->domain;
	struct domain *d;

	if (id == DOMID_SELF)
		id = self->id;
	*rc = -XEN_EPERM;
	if (id != self->id && !domain_is_control(self))
		return NULL;
	d = domain_get(id);
	*rc = d ? 0 : -XEN_ESRCH;
	return d;
}

void domain_put(struct domain *d)
{
	CHECK(d->refcount > 0);
	d->refcount--;
}

void domain_each_vcpu(struct domain *d, void (*what)(struct vcpu *v))
{
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		what(d->vcpu[i]);
}

void domain_shutdown(struct domain *d, uint8_t reason)
{
	d->shut_down = true;
	d->shutdown_reason = reason;
}

static void fake_vcpu(struct domain *d, unsigned int id)
{
	struct vcpu *v = heap_alloc(sizeof(*v));

	v->id = id;
	v->domain = d;
	v->down = true;
	v->in_kernel = true;
	v->initialised = true;
	v->info = &d->shared_info->vcpu_info[id < 32 ? id : 31];
	v->info->evtchn_upcall_mask = 1;
	time_vcpu_init(v);
	sched_vcpu_init(v);
	d->vcpu[id] = v;
}

struct domain *fake_domain(domid_t id, unsigned int vcpus, bool control)
{
	struct domain *d = heap_alloc(sizeof(*d));

	d->id = id;
	d->is_control = control;
	d->refcount = 1;
	d->max_vcpus = vcpus;
	sched_domain_init(d);
	d->vcpu = heap_alloc(vcpus * sizeof(d->vcpu[0]));
	d->shared_info = heap_alloc(PAGE_SIZE);
	spin_init(&d->lock, RANK_DOMAIN);
	evtchn_init_domain(d);
	for (unsigned int i = 0; i < vcpus; i++)
		fake_vcpu(d, i);
	if (control)
		control_domain = d;
	domains[id] = d;
	return d;
}

void fake_domain_free(struct domain *d)
{
	d->dying = true;
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		vcpu_pause_nosync(d->vcpu[i]);
	machine_settle();
	while (evtchn_destroy_domain(d))
		;
	timer_stop(&d->cap.refill);
	CHECK(d->refcount == 1);
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		heap_free(d->vcpu[i]);
	evtchn_free_domain(d);
	domains[d->id] = NULL;
	if (control_domain == d)
		control_domain = NULL;
	heap_free(d->shared_info);
	heap_free(d->vcpu);
	heap_free(d);
}

/* ---- the rest ---- */

void panic_with(const struct cpu_regs *regs, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	printf("not ok: panic: ");
	vprintf(fmt, ap);
	printf("\n");
	fflush(stdout);
	abort();
}

bool fake_preempt;

bool hypercall_preempt_check(void)
{
	return fake_preempt;
}

/* The caller's turn, then: see -ERESTART. */
long hypercall_continue(unsigned int number, uint64_t a1, uint64_t a2,
			uint64_t a3, uint64_t a4)
{
	return -XEN_ERESTART;
}

/* A row of a table, called as dispatch would; arguments are used in place. */
long subop_call_on(struct vcpu *v, const struct subop *table, unsigned int rows,
		   uint64_t cmd, guest_ptr_t arg)
{
	struct domain *d = v->domain;
	long rc;

	if (cmd >= rows || !table[cmd].handler)
		return -XEN_ENOSYS;
	if ((table[cmd].flags & SUBOP_PRIV) && !domain_is_control(v->domain))
		return -XEN_EPERM;
	if (table[cmd].flags & SUBOP_TARGET)
		d = domain_get_target(*(domid_t *)(uintptr_t)arg.va, &rc);
	if (!d)
		return rc;
	if (table[cmd].flags & SUBOP_PORTS)
		spin_lock(&d->evtchn_lock);
	rc = table[cmd].handler(v, d, (void *)(uintptr_t)arg.va);
	if (table[cmd].flags & SUBOP_PORTS)
		spin_unlock(&d->evtchn_lock);
	if (table[cmd].flags & SUBOP_TARGET)
		domain_put(d);
	return rc;
}
