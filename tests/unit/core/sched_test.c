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
#include "public/domctl.h"
#include "public/errno.h"
#include "public/sysctl.h"

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
		CHECK(!sched_set_affinity(d->vcpu[i], mask,
					  d->vcpu[i]->sched.soft));
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
	CHECK(sched_set_affinity(d->vcpu[0], mask, d->vcpu[0]->sched.soft) ==
	      -XEN_EINVAL);
	mask[0] = 4;
	machine_be(d->vcpu[0]->cpu);
	if (current_vcpu() == d->vcpu[0])
		CHECK(!sched_set_affinity(d->vcpu[0], mask,
					  d->vcpu[0]->sched.soft));
	machine_run_until(fake_now + 100 * MS);
	CHECK(d->vcpu[0]->cpu == 2 && ran(d->vcpu[0]) > 0);
	fake_domain_free(d);
	fake_ok("a running vCPU moves to where it may run");
}

static void pin(struct vcpu *v, uint64_t hard, uint64_t soft)
{
	uint64_t h[MAX_CPUS / 64] = { hard }, s[MAX_CPUS / 64] = { soft };

	CHECK(!sched_set_affinity(v, hard ? h : v->sched.hard,
				  soft ? s : v->sched.soft));
	machine_settle();
}

/* v waits for an event from now on. */
static void block(struct vcpu *v)
{
	v->blocked = true;
	sched_update(v);
	machine_settle();
}

static void test_many_weights(void)
{
	static const unsigned int weights[] = { 64, 128, 256, 512, 1024 };
	struct domain *ds[5];
	uint64_t sum = 0;

	for (unsigned int i = 0; i < 5; i++) {
		ds[i] = fake_domain((domid_t)(i + 1), 1, false);
		ds[i]->weight = weights[i];
		sum += weights[i];
		on_cpu0(ds[i]);
		up(ds[i]);
	}
	machine_run_until(fake_now + 4 * TICKS);
	for (unsigned int i = 0; i < 5; i++) {
		check_near(ran(ds[i]->vcpu[0]), 4 * TICKS * weights[i] / sum,
			   4);
		fake_domain_free(ds[i]);
	}
	fake_ok("five weights, sixteen to one, get what they say");
}

static void test_no_starvation(void)
{
	struct domain *heavy = fake_domain(1, 8, false);
	struct domain *light = fake_domain(2, 1, false);
	uint64_t last = 0;

	heavy->weight = 65535;
	light->weight = 1;
	on_cpu0(heavy);
	on_cpu0(light);
	up(heavy);
	up(light);
	/* Its share is one part in half a million. */
	for (unsigned int i = 0; i < 3; i++) {
		machine_run_until(fake_now + 500 * TICKS);
		CHECK(ran(light->vcpu[0]) > last);
		last = ran(light->vcpu[0]);
	}
	fake_domain_free(heavy);
	fake_domain_free(light);
	fake_ok("the least weight among the greatest runs now and then");
}

static void set_cap(struct domain *d, unsigned int percent)
{
	struct xen_domctl op = { .u.scheduler_op = {
					 .sched_id = XEN_SCHEDULER_CREDIT2,
					 .cmd = XEN_DOMCTL_SCHEDOP_putinfo,
					 .u.credit2.cap = (uint16_t)percent,
				 } };

	CHECK(!sched_ctl_params(d, &op));
}

static void check_cap(unsigned int vcpus, unsigned int percent)
{
	struct domain *capped = fake_domain(1, vcpus, false);
	struct domain *hog = fake_domain(2, 1, false);
	uint64_t sum = 0, started;

	set_cap(capped, percent);
	up(capped);
	started = fake_now;
	for (unsigned int i = 0; i < 400; i++) {
		/* The other comes and goes, and must not help or harm. */
		if (i == 100)
			up(hog);
		if (i == 300)
			vcpu_pause_nosync(hog->vcpu[0]);
		machine_run_until(started + (i + 1) * TICKS / 100);
	}
	for (unsigned int i = 0; i < vcpus; i++)
		sum += ran(capped->vcpu[i]);
	check_near(sum, (fake_now - started) * percent / 100, 4);
	fake_domain_free(capped);
	fake_domain_free(hog);
}

static void test_caps(void)
{
	check_cap(1, 25);
	check_cap(1, 2);
	check_cap(2, 60);
	check_cap(4, 150);
	fake_ok("what a cap allows is used and not exceeded");
}

static void test_cap_changes(void)
{
	struct domain *d = fake_domain(1, 1, false);
	struct vcpu *v = d->vcpu[0];
	uint64_t before;

	up(d);
	set_cap(d, 10);
	machine_run_until(fake_now + TICKS / 2 + 3 * MS);
	CHECK(!v->running && v->runstate.state == RUNSTATE_offline);
	set_cap(d, 0);
	machine_settle();
	CHECK(v->running);
	before = ran(v);
	machine_run_until(fake_now + TICKS);
	check_near(ran(v) - before, TICKS, 1);
	/* And nothing is armed for a domain that needs none of it. */
	set_cap(d, 50);
	machine_settle();
	block(v);
	machine_run_until(fake_now + TICKS);
	for (unsigned int i = 0; i < cpu_count; i++)
		CHECK(machine_armed(i) == TIMER_NEVER);
	fake_domain_free(d);
	fake_ok("a cap ends at once, and costs a sleeper no timer");
}

static void test_soft_preferred(void)
{
	struct domain *d = fake_domain(1, 2, false);
	struct vcpu *a = d->vcpu[0], *b = d->vcpu[1];

	pin(a, 0, 2);
	pin(b, 0, 2);
	up(d);
	/* Both run: one of them where it would rather not. */
	machine_run_until(fake_now + TICKS);
	CHECK(a->running && b->running && (a->cpu == 1) != (b->cpu == 1));
	if (b->cpu == 1)
		a = d->vcpu[1], b = d->vcpu[0];
	/* Who wakes elsewhere comes, too, if the place is free by then. */
	block(b);
	block(a);
	vcpu_wake(b);
	machine_settle();
	CHECK(b->running && b->cpu == 1);
	vcpu_wake(a);
	machine_settle();
	CHECK(a->running && a->cpu != 1);
	/* And so does who spins elsewhere. */
	block(b);
	machine_run_until(fake_now + MS);
	CHECK(a->running && a->cpu == 1);
	/* Each to its own. */
	block(a);
	pin(a, 0, 4);
	vcpu_wake(a);
	machine_settle();
	CHECK(a->running && a->cpu == 2);
	vcpu_wake(b);
	machine_settle();
	CHECK(b->running && b->cpu == 1);
	fake_domain_free(d);
	fake_ok("soft affinity is followed where that costs no time");
}

static void test_soft_is_not_hard(void)
{
	struct domain *d = fake_domain(1, 3, false);
	uint64_t sum = 0;

	for (unsigned int i = 0; i < 3; i++)
		pin(d->vcpu[i], 0, 1);
	up(d);
	machine_run_until(fake_now + TICKS);
	for (unsigned int i = 0; i < 3; i++)
		sum += ran(d->vcpu[i]);
	check_near(sum, TICKS * cpu_count, 1);
	/* Preferences where it may not run count for nothing. */
	pin(d->vcpu[0], 4, 1);
	machine_run_until(fake_now + TICKS);
	CHECK(d->vcpu[0]->cpu == 2 && d->vcpu[0]->running);
	fake_domain_free(d);
	fake_ok("soft affinity leaves no CPU idle; hard affinity counts first");
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

#define WAKES 500

/* 128 spin on a CPU; one sleeps 10 to 20 ms, and works for 20 us. */
static void test_wake_latency(void)
{
	struct domain *hogs = fake_domain(1, 128, false);
	struct domain *d = fake_domain(2, 1, false);
	struct vcpu *v = d->vcpu[0];
	static uint64_t late[WAKES];

	srandom(11);
	on_cpu0(hogs);
	on_cpu0(d);
	up(hogs);
	up(d);
	machine_run_until(fake_now + TICKS);
	for (unsigned int i = 0; i < WAKES; i++) {
		uint64_t start;

		block(v);
		machine_run_until(fake_now +
				  (10000 + (uint64_t)random() % 10000) * 1000);
		vcpu_wake(v);
		machine_settle();
		start = fake_now;
		while (!v->running && fake_now < start + TICKS)
			machine_run_until(fake_now + 50000);
		late[i] = fake_now - start;
		machine_run_until(fake_now + 20000);
	}
	qsort(late, WAKES, sizeof(late[0]), by_size);
	CHECK(late[WAKES * 99 / 100] <= MS);
	fake_domain_free(hogs);
	fake_domain_free(d);
	fake_ok("among 128 that spin a sleeper runs within 1 ms of its event");
}

static void test_ratelimit(void)
{
	struct domain *hog = fake_domain(1, 1, false);
	struct domain *d = fake_domain(2, 1, false);
	struct vcpu *v = d->vcpu[0];

	on_cpu0(hog);
	on_cpu0(d);
	up(d);
	block(v);
	up(hog);
	machine_run_until(fake_now + 20 * MS);
	sched_ratelimit = 50 * MS;
	vcpu_wake(v);
	machine_run_until(fake_now + 29 * MS);
	CHECK(!v->running);
	machine_run_until(fake_now + 2 * MS);
	CHECK(v->running);
	sched_ratelimit = 0;
	fake_domain_free(hog);
	fake_domain_free(d);
	fake_ok("a rate limit lets who runs go on for so long");
}

static void test_idle_time(void)
{
	struct domain *d = fake_domain(1, 1, false);
	uint64_t before = sched_idle_time(1);

	pin(d->vcpu[0], 2, 0);
	machine_run_until(fake_now + TICKS);
	up(d);
	machine_run_until(fake_now + TICKS);
	check_near(sched_idle_time(1) - before, TICKS, 1);
	block(d->vcpu[0]);
	machine_run_until(fake_now + TICKS);
	check_near(sched_idle_time(1) - before, 2 * TICKS, 1);
	fake_domain_free(d);
	fake_ok("a CPU's idle time is what nobody ran");
}

/* Sets or gets; the result is in maps[0] (hard) and maps[1] (soft). */
static long affinity_op(struct domain *d, uint32_t cmd, uint32_t flags,
			uint8_t maps[2][3], uint32_t bits)
{
	struct xen_domctl op = { .cmd = cmd };

	op.u.vcpuaffinity.flags = flags;
	op.u.vcpuaffinity.cpumap_hard.bitmap.p = maps[0];
	op.u.vcpuaffinity.cpumap_hard.nr_bits = bits;
	op.u.vcpuaffinity.cpumap_soft.bitmap.p = maps[1];
	op.u.vcpuaffinity.cpumap_soft.nr_bits = bits;
	return sched_ctl_affinity(d, &op);
}

static void test_affinity_op(void)
{
	const uint32_t set = XEN_DOMCTL_setvcpuaffinity;
	struct domain *d = fake_domain(1, 1, false);
	uint8_t maps[2][3] = { { 0xfe, 0xff, 0xee }, { 0xfd, 0xff, 0xee } };

	CHECK(affinity_op(d, set, 0, maps, 16) == -XEN_EINVAL);
	CHECK(affinity_op(d, set, 4, maps, 16) == -XEN_EINVAL);
	CHECK(affinity_op(d, set, 9, maps, 16) == -XEN_EINVAL);
	/* Of three CPUs: what can be used, and nothing past the bitmap. */
	CHECK(!affinity_op(d, set, 7, maps, 16));
	CHECK(maps[0][0] == 6 && !maps[0][1] && maps[0][2] == 0xee);
	CHECK(maps[1][0] == 4 && !maps[1][1] && maps[1][2] == 0xee);
	CHECK(!affinity_op(d, XEN_DOMCTL_getvcpuaffinity, 3, maps, 16));
	CHECK(maps[0][0] == 6 && maps[1][0] == 5);
	/* A bitmap that ends within a byte; then one without a CPU. */
	maps[0][0] = 0xff;
	CHECK(!affinity_op(d, set, 1, maps, 1));
	CHECK(maps[0][0] == 1 && d->vcpu[0]->sched.hard[0] == 1);
	maps[0][0] = 0xf8;
	CHECK(affinity_op(d, set, 1, maps, 8) == -XEN_EINVAL);
	CHECK(affinity_op(d, set, 1, maps, 0) == -XEN_EINVAL);
	CHECK(d->vcpu[0]->sched.hard[0] == 1);
	fake_domain_free(d);
	fake_ok("affinity as domctl sets and shows it");
}

static void test_params_op(void)
{
	struct domain *d = fake_domain(1, 1, false);
	struct xen_domctl op = { 0 };
	struct xen_sysctl sys = { 0 };
	struct xen_domctl_scheduler_op *s = &op.u.scheduler_op;
	uint32_t *limit = &sys.u.scheduler_op.u.sched_credit2.ratelimit_us;

	s->sched_id = XEN_SCHEDULER_CREDIT;
	CHECK(sched_ctl_params(d, &op) == -XEN_EINVAL);
	s->sched_id = XEN_SCHEDULER_CREDIT2;
	s->cmd = XEN_DOMCTL_SCHEDOP_getvcpuinfo;
	CHECK(sched_ctl_params(d, &op) == -XEN_EINVAL);
	s->cmd = XEN_DOMCTL_SCHEDOP_putinfo;
	s->u.credit2.weight = 1000;
	s->u.credit2.cap = 0xffff;
	CHECK(!sched_ctl_params(d, &op));
	CHECK(d->weight == 1000 && !d->cap.percent);
	s->u.credit2.weight = 0;
	s->u.credit2.cap = 40;
	CHECK(!sched_ctl_params(d, &op));
	s->cmd = XEN_DOMCTL_SCHEDOP_getinfo;
	CHECK(!sched_ctl_params(d, &op));
	CHECK(s->u.credit2.weight == 1000 && s->u.credit2.cap == 40);

	sys.u.scheduler_op.sched_id = XEN_SCHEDULER_CREDIT2;
	sys.u.scheduler_op.cmd = XEN_SYSCTL_SCHEDOP_putinfo;
	*limit = 99;
	CHECK(sched_sys_params(&sys) == -XEN_EINVAL);
	*limit = 2000;
	CHECK(!sched_sys_params(&sys) && sched_ratelimit == 2 * MS);
	*limit = 0;
	CHECK(!sched_sys_params(&sys) && !sched_ratelimit);
	sys.u.scheduler_op.cpupool_id = 1;
	CHECK(sched_sys_params(&sys) == -XEN_ESRCH);
	fake_domain_free(d);
	fake_ok("weight, cap and rate limit as domctl and sysctl have them");
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
			      !ds[i]->cap.spent &&
			      v->sched.hard[0] >> v->cpu & 1 &&
			      cpu_get(v->cpu)->current == v);
		else if (!v->blocked && !v->pause_count && !v->down &&
			 !ds[i]->cap.spent)
			CHECK(v->runstate.state == RUNSTATE_runnable);
	}
	/* Work is conserved. */
	for (unsigned int c = 0; c < cpu_count; c++)
		for (unsigned int i = 0; i < n && !cpu_get(c)->current; i++)
			CHECK(ds[i]->vcpu[0]->runstate.state !=
				      RUNSTATE_runnable ||
			      !(ds[i]->vcpu[0]->sched.hard[0] >> c & 1));
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
		switch (random() % 9) {
		case 6:
			pin(v, 1 + (uint64_t)random() % 7, 0);
			break;
		case 7:
			pin(v, 0, (uint64_t)random() % 7 + 1);
			break;
		case 8:
			set_cap(v->domain, (unsigned int)(random() % 3) * 30);
			break;
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
	test_many_weights();
	test_no_starvation();
	test_caps();
	test_cap_changes();
	test_soft_preferred();
	test_soft_is_not_hard();
	test_wake_latency();
	test_ratelimit();
	test_idle_time();
	test_affinity_op();
	test_params_op();
	test_random();
	return 0;
}
