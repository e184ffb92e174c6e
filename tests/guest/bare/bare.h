/* SPDX-License-Identifier: MIT */
/*
 * What a bare guest is made of: start.S enters bare_main() of bare.c; the
 * guest's own folder says how it makes hypercalls.
 *
 * Bare guests use nothing of the guest library, so that a mistake which the
 * library and the hypervisor share cannot hide.
 */
#ifndef TESTS_GUEST_BARE_BARE_H
#define TESTS_GUEST_BARE_BARE_H

#include <public/xen.h>

/* By each guest. Name for its output, and the registers that it expects a
 * hypercall to lose, as in bare_lost_registers(). */
extern const char bare_name[];
extern const unsigned long bare_may_lose;
long hypercall(unsigned long number, unsigned long a, unsigned long b,
	       unsigned long c, unsigned long d, unsigned long e);

/* By start.S: fill registers, ask for the version, and return one bit for
 * each register that changed: rbx, rbp, r12-r15, r9, xmm0, xmm15, rcx, r11. */
unsigned long bare_lost_registers(void);
#define LOST_RCX (1 << 9)
#define LOST_R11 (1 << 10)

void bare_main(struct start_info *info);

#endif /* TESTS_GUEST_BARE_BARE_H */
