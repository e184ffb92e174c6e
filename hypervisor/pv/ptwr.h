/* SPDX-License-Identifier: MIT */
/* What an instruction does to 8 bytes of memory: pure (pv/ptwr_alu.c). */
#pragma once

#include "pv/decode.h"

/* One store, decoded, with its register operands read. */
struct store {
	struct insn insn;
	unsigned int shift; /* of the operand in the 8-byte entry, bits */
	uint64_t source;    /* register or immediate */
	uint64_t compare;   /* rax, for CMPXCHG */
	/* Results of the last store_apply(). */
	uint64_t old;   /* operand before */
	uint64_t flags; /* arithmetic flags, if changes_flags */
	bool changes_flags, equal;
};

/* Is this an instruction that writes its memory operand, as we know it? */
bool store_is_known(const struct insn *i);
/* The entry after the store. ctx is a struct store. */
uint64_t store_apply(uint64_t entry, void *ctx);
