/* SPDX-License-Identifier: MIT */
/*
 * See decode.h. [SDM2 "Instruction Format"] for prefixes, ModRM and SIB,
 * [SDM2 "Opcode Map"] for the table.
 */
#include "pv/decode.h"

enum {
	KNOWN = 1,
	MODRM = 2,
	IMM8 = 4,   /* one byte, sign-extended */
	IMM = 8,    /* of the operand's size, at most 4 bytes, sign-extended */
	EVEN8 = 16, /* an even opcode has operands of one byte */
	LONG = 32,  /* operands of 4 bytes without prefix, even with REX.W */
	STORE = 64,
	PREFIX = 128,
};

#define IS_PREFIX(which) (PREFIX | (which) << 16)
/* A group of stores by ModRM.reg: the same as these opcodes, 8 apart. */
#define GROUP(opcode) (MODRM | STORE | (opcode) << 16)

static const uint32_t opcodes[512] = {
	[0x66] = IS_PREFIX(INSN_OPERAND16),
	[0x67] = IS_PREFIX(INSN_ADDRESS32),
	[0xf0] = IS_PREFIX(INSN_LOCK),
	[0xf2 ... 0xf3] = IS_PREFIX(INSN_REP),
	[0x64] = IS_PREFIX(INSN_FS),
	[0x65] = IS_PREFIX(INSN_GS),
	/* ES, CS, SS, DS: no meaning in 64-bit mode. */
	[0x26] = PREFIX,
	[0x2e] = PREFIX,
	[0x36] = PREFIX,
	[0x3e] = PREFIX,
	/* ADD, OR, AND, SUB, XOR to memory; the same of immediates. */
	[0x00 ... 0x01] = MODRM | EVEN8 | STORE,
	[0x08 ... 0x09] = MODRM | EVEN8 | STORE,
	[0x20 ... 0x21] = MODRM | EVEN8 | STORE,
	[0x28 ... 0x29] = MODRM | EVEN8 | STORE,
	[0x30 ... 0x31] = MODRM | EVEN8 | STORE,
	[0x80 ... 0x81] = GROUP(0x01) | EVEN8 | IMM,
	[0x83] = GROUP(0x01) | IMM8,
	/* XCHG, MOV; MOV of immediates is alone in its group. */
	[0x86 ... 0x89] = MODRM | EVEN8 | STORE,
	[0xc6 ... 0xc7] = GROUP(0x89) | EVEN8 | IMM,
	/* STOS: clears tables. */
	[0xaa ... 0xab] = EVEN8 | STORE,
	/* INS, OUTS; IN, OUT. */
	[0x6c ... 0x6f] = KNOWN | EVEN8 | LONG,
	[0xe4 ... 0xe7] = KNOWN | EVEN8 | LONG | IMM8,
	[0xec ... 0xef] = KNOWN | EVEN8 | LONG,
	/* CLI, STI. */
	[0xfa ... 0xfb] = KNOWN,
	/* XSETBV by ModRM; CLTS, INVD, WBINVD. */
	[OP_0F | 0x01] = MODRM,
	[OP_0F | 0x06] = KNOWN,
	[OP_0F | 0x08 ... OP_0F | 0x09] = KNOWN,
	/* MOV CRn and DRn; WRMSR, RDTSC, RDMSR. */
	[OP_0F | 0x20 ... OP_0F | 0x23] = MODRM,
	[OP_0F | 0x30 ... OP_0F | 0x32] = KNOWN,
	/* BTS, BTR, BTC; the same of immediates, which begin at 4. */
	[OP_0F | 0xab] = MODRM | STORE,
	[OP_0F | 0xb3] = MODRM | STORE,
	[OP_0F | 0xbb] = MODRM | STORE,
	[OP_0F | 0xba] = GROUP(OP_0F | 0x83) | IMM8,
	/* CMPXCHG, XADD, MOVNTI. */
	[OP_0F | 0xb0 ... OP_0F | 0xb1] = MODRM | EVEN8 | STORE,
	[OP_0F | 0xc0 ... OP_0F | 0xc1] = MODRM | EVEN8 | STORE,
	[OP_0F | 0xc3] = MODRM | STORE,
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
	return sign_extend(v, size);
}

static void take_memory_operand(struct cursor *c, struct insn *o)
{
	unsigned int displacement = o->mod == 2 ? 4 : o->mod;
	uint8_t base = o->rm & 7;

	if (base == 4) {
		uint8_t sib = next(c);

		base = sib & 7;
		o->scale = sib >> 6;
		o->index = (int8_t)((sib >> 3 & 7) | (o->rex & 2) << 2);
		if (o->index == 4)
			o->index = -1;
	}
	o->base = (int8_t)(base | (o->rex & 1) << 3);
	if (base == 5 && o->mod == 0) {
		o->base = (o->rm & 7) == 5 ? 16 : -1;
		displacement = 4;
	}
	if (displacement)
		o->displacement = (int32_t)next_signed(c, displacement);
}

static void take_modrm(struct cursor *c, struct insn *o)
{
	uint8_t modrm = next(c);

	o->reg = (uint8_t)((modrm >> 3 & 7) | (o->rex & 4) << 1);
	o->rm = (uint8_t)((modrm & 7) | (o->rex & 1) << 3);
	/* MOV CRn and DRn ignore mod: always registers. */
	if (o->opcode < (OP_0F | 0x20) || o->opcode > (OP_0F | 0x23))
		o->mod = modrm >> 6;
	if (o->mod != 3)
		take_memory_operand(c, o);
}

/* False: one of a group that is unknown or no store. */
static bool take_store(struct insn *o, uint32_t group)
{
	o->is_store = true;
	o->opcode |= 1;
	if (!group)
		return true;
	o->opcode = (uint16_t)(group + 8 * (o->reg & 7u));
	return opcodes[o->opcode] & STORE;
}

static uint8_t operand_bytes(const struct insn *o, uint32_t flags)
{
	if ((flags & EVEN8) && !(o->opcode & 1))
		return 1;
	if ((o->rex & 8) && !(flags & LONG))
		return 8;
	return o->prefixes & INSN_OPERAND16 ? 2 : 4;
}

bool insn_decode(const uint8_t *code, unsigned int n, struct insn *o)
{
	struct cursor c = { code, 0, n < INSN_MAX ? n : INSN_MAX, false };
	uint32_t flags;
	uint8_t b;

	*o = (struct insn){ .mod = 3, .base = -1, .index = -1 };
	while ((flags = opcodes[b = next(&c)]) & PREFIX)
		o->prefixes |= flags >> 16;
	if ((b & 0xf0) == 0x40) {
		o->rex = b;
		b = next(&c);
	}
	o->opcode = b;
	if (b == 0x0f)
		o->opcode = OP_0F | next(&c);
	flags = opcodes[o->opcode];
	if (c.failed || !flags || (flags & PREFIX))
		return false;
	o->bytes = operand_bytes(o, flags);
	if (flags & IMM8)
		o->immediate_bytes = 1;
	if (flags & IMM)
		o->immediate_bytes = o->bytes < 4 ? o->bytes : 4;
	if (flags & MODRM)
		take_modrm(&c, o);
	if ((flags & STORE) && !take_store(o, flags >> 16))
		return false;
	if (o->immediate_bytes)
		o->immediate = next_signed(&c, o->immediate_bytes);
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

/*
 * A register operand and where in it the operand begins: byte registers 4..7
 * are AH CH DH BH without a REX prefix.
 */
static uint64_t *register_operand(const struct insn *i, struct cpu_regs *r,
				  unsigned int number, unsigned int *shift)
{
	bool high = i->bytes == 1 && !i->rex && number >= 4 && number < 8;

	*shift = high ? 8 : 0;
	return insn_register(r, high ? number - 4 : number);
}

uint64_t insn_read_register(const struct insn *i, struct cpu_regs *r,
			    unsigned int number)
{
	unsigned int shift;
	uint64_t *reg = register_operand(i, r, number, &shift);

	return *reg >> shift & size_mask(i->bytes);
}

void insn_write_register(const struct insn *i, struct cpu_regs *r,
			 unsigned int number, uint64_t value)
{
	unsigned int shift;
	uint64_t *reg = register_operand(i, r, number, &shift);
	uint64_t mask = size_mask(i->bytes) << shift;

	if (i->bytes == 4) /* upper half becomes zero */
		*reg = 0;
	*reg = (*reg & ~mask) | (value << shift & mask);
}

bool insn_next_element(const struct insn *i, struct cpu_regs *r,
		       uint64_t *pointer)
{
	*pointer += r->rflags & RFLAGS_DF ? -(uint64_t)i->bytes : i->bytes;
	return (i->prefixes & INSN_REP) && --r->rcx;
}
