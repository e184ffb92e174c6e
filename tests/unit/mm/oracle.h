/* SPDX-License-Identifier: MIT */
/*
 * Recounts every reference from scratch (PT-3) and compares: tables, pins,
 * roots, allocations and the walker on one side, the counters on the other.
 */
#ifndef TESTS_UNIT_MM_ORACLE_H
#define TESTS_UNIT_MM_ORACLE_H

#include "machine.h"

/* Entries other than these are never used by the tests; else pass all. */
extern const unsigned int used_slots[];
extern const unsigned int used_slot_count;

void oracle_check(struct domain *const *domains, unsigned int n, bool all);

#endif
