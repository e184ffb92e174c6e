# SPDX-License-Identifier: MIT
#
# Host tests of hypervisor/core on a simulated machine (tests/unit/fake).

CORE_FAKE := $(addprefix tests/unit/fake/,core_fake.c irq_fake.c \
	guest_memory.c)
CORE_TESTED := $(addprefix hypervisor/,lib/heap.c lib/spinlock.c \
	$(addprefix core/,evtchn.c physdev.c sched.c sched_ctl.c \
	sched_op.c time.c timer.c vcpu_op.c))
CORE_INCLUDES := -DTENON_HOSTED -DTENON_DEBUG -Itests/unit/fake \
	-Ihypervisor -Iinclude

$(foreach test,heap timer sched evtchn pirq,\
	$(eval $(call host_test,core-$(test),tests/unit/core/$(test)_test.c \
	$(CORE_FAKE) $(CORE_TESTED),$(CORE_INCLUDES),-lpthread)))

GRANT_TESTED := hypervisor/lib/spinlock.c \
	$(addprefix hypervisor/core/grant_,copy.c map.c pin.c)
$(eval $(call host_test,core-grant,tests/unit/core/grant_test.c \
	$(GRANT_TESTED),$(CORE_INCLUDES),))

$(eval $(call host_test,core-multicall,tests/unit/core/multicall_test.c \
	hypervisor/core/hypercall.c hypervisor/lib/spinlock.c,\
	$(CORE_INCLUDES),))
$(eval $(call host_test,core-perfc,tests/unit/core/perfc_test.c \
	hypervisor/core/perfc.c,$(CORE_INCLUDES),))
