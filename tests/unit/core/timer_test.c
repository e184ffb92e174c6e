/* SPDX-License-Identifier: MIT */
/*
 * Timers against a model: every timer that is set and not stopped fires once,
 * in the order of deadlines and not before them, on the CPU that set it.
 */
#include <stdlib.h>

#include "core/services.h"
#include "core_fake.h"

#define TIMERS 40

static struct timer timers[TIMERS];
static uint64_t expected[TIMERS]; /* deadline, 0 = not set */
static unsigned int fired;
static uint64_t last_fired;

static void on_timer(void *data)
{
	unsigned int i = *(unsigned int *)data;

	CHECK(expected[i]);
	CHECK(fake_now >= expected[i]);
	CHECK(expected[i] >= last_fired || expected[i] + 2000 > fake_now);
	last_fired = expected[i];
	expected[i] = 0;
	fired++;
}

static unsigned int index_of[TIMERS];

static void test_random(void)
{
	srandom(1);
	for (unsigned int i = 0; i < TIMERS; i++) {
		index_of[i] = i;
		timer_init(&timers[i], on_timer, &index_of[i]);
	}
	for (unsigned int step = 0; step < 20000; step++) {
		unsigned int i = (unsigned int)random() % TIMERS;

		machine_be((unsigned int)random() % 3);
		switch (random() % 4) {
		case 0:
		case 1:
			expected[i] = fake_now + (uint64_t)random() % 5000 + 1;
			timer_set(&timers[i], expected[i]);
			break;
		case 2:
			timer_stop(&timers[i]);
			expected[i] = 0;
			break;
		default:
			machine_run_until(fake_now + (uint64_t)random() % 1000);
		}
		for (i = 0; i < TIMERS; i++)
			CHECK(!expected[i] || expected[i] >= fake_now ||
			      heap_holds(&timers[i].node));
	}
	machine_run_until(fake_now + 10000);
	for (unsigned int i = 0; i < TIMERS; i++)
		CHECK(!expected[i] && !heap_holds(&timers[i].node));
	CHECK(fired > 1000);
	fake_ok("timers fire once, in order, in time");
}

static void test_past(void)
{
	machine_be(0);
	expected[0] = fake_now - 5;
	last_fired = 0;
	timer_set(&timers[0], expected[0]);
	machine_run_until(fake_now);
	CHECK(!expected[0]);
	fake_ok("a deadline in the past fires at once");
}

static void test_never(void)
{
	machine_be(0);
	timer_set(&timers[0], TIMER_NEVER);
	CHECK(!heap_holds(&timers[0].node));
	CHECK(machine_armed(0) == TIMER_NEVER);
	fake_ok("a deadline of never arms nothing");
}

static struct timer many[3000];

static void count_one(void *data)
{
	++*(unsigned int *)data;
}

static void test_many(void)
{
	unsigned int n = 0;

	machine_be(0);
	for (unsigned int i = 0; i < 3000; i++) {
		timer_init(&many[i], count_one, &n);
		timer_set(&many[i], fake_now + 3000 - i);
	}
	machine_run_until(fake_now + 3000);
	CHECK(n == 3000);
	fake_ok("thousands of timers, each before the last, all fire");
}

static void test_moved_forward(void)
{
	unsigned int n = 0;
	uint64_t first = fake_now + 10;

	timer_init(&many[0], count_one, &n);
	timer_set(&many[0], first);
	CHECK(machine_armed(0) == first);
	timer_set(&many[0], first + 10);
	CHECK(machine_armed(0) == first);
	machine_run_until(first + 9);
	CHECK(!n && machine_armed(0) == first + 10);
	machine_run_until(first + 10);
	CHECK(n == 1 && machine_armed(0) == TIMER_NEVER);
	fake_ok("moved forward, a deadline is armed when the old one is over");
}

static struct timer shared, of_cpu_1;

/* CPU 1 has taken the timer out of CPU 2's heap, and holds no lock. */
static void set_meanwhile(void)
{
	if (shared.heap != of_cpu_1.heap || cpu_get(1)->lock_ranks)
		return;
	fake_meanwhile = NULL;
	machine_be(2);
	timer_set(&shared, fake_now + 20);
	machine_be(1);
}

/* As two vCPUs may do with a timer of a third. */
static void test_two_cpus(void)
{
	unsigned int n = 0;

	timer_init(&shared, count_one, &n);
	timer_init(&of_cpu_1, count_one, &n);
	machine_be(2);
	timer_set(&shared, fake_now + 5);
	machine_be(1);
	timer_set(&of_cpu_1, fake_now + 1);
	timer_stop(&of_cpu_1);
	fake_meanwhile = set_meanwhile;
	timer_set(&shared, fake_now + 10);
	CHECK(!fake_meanwhile);
	machine_run_until(fake_now + 100);
	CHECK(n == 1);
	fake_ok("two CPUs set one timer: it is in one heap, and fires once");
}

int main(void)
{
	machine_start(3);
	fake_now = 1000;
	test_random();
	test_past();
	test_never();
	test_many();
	test_moved_forward();
	test_two_cpus();
	return 0;
}
