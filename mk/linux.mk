# SPDX-License-Identifier: MIT
#
# The command line as a program of a Linux control domain, build/linux/tenon: the
# toolstack and the verbs of the built-in one, on Linux's devices. Linked
# statically, so that it runs wherever it is copied.

LINUX_SRC := $(wildcard dom0-tools/linux/*.c) \
	$(addprefix dom0-tools/xenstore/,local_watch.c path.c) \
	$(filter-out %/console_ring.c %/guest_events.c %/xenstore_none.c,\
	$(wildcard dom0-tools/toolstack/*.c)) \
	$(filter-out %/core_commands.c %/disk_commands.c %/file_commands.c\
	%/network_commands.c \
	%/pci_commands.c,$(wildcard dom0-tools/cli/*.c))
LINUX_OBJ := $(LINUX_SRC:%.c=build/linux/%.o)
LINUX_CFLAGS = -std=gnu11 -O2 -g -fno-strict-aliasing -fno-common \
	-D_GNU_SOURCE $(ZERO_LOCALS) $(WARNINGS) $(EXTRA_CFLAGS)

ALL += build/linux/tenon
TEST_NEEDS += build/linux/tenon

build/linux/%.o: %.c build/deps/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(LINUX_CFLAGS) -Iinclude -Idom0-tools -MMD -MP -c -o $@ $<

build/linux/tenon: $(LINUX_OBJ)
	$(call say,LD)
	$(Q)$(CC) -static -o $@ $(LINUX_OBJ) -lz -llzma -llz4 -lzstd

-include $(LINUX_OBJ:.o=.d)

# Recipes use variables of mk/toolstack-host.mk, which is read after this.
LINUX_TEST_HARNESS := $(addprefix tests/unit/toolstack/,check.c failing_alloc.c)
LINUX_TEST_INCLUDES := -Iinclude -Idom0-tools -Itests/unit/toolstack
$(eval $(call host_test,linux-store_link,dom0-tools/linux/store_link.c \
	tests/unit/linux/store_link_test.c $(LINUX_TEST_HARNESS),\
	$(LINUX_TEST_INCLUDES),$$(SWEEP_LDFLAGS) $$(TOOLSTACK_LIBS)))

# The tests play Linux and its devices.
LINUX_WRAP = $(addprefix -Wl$(comma)--wrap=,$(1))
$(eval $(call host_test,linux-loop_device,dom0-tools/linux/loop_device.c \
	dom0-tools/toolstack/error.c tests/unit/linux/loop_device_test.c \
	$(LINUX_TEST_HARNESS),$(LINUX_TEST_INCLUDES),\
	$$(call LINUX_WRAP,open close ioctl poll opendir) \
	$$(SWEEP_LDFLAGS) $$(TOOLSTACK_LIBS)))
$(eval $(call host_test,linux-hotplug,dom0-tools/linux/hotplug.c \
	dom0-tools/toolstack/error.c tests/unit/linux/hotplug_test.c \
	$(LINUX_TEST_HARNESS),$(LINUX_TEST_INCLUDES),\
	$$(call LINUX_WRAP,open close stat fstat access ioctl poll) \
	$$(SWEEP_LDFLAGS) $$(TOOLSTACK_LIBS)))
$(eval $(call host_test,linux-events,dom0-tools/linux/events.c \
	tests/unit/linux/events_test.c $(LINUX_TEST_HARNESS),\
	$(LINUX_TEST_INCLUDES),$$(SWEEP_LDFLAGS) $$(TOOLSTACK_LIBS)))
