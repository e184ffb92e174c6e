# SPDX-License-Identifier: MIT
#
# The control domain, build/tenon-dom0: its own kernel folder, the toolstack
# and the command line, on pv-guest-lib and newlib.

DOM0_SRC := $(wildcard dom0-tools/kernel/*.c dom0-tools/toolstack/*.c \
	dom0-tools/cli/*.c dom0-tools/xenstore/*.c dom0-tools/drivers/*.c \
	dom0-tools/drivers/*/*.c dom0-tools/backends/*.c \
	dom0-tools/metrics/*.c)
DOM0_OBJ := $(DOM0_SRC:%.c=build/dom0/%.o)
DOM0_LIBS = -Wl,--start-group build/libpvguest-newlib.a build/libpvguest.a \
	$(DECODERS_LIBS) -Lbuild/deps/lwip/lib -llwip $(NEWLIB_LIBS) -Wl,--end-group

ALL += build/tenon-dom0
# Made through links that others name too: not files to tidy away.
.SECONDARY: $(NEWLIB_READY) $(DECODERS_READY)

build/dom0/%.o: %.c build/deps/flags | $(NEWLIB_READY) $(DECODERS_READY) \
		build/deps/lwip.ready
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(NEWLIB_KERNEL_CFLAGS) $(DECODERS_CFLAGS) -Idom0-tools \
		-isystem build/deps/lwip/include -MMD -MP -c -o $@ $<

build/tenon-dom0: $(DOM0_OBJ) build/libpvguest.a build/libpvguest-newlib.a \
		$(PVGUEST_LDS)
	$(call say,LD)
	$(Q)$(PVGUEST_LINK) -o $@ $(DOM0_OBJ) $(DOM0_LIBS)

-include $(DOM0_OBJ:.o=.d)

$(eval $(call host_test,dom0-cpio,dom0-tools/kernel/cpio.c \
	tests/unit/dom0/cpio_test.c,-Idom0-tools))
