/* SPDX-License-Identifier: MIT */
/*
 * The verb `dump-core` where there are files: as xl's. The built-in control
 * domain writes to a disk instead (cli/core_commands.c).
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <public/errno.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "toolstack/guest_core.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"

/* Ctrl-C ends it. */
static int write_page(void *context, const void *page)
{
	if (cli_interrupted())
		return -XEN_EINTR;
	return fwrite(page, TK_CORE_PAGE, 1, context) == 1 ? 0 : -errno;
}

static int dump(uint16_t domid, unsigned int vcpus, FILE *file,
		struct tk_error *err)
{
	const struct tk_core core = { .domid = domid,
				      .vcpus = vcpus,
				      .write = write_page,
				      .context = file };
	uint64_t pages;

	if (tk_core_write(&core, UINT64_MAX / TK_CORE_PAGE, &pages, err))
		return -1;
	return fflush(file) ? tk_fail(err, "%s", strerror(errno)) : 0;
}

/* What is not whole is taken away again. */
static int dump_to(const struct tk_guest *guest, const char *path)
{
	FILE *file = fopen(path, "we");
	struct tk_error err;
	int rc;

	if (!file)
		return call_fail("%s: %s", path, strerror(errno));
	rc = dump(guest->domid, guest->config.max_vcpus, file, &err);
	fclose(file);
	if (!rc)
		return COMMAND_DONE;
	unlink(path);
	return call_fail("%s: %s", path, err.text);
}

static int run_dump_core(struct command_call *call)
{
	const struct tk_guest *guest = call_guest(call->words[0]);
	uint16_t domid = guest ? guest->domid : 0;
	int status, rc;

	if (!guest)
		return COMMAND_FAILED;
	if (!guest->has_domain)
		return call_fail("%s is not there any more", call->words[0]);
	rc = tk_domain_pause(domid);
	if (rc)
		return call_fail_rc("pausing it", rc);
	status = dump_to(guest, call->words[1]);
	tk_domain_unpause(domid);
	return status;
}

const struct command core_commands[] = {
	{ .name = "dump-core",
	  .arguments = "NAME FILE",
	  .help = "write a guest's core, an ELF file for gdb",
	  .example = "dump-core debian debian.core",
	  .min_words = 2,
	  .max_words = 2,
	  .words = WORDS_GUESTS,
	  .run = run_dump_core },
	{ 0 },
};
