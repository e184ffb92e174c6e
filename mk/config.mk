# SPDX-License-Identifier: MIT
#
# Compilers and flags, and the few rules that several fragments share.
#   CC=gcc|clang  the compiler for everything that runs on Tenon
#   HOST_CC=...   the compiler for tests on this machine (ASan and UBSan)
#   CI=1          warnings are errors
#   V=1           print the commands

ifeq ($(origin CC),default)
CC := gcc
endif
HOST_CC ?= gcc
AR ?= ar
LD ?= ld
PYTHON ?= python3
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(patsubst build/%,%,$@)')
CC_IS_CLANG := $(findstring clang,$(notdir $(CC)))

WARNINGS := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wold-style-definition -Wundef -Wvla -Wpointer-arith -Wwrite-strings \
	-Wimplicit-fallthrough -Wformat=2 -Wno-unused-parameter
ifneq ($(filter 1 true yes,$(CI)),)
WARNINGS += -Werror
endif

# No error is worth garbage from the stack: every local starts as zero.
ZERO_LOCALS := -ftrivial-auto-var-init=zero
ifneq ($(CC_IS_CLANG),)
ZERO_LOCALS += \
 -enable-trivial-auto-var-init-zero-knowing-it-will-be-removed-from-clang
endif

# EXTRA_CFLAGS is for the command line; scripts/lint.py uses it.

# What every freestanding component (hypervisor, guests) is compiled with.
# Fragments add their include paths and code model.
FREESTANDING := -std=gnu11 -O2 -g -ffreestanding -fno-stack-protector \
	-mno-red-zone -fno-strict-aliasing -fno-asynchronous-unwind-tables \
	-fno-omit-frame-pointer -fno-common $(WARNINGS) $(EXTRA_CFLAGS)

# Host tests: the same sources with sanitizers.
HOST_CFLAGS := -std=gnu11 -O1 -g -fno-strict-aliasing -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all \
	-D_GNU_SOURCE $(WARNINGS) $(EXTRA_CFLAGS)
HOST_LDFLAGS := -fsanitize=address,undefined

# C library and decompressors for the control domain, built from Debian source
# packages into the user's cache; build/deps/NAME is a link to it. Objects
# that include their headers name $(NEWLIB_READY) etc. as an order-only
# prerequisite:      build/dom0/%.o: dom0-tools/%.c | $(NEWLIB_READY)
NEWLIB := build/deps/newlib
NEWLIB_READY := build/deps/newlib.ready
NEWLIB_CFLAGS := -isystem $(NEWLIB)/include
NEWLIB_LIBS := -L$(NEWLIB)/lib -lc -lm
DECODERS := zlib xz lz4 zstd
DECODERS_READY := $(DECODERS:%=build/deps/%.ready)
DECODERS_CFLAGS := $(DECODERS:%=-isystem build/deps/%/include)
DECODERS_LIBS := $(DECODERS:%=-Lbuild/deps/%/lib) -lz -llzma -llz4 -lzstd

build/deps/%.ready: scripts/source_package.py
	$(call say,SOURCE)
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) scripts/source_package.py $* --link build/deps/$*
	$(Q)touch $@

# A change of compiler or flags rebuilds everything compiled with them.
build/deps/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(HOST_CC) $(FREESTANDING) $(HOST_CFLAGS)' > $@.new
	@cmp -s $@ $@.new && rm $@.new || mv $@.new $@
.PHONY: FORCE
FORCE:

# build/host/PATH.o from PATH.c, for tests on this machine. Include paths are
# given per target:  build/host/tests/NAME: HOST_INCLUDES := -Ihypervisor
# (make passes the variable on to the objects that NAME is made of).
build/host/%.o: %.c build/deps/flags
	$(call say,HOSTCC)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CC) $(HOST_CFLAGS) $(HOST_INCLUDES) -MMD -MP -c $< -o $@

# $(call flag_set,FLAGS): a folder's name for objects compiled with them, so that
# tests share what they compile alike.
empty :=
flag_set = obj$(subst /,.,$(subst $(empty) $(empty),,$(strip $(1))))

# $(call host_test,NAME,SOURCES,INCLUDES,LIBS): a test program for this machine.
define host_test
HOST_TESTS += build/host/tests/$(1)
build/host/tests/$(1): $(patsubst %.c,build/host/$(call flag_set,$(3))/%.o,$(2))
	$$(call say,HOSTLD)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(HOST_CC) $$(HOST_LDFLAGS) -o $$@ $$(filter %.o %.a,$$^) $(4)
build/host/$(call flag_set,$(3))/%.o: %.c build/deps/flags
	$$(call say,HOSTCC)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(HOST_CC) $$(HOST_CFLAGS) $(3) -MMD -MP -c $$< -o $$@
-include $(patsubst %.c,build/host/$(call flag_set,$(3))/%.d,$(2))
endef
