/* SPDX-License-Identifier: MIT */
/*
 * Instruction decoder for the two small emulators: a pure function from up
 * to 15 bytes to a structure (EM-1, EM-2). Knows the opcodes that PV kernels
 * need and refuses all others.
 */
#pragma once

#include "x86/cpu.h"

#define INSN_MAX   15
#define INSN_FETCH 16 /* whole words are faster to read */

/* Opcodes after 0x0f are OP_0F | byte. */
#define OP_0F 0x100

#define OP_STOS    0xab
#define OP_CMPXCHG (OP_0F | 0xb1)

/* Those of segments may both be there; then neither is worth believing. */
enum insn_prefix {
	INSN_OPERAND16 = 1,
	INSN_ADDRESS32 = 2,
	INSN_LOCK = 4,
	INSN_REP = 8, /* or REPNE: the same for what repeats here */
	INSN_FS = 16,
	INSN_GS = 32,
};

struct insn {
	int64_t immediate;    /* sign-extended */
	int32_t displacement; /* of the memory operand */
	/*
	 * Of stores the one for operands of full size, from a register: what
	 * has another encoding for bytes or immediates becomes this.
	 */
	uint16_t opcode;
	uint8_t length;
	uint8_t prefixes, rex; /* INSN_*; 0: no REX */
	uint8_t bytes;         /* operand size: 1, 2, 4, 8 */
	uint8_t immediate_bytes;
	bool is_store;      /* to its memory operand */
	uint8_t mod;        /* 3: no memory operand */
	uint8_t reg, rm;    /* with their REX bits */
	int8_t base, index; /* register number, -1 none, 16 rip (base) */
	uint8_t scale;      /* of index, a shift */
};

/* False: not complete within n bytes, too long, or unknown. */
must_check bool insn_decode(const uint8_t *code, unsigned int n,
			    struct insn *out);

/* General register by number 0..15. */
uint64_t *insn_register(struct cpu_regs *r, unsigned int number);
/* Value of register operand `number` with the size of the instruction. */
uint64_t insn_read_register(const struct insn *i, struct cpu_regs *r,
			    unsigned int number);
void insn_write_register(const struct insn *i, struct cpu_regs *r,
			 unsigned int number, uint64_t value);

/* After one element of a string instruction. True: REP has more to do. */
bool insn_next_element(const struct insn *i, struct cpu_regs *r,
		       uint64_t *pointer);

/* The bits of an operand of 1, 2, 4 or 8 bytes. */
static inline uint64_t size_mask(unsigned int bytes)
{
	return ~0ull >> (64 - 8 * bytes);
}

static inline int64_t sign_extend(uint64_t value, unsigned int bytes)
{
	return (int64_t)(value << (64 - 8 * bytes)) >> (64 - 8 * bytes);
}
