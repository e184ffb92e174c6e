/* SPDX-License-Identifier: MIT */
/*
 * Stores of a guest kernel to its L1 page tables, which it has mapped
 * read-only: decode the instruction, let mm/ apply it to the entry with its
 * checks, write back registers and flags as the processor would have.
 *
 * Context: v is current, in kernel mode, after a write fault at a present
 * mapping. Whatever does not fit is an ordinary page fault of the guest (T25).
 */
#include "pv/decode.h"
#include "pv/pv.h"

#define ARITHMETIC_FLAGS                                                       \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

/* One store with its register operands, and what came of it. */
struct pte_store {
	struct insn insn;
	unsigned int shift; /* of the operand in the 8-byte entry, bits */
	uint64_t source;    /* register or immediate */
	uint64_t compare;   /* rax, for CMPXCHG */
	/* Results of the last store_apply(). */
	uint64_t old;             /* operand before */
	uint64_t flags, affected; /* new flags, and which of them count */
};

static uint64_t operand_address(const struct insn *i, struct cpu_regs *r)
{
	uint64_t va = (uint64_t)(int64_t)i->displacement;

	if (i->opcode == OP_STOS) /* always in ES */
		return r->rdi;
	if (i->base == 16)
		va += r->rip + i->length;
	else if (i->base >= 0)
		va += *insn_register(r, (unsigned int)i->base);
	if (i->index >= 0)
		va += *insn_register(r, (unsigned int)i->index) << i->scale;
	if (i->prefixes & INSN_ADDRESS32)
		va = (uint32_t)va;
	if (i->prefixes & INSN_FS)
		va += rdmsr(MSR_FS_BASE);
	if (i->prefixes & INSN_GS)
		va += rdmsr(MSR_GS_BASE);
	return va;
}

/* Read the operands. False: not a store that we emulate at cr2. */
static bool prepare(struct pte_store *s, struct cpu_regs *r, uint64_t cr2)
{
	const struct insn *i = &s->insn;
	bool stos = i->opcode == OP_STOS;
	uint64_t va;

	if (!i->is_store ||
	    (stos ? (i->prefixes & INSN_ADDRESS32) : i->mod == 3))
		return false;
	va = operand_address(i, r);
	s->source = i->immediate_bytes ? (uint64_t)i->immediate
				       : insn_read_register(i, r, i->reg);
	/* A bit number in a register reaches beyond the operand, signed. */
	if ((i->opcode & ~0x18u) == (OP_0F | 0xa3) && !i->immediate_bytes)
		va += (uint64_t)(sign_extend(s->source, i->bytes) >> 3) &
		      -(uint64_t)i->bytes;
	if (i->opcode == OP_CMPXCHG)
		s->compare = insn_read_register(i, r, 0);
	s->shift = (unsigned int)(va & 7) * 8;
	return va == cr2 && !(va & (i->bytes - 1u));
}

/* Bit n of carries: out of bit n of an addition or subtraction, else 0. */
static uint64_t arithmetic(struct pte_store *s, uint64_t r, uint64_t carries)
{
	unsigned int top = 8 * s->insn.bytes - 1;

	s->flags =
		(carries >> top & RFLAGS_CF) |
		(r & size_mask(s->insn.bytes) ? 0 : RFLAGS_ZF) |
		(r >> top & 1 ? RFLAGS_SF : 0) |
		(__builtin_parity((uint8_t)r) ? 0 : RFLAGS_PF) |
		(carries >> 3 & 1 ? RFLAGS_AF : 0) |
		((carries >> top ^ carries >> (top - 1)) & 1 ? RFLAGS_OF : 0);
	s->affected = ARITHMETIC_FLAGS;
	return r;
}

static uint64_t add(struct pte_store *s, uint64_t a, uint64_t b)
{
	uint64_t r = a + b;

	return arithmetic(s, r, (a & b) | ((a | b) & ~r));
}

static uint64_t subtract(struct pte_store *s, uint64_t a, uint64_t b)
{
	uint64_t r = a - b;

	return arithmetic(s, r, (~a & b) | ((~a | b) & r));
}

/* BTS, BTR, BTC: CF is the old bit, other flags stay. */
static uint64_t change_bit(struct pte_store *s, uint64_t a)
{
	uint64_t bit = 1ull << (s->source & (8u * s->insn.bytes - 1));

	s->flags = a & bit ? RFLAGS_CF : 0;
	s->affected = RFLAGS_CF;
	if (s->insn.opcode == (OP_0F | 0xbb))
		return a ^ bit;
	return s->insn.opcode == (OP_0F | 0xab) ? a | bit : a & ~bit;
}

/* The operand after the store, with anything above its size. */
static uint64_t operate(struct pte_store *s, uint64_t a)
{
	uint64_t b = s->source;

	if (likely(s->insn.opcode == 0x89)) /* MOV: most are */
		return b;
	switch (s->insn.opcode) {
	case 0x01:         /* ADD */
	case OP_0F | 0xc1: /* XADD */
		return add(s, a, b);
	case 0x29: /* SUB */
		return subtract(s, a, b);
	case 0x09: /* OR */
		return arithmetic(s, a | b, 0);
	case 0x21: /* AND */
		return arithmetic(s, a & b, 0);
	case 0x31: /* XOR */
		return arithmetic(s, a ^ b, 0);
	case OP_0F | 0xab:
	case OP_0F | 0xb3:
	case OP_0F | 0xbb:
		return change_bit(s, a);
	case OP_CMPXCHG:
		(void)subtract(s, s->compare, a);
		return s->compare == a ? b : a;
	default: /* MOVNTI, XCHG, STOS */
		return b;
	}
}

/*
 * The entry after the store; ctx is a struct pte_store. May run several times
 * for one store when the entry changes meanwhile.
 */
static uint64_t store_apply(uint64_t entry, void *ctx)
{
	struct pte_store *s = ctx;
	uint64_t mask = size_mask(s->insn.bytes);

	s->old = entry >> s->shift & mask;
	return (entry & ~(mask << s->shift)) | (operate(s, s->old) & mask)
						       << s->shift;
}

/* Registers and flags. True: REP STOS has more to do. */
static bool write_back(const struct pte_store *s, struct cpu_regs *r)
{
	const struct insn *i = &s->insn;

	r->rflags = (r->rflags & ~s->affected) | s->flags;
	if (i->opcode == 0x87 || i->opcode == (OP_0F | 0xc1)) /* XCHG, XADD */
		insn_write_register(i, r, i->reg, s->old);
	if (i->opcode == OP_CMPXCHG && s->old != s->compare)
		insn_write_register(i, r, 0, s->old);
	return i->opcode == OP_STOS && insn_next_element(i, r, &r->rdi);
}

bool pv_emulate_pte_store(struct vcpu *v, struct cpu_regs *r, uint64_t cr2)
{
	uninitialized_buf struct pte_store s;
	uninitialized_buf uint8_t code[INSN_FETCH];
	unsigned int n;
	int rc;

	if (!(v->domain->vm_assist & (1u << VMASST_TYPE_writable_pagetables)))
		return false;
	s.flags = s.affected = 0;
	n = pv_fetch(r, code);
	if (!n || !insn_decode(code, n, &s.insn) || !prepare(&s, r, cr2))
		return false;
	rc = mm_emulate_pte_write(v, cr2, store_apply, &s);
	if (rc == -XEN_EAGAIN)
		return true; /* lost a race: the guest executes it again */
	if (rc)
		return false;
	if (!write_back(&s, r))
		pv_skip_instruction(v, r, s.insn.length);
	return true;
}
