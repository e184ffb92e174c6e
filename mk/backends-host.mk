# SPDX-License-Identifier: MIT
#
# Host tests of the back ends: the real store, and a guest made of a memory
# file (tests/unit/backends/fake_pv.c).

BACKEND_XENSTORE := $(filter-out %/introduce.c,\
	$(wildcard dom0-tools/xenstore/*.c))
BACKEND_SHARED := $(addprefix pv-guest-lib/src/,ring.c xenbus.c print.c) \
	$(BACKEND_XENSTORE) dom0-tools/backends/backend.c
BACKEND_INCLUDES := -Iinclude -Ipv-guest-lib/include -Ipv-guest-lib/src -Idom0-tools \
	-Itests/unit -Itests/unit/toolstack
BLK_SOURCES := $(wildcard dom0-tools/backends/blk*.c) \
	dom0-tools/drivers/block_device.c dom0-tools/drivers/ram_disk.c

BACKEND_FAKES := $(addprefix tests/unit/backends/,fake_pv.c keys.c)
BACKEND_HARNESS := $(addprefix tests/unit/toolstack/,check.c failing_alloc.c)

# Recipes use variables of mk/toolstack-host.mk, which is read after this.
define backend_test
$(call host_test,$(1),$(2) $(BACKEND_HARNESS),$(BACKEND_INCLUDES),\
	$$(SWEEP_LDFLAGS) $$(TOOLSTACK_LIBS))
endef
$(eval $(call backend_test,pvguest-ring,tests/unit/pvguest/ring_test.c \
	pv-guest-lib/src/ring.c))
$(eval $(call backend_test,pvguest-xenstore,\
	tests/unit/pvguest/xenstore_test.c \
	$(addprefix pv-guest-lib/src/,xenstore.c print.c)))
$(eval $(call backend_test,backends-backend,\
	tests/unit/backends/backend_test.c $(BACKEND_FAKES) \
	dom0-tools/drivers/block_device.c $(BACKEND_SHARED)))
$(eval $(call backend_test,backends-blkback,\
	tests/unit/backends/blkback_test.c $(BACKEND_FAKES) \
	$(BACKEND_SHARED) $(BLK_SOURCES)))

# The library's front ends in the guest that fake_guest.c makes, against the
# back ends.
FRONT_SIDE := $(addprefix tests/unit/backends/,fake_guest.c guest_front.c) \
	$(BACKEND_FAKES)
$(eval $(call backend_test,backends-block,tests/unit/backends/block_test.c \
	$(wildcard tests/unit/backends/guest_block*.c) $(FRONT_SIDE) \
	$(BACKEND_SHARED) $(BLK_SOURCES)))

include mk/fuzz.mk
$(eval $(call fuzz_test,blkback,tests/fuzz/blkback_fuzz.c \
	tests/unit/backends/fake_pv.c $(BACKEND_SHARED) $(BLK_SOURCES),\
	$(BACKEND_INCLUDES) -Itests/fuzz,,6000))
