/* SPDX-License-Identifier: MIT */
/* Builds the first domain, once, at the end of boot: see build.c. */
#pragma once

/*
 * Build the control domain from the boot modules and make its vCPU runnable.
 * Panics with the cause when that is not possible: without it the machine has
 * no purpose. Boot CPU.
 */
void dom0_build(void);
