# SPDX-License-Identifier: MIT
#
# Host tests of hypervisor/boot and hypervisor/lib.

BOOT_INCLUDES := -DTENON_HOSTED -Itests/unit/boot/fake -Ihypervisor -Iinclude

$(eval $(call host_test,boot,tests/unit/boot/boot_test.c \
	$(addprefix hypervisor/boot/,memory.c multiboot.c options.c),\
	$(BOOT_INCLUDES)))
$(eval $(call host_test,lib,tests/unit/boot/lib_test.c \
	tests/unit/boot/lib_under_test.c,$(BOOT_INCLUDES) -fno-builtin))
