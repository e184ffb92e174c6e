/* SPDX-License-Identifier: MIT */
/*
 * A machine for hypervisor/core on the host: CPUs with softirqs and a
 * one-shot timer, a clock that only the test moves, domains without memory.
 *
 * Each CPU is a thread, but only the one that holds the baton runs, so tests
 * are deterministic. machine_settle() hands it round until no CPU has a
 * softirq pending; a CPU gives it back when it idles or is in its guest.
 */
#ifndef TESTS_UNIT_FAKE_CORE_FAKE_H
#define TESTS_UNIT_FAKE_CORE_FAKE_H

#include "core/domain.h"

extern uint64_t fake_now;

/* Start n CPUs; they all idle afterwards. Once per process. */
void machine_start(unsigned int cpus);
/* The calling test acts as this CPU (its hypercalls, interrupts). */
void machine_be(unsigned int cpu);
void machine_settle(void);
/* Move time forward to t, settling at each timer interrupt on the way. */
void machine_run_until(uint64_t t);
uint64_t machine_armed(unsigned int cpu);

/* A domain with n vCPUs, initialised, down. */
struct domain *fake_domain(domid_t id, unsigned int vcpus, bool control);
void fake_domain_free(struct domain *d);

/*
 * When set, called whenever code asks for its CPU: what other CPUs do at that
 * moment. It resets itself.
 */
extern void (*fake_meanwhile)(void);

/* Heap allocations that are alive. */
extern bool fake_heap_empty; /* heap_alloc() answers NULL */
extern bool fake_preempt;    /* somebody else has to run, always */
extern long fake_allocated;

#define CHECK(c)                                                               \
	do {                                                                   \
		if (!(c))                                                      \
			fake_fail(__FILE__, __LINE__, #c);                     \
	} while (0)
void fake_fail(const char *file, int line, const char *what)
	__attribute__((noreturn));
void fake_ok(const char *name);

#endif
