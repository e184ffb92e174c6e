/* SPDX-License-Identifier: MIT */
/*
 * A user program for a Linux guest that leans on what a PV hypervisor has to
 * get right: address spaces that come and go, copy-on-write, protection
 * changes and their faults, signals, floating point and vector registers
 * across context switches, clocks and sleeps, data through tmpfs and pipes.
 *
 * What it prints depends on nothing but correct execution, so the output on
 * Tenon has to equal the output on the reference. Every part prints one line
 * with a checksum or "ok"; the exit status is 1 when a part found a mistake.
 *
 *   workload [ROUNDS]
 */
#include <fcntl.h>
#include <immintrin.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE       4096
#define CHILDREN   24
#define COW_PAGES  256
#define DATA_BYTES (1u << 20)
#define FAULTS     64
#define SWITCHES   200

static int mistakes;

static void report(const char *part, uint64_t sum, bool good)
{
	printf("%-8s %016llx %s\n", part, (unsigned long long)sum,
	       good ? "ok" : "WRONG");
	fflush(stdout);
	mistakes += !good;
}

static uint64_t mix(uint64_t sum, uint64_t value)
{
	return (sum ^ value) * 0x100000001b3ull + (sum >> 41);
}

static uint64_t checksum(const void *data, size_t size)
{
	const unsigned char *bytes = data;
	uint64_t sum = 0xcbf29ce484222325ull;

	while (size--)
		sum = mix(sum, *bytes++);
	return sum;
}

static void fill(unsigned char *bytes, size_t size, uint64_t seed)
{
	for (size_t i = 0; i < size; i++) {
		seed = seed * 6364136223846793005ull + 1442695040888963407ull;
		bytes[i] = (unsigned char)(seed >> 56);
	}
}

static int exit_code(pid_t child)
{
	int status = -1;

	if (waitpid(child, &status, 0) != child || !WIFEXITED(status))
		return -1;
	return WEXITSTATUS(status);
}

/* Fork, and exec this program again, which ends with a known status. */
static void part_fork_exec(const char *self)
{
	uint64_t sum = 0;
	bool good = true;

	for (int i = 0; i < CHILDREN; i++) {
		pid_t child = fork();
		char text[16];

		if (!child) {
			snprintf(text, sizeof(text), "%d", i);
			execl(self, self, "--exit", text, (char *)NULL);
			_exit(127);
		}
		int code = exit_code(child);

		good &= code == i + 1;
		sum = mix(sum, (uint64_t)code);
	}
	report("exec", sum, good);
}

/* A child writes to shared-by-copy pages; the parent's must not change. */
static void part_copy_on_write(void)
{
	size_t size = COW_PAGES * PAGE;
	unsigned char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t before, after;
	bool good = true;

	fill(pages, size, 1);
	before = checksum(pages, size);
	for (int i = 0; i < 4; i++) {
		pid_t child = fork();

		if (!child) {
			fill(pages, size, (uint64_t)i + 2);
			_exit(checksum(pages, size) == before);
		}
		good &= exit_code(child) == 0;
	}
	after = checksum(pages, size);
	munmap(pages, size);
	report("cow", after, good && before == after);
}

static sigjmp_buf fault_return;
static volatile uintptr_t fault_address;
static volatile int fault_count;

static void on_fault(int number, siginfo_t *info, void *context)
{
	(void)number;
	(void)context;
	fault_address = (uintptr_t)info->si_addr;
	fault_count++;
	siglongjmp(fault_return, 1);
}

/* Writes where they are not allowed must fault, at the right address. */
static void part_protection(void)
{
	struct sigaction action = { .sa_sigaction = on_fault,
				    .sa_flags = SA_SIGINFO };
	unsigned char *pages = mmap(NULL, FAULTS * PAGE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile bool good = true;

	sigaction(SIGSEGV, &action, NULL);
	fault_count = 0;
	for (volatile int i = 0; i < FAULTS; i++) {
		volatile unsigned char *at = pages + i * PAGE + i;

		*at = (unsigned char)i;
		mprotect(pages + i * PAGE, PAGE, PROT_READ);
		if (!sigsetjmp(fault_return, 1)) {
			*at = 0xee;
			good = false;
		}
		good = good && fault_address == (uintptr_t)at && *at == i;
		mprotect(pages + i * PAGE, PAGE, PROT_READ | PROT_WRITE);
		*at = 0x55;
		good = good && *at == 0x55;
	}
	munmap(pages, FAULTS * PAGE);
	report("protect", (uint64_t)fault_count, good && fault_count == FAULTS);
}

static volatile sig_atomic_t signals;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

/* Signals to oneself and from a timer that interrupts a busy loop. */
static void part_signals(void)
{
	struct itimerspec every = { { 0, 5000000 }, { 0, 5000000 } };
	struct sigevent event = { .sigev_notify = SIGEV_SIGNAL,
				  .sigev_signo = SIGUSR2 };
	struct sigaction action = { .sa_handler = on_signal };
	timer_t timer;

	sigaction(SIGUSR1, &action, NULL);
	sigaction(SIGUSR2, &action, NULL);
	signals = 0;
	for (int i = 0; i < 500; i++)
		raise(SIGUSR1);
	bool good = signals == 500;

	timer_create(CLOCK_MONOTONIC, &event, &timer);
	timer_settime(timer, 0, &every, NULL);
	while (signals < 510)
		;
	timer_delete(timer);
	report("signals", 510, good);
}

static uint64_t float_rounds(double start)
{
	double x = start, y = 1.0;
	uint64_t sum = 0, bits;

	for (int i = 0; i < SWITCHES; i++) {
		for (int j = 0; j < 50; j++) {
			x = x * 1.0000001 + y / (x + 1.5);
			y = __builtin_sqrt(x) - y * 0.25;
		}
		sched_yield();
		memcpy(&bits, &x, sizeof(bits));
		sum = mix(sum, bits);
	}
	return sum;
}

/* Processes with different floating-point state take turns. */
static void part_float(void)
{
	uint64_t sum = 0;
	bool good = true;

	for (int i = 0; i < 3; i++) {
		int ends[2];
		uint64_t theirs = 0;

		if (pipe(ends))
			abort();
		pid_t child = fork();

		if (!child) {
			theirs = float_rounds(i + 1.0);
			_exit(write(ends[1], &theirs, sizeof(theirs)) !=
			      sizeof(theirs));
		}
		uint64_t ours = float_rounds(i + 1.0);

		good &= read(ends[0], &theirs, sizeof(theirs)) ==
			sizeof(theirs);
		good &= exit_code(child) == 0 && ours == theirs;
		close(ends[0]);
		close(ends[1]);
		sum = mix(sum, ours);
	}
	report("float", sum, good);
}

/* Upper halves of vector registers survive losing the CPU. */
__attribute__((target("avx"))) static bool avx_keeps(unsigned char seed)
{
	unsigned char in[32], out[32];

	fill(in, sizeof(in), seed);
	for (int i = 0; i < SWITCHES; i++) {
		__m256i value = _mm256_loadu_si256((const __m256i *)in);

		/* A raw system call: no library code touches the register. */
		long number = 24 /* sched_yield */;

		__asm__ volatile("syscall"
				 : "+a"(number), "+x"(value)
				 :
				 : "rcx", "r11", "memory");
		_mm256_storeu_si256((__m256i *)out, value);
		if (memcmp(in, out, sizeof(in)))
			return false;
	}
	return true;
}

/* Prints the same whether or not the CPU has AVX. */
static void part_avx(void)
{
	bool good = true;

	if (__builtin_cpu_supports("avx")) {
		pid_t child = fork();

		if (!child)
			_exit(!avx_keeps(7));
		good = avx_keeps(99);
		good &= exit_code(child) == 0;
	}
	report("avx", 0, good);
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * 1000000000ull + (uint64_t)t.tv_nsec;
}

/* Clocks never go back, and sleeps are never short. */
static void part_clocks(void)
{
	uint64_t last = now_ns(CLOCK_MONOTONIC);
	bool good = true;

	for (int i = 0; i < 20000; i++) {
		uint64_t now = now_ns(CLOCK_MONOTONIC);

		good &= now >= last;
		last = now;
	}
	for (int i = 1; i <= 5; i++) {
		struct timespec wait = { 0, i * 3000000 };
		uint64_t start = now_ns(CLOCK_MONOTONIC);

		nanosleep(&wait, NULL);
		good &= now_ns(CLOCK_MONOTONIC) - start >=
			(uint64_t)i * 3000000;
	}
	report("clocks", 0, good);
}

/* Data through a pipe into a file and back through a mapping of it. */
static void part_data(void)
{
	unsigned char *data = malloc(DATA_BYTES), *back;
	int ends[2], file = open("/tmp/data", O_RDWR | O_CREAT | O_TRUNC, 0600);
	uint64_t sum, read_sum;
	ssize_t got;

	fill(data, DATA_BYTES, 4711);
	sum = checksum(data, DATA_BYTES);
	if (file < 0 || pipe(ends))
		abort();
	pid_t child = fork();

	if (!child) {
		close(ends[0]);
		for (size_t at = 0; at < DATA_BYTES; at += (size_t)got) {
			got = write(ends[1], data + at, DATA_BYTES - at);
			if (got <= 0)
				_exit(1);
		}
		_exit(0);
	}
	close(ends[1]);
	memset(data, 0, DATA_BYTES);
	while ((got = read(ends[0], data, 10007)) > 0) {
		if (write(file, data, (size_t)got) != got)
			abort();
	}
	close(ends[0]);
	back = mmap(NULL, DATA_BYTES, PROT_READ, MAP_SHARED, file, 0);
	read_sum = checksum(back, DATA_BYTES);
	munmap(back, DATA_BYTES);
	close(file);
	free(data);
	report("data", read_sum, exit_code(child) == 0 && sum == read_sum);
}

/* Map, touch and unmap at changing places; every page starts as zero. */
static void part_mmap(void)
{
	uint64_t sum = 0;
	bool good = true;

	for (int i = 1; i <= 60; i++) {
		size_t size = (size_t)(i % 17 + 1) * 3 * PAGE;
		unsigned char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
					    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		for (size_t at = 0; at < size; at += PAGE) {
			good &= pages[at] == 0 && pages[at + PAGE - 1] == 0;
			pages[at] = (unsigned char)(at / PAGE + (size_t)i);
			sum = mix(sum, pages[at]);
		}
		munmap(pages + PAGE, PAGE);
		munmap(pages, size);
	}
	report("mmap", sum, good);
}

int main(int argc, char **argv)
{
	int rounds = argc == 2 ? atoi(argv[1]) : 1;

	if (argc == 3 && !strcmp(argv[1], "--exit"))
		return atoi(argv[2]) + 1;
	for (int round = 0; round < rounds; round++) {
		part_fork_exec(argv[0]);
		part_copy_on_write();
		part_protection();
		part_signals();
		part_float();
		part_avx();
		part_clocks();
		part_data();
		part_mmap();
	}
	printf("workload: %d rounds, %d mistakes\n", rounds, mistakes);
	return mistakes != 0;
}
