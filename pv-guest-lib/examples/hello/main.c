/* SPDX-License-Identifier: MIT */
/* The smallest useful guest kernel: says where it runs, counts, and ends. */
#include <pvguest/console.h>
#include <pvguest/start.h>
#include <pvguest/time.h>

int main(void)
{
	unsigned int version = pv_xen_version();

	pv_printf(
		"Hello from a %s domain on Xen ABI %u.%u, %lu MiB of memory.\n",
		pv_is_initial_domain() ? "control" : "guest", version >> 16,
		version & 0xffff, pv_memory_kib() / 1024);
	for (int tick = 1; tick <= 5; tick++) {
		pv_sleep_ns(100000000);
		pv_printf("tick %d at %lu ms\n", tick, pv_time_ns() / 1000000);
	}
	pv_printf("Goodbye.\n");
	return 0;
}
