# SPDX-License-Identifier: MIT
#
# Bare test guests, tests/guest/bare-NAME -> build/tests/guest/bare-NAME: kernels
# of their own, on the few files in tests/guest/bare and nothing else. Test
# kernels on the library are built by mk/pvguest.mk.

BARE_NAMES := $(notdir $(wildcard tests/guest/bare-*))
BARE_SHARED := $(wildcard tests/guest/bare/*.c tests/guest/bare/*.S)
BARE_LDS := tests/guest/bare/bare.lds
BARE_CFLAGS = $(FREESTANDING) -fno-pic -fno-pie -Iinclude \
	-DBARE_VIRT_BASE=$(BARE_VIRT_BASE) $(BARE_MODEL)
# Both halves of the address space are tried.
build/tests/guest/bare-%: BARE_VIRT_BASE := 0xffffffff80000000
build/tests/guest/bare-%: BARE_MODEL := -mcmodel=kernel
build/tests/guest/bare-hypercall-page: BARE_VIRT_BASE := 0x0
build/tests/guest/bare-hypercall-page: BARE_MODEL :=

# Objects are per guest: the address space differs.
define bare_guest
build/tests/guest/$(1): $(patsubst %,build/bare/$(1)/%.o,$(BARE_SHARED) \
		$(wildcard tests/guest/$(1)/*.[cS])) $(BARE_LDS)
	$$(call say,LD)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) -nostdlib -static -Wl,--build-id=none \
		-Wl,-z,max-page-size=4096 -Wl,-z,noexecstack \
		-Wl,--defsym=BARE_VIRT_BASE=$$(BARE_VIRT_BASE) \
		-Wl,-T,$(BARE_LDS) -o $$@ $$(filter %.o,$$^)
build/bare/$(1)/%.c.o: %.c build/deps/flags mk/guests.mk
	$$(call say,CC)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(BARE_CFLAGS) -MMD -MP -c -o $$@ $$<
build/bare/$(1)/%.S.o: %.S build/deps/flags mk/guests.mk
	$$(call say,AS)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(CC) $$(BARE_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $$@ $$<
-include $(patsubst %,build/bare/$(1)/%.d,$(BARE_SHARED))
endef
$(foreach name,$(BARE_NAMES),$(eval $(call bare_guest,$(name))))

TEST_NEEDS += $(BARE_NAMES:%=build/tests/guest/%)
