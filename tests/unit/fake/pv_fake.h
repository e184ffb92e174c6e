/* SPDX-License-Identifier: MIT */
/*
 * One CPU, one vCPU and its memory, for tests of pv/ and of x86/'s pure parts.
 * Guest memory is a few windows; whatever is outside faults.
 */
#ifndef TENON_FAKE_PV_FAKE_H
#define TENON_FAKE_PV_FAKE_H

#include <stdio.h>
#include <stdlib.h>

#include "core/domain.h"
#include "x86/cpu.h"

extern struct vcpu fake_vcpu;
extern struct domain fake_domain;
extern unsigned int fake_crashes; /* calls of domain_crash() */
extern char fake_crash_text[128]; /* of the last one */

/* Fresh CPU, vCPU in kernel mode, no memory. */
void fake_reset(void);
/* Guest memory at va; the bytes. */
uint8_t *fake_map(uint64_t va, size_t size, bool writable);

#define check(c)                                                               \
	do {                                                                   \
		if (!(c)) {                                                    \
			printf("%s:%d: %s\n", __FILE__, __LINE__, #c);         \
			exit(1);                                               \
		}                                                              \
	} while (0)

#endif
