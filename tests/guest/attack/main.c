/* SPDX-License-Identifier: MIT */
/*
 * The hostile guest: runs the attacks that its command line names (`T01 T17`),
 * or all of them. Beside it runs tests/guest/victim, which must not notice;
 * `victim=ID` tells its number.
 * Prints `ok NAME` or `not ok NAME: value` per check, then `done N failed`.
 */
#include "attack.h"

#include <pvguest/time.h>

static int failed;
static const char *running; /* name of the attack */

void check(const char *name, bool good, long value)
{
	if (good)
		pv_printf("ok %s %s\n", running, name);
	else
		pv_printf("not ok %s %s: %lx\n", running, name, value);
	failed += !good;
}

static const struct {
	const char *name;
	void (*run)(void);
} attacks[] = {
#define ATTACK(number) { #number, attack_##number },
#include "list.h"
#undef ATTACK
};

int main(void)
{
	bool named = on_command_line("T0") || on_command_line("T1") ||
		     on_command_line("T2");
	uint64_t start, pages;

	/* Stores to L1 tables are emulated. */
	(void)pv_hypercall2(__HYPERVISOR_vm_assist, VMASST_CMD_enable,
			    VMASST_TYPE_writable_pagetables);
	for (unsigned int i = 0; i < COUNT(attacks); i++) {
		running = attacks[i].name;
		if (named && !on_command_line(running))
			continue;
		faults_catch();
		start = pv_time_ns();
		pages = pv_pages_free();
		attacks[i].run();
		check("pages came back", pv_pages_free() + 16 >= pages,
		      (long)(pages - pv_pages_free()));
		pv_printf("%s took %lu ms\n", running,
			  (pv_time_ns() - start) / 1000000);
	}
	pv_printf("done %d failed\n", failed);
	return 0;
}
