/* SPDX-License-Identifier: MIT */
/*
 * Range checks of guest memory against 128-bit arithmetic, at every corner of
 * the address space, and what failed copies leave behind (UA-1, -2, -3).
 */
#include "x86/uaccess.h"

#include <string.h>

#include "public/errno.h"
#include "pv_fake.h"

typedef unsigned __int128 big;

static const uint64_t corners[] = {
	0,
	1,
	8,
	0x1000,
	0x7fff,
	GUEST_LOW_END,
	HYPERVISOR_START,
	HYPERVISOR_START + 0x100000,
	HYPERVISOR_END,
	0x800000000000,
	0x8000000000000000,
	0xffffffff,
	0x100000000,
	0xfffffffffffff000,
	~0ull,
};

static const int64_t steps[] = { -4097, -4096, -9, -8, -1, 0, 1, 7, 8, 4096 };

/* No byte of [va, va+n) outside the guest's two ranges. */
static bool oracle(big va, big n)
{
	big end = va + n;

	if (n == 0)
		return va < GUEST_LOW_END || va >= HYPERVISOR_END;
	if (end > (big)1 << 64)
		return false;
	return end <= GUEST_LOW_END || va >= HYPERVISOR_END;
}

static uint64_t value(unsigned int i)
{
	return corners[i / ARRAY_SIZE(steps)] +
	       (uint64_t)steps[i % ARRAY_SIZE(steps)];
}

#define VALUES (ARRAY_SIZE(corners) * ARRAY_SIZE(steps))

static void test_ranges(void)
{
	for (unsigned int a = 0; a < VALUES; a++)
		for (unsigned int n = 0; n < VALUES; n++)
			check(guest_range_ok(value(a), value(n)) ==
			      oracle(value(a), value(n)));
}

/* With no memory mapped a copy fails, whatever the numbers, and touches none.
 */
static void test_arrays(void)
{
	static const size_t sizes[] = { 1, 8, 16, 4096 };
	uint64_t word = 1;

	fake_reset();
	for (unsigned int a = 0; a < VALUES; a++)
		for (unsigned int f = 0; f < VALUES; f++)
			for (unsigned int s = 0; s < ARRAY_SIZE(sizes); s++) {
				big at = (big)value(a) +
					 (big)value(f) * sizes[s];

				if (at >> 64 && sizes[s] > sizeof(word))
					continue;
				check(copy_array_to_guest(
					      guest_ptr(value(a)), value(f), 1,
					      &word, sizes[s]) == -XEN_EFAULT);
			}
}

/* An array whose address wraps onto mapped memory is refused all the same. */
static void test_wrapped_array(void)
{
	uint8_t *memory;
	uint64_t word = ~0ull;

	fake_reset();
	memory = fake_map(0x1000, 0x1000, true);
	check(copy_array_to_guest(guest_ptr(0x1000), 1ull << 61, 1, &word,
				  sizeof(word)) == -XEN_EFAULT);
	check(copy_array_to_guest(guest_ptr(0ull - 8), 0x201, 1, &word,
				  sizeof(word)) == -XEN_EFAULT);
	for (unsigned int i = 0; i < 0x1000; i++)
		check(memory[i] == 0);
	check(copy_array_to_guest(guest_ptr(0x1000), 511, 1, &word,
				  sizeof(word)) == 0);
	check(memory[0xfff] == 0xff && memory[0xff7] == 0);
	check(copy_array_to_guest(guest_ptr(0x1000), 511, 2, &word,
				  sizeof(word) / 2) == 0);
}

/* What could not be read is zero. */
static void test_partial_read(void)
{
	uint8_t buffer[32];
	uint8_t *memory;

	fake_reset();
	memory = fake_map(0x1000, 0x1000, false);
	memset(memory, 0xaa, 0x1000);
	for (unsigned int n = 0; n < sizeof(buffer); n++) {
		memset(buffer, 0x55, sizeof(buffer));
		check(copy_from_guest(buffer, guest_ptr(0x2000 - n),
				      sizeof(buffer)) == -XEN_EFAULT);
		for (unsigned int i = 0; i < sizeof(buffer); i++)
			check(buffer[i] == (i < n ? 0xaa : 0));
	}
	check(copy_from_guest(buffer, guest_ptr(HYPERVISOR_START),
			      sizeof(buffer)) == -XEN_EFAULT);
	check(buffer[0] == 0);
	check(copy_to_guest(guest_ptr(0x1000), buffer, 1) == -XEN_EFAULT);
}

int main(void)
{
	test_ranges();
	test_arrays();
	test_wrapped_array();
	test_partial_read();
	puts("ok");
	return 0;
}
