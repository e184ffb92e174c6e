/* SPDX-License-Identifier: MIT */
/* The M2P table as memory_op describes it to guests. */
#pragma once

#include "mm/mm.h"

/* Size of the populated part, in bytes. */
static inline uint64_t m2p_bytes(void)
{
	return machine_frames * sizeof(uint64_t);
}

/* Frame that holds the byte at this offset; INVALID_MFN: none does. */
mfn_t m2p_frame(uint64_t offset);
