/* SPDX-License-Identifier: MIT */
/*
 * Time from the TSC. now() itself is declared in core/services.h. All CPUs
 * share one scale; a CPU whose TSC started elsewhere has a tsc_offset.
 */
#pragma once

#include "lib/types.h"

/* ns = ((ticks << shift) * mul) >> 32, as in vcpu_time_info (pvclock). */
struct clock_scale {
	uint32_t mul;
	int8_t shift;
};

extern struct clock_scale clock_scale;
extern uint64_t tsc_khz;

/* Boot CPU: calibrate; now() starts at 0, and the battery clock's time. */
void clock_init(void);
void clock_sync_cpu(void); /* a new CPU; meanwhile, on the boot CPU: */
void clock_sync_serve(void);
/* A counter's value and the TSC at one moment. */
void clock_pair(uint64_t (*read)(void), uint64_t *value, uint64_t *tsc);
/* This CPU's TSC and the now() that belongs to it. */
void clock_read(uint64_t *tsc, uint64_t *ns);
/* Busy wait; after clock_init(). */
void delay_us(unsigned int us);
