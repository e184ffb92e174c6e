# SPDX-License-Identifier: MIT
#
# Host tests of the control domain's drivers: what needs no hardware. Recipes
# use variables of mk/toolstack-host.mk, which is read after this.

DRIVERS_INCLUDES := -Iinclude -Ipv-guest-lib/include -Idom0-tools \
	-Itests/unit/drivers -Itests/unit/toolstack

define drivers_test
$(call host_test,drivers-$(1),tests/unit/drivers/$(1)_test.c \
	$(addprefix tests/unit/toolstack/,check.c failing_alloc.c) $(2),\
	$(DRIVERS_INCLUDES),$$(SWEEP_LDFLAGS) $$(TOOLSTACK_LIBS))
build/host/tests/drivers-$(1): | $$(DECODERS_READY)
endef
$(eval $(call drivers_test,partition,tests/unit/drivers/ram_disk.c \
	$(addprefix dom0-tools/drivers/,block_device.c crc32.c partition.c \
	partition_table.c)))
$(eval $(call drivers_test,block_queue,dom0-tools/drivers/block_queue.c))
$(eval $(call drivers_test,virtqueue,dom0-tools/drivers/virtio/virtqueue.c))

include mk/fuzz.mk
$(eval $(call fuzz_test,partition,tests/fuzz/partition_fuzz.c \
	dom0-tools/drivers/partition_table.c,\
	-Iinclude -Idom0-tools -Itests/fuzz,,50000))
