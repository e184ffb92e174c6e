# SPDX-License-Identifier: MIT
#
# Tenon's build. Flags live in mk/config.mk; every component has a fragment
# mk/NAME.mk that lists its sources and adds its products to these variables:
#   ALL         what plain `make` builds
#   HOST_TESTS  test programs for this machine, run by `make test`
#   GUEST_FILES what appears under /guests in the control domain
#   TEST_NEEDS  what the system tests need built
#   SOAK_NEEDS  what only the long ones need
# Everything is built under build/ and nowhere else.

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:
MAKEFLAGS += --no-builtin-rules

ALL :=
HOST_TESTS :=
GUEST_FILES :=
TEST_NEEDS :=
SOAK_NEEDS :=

include mk/config.mk
include $(filter-out mk/config.mk,$(sort $(wildcard mk/*.mk)))

# Missing Debian packages are installed before anything is compiled. The file
# is a makefile without rules: make brings included files up to date first.
PASSIVE := clean format size headers
ifneq ($(filter-out $(PASSIVE),$(or $(MAKECMDGOALS),all)),)
include build/deps/packages.mk
endif
build/deps/packages.mk: scripts/packages.txt scripts/deps.py
	@python3 scripts/deps.py build run test
	@mkdir -p $(@D) && echo '# packages are there' > $@

.PHONY: all test unit soak host-tests test-needs lint format headers size fuzz clean
all: $(ALL)

host-tests: $(HOST_TESTS)

test-needs: $(TEST_NEEDS)

unit: $(HOST_TESTS)
	@python3 scripts/test.py --only-host $(HOST_TESTS)

# The disk first: it takes long, and little of two CPUs.
test: build/debian.img $(ALL) $(HOST_TESTS) $(TEST_NEEDS)
	@python3 scripts/test.py $(TEST_ARGS) $(HOST_TESTS)

# What takes long, or tries much: not part of `make test`.
soak: $(ALL) $(TEST_NEEDS) $(SOAK_NEEDS)
	@python3 scripts/test.py --only-system --soak --jobs 1 $(TEST_ARGS)

lint:
	@python3 scripts/deps.py lint
	@python3 scripts/lint.py

format:
	@python3 scripts/sources.py | xargs clang-format -i

headers:
	@python3 scripts/headers.py

size:
	@python3 scripts/size.py

clean:
	rm -rf build
