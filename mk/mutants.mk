# SPDX-License-Identifier: MIT
#
# `make mutants`: takes one rule after the other out of the hypervisor, and
# runs the attack that has to notice (MUTANTS=REGEX: only some).

.PHONY: mutants
mutants: build/tenon build/tenon-dom0 build/hello $(TEST_NEEDS)
	@python3 tests/mutants/run.py --filter '$(MUTANTS)'
