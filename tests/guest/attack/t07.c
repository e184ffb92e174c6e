/* SPDX-License-Identifier: MIT */
/*
 * T07: forged progress. An exchange that says it has come far already, with
 * lists whose later elements lie in the hypervisor, in the hole or wrap; and
 * reservation calls with a continuation word of their own. Errors, and the
 * same memory afterwards (HC-4, MO-3; XSA-29, 31, 158, 212).
 */
#include "attack.h"

#include <public/memory.h>

static const uint64_t targets[] = {
	0xffff818040000000, /* text */
	0xffff818000000000, /* per-CPU */
	0xffff818020000000, /* descriptors */
	0xffff830000200000, /* direct map */
	0xffff808000000000, /* M2P */
	HOLE,
	~7UL,
};

static const uint64_t progress[] = { 1,          2,         511,
				     0x7fffffff, 1UL << 32, 1UL << 60,
				     1UL << 61,  1UL << 63, ~0UL - 1 };

static long exchange(uint64_t in, uint64_t out, uint64_t done, uint64_t count,
		     unsigned int in_order, unsigned int out_order)
{
	struct xen_memory_exchange op = {
		.in = { .nr_extents = count,
			.extent_order = in_order,
			.domid = DOMID_SELF },
		.out = { .nr_extents = count << in_order >> out_order,
			 .extent_order = out_order,
			 .domid = DOMID_SELF },
		.nr_exchanged = done,
	};

	op.in.extent_start.p = (xen_pfn_t *)in;
	op.out.extent_start.p = (xen_pfn_t *)out;
	return pv_hypercall2(__HYPERVISOR_memory_op, XENMEM_exchange,
			     PV_ARG(&op));
}

static unsigned int forge(uint64_t in, uint64_t out, uint64_t n,
			  unsigned int in_order, unsigned int out_order)
{
	return exchange(in, out, n, n + (1UL << out_order), in_order,
			out_order) >= 0;
}

static void test_exchange(void)
{
	static xen_pfn_t list[2];
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < COUNT(targets); i++)
		for (unsigned int k = 0; k < COUNT(progress); k++) {
			uint64_t n = progress[k];
			uint64_t far = targets[i] - 8 * n;

			list[0] = pv_va_to_mfn(list);
			list[1] = pv_pfn_to_mfn(pv_pfn_count() - 1);
			wrong += forge(far, PV_ARG(list), n, 0, 0);
			wrong += forge(PV_ARG(list), far, n, 0, 0);
			wrong += forge(far, far, n, 0, 0);
			wrong += forge(far, far, n, 0, 9);
			wrong += forge(far, far, n, 9, 0);
			wrong += forge(far, far, n, 63, 63);
		}
	for (unsigned int k = 0; k < COUNT(progress); k++)
		wrong += exchange(PV_ARG(list), PV_ARG(list), progress[k], 0, 0,
				  0) != EINVAL;
	check("forged progress is an error", wrong == 0, wrong);
}

/* A good list of pages in, the numbers out to where we may not write. */
static void test_output(void)
{
	uint64_t before = pv_va_to_mfn(attack_T07);
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < COUNT(targets); i++) {
		xen_pfn_t frame = pv_pfn_to_mfn(1);

		wrong += exchange(PV_ARG(&frame), targets[i], 0, 1, 0, 0) >= 0;
	}
	check("no number to the hypervisor", wrong == 0, wrong);
	check("code is where it was", pv_va_to_mfn(attack_T07) == before, 0);
}

/* The extents done so far are in the bits above the command. */
static void test_words(void)
{
	static const unsigned int commands[] = { XENMEM_increase_reservation,
						 XENMEM_decrease_reservation,
						 XENMEM_populate_physmap };
	unsigned int wrong = 0;
	xen_pfn_t frame = 0;
	long rc;

	for (unsigned int i = 0; i < COUNT(commands); i++)
		for (uint64_t done = 1; done < 1UL << 58; done <<= 3) {
			struct xen_memory_reservation op = {
				.nr_extents = 1, .domid = DOMID_SELF
			};

			set_xen_guest_handle(op.extent_start, &frame);
			rc = pv_hypercall2(__HYPERVISOR_memory_op,
					   commands[i] | done << 6,
					   PV_ARG(&op));
			/* It says what it was told, and does nothing. */
			wrong += rc > 0 && rc != (long)done &&
				 (uint64_t)rc != (uint32_t)done;
		}
	check("words of continuation", wrong == 0, wrong);
}

void attack_T07(void)
{
	struct xen_memory_domain self = { .domid = DOMID_SELF };
	long before = pv_hypercall2(__HYPERVISOR_memory_op,
				    XENMEM_current_reservation, PV_ARG(&self));

	test_exchange();
	test_output();
	test_words();
	check("as much memory as before",
	      pv_hypercall2(__HYPERVISOR_memory_op, XENMEM_current_reservation,
			    PV_ARG(&self)) == before,
	      before);
}
