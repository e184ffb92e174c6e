/* SPDX-License-Identifier: MIT */
/*
 * The hypercalls that a fuzzer of hypercall_fuzz.c is about: numbers of
 * <public/xen.h>. 0 stands for all that there are, so that of each subject's
 * calls some are whatever else a domain might do meanwhile.
 */
#ifndef TESTS_FUZZ_CALLS_H
#define TESTS_FUZZ_CALLS_H

#include <stddef.h>
#include <stdint.h>

#include "lib/types.h"
#include "public/xen.h"

extern const uint8_t fuzz_calls[];
extern const size_t n_fuzz_calls;

#endif /* TESTS_FUZZ_CALLS_H */
