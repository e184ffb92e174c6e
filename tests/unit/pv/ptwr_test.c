/* SPDX-License-Identifier: MIT */
/*
 * The page-table store emulator against this machine's processor: random
 * store instructions on an 8-byte entry, with random prefixes, sizes,
 * operands and addressing forms, run natively and through pv/ptwr.c. Memory,
 * registers, flags and rip must agree.
 */
#include "pv/decode.h"

#include <string.h>
#include <sys/mman.h>

#include "core/services.h"
#include "pv/pv.h"
#include "pv_fake.h"
#include "x86/cpu.h"

#define ROUNDS   400000
#define RSP      4
#define RIP_BASE 5 /* rm 5 with mod 0 */

void run_native(uint64_t regs[16], uint64_t *flags, const void *code);

static uint64_t entries[8] __attribute__((aligned(64)));
static uint8_t *native_code;
static uint64_t random_state = 88172645463325252ull;

static uint64_t rnd(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return random_state * 0x2545f4914f6cdd1dull;
}

/* The guest memory that holds the code; the entry is in host memory. */
static uint8_t *guest_code;
#define GUEST_CODE 0x400000ull

int mm_emulate_pte_write(struct vcpu *v, uint64_t va,
			 uint64_t (*update)(uint64_t old, void *ctx), void *ctx)
{
	uint64_t *entry = (uint64_t *)(va & ~7ull);

	(void)v;
	/* As after a lost race: the result of the first call is dropped. */
	(void)update(*entry ^ rnd(), ctx);
	*entry = update(*entry, ctx);
	return 0;
}

unsigned int pv_fetch(const struct cpu_regs *r, uint8_t code[16])
{
	memcpy(code, guest_code + (r->rip - GUEST_CODE), 15);
	return 15;
}

void pv_skip_instruction(struct vcpu *v, struct cpu_regs *r, uint64_t n)
{
	(void)v;
	r->rip += n;
}

uint64_t rdmsr(uint32_t msr)
{
	(void)msr;
	return 0;
}

struct form {
	uint8_t opcode[2]; /* second is 0: one byte */
	uint8_t byte;      /* operands of one byte */
	uint8_t immediate; /* bytes, 4 means 2 with 0x66 */
	int8_t group;      /* ModRM.reg, -1: a register */
	uint8_t lockable;
};

static const struct form forms[] = {
	{ { 0x88 }, 1, 0, -1, 0 },       { { 0x89 }, 0, 0, -1, 0 },
	{ { 0x86 }, 1, 0, -1, 1 },       { { 0x87 }, 0, 0, -1, 1 },
	{ { 0xc6 }, 1, 1, 0, 0 },        { { 0xc7 }, 0, 4, 0, 0 },
	{ { 0x00 }, 1, 0, -1, 1 },       { { 0x01 }, 0, 0, -1, 1 },
	{ { 0x08 }, 1, 0, -1, 1 },       { { 0x09 }, 0, 0, -1, 1 },
	{ { 0x20 }, 1, 0, -1, 1 },       { { 0x21 }, 0, 0, -1, 1 },
	{ { 0x28 }, 1, 0, -1, 1 },       { { 0x29 }, 0, 0, -1, 1 },
	{ { 0x30 }, 1, 0, -1, 1 },       { { 0x31 }, 0, 0, -1, 1 },
	{ { 0x80 }, 1, 1, 0, 1 },        { { 0x80 }, 1, 1, 4, 1 },
	{ { 0x81 }, 0, 4, 1, 1 },        { { 0x81 }, 0, 4, 5, 1 },
	{ { 0x83 }, 0, 1, 6, 1 },        { { 0x83 }, 0, 1, 4, 1 },
	{ { 0x0f, 0xab }, 0, 0, -1, 1 }, { { 0x0f, 0xb3 }, 0, 0, -1, 1 },
	{ { 0x0f, 0xbb }, 0, 0, -1, 1 }, { { 0x0f, 0xba }, 0, 1, 5, 1 },
	{ { 0x0f, 0xba }, 0, 1, 6, 1 },  { { 0x0f, 0xba }, 0, 1, 7, 1 },
	{ { 0x0f, 0xb0 }, 1, 0, -1, 1 }, { { 0x0f, 0xb1 }, 0, 0, -1, 1 },
	{ { 0x0f, 0xc0 }, 1, 0, -1, 1 }, { { 0x0f, 0xc1 }, 0, 0, -1, 1 },
};

/* An instruction under construction, and what it addresses. */
struct made {
	uint8_t code[16];
	unsigned int length;
	const struct form *form;
	unsigned int bytes;
	uint64_t regs[16];
	uint64_t address; /* of the operand */
};

static void emit(struct made *m, uint64_t value, unsigned int bytes)
{
	memcpy(m->code + m->length, &value, bytes);
	m->length += bytes;
}

static bool is_bit_register(const struct form *f)
{
	return f->opcode[0] == 0x0f &&
	       (f->opcode[1] == 0xab || f->opcode[1] == 0xb3 ||
		f->opcode[1] == 0xbb);
}

static bool is_compare_exchange(const struct form *f)
{
	return f->opcode[0] == 0x0f && (f->opcode[1] & 0xfe) == 0xb0;
}

/* Bit numbers reach beyond the operand: keep it inside entries[]. */
static int64_t bit_displacement(const struct made *m, unsigned int reg)
{
	unsigned int width = 8 * m->bytes;
	int64_t bit = (int64_t)(m->regs[reg] << (64 - width)) >> (64 - width);

	return (bit >= 0 ? bit / width : -((width - 1 - bit) / width)) *
	       (int64_t)m->bytes;
}

static bool make(struct made *m)
{
	const struct form *f = &forms[rnd() % ARRAY_SIZE(forms)];
	bool o16 = rnd() % 4 == 0, w = rnd() % 2, lock;
	unsigned int reg = rnd() % 16, base = rnd() % 16, index = rnd() % 16;
	unsigned int mod = rnd() % 3, scale = rnd() % 4;
	bool sib = (base & 7) == RSP || rnd() % 2;
	uint8_t rex;
	int32_t disp = (int32_t)rnd();
	uint64_t target, have;

	memset(m, 0, sizeof(*m));
	m->form = f;
	lock = f->lockable && rnd() % 2;
	m->bytes = f->byte ? 1 : w ? 8 : o16 ? 2 : 4;
	if (f->group >= 0)
		reg = (unsigned int)f->group;
	/* rsp is this program's stack; mod 0 with rm 5 is rip or no base. */
	if (base == RSP || (f->group < 0 && reg == RSP) || index == base ||
	    ((base & 7) == RIP_BASE && mod == 0))
		return false;
	/* prefer_equal() changes rax. */
	if (is_compare_exchange(f) && (!base || !index))
		return false;
	if (mod == 1)
		disp = (int8_t)disp;
	for (unsigned int i = 0; i < 16; i++)
		m->regs[i] = rnd();
	if (is_bit_register(f))
		m->regs[reg] = rnd() % 2 ? rnd() % 128 : m->regs[reg];
	/* The operand: naturally aligned in the middle of entries[]. */
	target =
		(uint64_t)&entries[4] + (rnd() % 8 & ~(uint64_t)(m->bytes - 1));
	m->address = target;
	if (is_bit_register(f)) {
		if (reg == base)
			return false;
		target -= (uint64_t)bit_displacement(m, reg);
	}
	if (index == RSP)
		have = 0;
	else
		have = sib ? m->regs[index] << scale : 0;
	have += mod ? (uint64_t)(int64_t)disp : 0;
	m->regs[base] = target - have;

	if (o16)
		emit(m, 0x66, 1);
	if (lock)
		emit(m, 0xf0, 1);
	rex = (uint8_t)(0x40 | w << 3 | (f->group < 0 ? reg >> 3 : 0) << 2 |
			(sib ? index >> 3 : 0) << 1 | base >> 3);
	if (rex != 0x40 || rnd() % 2)
		emit(m, rex, 1);
	/* Without REX these four are AH .. BH, fine; with it SPL: not. */
	else if (f->byte && f->group < 0 && reg >= 4 && reg == RSP)
		return false;
	emit(m, f->opcode[0], 1);
	if (f->opcode[1])
		emit(m, f->opcode[1], 1);
	emit(m, mod << 6 | (reg & 7) << 3 | (sib ? RSP : base & 7), 1);
	if (sib)
		emit(m, scale << 6 | (index & 7) << 3 | (base & 7), 1);
	if (mod)
		emit(m, (uint32_t)disp, mod == 1 ? 1 : 4);
	if (f->immediate)
		emit(m, rnd(),
		     f->immediate == 4 && o16 && !w ? 2 : f->immediate);
	return m->length <= 15;
}

/* A CMPXCHG should be equal now and then. */
static void prefer_equal(struct made *m)
{
	uint64_t old = 0;

	if (!is_compare_exchange(m->form) || rnd() % 2)
		return;
	memcpy(&old, (void *)m->address, m->bytes);
	memcpy(&m->regs[0], &old, m->bytes);
}

/* AF is undefined after logic, and all but CF after bit operations. */
static uint64_t defined_flags(const struct form *f)
{
	uint64_t all = RFLAGS_CF | RFLAGS_PF | RFLAGS_AF | RFLAGS_ZF |
		       RFLAGS_SF | RFLAGS_OF;
	unsigned int op = f->opcode[0] >= 0x80 ? (unsigned int)f->group
					       : f->opcode[0] >> 3;

	if (f->opcode[0] == 0x0f)
		return (f->opcode[1] & 0xfe) == 0xb0 ||
				       (f->opcode[1] & 0xfe) == 0xc0
			       ? all
			       : RFLAGS_CF | RFLAGS_ZF;
	if (f->opcode[0] >= 0x86)
		return all;
	return op == 1 || op == 4 || op == 6 ? all & ~RFLAGS_AF : all;
}

static void show(const struct made *m)
{
	for (unsigned int i = 0; i < m->length; i++)
		printf("%02x ", m->code[i]);
	puts("");
}

static void run(struct made *m)
{
	uint64_t memory[8], native_memory[8], native[16], flags, after;
	struct cpu_regs *r = guest_regs();
	bool ok = true;

	for (unsigned int i = 0; i < 8; i++)
		entries[i] = memory[i] = rnd();
	prefer_equal(m);
	flags = RFLAGS_FIXED | RFLAGS_IF | (rnd() & 0x8d5);
	memcpy(native, m->regs, sizeof(native));
	memcpy(native_code, m->code, m->length);
	native_code[m->length] = 0xc3;
	after = flags;
	run_native(native, &after, native_code);
	memcpy(native_memory, entries, sizeof(entries));

	memcpy(entries, memory, sizeof(entries));
	memcpy(guest_code, m->code, sizeof(m->code));
	for (unsigned int i = 0; i < 16; i++)
		*insn_register(r, i) = m->regs[i];
	r->rip = GUEST_CODE;
	r->rflags = flags;
	ok &= pv_emulate_pte_store(&fake_vcpu, r, m->address);
	ok &= r->rip == GUEST_CODE + m->length;
	ok &= !memcmp(entries, native_memory, sizeof(entries));
	for (unsigned int i = 0; i < 16; i++)
		if (i != RSP)
			ok &= *insn_register(r, i) == native[i];
	ok &= !((r->rflags ^ after) & defined_flags(m->form));
	if (!ok)
		show(m);
	check(ok);
}

/* Cut short, an instruction is refused; it never reads beyond its length. */
static void check_truncation(const struct made *m)
{
	struct insn whole, part;
	uint8_t *copy = malloc(m->length);

	memcpy(copy, m->code, m->length);
	check(insn_decode(copy, m->length, &whole));
	check(whole.length == m->length);
	free(copy);
	for (unsigned int n = 0; n < m->length; n++) {
		copy = malloc(n ? n : 1);
		memcpy(copy, m->code, n);
		check(!insn_decode(copy, n, &part));
		free(copy);
	}
}

/* STOS steps rdi by DF and, with a prefix, stays for the rest of rcx. */
static void check_stos(const uint8_t *code, unsigned int length, uint64_t count,
		       unsigned int bytes, uint64_t flags)
{
	struct cpu_regs *r = guest_regs();
	uint64_t step = flags & RFLAGS_DF ? -(uint64_t)bytes : bytes;
	uint64_t at = (uint64_t)&entries[4];

	memset(entries, 0x11, sizeof(entries));
	memcpy(guest_code, code, length);
	*r = (struct cpu_regs){ .rax = 0x8877665544332211,
				.rcx = count,
				.rdi = at,
				.rip = GUEST_CODE,
				.rflags = flags };
	for (uint64_t i = 1; i <= count; i++, at += step) {
		check(r->rip == GUEST_CODE && r->rdi == at);
		check(!pv_emulate_pte_store(&fake_vcpu, r, at + bytes));
		check(pv_emulate_pte_store(&fake_vcpu, r, at));
		check(!memcmp((void *)at, &r->rax, bytes));
	}
	check(r->rip == GUEST_CODE + length && r->rdi == at);
	check(r->rflags == flags && r->rcx == (code[0] == 0xf3 ? 0 : count));
}

int main(void)
{
	struct made m;
	unsigned int done = 0;

	fake_reset();
	fake_domain.vm_assist = 1u << VMASST_TYPE_writable_pagetables;
	guest_code = calloc(1, 64);
	native_code = mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	check(native_code != MAP_FAILED);
	check_stos((const uint8_t[]){ 0x48, 0xab }, 2, 1, 8, RFLAGS_FIXED);
	check_stos((const uint8_t[]){ 0xf3, 0x48, 0xab }, 3, 3, 8, RFLAGS_DF);
	check_stos((const uint8_t[]){ 0xf3, 0xaa }, 2, 5, 1, RFLAGS_ZF);
	while (done < ROUNDS) {
		if (!make(&m))
			continue;
		run(&m);
		if (done++ % 100 == 0)
			check_truncation(&m);
	}
	free(guest_code);
	puts("ok");
	return 0;
}
