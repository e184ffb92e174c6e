# SPDX-License-Identifier: MIT
#
# The hypervisor: build/tenon.elf (64-bit, with symbols) and build/tenon (the
# same memory image in a 32-bit ELF container, which is what Multiboot loaders
# and `qemu -kernel` accept).

HV_SOURCES := $(filter-out %/asm-offsets.c,\
	$(sort $(wildcard hypervisor/*/*.c hypervisor/*/*.S)))
HV_OBJECTS := $(patsubst hypervisor/%,build/hypervisor/%.o,$(HV_SOURCES))
HV_LDS := hypervisor/boot/tenon.lds
HV_OFFSETS_C := $(wildcard hypervisor/x86/asm-offsets.c)
HV_OFFSETS := $(if $(HV_OFFSETS_C),build/gen/asm-offsets.h)

HV_INCLUDES := -Ihypervisor -Iinclude -Ibuild/gen
# Entry frames are a multiple of 8 bytes, and without SSE that is enough.
HV_STACK := $(if $(CC_IS_CLANG),-mstack-alignment=8,-mpreferred-stack-boundary=3)
HV_CFLAGS := $(FREESTANDING) $(HV_STACK) -fpie -fvisibility=hidden -mgeneral-regs-only \
	-mno-sse -fno-jump-tables -fcf-protection=none $(ZERO_LOCALS) \
	-Wframe-larger-than=1024 $(HV_INCLUDES)
HV_LDFLAGS := -m elf_x86_64 -nostdlib -static -z noexecstack \
	-z max-page-size=4096 --no-warn-rwx-segments --build-id=none \
	--orphan-handling=place -T

ifneq ($(wildcard $(HV_LDS)),)
ALL += build/tenon build/tenon.elf
endif

build/hypervisor/%.c.o: hypervisor/%.c build/deps/flags mk/hypervisor.mk \
		| $(HV_OFFSETS)
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -MMD -MP -c $< -o $@

build/hypervisor/%.S.o: hypervisor/%.S build/deps/flags mk/hypervisor.mk \
		| $(HV_OFFSETS)
	$(call say,AS)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c $< -o $@

# asm-offsets.c holds lines  OFFSET(NAME, struct tag, field)  or
# DEFINE(NAME, constant expression); the compiler computes the values and
# leaves marked comments in its assembly output.
build/gen/asm-offsets.h: $(HV_OFFSETS_C) scripts/asm_offsets.py \
		build/deps/flags mk/hypervisor.mk
	$(call say,GEN)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(filter-out -g,$(HV_CFLAGS)) -MMD -MT $@ \
		-MF build/gen/asm-offsets.d -S $< -o build/gen/asm-offsets.s
	$(Q)$(PYTHON) scripts/asm_offsets.py build/gen/asm-offsets.s > $@

# The symbol table for backtraces is part of the image it describes, so it
# needs links before the last: the first has an empty table, the second one of
# the right size, and from then on addresses no longer move.
build/gen/symbols0.S: scripts/symbols.py
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) scripts/symbols.py --empty > $@
build/gen/symbols1.S: build/gen/pass0.elf scripts/symbols.py
	$(Q)$(PYTHON) scripts/symbols.py $< > $@
build/gen/symbols2.S: build/gen/pass1.elf scripts/symbols.py
	$(Q)$(PYTHON) scripts/symbols.py $< > $@
build/gen/symbols%.o: build/gen/symbols%.S
	$(Q)$(CC) -c $< -o $@
build/gen/pass%.elf: build/gen/symbols%.o $(HV_OBJECTS) $(HV_LDS)
	$(Q)$(LD) $(HV_LDFLAGS) $(HV_LDS) -o $@ $(HV_OBJECTS) $<
build/tenon.elf: build/gen/symbols2.o $(HV_OBJECTS) $(HV_LDS)
	$(call say,LD)
	$(Q)$(LD) $(HV_LDFLAGS) $(HV_LDS) -Map build/tenon.map -o $@ \
		$(HV_OBJECTS) $<
.SECONDARY: $(foreach n,0 1 2,build/gen/symbols$(n).S build/gen/symbols$(n).o)

build/tenon: build/tenon.elf scripts/mkelf32.py
	$(call say,ELF32)
	$(Q)$(PYTHON) scripts/mkelf32.py $< $@

-include $(HV_OBJECTS:.o=.d) build/gen/asm-offsets.d
