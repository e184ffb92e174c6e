/* SPDX-License-Identifier: MIT */
/*
 * now(): nanoseconds since boot from the TSC, whose rate is measured against
 * a clock of known rate. The scale never changes afterwards.
 *
 * CPUs: when one starts, it compares TSCs with the boot CPU (a few dozen
 * question-and-answer rounds); an offset is applied only when the rounds
 * prove that there is one, so that equal TSCs stay exactly equal.
 */
#include "x86/machine.h"

#include "core/services.h"
#include "platform/platform.h"

/* Less than the PIT takes to wrap, pairs included: 54 ms. */
#define CALIBRATE_MS 40
#define PAIRS        16
#define SYNC_ROUNDS  64

uint32_t clock_mul;
uint64_t tsc_khz;
static uint64_t tsc_base;

/* The new CPU writes asked, the boot CPU answers and repeats the number. */
static struct {
	uint32_t asked, answered;
	uint64_t tsc;
} sync __attribute__((aligned(64)));

/*
 * Something (SMM, a hypervisor below) may take the CPU away between the two
 * reads: of several pairs the tightest counts.
 */
void clock_pair(uint64_t (*read)(void), uint64_t *value, uint64_t *tsc)
{
	uint64_t before, v, after, best = ~0ull;

	for (unsigned int i = 0; i < PAIRS; i++) {
		before = rdtsc_ordered();
		v = read();
		after = rdtsc_ordered();
		if (after - before >= best)
			continue;
		best = after - before;
		*value = v;
		*tsc = before + best / 2;
	}
}

void clock_init(void)
{
	uint64_t mask, rate = reference_start(&mask), hz;
	uint64_t want = rate * CALIBRATE_MS / 1000;
	uint64_t r0 = 0, r1 = 0, t0 = 0, t1 = 0;

	clock_pair(reference_read, &r0, &t0);
	while (((reference_read() - r0) & mask) < want)
		;
	clock_pair(reference_read, &r1, &t1);
	hz = (t1 - t0) * rate / ((r1 - r0) & mask); /* 2^28 * 2^27 */
	if (hz <= 1000000000 >> CLOCK_SHIFT)
		panic("the TSC is too slow: %lu Hz", hz);
	tsc_khz = hz / 1000;
	clock_mul = (uint32_t)((1000000000ull << (32 - CLOCK_SHIFT)) / hz);
	tsc_base = rdtsc_ordered();
	time_set_wallclock(rtc_seconds(), 0, 0);
	log_info("TSC: %lu.%03lu MHz\n", tsc_khz / 1000, tsc_khz % 1000);
}

/* A TSC a little behind the boot CPU's must not make time wrap. */
static uint64_t ns_of(uint64_t tsc)
{
	int64_t ticks = (int64_t)(tsc + this_cpu()->tsc_offset - tsc_base);

	uint64_t scaled = (uint64_t)ticks << CLOCK_SHIFT;

	if (ticks <= 0)
		return 0;
	return (uint64_t)((unsigned __int128)scaled * clock_mul >> 32);
}

uint64_t now(void)
{
	return ns_of(rdtsc_ordered());
}

void clock_read(uint64_t *tsc, uint64_t *ns)
{
	*tsc = rdtsc_ordered();
	*ns = ns_of(*tsc);
}

void clock_sync_serve(void)
{
	uint32_t asked = __atomic_load_n(&sync.asked, __ATOMIC_ACQUIRE);

	if (asked == sync.answered)
		return;
	sync.tsc = rdtsc_ordered();
	__atomic_store_n(&sync.answered, asked, __ATOMIC_RELEASE);
}

void clock_sync_cpu(void)
{
	int64_t low = INT64_MIN, high = INT64_MAX;

	for (unsigned int i = 0; i < SYNC_ROUNDS; i++) {
		uint64_t before = rdtsc_ordered(), after;
		uint32_t n = sync.asked + 1;

		__atomic_store_n(&sync.asked, n, __ATOMIC_RELEASE);
		while (__atomic_load_n(&sync.answered, __ATOMIC_ACQUIRE) != n)
			cpu_relax();
		after = rdtsc_ordered();
		/* before <= tsc - offset <= after */
		if ((int64_t)(sync.tsc - after) > low)
			low = (int64_t)(sync.tsc - after);
		if ((int64_t)(sync.tsc - before) < high)
			high = (int64_t)(sync.tsc - before);
	}
	if (low > 0 || high < 0)
		this_cpu()->tsc_offset = (uint64_t)(low + (high - low) / 2);
}

void delay_us(unsigned int us)
{
	uint64_t end = rdtsc() + us * tsc_khz / 1000;

	while ((int64_t)(rdtsc() - end) < 0)
		cpu_relax();
}
