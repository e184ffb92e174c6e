/* SPDX-License-Identifier: MIT */
/* Grants; see fuzz_calls.h. */
#include "fuzz_calls.h"

const uint8_t fuzz_calls[] = {
	__HYPERVISOR_grant_table_op,
	0,
};
const size_t n_fuzz_calls = ARRAY_SIZE(fuzz_calls);
