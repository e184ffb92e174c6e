/* SPDX-License-Identifier: MIT */
/*
 * Instruction decoder for the two small emulators: a pure function from up
 * to 15 bytes to a structure (EM-1, EM-2). Knows the opcodes that PV kernels
 * need and refuses all others.
 */
#pragma once

#include "lib/types.h"
#include "x86/cpu.h"

#define INSN_MAX 15

/* Opcodes after 0x0f are OP_0F | byte. */
#define OP_0F 0x100

#define OP_STOS 0xab

struct insn {
	uint8_t length;
	bool is_store; /* to its memory operand */
	/*
	 * Of stores the one for operands of full size, from a register: what
	 * has another encoding for bytes or immediates becomes this.
	 */
	uint16_t opcode;
	bool operand16, address32, lock, rep;
	bool w;          /* REX.W */
	bool has_rex;    /* then byte registers 4..7 are SPL .. DIL */
	uint8_t segment; /* prefix byte 0x64 (FS), 0x65 (GS), or 0 */
	uint8_t mod;     /* 3: no memory operand */
	uint8_t reg, rm; /* with their REX bits */
	/* Memory operand. */
	int8_t base, index; /* register number, -1 none, 16 rip (base) */
	uint8_t scale;      /* shift */
	int32_t displacement;
	uint8_t immediate_bytes; /* 0: none */
	int64_t immediate;       /* sign-extended */
	uint8_t bytes;           /* operand size: 1, 2, 4, 8 */
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
