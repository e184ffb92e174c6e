# SPDX-License-Identifier: MIT
#
# The model checker of the page-type core (tests/model/model.h): the sources of
# hypervisor/mm with a point at each atomic step, and a search over all orders.
# Without ASan, which knows nothing of stacks that are copied; tests/unit/mm runs
# the same sources with it. A small part is in `make unit`.
#   make model    every scenario, about 2*10^7 states, and all seeded mistakes

MODEL_CFLAGS := -std=gnu11 -O2 -g -fno-strict-aliasing -fno-stack-protector \
	-fcf-protection=none -D_GNU_SOURCE $(WARNINGS) -DTENON_HOSTED \
	-DTENON_DEBUG -Itests/unit/mm/fake -Itests/model -Ihypervisor -Iinclude
MODEL_OBJ := $(patsubst %.c,build/model/%.o,$(wildcard tests/model/*.c) \
	tests/unit/fake/guest_memory.c)

build/model/%.o: %.c build/deps/flags mk/model.mk
	$(call say,MODELCC)
	$(Q)mkdir -p $(@D)
	$(Q)$(HOST_CC) $(MODEL_CFLAGS) -MMD -MP -c $< -o $@
build/model/explore: $(MODEL_OBJ)
	$(call say,MODELLD)
	$(Q)$(HOST_CC) -no-pie -o $@ $^
-include $(MODEL_OBJ:.o=.d)

HOST_TESTS += build/host/tests/model
build/host/tests/model: build/model/explore tests/model/run.py
	$(Q)mkdir -p $(@D)
	$(Q)printf '#!/bin/sh\nexec %s tests/model/run.py\n' '$(PYTHON)' > $@ \
		&& chmod +x $@

.PHONY: model
model: build/model/explore
	@$(PYTHON) tests/model/run.py --long
	@$(PYTHON) tests/model/mutants.py -v
