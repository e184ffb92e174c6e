/* SPDX-License-Identifier: MIT */
/* Memory and page tables; see fuzz_calls.h. */
#include "fuzz_calls.h"

const uint8_t fuzz_calls[] = {
	__HYPERVISOR_memory_op,
	__HYPERVISOR_mmu_update,
	__HYPERVISOR_mmuext_op,
	__HYPERVISOR_update_va_mapping,
	0,
};
const size_t n_fuzz_calls = ARRAY_SIZE(fuzz_calls);
