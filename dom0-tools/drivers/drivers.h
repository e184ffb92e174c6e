/* SPDX-License-Identifier: MIT */
/* All drivers of the control domain: drivers.c has the table. */
#ifndef DRIVERS_DRIVERS_H
#define DRIVERS_DRIVERS_H

#include <stdbool.h>
#include <stddef.h>

/* Finds the machine's devices and starts them; once. */
void drivers_start(void);

/* A line of text on the index-th device; false: there are no more. */
bool drivers_describe(size_t index, char *text, size_t size);

#endif /* DRIVERS_DRIVERS_H */
