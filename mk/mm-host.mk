# SPDX-License-Identifier: MIT
#
# Host tests of hypervisor/mm: random operations against an oracle, and the
# same with seeded mistakes, each of which must be caught.

MM_INCLUDES := -DTENON_HOSTED -DTENON_DEBUG -Itests/unit/mm/fake \
	-Itests/unit/mm -Ihypervisor -Iinclude
MM_TESTED := $(addprefix hypervisor/mm/,alloc.c domain_mm.c \
	l1_access.c memory_op.c mmu_ops.c pagetype.c reservation.c tlb.c)
MM_FAKES := $(addprefix tests/unit/,mm/machine.c mm/oracle.c \
	fake/guest_memory.c)

$(foreach test,pagetype pte alloc trade,\
	$(eval $(call host_test,mm-$(test),tests/unit/mm/$(test)_test.c \
	$(MM_FAKES) $(MM_TESTED),$(MM_INCLUDES))))

HOST_TESTS += build/host/tests/mm-mutants
build/host/tests/mm-mutants: tests/unit/mm/mutants.py
	$(Q)mkdir -p $(@D)
	$(Q)install -m 755 $< $@

$(eval $(call fuzz_test,pte,tests/fuzz/pte_fuzz.c $(MM_FAKES) $(MM_TESTED),\
	$(MM_INCLUDES) -Itests/fuzz,,10000))
