# SPDX-License-Identifier: MIT
#
# Host tests of hypervisor/pv and of the parts of hypervisor/x86 that touch no
# hardware (tests/unit/fake/pv_fake.h).

PV_INCLUDES := -DTENON_HOSTED -DTENON_DEBUG -Itests/unit/fake -Ihypervisor \
	-Iinclude

define pv_test
$(call host_test,$(subst /,-,$(1)),tests/unit/$(1)_test.c $(2),$(PV_INCLUDES))
endef
$(eval $(call pv_test,x86/uaccess,tests/unit/fake/pv_fake.c \
	hypervisor/x86/uaccess.c))
$(eval $(call pv_test,x86/exit,tests/unit/fake/pv_fake.c \
	hypervisor/x86/exit.c hypervisor/x86/uaccess.c))
$(eval $(call pv_test,x86/speculation,hypervisor/x86/speculation.c))
$(eval $(call pv_test,pv/bounce,tests/unit/fake/pv_fake.c \
	$(addprefix hypervisor/,pv/bounce.c x86/uaccess.c)))
$(eval $(call pv_test,pv/ptwr,tests/unit/pv/run_native.c \
	tests/unit/fake/pv_fake.c $(addprefix hypervisor/,pv/ptwr.c \
	pv/decode.c x86/uaccess.c)))
$(eval $(call pv_test,pv/descriptor,tests/unit/fake/pv_fake.c \
	$(addprefix hypervisor/,pv/descriptor.c x86/uaccess.c)))
