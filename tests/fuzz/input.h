/* SPDX-License-Identifier: MIT */
/* A fuzzer's input, taken from its beginning; zeroes when there is no more. */
#ifndef TESTS_FUZZ_INPUT_H
#define TESTS_FUZZ_INPUT_H

#include <stddef.h>
#include <stdint.h>

struct input {
	const uint8_t *next;
	size_t left;
};

static inline uint8_t input_byte(struct input *in)
{
	if (!in->left)
		return 0;
	in->left--;
	return *in->next++;
}

static inline uint64_t input_word(struct input *in)
{
	uint64_t word = 0;

	for (unsigned int i = 0; i < 64; i += 8)
		word |= (uint64_t)input_byte(in) << i;
	return word;
}

#endif
