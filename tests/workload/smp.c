/* SPDX-License-Identifier: MIT */
/*
 * A user program for a Linux guest with several vCPUs: what they see of each
 * other through the hypervisor.
 *
 *   clocks   a process on each vCPU, later hopping from one to the next; no
 *            reading of the clock is before one that another has made
 *   flushes  threads write to pages while another takes the right away: once
 *            it is gone, no vCPU may still write with what its TLB remembers
 *
 *   smp [SECONDS]        as long for each; the exit status is 1 after a mistake
 *   smp clocks SECONDS   the first part only; vCPUs may go and come meanwhile
 */
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define SECOND      1000000000ull
#define PAGE        4096
#define WRITERS_MAX 8
#define LOOKS       20000
#define ROUNDS_MIN  256 /* of a process, however slow the machine is */

static int cpus, mistakes;

static void report(const char *part, bool good)
{
	printf("%-8s %s\n", part, good ? "ok" : "WRONG");
	fflush(stdout);
	mistakes += !good;
}

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * SECOND + (uint64_t)t.tv_nsec;
}

/* A vCPU that is gone leaves the caller where it is. */
static void go_to(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu % cpus, &set);
	if (sched_setaffinity(0, sizeof(set), &set) && errno != EINVAL)
		perror("sched_setaffinity");
}

/* ---- clocks ---- */

static struct shared {
	atomic_flag taken;
	uint64_t last;
	unsigned long backwards, readings;
} * shared;

/* Between taking and giving back the flag nobody else reads the clock. */
static void read_in_turn(void)
{
	uint64_t t;

	while (atomic_flag_test_and_set_explicit(&shared->taken,
						 memory_order_acquire))
		sched_yield();
	t = now();
	if (t < shared->last)
		shared->backwards++;
	shared->last = t;
	shared->readings++;
	atomic_flag_clear_explicit(&shared->taken, memory_order_release);
}

static void clock_process(int number, uint64_t end)
{
	uint64_t half = now() + (end - now()) / 2, last = now();
	unsigned int rounds = 0;

	go_to(number);
	while (rounds < ROUNDS_MIN || now() < end) {
		read_in_turn();
		rounds++;
		if ((rounds > ROUNDS_MIN / 2 || now() > half) && !(rounds % 16))
			go_to(number + (int)(rounds / 16));
		if (now() < last)
			__atomic_add_fetch(&shared->backwards, 1,
					   __ATOMIC_RELAXED);
		last = now();
	}
	_exit(0);
}

static void part_clocks(uint64_t ns)
{
	uint64_t end = now() + ns;

	printf("clocks of %d vcpus\n", cpus);
	fflush(stdout);
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (int i = 0; i < cpus; i++)
		if (!fork())
			clock_process(i, end);
	while (wait(NULL) > 0)
		;
	if (shared->backwards)
		printf("%lu of %lu readings went back\n", shared->backwards,
		       shared->readings);
	report("clocks", !shared->backwards);
}

/* ---- flushes ---- */

static volatile uint64_t *pages; /* one for each writer */
static atomic_bool stop;
static _Thread_local sigjmp_buf denied;

static void on_fault(int number)
{
	(void)number;
	siglongjmp(denied, 1);
}

static void *writer(void *data)
{
	int number = (int)(intptr_t)data;
	volatile uint64_t *word = pages + number * (PAGE / 8);

	go_to(number + 1);
	if (sigsetjmp(denied, 1))
		sched_yield();
	while (!atomic_load(&stop))
		++*word;
	return NULL;
}

/* Nobody may write now; true when somebody does. */
static bool somebody_writes(int writers)
{
	uint64_t seen[WRITERS_MAX];

	for (int i = 0; i < writers; i++)
		seen[i] = pages[i * (PAGE / 8)];
	for (int look = 0; look < LOOKS; look++)
		for (int i = 0; i < writers; i++)
			if (pages[i * (PAGE / 8)] != seen[i])
				return true;
	return false;
}

static void part_flushes(uint64_t ns)
{
	int writers = cpus - 1 < WRITERS_MAX ? cpus - 1 : WRITERS_MAX;
	struct sigaction action = { .sa_handler = on_fault,
				    .sa_flags = SA_NODEFER };
	size_t size = WRITERS_MAX * PAGE;
	pthread_t threads[WRITERS_MAX];
	uint64_t end = now() + ns;
	bool good = true;

	sigaction(SIGSEGV, &action, NULL);
	pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	go_to(0);
	for (int i = 0; i < writers; i++)
		pthread_create(&threads[i], NULL, writer, (void *)(intptr_t)i);
	while (now() < end && good) {
		mprotect((void *)pages, size, PROT_READ);
		good = !somebody_writes(writers);
		mprotect((void *)pages, size, PROT_READ | PROT_WRITE);
		sched_yield();
	}
	atomic_store(&stop, true);
	for (int i = 0; i < writers; i++)
		pthread_join(threads[i], NULL);
	report("flushes", good);
}

int main(int argc, char **argv)
{
	uint64_t ns = (argc > 1 ? (uint64_t)atoi(argv[argc - 1]) : 2) * SECOND;

	cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	part_clocks(ns);
	if (argc < 3)
		part_flushes(ns);
	printf("smp: %d vcpus, %d mistakes\n", cpus, mistakes);
	return mistakes != 0;
}
