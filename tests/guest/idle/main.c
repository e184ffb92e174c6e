/* SPDX-License-Identifier: MIT */
/*
 * A guest that tells when it began, on the time stamp counter, and from then on
 * only waits: to be one of many, or to have its creation measured.
 */
#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/start.h>

int main(void)
{
	pv_printf("first instruction at %lu\n", pv_first_tsc);
	for (;;)
		pv_wait(PV_FOREVER);
}
