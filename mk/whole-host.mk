# SPDX-License-Identifier: MIT
#
# The whole hypervisor between a fake processor and hypercalls of the test's
# (tests/unit/whole/whole.h). Without lib/string.c and lib/printf.c, whose place
# the C library takes: the sanitizers look into that.

WHOLE_TESTED := $(wildcard hypervisor/core/*.c hypervisor/pv/*.c \
	hypervisor/mm/*.c) \
	$(addprefix hypervisor/,lib/heap.c lib/spinlock.c x86/uaccess.c \
	x86/exit.c)
WHOLE_INCLUDES := -DTENON_HOSTED -DTENON_DEBUG -Itests/unit/mm/fake \
	-Itests/unit/whole -Ihypervisor -Iinclude
WHOLE_LDFLAGS = $(addprefix -Wl$(comma)--wrap=,heap_alloc heap_free \
	frames_alloc domain_crash domain_shutdown)

$(eval $(call host_test,whole-sweep,tests/unit/whole/sweep_test.c \
	tests/unit/whole/whole.c $(WHOLE_TESTED),$(WHOLE_INCLUDES),\
	$$(WHOLE_LDFLAGS)))

define whole_fuzz
$(call fuzz_test,$(1),$(addprefix tests/fuzz/,$(2)) tests/unit/whole/whole.c \
	$(WHOLE_TESTED),$(WHOLE_INCLUDES) -Itests/fuzz,$$(WHOLE_LDFLAGS),$(3))
endef
$(eval $(call whole_fuzz,hypercall,hypercall_fuzz.c calls_all.c,5000))
$(foreach subject,grants events memory,$(eval $(call whole_fuzz,$(subject),\
	hypercall_fuzz.c calls_$(subject).c,3000)))
$(eval $(call whole_fuzz,emulate,emulate_fuzz.c,5000))
