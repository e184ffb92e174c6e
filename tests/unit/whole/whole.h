/* SPDX-License-Identifier: MIT */
/*
 * The whole hypervisor on the host: hypervisor/core, mm, pv and lib as they
 * are, between a fake processor below and domains whose hypercalls the test
 * makes. One CPU; memory is an array; nothing is ever scheduled, the test says
 * which vCPU calls.
 *
 * What a guest points at is a window at WINDOW, the same for all domains;
 * whatever lies outside it faults. Page tables are as real as ever, but guests
 * run no code that would use them.
 */
#ifndef TESTS_UNIT_WHOLE_WHOLE_H
#define TESTS_UNIT_WHOLE_WHOLE_H

#include <stdio.h>
#include <stdlib.h>

#include "core/domain.h"
#include "core/hypercall.h"
#include "mm/mm.h"

#define WINDOW        0x400000ul
#define WINDOW_SIZE   0x8000ul
#define WHOLE_DOMAINS 3  /* 0 is the control domain */
#define WHOLE_PAGES   16 /* of each at the beginning */

extern uint8_t whole_window[WINDOW_SIZE];

/* Three domains with two vCPUs; the control domain's first is current. */
void whole_begin(void);
/* All of them gone. False: not all memory is back. */
must_check bool whole_end(void);

/* Which vCPU calls from now on. False: there is none, and nothing changed. */
bool whole_be(unsigned int domain, unsigned int vcpu);
/* From guest-kernel mode to its end, or until it has been continued often. */
long whole_call(uint64_t number, uint64_t a1, uint64_t a2, uint64_t a3,
		uint64_t a4);
/* The address of the next page fault. */
extern uint64_t whole_cr2;
/* Every so many questions for preemption one is answered yes; 0: none. */
extern unsigned int whole_preempt;
/* Number i of the frames that a domain was given at the beginning. */
uint64_t whole_frame(unsigned int domain, unsigned int i);
struct domain *whole_domain(unsigned int domain);

/* Allocations: the one of that number from now on is refused, 0: none. */
void whole_refuse(unsigned long number);
/* Has it been? */
bool whole_refused(void);
long whole_objects(void); /* heap objects that are alive */

#define CHECK(c)                                                               \
	do {                                                                   \
		if (!(c)) {                                                    \
			printf("not ok %s:%d: %s\n", __FILE__, __LINE__, #c);  \
			fflush(stdout);                                        \
			abort();                                               \
		}                                                              \
	} while (0)

#endif
