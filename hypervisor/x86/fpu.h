/* SPDX-License-Identifier: MIT */
/* Floating-point and vector state of vCPUs (x86/fpu.c). */
#ifndef TENON_X86_FPU_H
#define TENON_X86_FPU_H

#include "core/domain.h"

#define FXSAVE_SIZE 512

int fpu_init(struct vcpu *v); /* reset state; -ENOMEM */
void fpu_destroy(struct vcpu *v);
void fpu_reset(struct vcpu *v);
void fpu_save(struct vcpu *v);
void fpu_load(struct vcpu *v);
/* vcpu_guest_context.fpu_ctxt. -EINVAL: not an image this CPU can load. */
must_check int fpu_set_image(struct vcpu *v, const void *fxsave);
void fpu_get_image(const struct vcpu *v, void *fxsave);

#endif
