/* SPDX-License-Identifier: MIT */
/*
 * The arithmetic of stores to page-table entries: new memory contents and
 * flags from old contents and operands. Pure; may run several times for one
 * store when the entry changes meanwhile.
 */
#include "pv/ptwr.h"

#include "x86/processor.h"

enum alu {
	ALU_ADD,
	ALU_OR,
	ALU_ADC,
	ALU_SBB,
	ALU_AND,
	ALU_SUB,
	ALU_XOR
};

static uint64_t size_mask(unsigned int bytes)
{
	return bytes == 8 ? ~0ull : (1ull << (8 * bytes)) - 1;
}

/* SF ZF PF of a result of the given size. */
static uint64_t result_flags(uint64_t value, unsigned int bytes)
{
	uint64_t f = 0;

	if (!value)
		f |= RFLAGS_ZF;
	if (value >> (8 * bytes - 1) & 1)
		f |= RFLAGS_SF;
	if (!__builtin_parity((unsigned int)(value & 0xff)))
		f |= RFLAGS_PF;
	return f;
}

static uint64_t alu(struct store *s, enum alu op, uint64_t a, uint64_t b)
{
	unsigned int bytes = s->insn.bytes;
	uint64_t mask = size_mask(bytes), sign = 1ull << (8 * bytes - 1), r;
	uint64_t carry = 0, overflow = 0;

	b &= mask; /* immediates come sign-extended to 64 bits */
	switch (op) {
	case ALU_ADD:
		r = (a + b) & mask;
		carry = r < a;
		overflow = (a ^ r) & (b ^ r) & sign;
		break;
	case ALU_SUB:
		r = (a - b) & mask;
		carry = a < b;
		overflow = (a ^ b) & (a ^ r) & sign;
		break;
	case ALU_OR:
		r = a | b;
		break;
	case ALU_AND:
		r = a & b;
		break;
	default:
		r = a ^ b;
	}
	s->changes_flags = true;
	s->flags = result_flags(r, bytes) | (carry ? RFLAGS_CF : 0) |
		   (overflow ? RFLAGS_OF : 0);
	if (op == ALU_ADD || op == ALU_SUB)
		s->flags |= (a ^ b ^ r) & RFLAGS_AF;
	return r;
}

/* BTS 5, BTR 6, BTC 7: CF is the old bit, other flags stay. */
static uint64_t bit_op(struct store *s, unsigned int op, uint64_t value)
{
	uint64_t bit = 1ull << (s->source & (8u * s->insn.bytes - 1));

	s->changes_flags = true;
	s->flags = value & bit ? RFLAGS_CF : 0;
	if (op == 5)
		return value | bit;
	return op == 6 ? value & ~bit : value ^ bit;
}

static uint64_t compare_exchange(struct store *s, uint64_t value)
{
	(void)alu(s, ALU_SUB, s->compare, value);
	s->equal = s->compare == value;
	return s->equal ? s->source : value;
}

static uint64_t operate(struct store *s, uint64_t value)
{
	const struct insn *i = &s->insn;

	switch (i->opcode) {
	case 0x80:
	case 0x81:
	case 0x83:
		return alu(s, (enum alu)(i->reg & 7), value, s->source);
	case 0x00 ... 0x31:
		return alu(s, (enum alu)(i->opcode >> 3), value, s->source);
	case OP_0F | 0xab:
		return bit_op(s, 5, value);
	case OP_0F | 0xb3:
		return bit_op(s, 6, value);
	case OP_0F | 0xbb:
		return bit_op(s, 7, value);
	case OP_0F | 0xba:
		return bit_op(s, i->reg & 7, value);
	case OP_0F | 0xb0:
	case OP_0F | 0xb1:
		return compare_exchange(s, value);
	case OP_0F | 0xc0:
	case OP_0F | 0xc1:
		return alu(s, ALU_ADD, value, s->source);
	default: /* MOV, XCHG, STOS, MOVNTI */
		return s->source;
	}
}

bool store_is_known(const struct insn *i)
{
	unsigned int op = i->reg & 7;

	switch (i->opcode) {
	case 0x80:
	case 0x81:
	case 0x83:
		return op != ALU_ADC && op != ALU_SBB && op != 7;
	case 0xc6:
	case 0xc7:
		return op == 0;
	case OP_0F | 0xba:
		return op >= 5;
	case 0x00:
	case 0x01:
	case 0x08:
	case 0x09:
	case 0x20:
	case 0x21:
	case 0x28:
	case 0x29:
	case 0x30:
	case 0x31:
	case 0x86 ... 0x89:
	case 0xaa:
	case 0xab:
	case OP_0F | 0xab:
	case OP_0F | 0xb0:
	case OP_0F | 0xb1:
	case OP_0F | 0xb3:
	case OP_0F | 0xbb:
	case OP_0F | 0xc0:
	case OP_0F | 0xc1:
	case OP_0F | 0xc3:
		return true;
	default:
		return false;
	}
}

uint64_t store_apply(uint64_t entry, void *ctx)
{
	struct store *s = ctx;
	uint64_t mask = size_mask(s->insn.bytes), new;

	s->changes_flags = false;
	s->old = entry >> s->shift & mask;
	new = operate(s, s->old) & mask;
	return (entry & ~(mask << s->shift)) | new << s->shift;
}
