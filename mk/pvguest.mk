# SPDX-License-Identifier: MIT
# pv-guest-lib: build/libpvguest.a, and the hello example as build/hello.

PVGUEST_SRC := $(wildcard pv-guest-lib/src/*.c pv-guest-lib/src/*.S)
PVGUEST_OBJ := $(patsubst %,build/%.o,$(PVGUEST_SRC))
PVGUEST_LDS := pv-guest-lib/pvguest.lds
PVGUEST_INC := -Ipv-guest-lib/include -Iinclude
PVGUEST_WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes \
	-Wmissing-prototypes -Wundef -Wvla -Wpointer-arith -Wwrite-strings
PVGUEST_BASE := -std=gnu11 -O2 -g -mno-red-zone -fno-pic \
	-fno-stack-protector -fno-strict-aliasing -fno-omit-frame-pointer \
	-fno-asynchronous-unwind-tables -ffunction-sections -fdata-sections \
	-D__XEN_INTERFACE_VERSION__=0x00040e00 $(if $(CI),-Werror)
# The library leaves vector registers alone: its trap handlers save none.
PVGUEST_CFLAGS := $(PVGUEST_BASE) $(PVGUEST_WARN) -ffreestanding \
	-mgeneral-regs-only $(PVGUEST_INC)
# A kernel on the library may use them.
PVGUEST_KERNEL_CFLAGS := $(PVGUEST_BASE) $(PVGUEST_WARN) -ffreestanding \
	$(PVGUEST_INC)
PVGUEST_LDFLAGS := -nostdlib -static -no-pie -Wl,-z,max-page-size=4096 \
	-Wl,--build-id=none -Wl,--gc-sections -Wl,-T,$(PVGUEST_LDS)

build/libpvguest.a: $(PVGUEST_OBJ)
	@rm -f $@
	$(AR) rcs $@ $^

build/pv-guest-lib/src/%.c.o: pv-guest-lib/src/%.c
	@mkdir -p $(@D)
	$(CC) $(PVGUEST_CFLAGS) -MMD -MP -c -o $@ $<

build/pv-guest-lib/src/%.S.o: pv-guest-lib/src/%.S
	@mkdir -p $(@D)
	$(CC) $(PVGUEST_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $@ $<

build/pv-guest-lib/examples/%.c.o: pv-guest-lib/examples/%.c
	@mkdir -p $(@D)
	$(CC) $(PVGUEST_KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

HELLO_OBJ := $(patsubst %,build/%.o, \
	$(wildcard pv-guest-lib/examples/hello/*.c))

build/hello: $(HELLO_OBJ) build/libpvguest.a $(PVGUEST_LDS)
	$(CC) $(PVGUEST_LDFLAGS) -o $@ $(HELLO_OBJ) build/libpvguest.a

-include $(PVGUEST_OBJ:.o=.d) $(HELLO_OBJ:.o=.d)
