# SPDX-License-Identifier: MIT
#
# Host tests of the domain builder, the life of guests and the command line,
# all over a machine made of an array (tests/unit/toolstack/fake_primitives.c).
# Recipes use variables of mk/toolstack-host.mk, which is read after this.

GUEST_HARNESS := $(addprefix tests/unit/toolstack/,check.c failing_alloc.c \
	elf_builder.c)
GUEST_FAKES := $(addprefix tests/unit/toolstack/,fake_primitives.c \
	kernel_fixture.c)
GUEST_SOURCES := $(addprefix dom0-tools/toolstack/,build_domain.c build_contents.c \
	console_ring.c device.c guest_core.c guest_disks.c guest_events.c \
	guest_memory.c guest_view.c guest_vifs.c guests.c \
	hypercalls.c layout.c xenstore_none.c)
GUEST_INCLUDES := -Iinclude -Ipv-guest-lib/include -Idom0-tools \
	-Itests/unit/toolstack -Itests/unit/xenstore -Itests/unit/net \
	-Itests/unit/drivers -Itests/unit/cli
# The command line shows the network's ports.
CLI_NETWORK := tests/unit/net/fake_net.c dom0-tools/backends/bridge.c \
	$(addprefix dom0-tools/drivers/net_,device.c headers.c offload.c \
	packet.c)
# Disks without hardware below them.
DISK_SOURCES := tests/unit/drivers/ram_disk.c $(addprefix dom0-tools/drivers/,\
	block_device.c crc32.c partition.c partition_table.c)

define guest_test
$(call host_test,$(1),$(2) $(GUEST_HARNESS),$(GUEST_INCLUDES),\
	$$(SWEEP_LDFLAGS) $$(TOOLSTACK_LIBS))
build/host/tests/$(1): build/host/libtoolstack.a
endef
$(eval $(call guest_test,toolstack-layout,\
	tests/unit/toolstack/layout_test.c dom0-tools/toolstack/layout.c))
$(eval $(call guest_test,toolstack-build_domain,\
	tests/unit/toolstack/build_domain_test.c $(GUEST_FAKES) \
	$(GUEST_SOURCES)))
$(eval $(call guest_test,toolstack-guests,\
	tests/unit/toolstack/guests_test.c $(GUEST_FAKES) $(GUEST_SOURCES)))
$(eval $(call guest_test,cli-line_editor,\
	tests/unit/cli/line_editor_test.c dom0-tools/cli/line_editor.c))
CLI_SOURCES := tests/unit/cli/cli_fixture.c \
	$(wildcard dom0-tools/cli/*.c dom0-tools/xenstore/*.c) \
	$(CLI_NETWORK) $(DISK_SOURCES) $(GUEST_FAKES) $(GUEST_SOURCES)
$(foreach test,cli verbs life,\
	$(eval $(call guest_test,cli-$(test),tests/unit/cli/$(test)_test.c \
	$(CLI_SOURCES))))

# Files as people write them, compared with what xl makes of them.
$(eval $(call guest_test,show-config,tests/configs/show.c \
	dom0-tools/cli/config_json.c dom0-tools/cli/json.c))
HOST_TESTS := $(filter-out build/host/tests/show-config,$(HOST_TESTS)) \
	build/host/tests/configs
build/host/tests/configs: build/host/tests/show-config mk/cli-host.mk
	$(Q)printf '#!/bin/sh\nexec %s tests/configs/check.py %s\n' \
		'$(PYTHON)' '$<' > $@ && chmod +x $@

# The same guests with a xenstore server linked in, and the server itself.
$(eval $(call guest_test,xenstore-guests,\
	tests/unit/toolstack/guests_test.c $(GUEST_FAKES) $(GUEST_SOURCES) \
	$(wildcard dom0-tools/xenstore/*.c)))
$(eval $(call guest_test,toolstack-guest_disks,\
	tests/unit/toolstack/guest_disks_test.c $(GUEST_FAKES) \
	$(GUEST_SOURCES) $(wildcard dom0-tools/xenstore/*.c)))
XENSTORE_TEST := tests/unit/xenstore/ring_client.c $(GUEST_FAKES) \
	$(GUEST_SOURCES) $(wildcard dom0-tools/xenstore/*.c)
$(foreach test,requests limits model,\
	$(eval $(call guest_test,xenstore-$(test),\
	tests/unit/xenstore/$(test)_test.c $(XENSTORE_TEST))))

include mk/fuzz.mk
$(eval $(call fuzz_test,xenstore,tests/fuzz/xenstore_fuzz.c \
	$(wildcard dom0-tools/xenstore/*.c) \
	$(addprefix dom0-tools/toolstack/,guest_folder.c uuid.c),\
	-Iinclude -Idom0-tools -Itests/fuzz,,10000))
