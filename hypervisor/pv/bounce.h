/* SPDX-License-Identifier: MIT */
/* The frame that a guest handler finds on its stack: a pure function. */
#pragma once

#include "x86/cpu.h"

#define BOUNCE_MAX_WORDS 12

struct bounce {
	uint64_t handler;
	bool mask_events;
	bool has_error;
	uint32_t error;
	const uint16_t *selectors; /* failsafe: ds es fs gs; else NULL */
};

/*
 * Fill words[], lowest address first, for a guest interrupted in mode
 * from_kernel with its event mask at masked. Returns the number of words.
 */
unsigned int bounce_frame(uint64_t words[BOUNCE_MAX_WORDS],
			  const struct cpu_regs *r, bool from_kernel,
			  bool masked, const struct bounce *b);
