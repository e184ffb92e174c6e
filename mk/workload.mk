# SPDX-License-Identifier: MIT
#
# Programs for Linux guests, run by tests/system/test_workload.py and test_smp.py:
# static, so that they need nothing but a kernel.

TEST_NEEDS += build/tests/workload
build/tests/workload: tests/workload/workload.c build/deps/flags
	$(call say,CCLD)
	$(Q)mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -O2 -g -static -fno-omit-frame-pointer \
		-D_GNU_SOURCE $(WARNINGS) -Wno-clobbered -o $@ $< -lm

TEST_NEEDS += build/tests/smp
build/tests/smp: tests/workload/smp.c build/deps/flags
	$(call say,CCLD)
	$(Q)mkdir -p $(@D)
	$(Q)gcc -std=gnu11 -O2 -g -static -pthread -D_GNU_SOURCE $(WARNINGS) \
		-Wno-clobbered -o $@ $<
