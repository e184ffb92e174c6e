# SPDX-License-Identifier: MIT
#
# `make mutants`: takes one rule after the other out of the hypervisor or the
# control domain, and runs the attack that has to notice (MUTANTS=REGEX: only
# some). That its texts, and those of `make model`, are still in the sources is
# part of `make unit`.

.PHONY: mutants
mutants: build/tenon build/tenon-dom0 build/hello $(TEST_NEEDS)
	@python3 tests/mutants/run.py --filter '$(MUTANTS)'

HOST_TESTS += build/host/tests/mutants-fit
build/host/tests/mutants-fit: tests/mutants/fit.py
	$(Q)mkdir -p $(@D)
	$(Q)install -m 755 $< $@
