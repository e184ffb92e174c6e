/* SPDX-License-Identifier: MIT */
/* What of a vCPU lives in the processor (x86/context.c, x86/fpu.c). */
#pragma once

#include "core/domain.h"

/* CR4 and CR0.TS of this CPU for v, from what v has stored (EM-7). */
void context_load_cr4(const struct vcpu *v);
void context_load_ts(const struct vcpu *v);
/* DR0..3 and 7 of this CPU. */
void context_load_debug(const struct vcpu *v);

#define FXSAVE_SIZE 512

/* Components of XCR0 [SDM1 "XSAVE-Managed State"]. */
#define XCR0_X87    1ul
#define XCR0_SSE    2ul
#define XCR0_AVX    4ul
#define XCR0_AVX512 0xe0ul

int fpu_init(struct vcpu *v); /* reset state; -ENOMEM */
void fpu_reset(struct vcpu *v);
void fpu_save(struct vcpu *v);
void fpu_load(struct vcpu *v); /* before context_load_cr4 */
/* The guest's XCR0, if CR4.OSXSAVE is on. */
void fpu_load_xcr0(const struct vcpu *v);
/* May a guest have this XCR0? */
bool fpu_xcr0_ok(uint64_t xcr0);
/* vcpu_guest_context.fpu_ctxt. -EINVAL: not an image this CPU can load. */
must_check int fpu_set_image(struct vcpu *v, const void *fxsave);
