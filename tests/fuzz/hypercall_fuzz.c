/* SPDX-License-Identifier: MIT */
/*
 * Sequences of hypercalls of three domains, one of them the control domain,
 * over the whole hypervisor (tests/unit/whole). Input: a byte of how often to
 * preempt, then calls:
 *
 *   who, number, four arguments, n, n bytes for the window, m, m patches
 *
 * An argument, and what a patch puts into the window, is a byte that stands for
 * a small number, an address in the window, a frame of some domain, or a value
 * that is often wrong (value_of()); or for the eight bytes that follow.
 *
 * A number from 224 on is the guest writing a word to its grant table, its
 * shared page or a page of its own instead.
 *
 * Linked once for all hypercalls and once each for those of one subject
 * (fuzz_calls.h).
 *
 * Besides what sanitizers and assertions see: no lock is held between calls,
 * and when the domains are destroyed every page is back.
 */
#include <string.h>

#include "check.h"
#include "core/grant.h"
#include "fuzz_calls.h"
#include "input.h"
#include "public/domctl.h"
#include "public/platform.h"
#include "public/sysctl.h"
#include "whole.h"

#define CALLS_MAX 60

static uint64_t value_of(struct input *in)
{
	uint8_t how = input_byte(in);
	static const uint64_t odd[] = {
		~0ull,
		DOMID_SELF,
		HYPERVISOR_START,
		1ull << 40,
		1ull << 63,
		0x80000000,
		WINDOW + WINDOW_SIZE - 8,
		DOMID_IO,
		DOMID_XEN,
		0x7fffffff,
		PAGE_SIZE,
	};

	if (how < 48)
		return how;
	if (how < 80)
		return WINDOW + (how - 48) * 8;
	if (how < 96)
		return WINDOW + 0x1000 + (how - 80) * 64;
	if (how < 144)
		return whole_frame((how - 96) / 16, (how - 96) % 16);
	/* As machine addresses and entries. */
	if (how < 192)
		return whole_frame((how - 144) / 16, how % 16) << PAGE_SHIFT |
		       input_byte(in);
	if (how < 192 + ARRAY_SIZE(odd))
		return odd[how - 192];
	return input_word(in);
}

static void window_fill(struct input *in, uint64_t number)
{
	static const uint32_t versions[] = {
		[__HYPERVISOR_domctl] = XEN_DOMCTL_INTERFACE_VERSION,
		[__HYPERVISOR_sysctl] = XEN_SYSCTL_INTERFACE_VERSION,
		[__HYPERVISOR_platform_op] = XENPF_INTERFACE_VERSION,
	};
	uint8_t n = input_byte(in);

	for (unsigned int i = 0; i < n; i++)
		whole_window[i] = input_byte(in);
	if (number < ARRAY_SIZE(versions) && versions[number])
		memcpy(whole_window + 4, &versions[number], 4);
	n = input_byte(in) % 16;
	for (unsigned int i = 0; i < n; i++) {
		unsigned int at = input_byte(in) * 4u;
		uint64_t value = value_of(in);

		/* From 0x1000 on are the lists. */
		at = at < 512 ? at : 0x1000 + at - 512;
		memcpy(whole_window + at, &value, sizeof(value));
	}
}

/* Where the current domain may write, NULL: nowhere. */
static uint64_t *page_for_writing(uint8_t which, struct frame **held)
{
	struct domain *d = current_vcpu()->domain;
	mfn_t m;

	*held = NULL;
	if (which % 4 == 0)
		return d->grant->frame[0];
	if (which % 4 == 1)
		return (uint64_t *)d->shared_info;
	m = mfn_of(whole_frame(d->id % WHOLE_DOMAINS, which / 4 % 8));
	*held = frame_get_writable(d, m);
	return *held ? mfn_to_virt(m) : NULL;
}

static void guest_write(struct input *in, uint8_t which)
{
	struct frame *held;
	uint64_t *page = page_for_writing(which, &held);
	uint64_t at = input_byte(in), value = value_of(in);

	if (page)
		page[at * 2 % 512 + (at >> 7)] = value;
	if (held)
		frame_put_writable(held);
}

static void call(struct input *in)
{
	uint8_t who = input_byte(in), which = input_byte(in);
	uint64_t args[4], number = fuzz_calls[which % n_fuzz_calls];

	if (!whole_be(who % WHOLE_DOMAINS, who / 16 % 2))
		return;
	if (which >= 224) {
		guest_write(in, which);
		return;
	}
	if (!number)
		number = which / n_fuzz_calls % 64;
	for (unsigned int i = 0; i < 4; i++)
		args[i] = value_of(in);
	window_fill(in, number);
	whole_call(number, args[0], args[1], args[2], args[3]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };

	whole_begin();
	whole_preempt = input_byte(&in) % 8;
	for (unsigned int i = 0; i < CALLS_MAX && in.left; i++)
		call(&in);
	FUZZ_CHECK(whole_end());
	return 0;
}
