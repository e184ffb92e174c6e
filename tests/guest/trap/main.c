/* SPDX-License-Identifier: MIT */
/*
 * An exception that nobody handles: the library must print the vector, the
 * registers and a backtrace, and end the domain as crashed. The text on the
 * console is the result.
 */
#include <stdint.h>

#include <pvguest/console.h>

int main(void)
{
	volatile uint64_t *nowhere = (volatile uint64_t *)0x7000deadb000UL;

	pv_printf("about to fault\n");
	*nowhere = 1;
	pv_printf("not ok: still here\n");
	return 1;
}
