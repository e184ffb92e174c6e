# SPDX-License-Identifier: MIT
#
# make bench: instruction counts of the hypervisor's paths, ours and the
# reference's. The guests that take them are build/tests/bench-*.

BENCH_OBJ := $(patsubst %,build/%.o,$(wildcard tests/bench/*.[cS]))

build/tests/bench/%.c.o: tests/bench/%.c build/deps/flags
	$(call say,CC)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PVGUEST_CFLAGS) -MMD -MP -c -o $@ $<
build/tests/bench/%.S.o: tests/bench/%.S build/deps/flags
	$(call say,AS)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(PVGUEST_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $@ $<
build/tests/bench-paths: $(BENCH_OBJ) build/libpvguest.a $(PVGUEST_LDS)
	$(call say,LD)
	$(Q)$(PVGUEST_LINK) -o $@ $(BENCH_OBJ) build/libpvguest.a
# With a disk and two network cards, in an ordinary guest.
BENCH_DEVICES_OBJ := build/tests/bench/devices/main.c.o
build/tests/bench-devices: $(BENCH_DEVICES_OBJ) build/libpvguest.a \
		$(PVGUEST_LDS)
	$(call say,LD)
	$(Q)$(PVGUEST_LINK) -o $@ $(BENCH_DEVICES_OBJ) build/libpvguest.a
# The same for a Linux guest: a program, and Debian's initramfs that runs it.
build/tests/bench-linux: tests/bench/linux/main.c tests/bench/rounds.h \
		build/deps/flags
	$(call say,CCLD)
	$(Q)mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -O2 -g -static -D_GNU_SOURCE $(WARNINGS) -o $@ $<
build/tests/bench-linux.gz: build/tests/bench-linux scripts/initramfs.py \
		scripts/cpio.py build/guests/vmlinuz
	$(call say,CPIO)
	$(Q)$(PYTHON) scripts/initramfs.py --modules build/modules $@ autorun=$<
# The control domain with a clock at its prompt.
BENCH_CREATE_OBJ := build/dom0/tests/bench/create/main.o
build/tests/bench-dom0: build/tenon-dom0 $(BENCH_CREATE_OBJ) mk/bench.mk
	$(call say,LD)
	$(Q)mkdir -p $(@D)
	$(Q)$(PVGUEST_LINK) -Wl,--wrap=line_key,--wrap=line_begin -o $@ \
		$(DOM0_OBJ) $(BENCH_CREATE_OBJ) $(DOM0_LIBS)
TEST_NEEDS += build/tests/bench-dom0 build/tests/bench-paths build/tests/bench-devices \
	build/tests/bench-linux.gz
-include $(BENCH_CREATE_OBJ:.o=.d) $(BENCH_OBJ:.o=.d) $(BENCH_DEVICES_OBJ:.o=.d)

.PHONY: bench
bench: build/tenon build/tenon-dom0 build/tests/bench-paths \
		build/tests/bench-dom0 build/tests/guest/idle \
		build/tests/bench-devices build/tests/bench-linux.gz
	@$(PYTHON) scripts/deps.py build run test
	@$(PYTHON) scripts/bench.py
