/* SPDX-License-Identifier: MIT */
/* Events, and whom they wake; see fuzz_calls.h. */
#include "fuzz_calls.h"

const uint8_t fuzz_calls[] = {
	__HYPERVISOR_event_channel_op,
	__HYPERVISOR_physdev_op,
	__HYPERVISOR_vcpu_op,
	__HYPERVISOR_sched_op,
	0,
};
const size_t n_fuzz_calls = ARRAY_SIZE(fuzz_calls);
