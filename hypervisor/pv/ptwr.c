/* SPDX-License-Identifier: MIT */
/*
 * Stores of a guest kernel to its L1 page tables, which it has mapped
 * read-only: decode the instruction, let mm/ apply it to the entry with its
 * checks, write back registers and flags as the processor would have.
 *
 * Context: v is current, in kernel mode, after a write fault at a present
 * mapping. Whatever does not fit is an ordinary page fault of the guest (T25).
 */
#include "pv/ptwr.h"

#include "core/services.h"
#include "public/errno.h"
#include "pv/pv.h"
#include "x86/processor.h"
#include "x86/uaccess.h"

#define ARITHMETIC_FLAGS                                                       \
	(RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF | RFLAGS_SF | RFLAGS_OF)

static bool is_stos(const struct insn *i)
{
	return i->opcode == 0xaa || i->opcode == 0xab;
}

static bool is_bit_with_register(const struct insn *i)
{
	return i->opcode == (OP_0F | 0xab) || i->opcode == (OP_0F | 0xb3) ||
	       i->opcode == (OP_0F | 0xbb);
}

static bool has_immediate(const struct insn *i)
{
	return (i->opcode >= 0x80 && i->opcode <= 0x83) || i->opcode == 0xc6 ||
	       i->opcode == 0xc7 || i->opcode == (OP_0F | 0xba);
}

static uint64_t segment_base(const struct insn *i)
{
	if (i->segment == 0x64)
		return rdmsr(MSR_FS_BASE);
	return i->segment == 0x65 ? rdmsr(MSR_GS_BASE) : 0;
}

static uint64_t operand_address(const struct insn *i, struct cpu_regs *r)
{
	uint64_t va = (uint64_t)(int64_t)i->displacement;

	if (is_stos(i))
		return r->rdi;
	if (i->base == 16)
		va += r->rip + i->length;
	else if (i->base >= 0)
		va += *insn_register(r, (unsigned int)i->base);
	if (i->index >= 0)
		va += *insn_register(r, (unsigned int)i->index) << i->scale;
	if (i->address32)
		va = (uint32_t)va;
	return va + segment_base(i);
}

/* Read the operands. False: not a store that we emulate at cr2. */
static bool prepare(struct store *s, struct cpu_regs *r, uint64_t cr2)
{
	const struct insn *i = &s->insn;
	uint64_t va;

	if (!store_is_known(i) || (i->has_modrm && i->mod == 3) ||
	    (is_stos(i) && i->address32))
		return false;
	va = operand_address(i, r);
	if (has_immediate(i))
		s->source = (uint64_t)i->immediate;
	else
		s->source = insn_read_register(i, r, is_stos(i) ? 0 : i->reg);
	if (is_bit_with_register(i)) {
		/* The bit number reaches beyond the operand, with its sign. */
		int64_t bit = (int64_t)(s->source << (64 - 8 * i->bytes)) >>
			      (64 - 8 * i->bytes);

		va += (uint64_t)(bit >> (i->bytes == 8   ? 6
					 : i->bytes == 4 ? 5
							 : 4)) *
		      i->bytes;
	}
	s->compare = insn_read_register(i, r, 0);
	s->shift = (unsigned int)(va & 7) * 8;
	return va == cr2 && !(va & (i->bytes - 1u));
}

static void write_back(struct store *s, struct cpu_regs *r)
{
	const struct insn *i = &s->insn;
	uint64_t affected = ARITHMETIC_FLAGS;

	switch (i->opcode) {
	case 0x86:
	case 0x87:
	case OP_0F | 0xc0:
	case OP_0F | 0xc1:
		insn_write_register(i, r, i->reg, s->old);
		break;
	case OP_0F | 0xb0:
	case OP_0F | 0xb1:
		if (!s->equal)
			insn_write_register(i, r, 0, s->old);
		break;
	case OP_0F | 0xab:
	case OP_0F | 0xb3:
	case OP_0F | 0xba:
	case OP_0F | 0xbb:
		affected = RFLAGS_CF;
		break;
	}
	if (s->changes_flags)
		r->rflags = (r->rflags & ~affected) | s->flags;
}

/* STOS moves on; with REP it may have more to do. */
static bool stos_repeats(const struct insn *i, struct cpu_regs *r)
{
	r->rdi += r->rflags & RFLAGS_DF ? -(uint64_t)i->bytes : i->bytes;
	if (!i->rep && !i->repne)
		return false;
	r->rcx--;
	return r->rcx != 0;
}

bool pv_emulate_pte_store(struct vcpu *v, struct cpu_regs *r, uint64_t cr2)
{
	uint8_t code[INSN_MAX];
	struct store s;
	unsigned int n;
	int rc;

	if (!(v->domain->vm_assist & (1u << VMASST_TYPE_writable_pagetables)))
		return false;
	n = pv_fetch(r, code);
	if (!n || !insn_decode(code, n, &s.insn) || !prepare(&s, r, cr2))
		return false;
	rc = mm_emulate_pte_write(v, cr2, store_apply, &s);
	if (rc == -XEN_EAGAIN)
		return true; /* lost a race: the guest executes it again */
	if (rc)
		return false;
	write_back(&s, r);
	if (is_stos(&s.insn) && stos_repeats(&s.insn, r))
		return true;
	pv_skip_instruction(v, r, s.insn.length);
	return true;
}
