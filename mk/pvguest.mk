# SPDX-License-Identifier: MIT
#
# pv-guest-lib: build/libpvguest.a, and the examples as build/NAME.
# Kernels on the library link with $(PVGUEST_LINK) OBJECTS build/libpvguest.a
# and depend on $(PVGUEST_LDS).

PVGUEST_SRC := $(wildcard pv-guest-lib/src/*.c pv-guest-lib/src/*.S)
PVGUEST_OBJ := $(PVGUEST_SRC:%=build/%.o)
PVGUEST_LDS := pv-guest-lib/pvguest.lds
PVGUEST_INC := -Ipv-guest-lib/include -Iinclude
PVGUEST_KERNEL_CFLAGS := $(FREESTANDING) -fno-pic -ffunction-sections \
	-fdata-sections $(PVGUEST_INC)
# The library leaves vector registers alone: its trap handlers save none.
PVGUEST_CFLAGS := $(PVGUEST_KERNEL_CFLAGS) -mgeneral-regs-only
PVGUEST_LINK = $(CC) -nostdlib -static -Wl,-z,max-page-size=4096 \
	-Wl,--build-id=none -Wl,--gc-sections -Wl,-T,$(PVGUEST_LDS)

ALL += build/libpvguest.a

build/libpvguest.a: $(PVGUEST_OBJ)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

build/pv-guest-lib/src/%.c.o: pv-guest-lib/src/%.c build/deps/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PVGUEST_CFLAGS) -MMD -MP -c -o $@ $<

build/pv-guest-lib/src/%.S.o: pv-guest-lib/src/%.S build/deps/flags
	$(call say,AS)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PVGUEST_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $@ $<

# newlib on the library. Not -ffreestanding: this code is part of a C library.
NEWLIB_KERNEL_CFLAGS = $(filter-out -ffreestanding,$(PVGUEST_KERNEL_CFLAGS)) \
	-nostdinc $(NEWLIB_CFLAGS) \
	-isystem $(shell $(CC) -print-file-name=include)
PVGUEST_NEWLIB_OBJ := $(patsubst %,build/%.o, \
	$(wildcard pv-guest-lib/newlib/*.c))

build/libpvguest-newlib.a: $(PVGUEST_NEWLIB_OBJ)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

build/pv-guest-lib/newlib/%.c.o: pv-guest-lib/newlib/%.c build/deps/flags \
		| $(NEWLIB_READY)
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(NEWLIB_KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

# Examples on the library alone.
EXAMPLES := hello disk-checksum

build/pv-guest-lib/examples/%.c.o: pv-guest-lib/examples/%.c build/deps/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PVGUEST_KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

define example
ALL += build/$(1)
build/$(1): $(patsubst %,build/%.o,$(wildcard pv-guest-lib/examples/$(1)/*.c)) \
		build/libpvguest.a $$(PVGUEST_LDS)
	$$(call say,LD)
	$$(Q)$$(PVGUEST_LINK) -o $$@ $$(filter %.o %.a,$$^)
-include $(patsubst %.c,build/%.c.d,$(wildcard \
	pv-guest-lib/examples/$(1)/*.c))
endef
$(foreach name,$(EXAMPLES),$(eval $(call example,$(name))))

# One on newlib and lwIP, which is built from Debian's source package.
LWIP_READY := build/deps/lwip.ready
HTTP_OBJ := build/pv-guest-lib/examples-newlib/http/main.c.o

build/pv-guest-lib/examples-newlib/%.c.o: pv-guest-lib/examples/%.c \
		build/deps/flags | $(NEWLIB_READY) $(LWIP_READY)
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(NEWLIB_KERNEL_CFLAGS) -isystem build/deps/lwip/include \
		-MMD -MP -c -o $@ $<

ALL += build/http
.SECONDARY: $(LWIP_READY)
build/http: $(HTTP_OBJ) build/libpvguest.a build/libpvguest-newlib.a \
		$(PVGUEST_LDS)
	$(call say,LD)
	$(Q)$(PVGUEST_LINK) -o $@ $(HTTP_OBJ) -Wl,--start-group \
		build/libpvguest-newlib.a build/libpvguest.a \
		-Lbuild/deps/lwip/lib -llwip $(NEWLIB_LIBS) -Wl,--end-group

-include $(HTTP_OBJ:.o=.d) $(PVGUEST_OBJ:.o=.d) $(PVGUEST_NEWLIB_OBJ:.o=.d)

# Test kernels on the library: build/tests/guest/NAME from NAME/main.c. Those
# that use nothing of it are in mk/guests.mk.
LIBRARY_TESTS := library trap entry blkfront netfront share idle

build/obj-guest/%.o: tests/guest/%/main.c build/deps/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PVGUEST_KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

define library_test
TEST_NEEDS += build/tests/guest/$(1)
build/tests/guest/$(1): build/obj-guest/$(1).o build/libpvguest.a \
		$$(PVGUEST_LDS)
	$$(call say,LD)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(PVGUEST_LINK) -o $$@ $$(filter %.o %.a,$$^)
-include build/obj-guest/$(1).d
endef
# Test kernels on the kit and the library's own entry points: those of attacks,
# a file each, and the one whose answers have to be those of the reference.
KIT_TESTS := attack abi storm victim

build/obj-guest-kit/%.o: tests/guest/%.c build/deps/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PVGUEST_KERNEL_CFLAGS) -Ipv-guest-lib/src -MMD -MP -c \
		-o $@ $<

define kit_test
TEST_NEEDS += build/tests/guest/$(1)
build/tests/guest/$(1): $$(patsubst tests/guest/%.c,build/obj-guest-kit/%.o, \
		$$(wildcard tests/guest/$(1)/*.c tests/guest/kit/*.c)) \
		build/libpvguest.a $$(PVGUEST_LDS)
	$$(call say,LD)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(PVGUEST_LINK) -o $$@ $$(filter %.o %.a,$$^)
endef
$(foreach test,$(KIT_TESTS),$(eval $(call kit_test,$(test))))
-include $(wildcard build/obj-guest-kit/*/*.d)

$(foreach test,$(LIBRARY_TESTS),$(eval $(call library_test,$(test))))

$(eval $(call host_test,pvguest-print,pv-guest-lib/src/print.c \
	tests/unit/pvguest/print_test.c,$(PVGUEST_INC)))
