/* SPDX-License-Identifier: MIT */
/* See pv_fake.h. */
#include "pv_fake.h"

#include <stdarg.h>
#include <string.h>

#include "core/services.h"
#include "pv/pv.h"
#include "x86/cpu.h"
#include "x86/uaccess.h"

#define WINDOWS 8

static uint8_t block[CPU_BLOCK_SIZE] __attribute__((aligned(CPU_BLOCK_SIZE)));
static struct vcpu_info info;
struct vcpu fake_vcpu;
struct domain fake_domain;
unsigned int fake_crashes;
char fake_crash_text[128];

static struct {
	uint64_t va, size;
	uint8_t *bytes;
	bool writable;
} windows[WINDOWS];

struct cpu *this_cpu(void)
{
	return (struct cpu *)block;
}

void fake_reset(void)
{
	for (unsigned int i = 0; i < WINDOWS; i++)
		free(windows[i].bytes);
	memset(windows, 0, sizeof(windows));
	memset(block, 0, sizeof(block));
	memset(&fake_vcpu, 0, sizeof(fake_vcpu));
	memset(&fake_domain, 0, sizeof(fake_domain));
	memset(&info, 0, sizeof(info));
	fake_crashes = 0;
	fake_vcpu.domain = &fake_domain;
	fake_vcpu.info = &info;
	fake_vcpu.in_kernel = true;
	this_cpu()->current = &fake_vcpu;
}

uint8_t *fake_map(uint64_t va, size_t size, bool writable)
{
	unsigned int i = 0;

	while (windows[i].bytes)
		i++;
	windows[i].va = va;
	windows[i].size = size;
	windows[i].writable = writable;
	windows[i].bytes = calloc(1, size);
	return windows[i].bytes;
}

static uint8_t *guest_byte(uint64_t va, bool write)
{
	for (unsigned int i = 0; i < WINDOWS; i++)
		if (windows[i].bytes && va - windows[i].va < windows[i].size)
			return write && !windows[i].writable
				       ? NULL
				       : windows[i].bytes + va - windows[i].va;
	return NULL;
}

int guest_copy_in(void *dst, const void *src, size_t n);
int guest_copy_out(void *dst, const void *src, size_t n);

int guest_copy_in(void *dst, const void *src, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const uint8_t *byte = guest_byte((uint64_t)src + i, false);

		if (!byte) {
			memset((uint8_t *)dst + i, 0, n - i);
			return -XEN_EFAULT;
		}
		((uint8_t *)dst)[i] = *byte;
	}
	return 0;
}

int guest_copy_out(void *dst, const void *src, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		uint8_t *byte = guest_byte((uint64_t)dst + i, true);

		if (!byte)
			return -XEN_EFAULT;
		*byte = ((const uint8_t *)src)[i];
	}
	return 0;
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
	va_list ap;

	(void)d;
	va_start(ap, fmt);
	vsnprintf(fake_crash_text, sizeof(fake_crash_text), fmt, ap);
	va_end(ap);
	fake_crashes++;
}

void panic_with(const struct cpu_regs *regs, const char *fmt, ...)
{
	puts(fmt);
	abort();
}

void softirq_run(void)
{
	this_cpu()->softirq_pending = 0;
}

void mm_switch_root(struct domain *d, mfn_t root)
{
	(void)d;
	(void)root;
}

void time_write_areas(struct vcpu *v)
{
	v->areas_stale = false;
}
