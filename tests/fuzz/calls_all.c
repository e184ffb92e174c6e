/* SPDX-License-Identifier: MIT */
/* All hypercalls; see fuzz_calls.h. */
#include "fuzz_calls.h"

const uint8_t fuzz_calls[] = {
	0,
};
const size_t n_fuzz_calls = ARRAY_SIZE(fuzz_calls);
