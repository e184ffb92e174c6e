/* SPDX-License-Identifier: MIT */
/* Where an actor may be made to wait for the other; for hooks.h. */
#ifndef TESTS_MODEL_POINTS_H
#define TESTS_MODEL_POINTS_H

#include "lib/types.h"

/* Before the step that concerns the word `at`. */
void model_point(const volatile void *at, const char *file, int line);
/* A round of a wait loop. */
void model_relax(const char *file, int line);
uint64_t model_irq_save(void);
void model_irq_restore(uint64_t flags);

#endif
