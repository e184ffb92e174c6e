/* SPDX-License-Identifier: MIT */
/*
 * See decode.h. [SDM2 "Instruction Format"] for prefixes, ModRM and SIB,
 * [SDM2 "Opcode Map"] for the table.
 */
#include "pv/decode.h"

#include "lib/string.h"

enum {
	KNOWN = 1,
	MODRM = 2,
	IMM8 = 4,  /* sign-extended */
	IMMZ = 8,  /* 2 or 4 bytes, sign-extended */
	BYTE = 16, /* operands of one byte */
	LONG = 32, /* operands of 4 bytes without prefix, even with REX.W */
};

static const uint8_t opcodes[512] = {
	/* Arithmetic on memory: ADD OR ADC SBB AND SUB XOR r -> r/m. */
	[0x00] = KNOWN | MODRM | BYTE,
	[0x01] = KNOWN | MODRM,
	[0x08] = KNOWN | MODRM | BYTE,
	[0x09] = KNOWN | MODRM,
	[0x20] = KNOWN | MODRM | BYTE,
	[0x21] = KNOWN | MODRM,
	[0x28] = KNOWN | MODRM | BYTE,
	[0x29] = KNOWN | MODRM,
	[0x30] = KNOWN | MODRM | BYTE,
	[0x31] = KNOWN | MODRM,
	[0x80] = KNOWN | MODRM | BYTE | IMM8,
	[0x81] = KNOWN | MODRM | IMMZ,
	[0x83] = KNOWN | MODRM | IMM8,
	/* XCHG, MOV. */
	[0x86] = KNOWN | MODRM | BYTE,
	[0x87] = KNOWN | MODRM,
	[0x88] = KNOWN | MODRM | BYTE,
	[0x89] = KNOWN | MODRM,
	[0xc6] = KNOWN | MODRM | BYTE | IMM8,
	[0xc7] = KNOWN | MODRM | IMMZ,
	/* STOS: clears tables. */
	[0xaa] = KNOWN | BYTE,
	[0xab] = KNOWN,
	/* INS, OUTS. */
	[0x6c] = KNOWN | BYTE,
	[0x6d] = KNOWN | LONG,
	[0x6e] = KNOWN | BYTE,
	[0x6f] = KNOWN | LONG,
	/* IN, OUT. */
	[0xe4] = KNOWN | BYTE | IMM8,
	[0xe5] = KNOWN | LONG | IMM8,
	[0xe6] = KNOWN | BYTE | IMM8,
	[0xe7] = KNOWN | LONG | IMM8,
	[0xec] = KNOWN | BYTE,
	[0xed] = KNOWN | LONG,
	[0xee] = KNOWN | BYTE,
	[0xef] = KNOWN | LONG,
	/* INT n, IRET, HLT, CLI, STI. */
	[0xcd] = KNOWN | IMM8,
	[0xcf] = KNOWN,
	[0xf4] = KNOWN,
	[0xfa] = KNOWN,
	[0xfb] = KNOWN,
	/* XSETBV, RDTSCP, ... by ModRM; CLTS, INVD, WBINVD. */
	[OP_0F | 0x01] = KNOWN | MODRM,
	[OP_0F | 0x06] = KNOWN,
	[OP_0F | 0x08] = KNOWN,
	[OP_0F | 0x09] = KNOWN,
	/* MOV CRn and DRn, WRMSR, RDTSC, RDMSR, CPUID. */
	[OP_0F | 0x20] = KNOWN | MODRM,
	[OP_0F | 0x21] = KNOWN | MODRM,
	[OP_0F | 0x22] = KNOWN | MODRM,
	[OP_0F | 0x23] = KNOWN | MODRM,
	[OP_0F | 0x30] = KNOWN,
	[OP_0F | 0x31] = KNOWN,
	[OP_0F | 0x32] = KNOWN,
	[OP_0F | 0xa2] = KNOWN,
	/* BTS BTR BTC, CMPXCHG, XADD, MOVNTI. */
	[OP_0F | 0xab] = KNOWN | MODRM,
	[OP_0F | 0xb0] = KNOWN | MODRM | BYTE,
	[OP_0F | 0xb1] = KNOWN | MODRM,
	[OP_0F | 0xb3] = KNOWN | MODRM,
	[OP_0F | 0xba] = KNOWN | MODRM | IMM8,
	[OP_0F | 0xbb] = KNOWN | MODRM,
	[OP_0F | 0xc0] = KNOWN | MODRM | BYTE,
	[OP_0F | 0xc1] = KNOWN | MODRM,
	[OP_0F | 0xc3] = KNOWN | MODRM,
};

/* The bytes not yet consumed. */
struct cursor {
	const uint8_t *code;
	unsigned int at, n;
	bool failed;
};

static uint8_t next(struct cursor *c)
{
	if (c->at >= c->n) {
		c->failed = true;
		return 0;
	}
	return c->code[c->at++];
}

/* Little-endian, sign-extended; size 1, 2 or 4. */
static int64_t next_signed(struct cursor *c, unsigned int size)
{
	uint64_t v = 0;

	for (unsigned int i = 0; i < size; i++)
		v |= (uint64_t)next(c) << (8 * i);
	return (int64_t)(v << (64 - 8 * size)) >> (64 - 8 * size);
}

/* Legacy prefixes; false at the first byte that is none. */
static bool take_prefix(struct insn *o, uint8_t b)
{
	switch (b) {
	case 0x66:
		o->operand16 = true;
		return true;
	case 0x67:
		o->address32 = true;
		return true;
	case 0xf0:
		o->lock = true;
		return true;
	case 0xf2:
		o->repne = true;
		return true;
	case 0xf3:
		o->rep = true;
		return true;
	case 0x64:
	case 0x65:
		o->segment = b;
		return true;
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x26: /* CS SS DS ES: no meaning in 64-bit mode */
		return true;
	default:
		return false;
	}
}

static void take_memory_operand(struct cursor *c, struct insn *o, uint8_t rex)
{
	uint8_t rm = o->rm & 7, sib;

	o->base = (int8_t)(rm | (rex & 1) << 3);
	if (rm == 4) {
		sib = next(c);
		o->scale = sib >> 6;
		o->index = (int8_t)((sib >> 3 & 7) | (rex & 2) << 2);
		if (o->index == 4)
			o->index = -1;
		o->base = (int8_t)((sib & 7) | (rex & 1) << 3);
		if ((sib & 7) == 5 && o->mod == 0) {
			o->base = -1;
			o->displacement = (int32_t)next_signed(c, 4);
		}
	} else if (rm == 5 && o->mod == 0) {
		o->base = 16;
		o->displacement = (int32_t)next_signed(c, 4);
	}
	if (o->mod == 1)
		o->displacement = (int32_t)next_signed(c, 1);
	else if (o->mod == 2)
		o->displacement = (int32_t)next_signed(c, 4);
}

static void take_modrm(struct cursor *c, struct insn *o, uint8_t rex)
{
	uint8_t modrm = next(c);

	o->has_modrm = true;
	o->mod = modrm >> 6;
	o->reg = (uint8_t)((modrm >> 3 & 7) | (rex & 4) << 1);
	o->rm = (uint8_t)((modrm & 7) | (rex & 1) << 3);
	/* MOV CRn and DRn ignore mod: always registers. */
	if (o->opcode >= (OP_0F | 0x20) && o->opcode <= (OP_0F | 0x23))
		o->mod = 3;
	if (o->mod != 3)
		take_memory_operand(c, o, rex);
}

static uint8_t operand_bytes(const struct insn *o, uint8_t flags)
{
	if (flags & BYTE)
		return 1;
	if (o->w && !(flags & LONG))
		return 8;
	return o->operand16 ? 2 : 4;
}

bool insn_decode(const uint8_t *code, unsigned int n, struct insn *o)
{
	struct cursor c = { code, 0, n < INSN_MAX ? n : INSN_MAX, false };
	uint8_t b, flags, rex = 0;

	memset(o, 0, sizeof(*o));
	o->base = o->index = -1;
	do {
		b = next(&c);
	} while (!c.failed && take_prefix(o, b));
	if ((b & 0xf0) == 0x40) {
		rex = b;
		o->has_rex = true;
		o->w = rex & 8;
		b = next(&c);
	}
	o->opcode = b;
	if (b == 0x0f)
		o->opcode = OP_0F | next(&c);
	flags = opcodes[o->opcode];
	if (c.failed || !flags)
		return false;
	o->bytes = operand_bytes(o, flags);
	if (flags & MODRM)
		take_modrm(&c, o, rex);
	if (flags & IMM8)
		o->immediate = next_signed(&c, 1);
	if (flags & IMMZ)
		o->immediate = next_signed(&c, o->operand16 && !o->w ? 2 : 4);
	o->length = (uint8_t)c.at;
	return !c.failed;
}

uint64_t *insn_register(struct cpu_regs *r, unsigned int number)
{
	static const uint8_t offsets[16] = {
#define AT(reg) offsetof(struct cpu_regs, reg)
		AT(rax), AT(rcx), AT(rdx), AT(rbx), AT(rsp), AT(rbp),
		AT(rsi), AT(rdi), AT(r8),  AT(r9),  AT(r10), AT(r11),
		AT(r12), AT(r13), AT(r14), AT(r15),
#undef AT
	};

	return (uint64_t *)((char *)r + offsets[number & 15]);
}

/* AH CH DH BH: what byte registers 4..7 are without a REX prefix. */
static bool is_high_byte(const struct insn *i, unsigned int number)
{
	return i->bytes == 1 && !i->has_rex && number >= 4 && number < 8;
}

static uint64_t size_mask(unsigned int bytes)
{
	return bytes == 8 ? ~0ull : (1ull << (8 * bytes)) - 1;
}

uint64_t insn_read_register(const struct insn *i, struct cpu_regs *r,
			    unsigned int number)
{
	if (is_high_byte(i, number))
		return *insn_register(r, number - 4) >> 8 & 0xff;
	return *insn_register(r, number) & size_mask(i->bytes);
}

void insn_write_register(const struct insn *i, struct cpu_regs *r,
			 unsigned int number, uint64_t value)
{
	uint64_t mask = size_mask(i->bytes);
	uint64_t *reg;

	if (is_high_byte(i, number)) {
		reg = insn_register(r, number - 4);
		*reg = (*reg & ~0xff00ull) | (value & 0xff) << 8;
		return;
	}
	reg = insn_register(r, number);
	if (i->bytes == 4) /* upper half becomes zero */
		*reg = value & mask;
	else
		*reg = (*reg & ~mask) | (value & mask);
}
