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

struct insn {
	uint8_t length;
	uint16_t opcode;
	bool operand16, address32, lock, rep, repne;
	bool w;          /* REX.W */
	bool has_rex;    /* then byte registers 4..7 are SPL .. DIL */
	uint8_t segment; /* prefix byte 0x64 (FS), 0x65 (GS), or 0 */
	bool has_modrm;
	uint8_t mod, reg, rm; /* reg and rm with their REX bits */
	/* Memory operand, if has_modrm and mod is not 3. */
	int8_t base, index; /* register number, -1 none, 16 rip (base) */
	uint8_t scale;      /* shift */
	int32_t displacement;
	int64_t immediate; /* sign-extended */
	uint8_t bytes;     /* operand size: 1, 2, 4, 8 */
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
