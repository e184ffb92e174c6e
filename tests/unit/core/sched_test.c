/* SPDX-License-Identifier: MIT */
/*
 * The scheduler on simulated CPUs: shares, latency, stealing, blocking, and
 * what must hold after every step of a random run.
 */
#include "core/sched.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/services.h"
#include "core_fake.h"
#include "public/errno.h"

#define MS    1000000ull
#define TICKS (1000 * MS)

static void up(struct domain *d)
{
	for (unsigned int i = 0; i < d->max_vcpus; i++) {
		d->vcpu[i]->down = false;
		sched_update(d->vcpu[i]);
	}
	machine_settle();
}

static uint64_t ran(const struct vcpu *v)
{
	struct vcpu_runstate_info info;

	runstate_read(v, &info);
	return info.time[RUNSTATE_running];
}

static void check_near(uint64_t a, uint64_t b, unsigned int percent)
{
	uint64_t d = a > b ? a - b : b - a;

	if (d * 100 > b * percent)
		printf("# %llu is not near %llu\n", (unsigned long long)a,
		       (unsigned long long)b);
	CHECK(d * 100 <= b * percent);
}

/* Only CPU 0 for everybody: what one queue does. */
static void on_cpu0(struct domain *d)
{
	uint64_t mask[MAX_CPUS / 64] = { 1 };

	for (unsigned int i = 0; i < d->max_vcpus; i++)
		CHECK(!sched_set_affinity(d->vcpu[i], mask));
	machine_settle();
}

static void test_equal_shares(void)
{
	struct domain *d = fake_domain(1, 4, false);

	on_cpu0(d);
	up(d);
	machine_run_until(fake_now + TICKS);
	for (unsigned int i = 0; i < 4; i++)
		check_near(ran(d->vcpu[i]), TICKS / 4, 5);
	fake_domain_free(d);
	fake_ok("four hogs on a CPU get a quarter each");
}

static void test_weights(void)
{
	struct domain *a = fake_domain(1, 1, false);
	struct domain *b = fake_domain(2, 1, false);

	b->weight = 512;
	on_cpu0(a);
	on_cpu0(b);
	up(a);
	up(b);
	machine_run_until(fake_now + TICKS);
	check_near(ran(a->vcpu[0]), TICKS / 3, 5);
	check_near(ran(b->vcpu[0]), TICKS * 2 / 3, 5);
	fake_domain_free(a);
	fake_domain_free(b);
	fake_ok("twice the weight is twice the time");
}

static void test_spread(void)
{
	struct domain *d = fake_domain(1, 2, false);

	d->vcpu[1]->cpu = d->vcpu[0]->cpu;
	up(d);
	machine_run_until(fake_now + TICKS);
	check_near(ran(d->vcpu[0]), TICKS, 1);
	check_near(ran(d->vcpu[1]), TICKS, 1);
	/* Nobody competes: nothing is armed. */
	for (unsigned int i = 0; i < cpu_count; i++)
		CHECK(machine_armed(i) == TIMER_NEVER);
	fake_domain_free(d);
	fake_ok("an idle CPU takes what another cannot run; then no timer");
}

static void test_no_idle_with_work(void)
{
	struct domain *d = fake_domain(1, 5, false);
	uint64_t sum = 0;

	up(d);
	machine_run_until(fake_now + TICKS);
	for (unsigned int i = 0; i < 5; i++) {
		sum += ran(d->vcpu[i]);
		CHECK(ran(d->vcpu[i]) > TICKS / 4);
	}
	check_near(sum, TICKS * cpu_count, 1);
	fake_domain_free(d);
	fake_ok("no CPU idles while one has two; nobody starves");
}

static void test_wake_preempts(void)
{
	struct domain *hogs = fake_domain(1, 3, false);
	struct domain *d = fake_domain(2, 1, false);
	struct vcpu *v = d->vcpu[0];

	on_cpu0(hogs);
	on_cpu0(d);
	up(hogs);
	up(d);
	for (unsigned int i = 0; i < 100; i++) {
		v->blocked = true;
		sched_update(v);
		softirq_raise(v->cpu, SOFTIRQ_SCHEDULE);
		machine_run_until(fake_now + 10 * MS);
		CHECK(!v->running);
		vcpu_wake(v);
		machine_run_until(fake_now + MS / 10);
		CHECK(v->running);
	}
	fake_domain_free(d);
	fake_domain_free(hogs);
	fake_ok("a sleeper that wakes runs at once");
}

/* What a vCPU has used while nobody competed is no debt of its later. */
static void test_alone_then_two(void)
{
	struct domain *a = fake_domain(1, 1, false);
	struct domain *b = fake_domain(2, 1, false);
	uint64_t before;

	on_cpu0(a);
	on_cpu0(b);
	up(a);
	machine_run_until(fake_now + 10 * TICKS);
	up(b);
	before = ran(a->vcpu[0]);
	machine_run_until(fake_now + TICKS);
	check_near(ran(a->vcpu[0]) - before, TICKS / 2, 5);
	check_near(ran(b->vcpu[0]), TICKS / 2, 5);
	fake_domain_free(a);
	fake_domain_free(b);
	fake_ok("a newcomer shares with who was alone for long");
}

static void test_block(void)
{
	struct domain *d = fake_domain(1, 1, false);
	struct vcpu *v = d->vcpu[0];

	up(d);
	machine_be(v->cpu);
	v->info->evtchn_upcall_mask = 0;
	v->info->evtchn_upcall_pending = 1;
	vcpu_block_current();
	machine_settle();
	CHECK(v->running && !v->blocked);
	v->info->evtchn_upcall_pending = 0;
	vcpu_block_current();
	machine_settle();
	CHECK(!v->running && v->runstate.state == RUNSTATE_blocked);
	machine_be(1);
	v->info->evtchn_upcall_pending = 1;
	vcpu_kick(v);
	machine_settle();
	CHECK(v->running && v->runstate.state == RUNSTATE_running);
	fake_domain_free(d);
	fake_ok("blocking sees a pending event, and is ended by one");
}

static void test_pause(void)
{
	struct domain *d = fake_domain(1, 1, false);
	struct vcpu *v = d->vcpu[0];

	up(d);
	vcpu_pause_nosync(v);
	vcpu_pause_nosync(v);
	machine_settle();
	CHECK(!v->running && v->runstate.state == RUNSTATE_offline);
	vcpu_unpause(v);
	vcpu_wake(v);
	machine_settle();
	CHECK(!v->running);
	vcpu_unpause(v);
	machine_settle();
	CHECK(v->running);
	fake_domain_free(d);
	fake_ok("pauses are counted; a wake does not end them");
}

static void test_yield(void)
{
	struct domain *d = fake_domain(1, 2, false);

	on_cpu0(d);
	up(d);
	for (unsigned int i = 0; i < 1000; i++) {
		struct vcpu *v = cpu_get(0)->current;

		if (v == d->vcpu[0]) {
			machine_be(0);
			sched_yield_current();
		}
		machine_run_until(fake_now + MS / 10);
		if (v == d->vcpu[0])
			CHECK(cpu_get(0)->current == d->vcpu[1]);
	}
	CHECK(ran(d->vcpu[1]) > 60 * MS);
	fake_domain_free(d);
	fake_ok("who yields lets the other run");
}

static void test_affinity(void)
{
	struct domain *d = fake_domain(1, 3, false);
	uint64_t mask[MAX_CPUS / 64] = { 0 };

	up(d);
	CHECK(sched_set_affinity(d->vcpu[0], mask) == -XEN_EINVAL);
	mask[0] = 4;
	machine_be(d->vcpu[0]->cpu);
	if (current_vcpu() == d->vcpu[0])
		CHECK(!sched_set_affinity(d->vcpu[0], mask));
	machine_run_until(fake_now + 100 * MS);
	CHECK(d->vcpu[0]->cpu == 2 && ran(d->vcpu[0]) > 0);
	fake_domain_free(d);
	fake_ok("a running vCPU moves to where it may run");
}

static void check_invariants(struct domain **ds, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		struct vcpu *v = ds[i]->vcpu[0];
		unsigned int on = 0;

		for (unsigned int c = 0; c < cpu_count; c++)
			on += cpu_get(c)->current == v;
		CHECK(on == v->running);
		if (v->running)
			CHECK(!v->blocked && !v->pause_count && !v->down &&
			      cpu_get(v->cpu)->current == v);
		else if (!v->blocked && !v->pause_count && !v->down)
			CHECK(v->runstate.state == RUNSTATE_runnable);
	}
	/* Work is conserved. */
	for (unsigned int c = 0; c < cpu_count; c++)
		for (unsigned int i = 0; i < n && !cpu_get(c)->current; i++)
			CHECK(ds[i]->vcpu[0]->runstate.state !=
			      RUNSTATE_runnable);
}

static void test_random(void)
{
	struct domain *ds[6];
	uint64_t started = fake_now;

	srandom(7);
	for (unsigned int i = 0; i < 6; i++) {
		ds[i] = fake_domain((domid_t)(i + 1), 1, false);
		up(ds[i]);
	}
	for (unsigned int step = 0; step < 30000; step++) {
		struct vcpu *v = ds[random() % 6]->vcpu[0];

		machine_be((unsigned int)random() % cpu_count);
		switch (random() % 6) {
		case 0:
			if (current_vcpu())
				vcpu_block_current();
			break;
		case 1:
			vcpu_wake(v);
			break;
		case 2:
			vcpu_pause_nosync(v);
			break;
		case 3:
			if (v->pause_count)
				vcpu_unpause(v);
			break;
		case 4:
			if (current_vcpu())
				sched_yield_current();
			break;
		default:
			machine_run_until(fake_now + (uint64_t)random() % MS);
		}
		machine_settle();
		check_invariants(ds, 6);
	}
	for (unsigned int i = 0; i < 6; i++) {
		struct vcpu_runstate_info r;

		runstate_read(ds[i]->vcpu[0], &r);
		check_near(r.time[0] + r.time[1] + r.time[2] + r.time[3],
			   fake_now - started, 1);
		fake_domain_free(ds[i]);
	}
	fake_ok("random run: one place each, work conserved, time adds up");
}

int main(void)
{
	fake_now = 1000;
	machine_start(3);
	test_equal_shares();
	test_weights();
	test_spread();
	test_no_idle_with_work();
	test_wake_preempts();
	test_alone_then_two();
	test_block();
	test_pause();
	test_yield();
	test_affinity();
	test_random();
	return 0;
}
