/* SPDX-License-Identifier: MIT */
/*
 * The command line as a program of a Linux control domain: `tenon VERB ...`.
 *
 * Each call is a process of its own, which finds the guests by what xenstore
 * says of them (adopt.c). One that has created a guest leaves a child behind
 * that acts when the guest ends; it ends itself with its last guest.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/platform.h"
#include "linux/adopt.h"
#include "linux/primitives.h"
#include "linux/store.h"
#include "linux/terminal.h"
#include "toolstack/guests.h"
#include "toolstack/primitives.h"
#include "toolstack/vif.h"
#include "xenstore/local.h"

/* What nobody is there to be told. */
#define LOG_FILE "/var/log/tenon.log"

const char *platform_not_our_machine(void)
{
	return "here that is Linux, with commands of its own for it";
}

/* Looking after guests ---------------------------------------------------- */

static bool has_own_guests(void)
{
	const struct tk_guest *guest = NULL;

	while ((guest = tk_guests_next(guest))) {
		if (tk_guest_is_alive(guest) && !guest->is_elsewhere)
			return true;
	}
	return false;
}

static void leave_to_others(void)
{
	struct tk_guest *guest = NULL;

	while ((guest = tk_guests_next(guest)))
		guest->is_elsewhere = true;
}

/* The child: until its last guest is gone. */
static __attribute__((noreturn)) void look_after(void)
{
	setsid();
	terminal_leave(LOG_FILE);
	primitives_hold_memory();
	primitives_close_others();
	if (!store_open_again())
		exit(COMMAND_FAILED);
	while (has_own_guests() && store_fd() >= 0)
		tk_wait(TK_FOREVER);
	terminal_flush();
	_exit(COMMAND_DONE);
}

bool platform_keep_guests(void)
{
	pid_t child;

	terminal_flush();
	child = fork();
	if (child == 0)
		look_after();
	primitives_hold_memory();
	leave_to_others();
	return child > 0;
}

/* The call ---------------------------------------------------------------- */

/* Of these, some need no hypervisor, and say themselves when it is missing. */
static bool works_anywhere(const char *verb)
{
	return !strcmp(verb, "help") || !strcmp(verb, "config");
}

/* The addresses that guests get here must not be those of another machine. */
static void salt_addresses(void)
{
	const void *id;
	char name[64];
	size_t size;

	if (!platform_file("/etc/machine-id", &id, &size)) {
		tk_vif_set_salt(id, size);
		return;
	}
	if (!gethostname(name, sizeof(name)))
		tk_vif_set_salt(name, strnlen(name, sizeof(name)));
}

static bool begin(void)
{
	if (!primitives_open()) {
		call_fail("/dev/xen/privcmd: %s; is this a control domain, and "
			  "are you root?",
			  strerror(errno));
		return false;
	}
	if (!store_open()) {
		call_fail("no xenstore: %s; is xenstored running?",
			  strerror(errno));
		return false;
	}
	/* Whatever becomes of devices ends a wait, for who waits for it. */
	if (!xs_local_watch("/local/domain/0/backend", NULL, NULL)) {
		call_fail("xenstore takes no watch");
		return false;
	}
	return true;
}

static int run(int count, char **words)
{
	const char *verb = words[0];

	if (access("/dev/xen/privcmd", F_OK) && works_anywhere(verb))
		return command_run(count, words);
	if (!command_find(verb))
		return command_run(count, words);
	if (!begin() || !cli_start())
		return COMMAND_FAILED;
	adopt_guests();
	return command_run(count, words);
}

int main(int argc, char **argv)
{
	char help[] = "help", *just_help[] = { help, NULL, NULL };
	bool no_verb = argc < 2;
	int status;

	terminal_start();
	salt_addresses();
	if (no_verb || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		status = run(1, just_help);
	else
		status = run(argc - 1, argv + 1);
	terminal_flush();
	return no_verb ? COMMAND_USAGE : status;
}
