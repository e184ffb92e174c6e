/* SPDX-License-Identifier: MIT */
/*
 * Changes of page tables by two domains on two CPUs, on the machine and with
 * the oracle of tests/unit/mm: after each every counter equals a recount, and
 * no TLB holds what would break isolation. What comes next in the input happens
 * also between a preempted call and its continuation.
 *
 * Input: a byte of how often to preempt, then operations: kind, and a byte for
 * each frame, slot, entry and address (frame_of(), entry_of(), va_of()).
 */
#include "check.h"
#include "core/hypercall.h"
#include "input.h"
#include "mm/pagetype.h"
#include "oracle.h"
#include "public/memory.h"

#define DOMAINS 2
#define FRAMES  16 /* of each domain at the beginning */

static struct domain *domains[DOMAINS];
static uint64_t frames[DOMAINS][FRAMES];
static struct input in;
static unsigned int depth; /* of operations between parts of others */

static uint64_t frame_of(void)
{
	uint8_t b = input_byte(&in);

	if (b < 192)
		return frames[current_vcpu()->domain->id][b % FRAMES];
	return b < 224 ? frames[b / 16 % DOMAINS][b % FRAMES] : b - 224u;
}

static unsigned int slot_of(void)
{
	return used_slots[input_byte(&in) % used_slot_count];
}

static uint64_t entry_of(void)
{
	uint8_t b = input_byte(&in);
	uint64_t flags = b & 0x7f, entry = frame_of() << PAGE_SHIFT;

	if (flags & PTE_DIRTY) /* rather one that is seldom right */
		flags ^= PTE_DIRTY | PTE_PCD | PTE_PWT;
	if (b & 0x80)
		entry ^= 1ull << (input_byte(&in) % 64);
	return entry | flags;
}

static uint64_t va_of(void)
{
	uint64_t va = 0;

	for (unsigned int level = 0; level < 4; level++)
		va = va << 9 | slot_of();
	va <<= PAGE_SHIFT;
	return (uint64_t)((int64_t)(va << 16) >> 16);
}

/* Operations: the caller is the vCPU of the CPU whose turn it is. */

static void op_mmu_update(void)
{
	struct mmu_update u[2];
	uint8_t how = input_byte(&in);

	for (unsigned int i = 0; i < 2; i++) {
		u[i].ptr = frame_of() << PAGE_SHIFT | slot_of() * 8;
		u[i].val = entry_of();
	}
	u[0].ptr |= how & 4 ? input_byte(&in) % 8 : 0;
	machine_hypercall(__HYPERVISOR_mmu_update, (uint64_t)u, 1 + how % 2, 0,
			  how & 8 ? how / 16 % DOMAINS : DOMID_SELF);
}

static void mmuext(unsigned int cmd)
{
	struct mmuext_op op = { .cmd = cmd, .arg1.mfn = frame_of() };

	machine_hypercall(__HYPERVISOR_mmuext_op, (uint64_t)&op, 1, 0,
			  DOMID_SELF);
}

static void op_mmuext(void)
{
	static const unsigned int commands[] = {
		MMUEXT_PIN_L1_TABLE, MMUEXT_PIN_L2_TABLE,
		MMUEXT_PIN_L3_TABLE, MMUEXT_PIN_L4_TABLE,
		MMUEXT_UNPIN_TABLE,  MMUEXT_NEW_BASEPTR,
		MMUEXT_CLEAR_PAGE,   MMUEXT_NEW_USER_BASEPTR,
	};

	mmuext(commands[input_byte(&in) % ARRAY_SIZE(commands)]);
}

static void op_update_va(void)
{
	uint64_t va = va_of();

	machine_hypercall(__HYPERVISOR_update_va_mapping, va, entry_of(),
			  input_byte(&in) % 8, 0);
}

static void op_write(void)
{
	mfn_t m = mfn_of(frame_of());
	struct frame *f = frame_get_writable(current_vcpu()->domain, m);

	if (!f)
		return;
	for (unsigned int i = 0; i < 2; i++)
		((uint64_t *)mfn_to_virt(m))[slot_of()] = entry_of();
	frame_put_writable(f);
}

/* A frame that the domain has now has a place in its list. */
static void frame_is_new(uint64_t m)
{
	tlb_new_life(frame_at(mfn_of(m)));
	frames[current_vcpu()->domain->id][input_byte(&in) % FRAMES] = m;
}

static void op_memory(void)
{
	xen_pfn_t extent = frame_of();
	struct xen_memory_reservation r = { .extent_start.p = &extent,
					    .nr_extents = 1,
					    .domid = DOMID_SELF };
	unsigned int cmd = input_byte(&in) % 2 ? XENMEM_populate_physmap
					       : XENMEM_decrease_reservation;

	if (machine_hypercall(__HYPERVISOR_memory_op, cmd, (uint64_t)&r, 0,
			      0) == 1 &&
	    cmd == XENMEM_populate_physmap)
		frame_is_new(extent);
}

static void op_exchange(void)
{
	xen_pfn_t from = frame_of(), to = 0;
	struct xen_memory_exchange x = {
		.in = { { &from }, 1, 0, 0, DOMID_SELF },
		.out = { { &to }, 1, 0, 0, DOMID_SELF },
	};

	if (input_byte(&in) % 2)
		x.out.mem_flags = XENMEMF_address_bits(PAGE_SHIFT);
	if (!machine_hypercall(__HYPERVISOR_memory_op, XENMEM_exchange,
			       (uint64_t)&x, 0, 0))
		frame_is_new(to);
}

static uint64_t new_entry(uint64_t old, void *ctx)
{
	return *(uint64_t *)ctx;
}

static void op_emulate(void)
{
	uint64_t va = va_of() + slot_of() * 8, entry = entry_of();

	if (mm_emulate_pte_write(current_vcpu(), va, new_entry, &entry))
		return; /* the guest gets a fault */
}

static void op_walk(void)
{
	bool write = input_byte(&in) & 1;

	tlb_walk(va_of(), write);
}

static void op_run(void)
{
	uint8_t b = input_byte(&in);
	struct domain *d = domains[b % DOMAINS];
	struct vcpu *v = d->vcpu[b / 2 % 2];

	for (unsigned int c = 0; c < MACHINE_CPUS; c++)
		if (cpu_get(c)->current == v && c != this_cpu()->id)
			return;
	v->in_kernel = mfn_eq(v->user_root, INVALID_MFN) || b & 4;
	machine_run(v);
}

static void check(void)
{
	oracle_check(domains, DOMAINS, false);
	tlb_check();
}

static void step(void)
{
	static void (*const ops[])(void) = {
		op_mmu_update, op_mmuext, op_update_va, op_write, op_memory,
		op_exchange,   op_walk,   op_emulate,   op_run,   op_mmu_update,
	};
	uint8_t b = input_byte(&in);

	machine_be(b / 128);
	if (current_vcpu() && current_vcpu()->in_kernel)
		ops[b % ARRAY_SIZE(ops)]();
	else
		op_run();
	check();
}

static void meanwhile(void)
{
	check();
	if (in.left && depth++ < 3)
		step();
	depth--;
}

static void begin(void)
{
	random_seed(1);
	depth = 0;
	for (unsigned int i = 0; i < DOMAINS; i++) {
		domains[i] = machine_domain((domid_t)i, 2, !i);
		for (unsigned int n = 0; n < FRAMES; n++) {
			struct frame *f = domain_alloc_frame(domains[i]);

			FUZZ_CHECK(f);
			tlb_new_life(f);
			frames[i][n] = frame_to_mfn(f).n;
		}
		machine_be(i);
		machine_run(domains[i]->vcpu[0]);
	}
}

static void end(void)
{
	preempt_percent = 0;
	for (unsigned int c = 0; c < MACHINE_CPUS; c++) {
		machine_be(c);
		machine_run(NULL);
	}
	for (unsigned int i = 0; i < DOMAINS; i++) {
		domains[i]->dying = true;
		while (mm_domain_relinquish(domains[i]))
			check();
	}
	check();
	for (unsigned int i = 0; i < DOMAINS; i++)
		domain_put(domains[i]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint64_t free_before;

	in = (struct input){ data, size };
	if (!machine_memory)
		machine_init();
	free_before = heap_free_pages;
	begin();
	preempt_percent = input_byte(&in) % 60;
	machine_meanwhile = meanwhile;
	while (in.left)
		step();
	end();
	FUZZ_CHECK(heap_free_pages == free_before);
	return 0;
}
