# SPDX-License-Identifier: MIT
#
# The toolstack library's pure parts on this machine: build/host/libtoolstack.a
# and its unit tests, all with sanitizers. The control domain's build of the
# same sources is the business of its own fragment.

TOOLSTACK_PURE := $(addprefix dom0-tools/toolstack/,error.c config.c config_keys.c \
	config_values.c cpu_map.c disk.c domain_config.c elf.c elf_notes.c bzimage.c \
	decompress.c guest_folder.c mac.c symbols.c uuid.c vif.c)
TOOLSTACK_LIBS := -lz -llzma -llz4 -lzstd
TOOLSTACK_HARNESS := $(addprefix tests/unit/toolstack/,check.c \
	failing_alloc.c elf_builder.c bzimage_builder.c)
comma := ,
SWEEP_LDFLAGS := $(addprefix -Wl$(comma)--wrap=,malloc calloc realloc \
	inflateInit2_ lzma_stream_decoder ZSTD_createDCtx)

build/host/libtoolstack.a: HOST_INCLUDES := -Idom0-tools -Idom0-tools/toolstack
build/host/libtoolstack.a: $(TOOLSTACK_PURE:%.c=build/host/%.o)
	$(call say,AR)
	$(Q)rm -f $@ && $(AR) rcs $@ $^
-include $(TOOLSTACK_PURE:%.c=build/host/%.d)

define toolstack_test
$(call host_test,toolstack-$(1),tests/unit/toolstack/$(1)_test.c \
	$(TOOLSTACK_HARNESS),-Idom0-tools -Itests/unit/toolstack,\
	$(SWEEP_LDFLAGS) $(TOOLSTACK_LIBS))
build/host/tests/toolstack-$(1): build/host/libtoolstack.a
endef
$(foreach test,config disk domain_config elf bzimage vif,\
	$(eval $(call toolstack_test,$(test))))

TOOLSTACK_FUZZ_RUNS := config=50000 disk=200000 elf=500000 bzimage=200000 \
	symbols=200000
define toolstack_fuzz
$(call fuzz_test,$(1),tests/fuzz/$(1)_fuzz.c $(TOOLSTACK_PURE),\
	-Idom0-tools -Itests/fuzz -Itests/unit/toolstack,$(TOOLSTACK_LIBS),\
	$(patsubst $(1)=%,%,$(filter $(1)=%,$(TOOLSTACK_FUZZ_RUNS))))
endef
$(foreach test,config disk elf bzimage symbols,$(eval $(call toolstack_fuzz,$(test))))
