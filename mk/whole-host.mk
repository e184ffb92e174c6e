# SPDX-License-Identifier: MIT
#
# The whole hypervisor between a fake processor and hypercalls of the test's
# (tests/unit/whole/whole.h). Without lib/string.c and lib/printf.c, whose place
# the C library takes: the sanitizers look into that.

WHOLE_TESTED := $(wildcard hypervisor/core/*.c hypervisor/pv/*.c) \
	$(filter-out %/m2p.c,$(wildcard hypervisor/mm/*.c)) \
	$(addprefix hypervisor/,lib/heap.c lib/spinlock.c x86/uaccess.c \
	x86/exit.c)
WHOLE_INCLUDES := -DTENON_HOSTED -DTENON_DEBUG -Itests/unit/mm/fake \
	-Itests/unit/whole -Ihypervisor -Iinclude
WHOLE_LDFLAGS := -Wl,--wrap=heap_alloc,--wrap=heap_free,--wrap=frames_alloc

$(eval $(call host_test,whole-sweep,tests/unit/whole/sweep_test.c \
	tests/unit/whole/whole.c $(WHOLE_TESTED),$(WHOLE_INCLUDES),\
	$$(WHOLE_LDFLAGS)))
