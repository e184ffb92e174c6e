# SPDX-License-Identifier: MIT
#
# Fuzzers: libFuzzer programs (clang, ASan, UBSan) over the parsers of what
# others hand us, and over the hypervisor's own sources. `make test` gives each
# a fixed number of runs from a fixed seed, so that it takes seconds and finds
# the same every time;
#   make fuzz [FUZZ_SECONDS=60] [FUZZ=NAME]
# lets each run for a while and keeps what it finds under build/fuzz/found.
#
# A fragment that sorts before this one includes it by itself.

ifndef FUZZ_MK
FUZZ_MK := 1

FUZZ_CC ?= clang
FUZZ_SECONDS ?= 60
FUZZ_CFLAGS := -std=gnu11 -O1 -g -fno-strict-aliasing -fno-omit-frame-pointer \
	-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
	-D_GNU_SOURCE $(WARNINGS)
FUZZERS :=

# $(call fuzz_test,NAME,SOURCES,INCLUDES,LIBS,RUNS): RUNS is what `make test`
# runs. Seeds: tests/fuzz/corpus/NAME, and what make_corpus.py generates.
define fuzz_test
FUZZERS += $(1)
HOST_TESTS += build/host/tests/fuzz-$(1)
build/fuzz/$(1): $(patsubst %.c,build/fuzz/$(call flag_set,$(3))/%.o,$(2))
	$$(call say,FUZZLD)
	$$(Q)$$(FUZZ_CC) $$(FUZZ_CFLAGS) -o $$@ $$^ $(4)
build/fuzz/$(call flag_set,$(3))/%.o: %.c build/deps/flags mk/fuzz.mk
	$$(call say,FUZZCC)
	$$(Q)mkdir -p $$(@D)
	$$(Q)$$(FUZZ_CC) $$(FUZZ_CFLAGS) $(3) -MMD -MP -c $$< -o $$@
-include $(patsubst %.c,build/fuzz/$(call flag_set,$(3))/%.d,$(2))
build/host/tests/fuzz-$(1): build/fuzz/$(1) build/fuzz/corpus/done \
		$(wildcard mk/*.mk)
	$$(Q)mkdir -p $$(@D)
	$$(Q)printf '#!/bin/sh\nexec %s tests/fuzz/run.py %s --runs %s\n' \
		'$$(PYTHON)' '$(1)' '$(5)' > $$@ && chmod +x $$@
endef

build/fuzz/corpus/done: tests/fuzz/make_corpus.py tests/fuzz/call_seeds.py
	$(call say,CORPUS)
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) $< $(@D) && touch $@

# The list is complete only when all fragments have been read.
.PHONY: fuzz
.SECONDEXPANSION:
fuzz: $$(addprefix build/fuzz/,$$(or $$(FUZZ),$$(FUZZERS))) \
		build/fuzz/corpus/done
	@for name in $(or $(FUZZ),$(FUZZERS)); do \
		$(PYTHON) tests/fuzz/run.py $$name --seconds $(FUZZ_SECONDS) \
			|| exit 1; \
	done

endif
