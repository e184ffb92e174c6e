/* SPDX-License-Identifier: MIT */
/*
 * The verb `dump-core`: a guest's core onto a disk of the machine, from its
 * first sector on, where a debugger on another system finds it.
 */
#include <stdio.h>
#include <string.h>

#include <public/errno.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "drivers/block_device.h"
#include "drivers/block_sync.h"
#include "drivers/partition.h"
#include "toolstack/guest_core.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"

#define PROGRESS_NS 1000000000ull

/* One page on its way to the disk. */
struct output {
	struct block_device *disk;
	struct block_request request;
	struct block_segment segment;
	bool done;
	int error;
	uint64_t sector;
	uint64_t told_ns; /* when progress was shown last */
};

static void request_done(struct block_request *request, int error)
{
	struct output *output = request->context;

	output->done = true;
	output->error = error;
}

static int submit(struct output *output, enum block_op op, uint32_t sectors)
{
	output->done = false;
	output->request = (struct block_request){
		.op = op,
		.sector = op == BLOCK_WRITE ? output->sector : 0,
		.sectors = sectors,
		.segments = &output->segment,
		.segment_count = op == BLOCK_WRITE ? 1 : 0,
		.done = request_done,
		.context = output,
	};
	block_submit(output->disk, &output->request);
	block_kick(output->disk);
	while (!output->done)
		cli_wait();
	return output->error;
}

static void tell(struct output *output)
{
	uint64_t now = tk_clock_ns();

	if (now - output->told_ns < PROGRESS_NS)
		return;
	output->told_ns = now;
	cli_print("%lu MiB\n", (unsigned long)(output->sector >> 11));
}

/* Ctrl-C ends it. */
static int write_page(void *context, const void *page)
{
	struct output *output = context;
	int rc;

	if (cli_interrupted())
		return -XEN_EINTR;
	memcpy(output->segment.va, page, TK_CORE_PAGE);
	output->segment.bytes = TK_CORE_PAGE;
	rc = submit(output, BLOCK_WRITE, BLOCK_PAGE_SECTORS);
	output->sector += BLOCK_PAGE_SECTORS;
	tell(output);
	return rc;
}

static int dump(const struct tk_guest *guest, struct output *output)
{
	const struct tk_core core = { .domid = guest->domid,
				      .vcpus = guest->config.max_vcpus,
				      .write = write_page,
				      .context = output };
	char name[64];
	struct tk_error err;
	uint64_t pages;

	/* The guest cannot change while it is paused, but it can vanish. */
	snprintf(name, sizeof(name), "%s", guest->config.name);
	if (tk_core_write(&core, output->disk->sectors / BLOCK_PAGE_SECTORS,
			  &pages, &err))
		return call_fail("%s: %s", name, err.text);
	if (output->disk->has_flush && submit(output, BLOCK_FLUSH, 0))
		return call_fail_rc(output->disk->name, output->error);
	cli_print("%s: %lu bytes on %s\n", name,
		  (unsigned long)pages * TK_CORE_PAGE, output->disk->name);
	return COMMAND_DONE;
}

static int run_dump_core(struct command_call *call)
{
	struct tk_guest *guest = call_guest(call->words[0]);
	struct output output = { .told_ns = tk_clock_ns() };
	uint16_t domid;
	int status, rc;

	if (!guest)
		return COMMAND_FAILED;
	if (!guest->has_domain)
		return call_fail("%s is not there any more", call->words[0]);
	output.disk = block_resolve(call->words[1]);
	if (!output.disk)
		return call_fail("no disk %s; see disks", call->words[1]);
	if (output.disk->read_only)
		return call_fail("%s is read-only", output.disk->name);
	output.segment.va = block_page_alloc(&output.segment.maddr);
	if (!output.segment.va)
		return call_fail("out of memory");
	domid = guest->domid;
	rc = tk_domain_pause(domid);
	status = rc ? call_fail_rc("pausing it", rc) : dump(guest, &output);
	if (!rc)
		tk_domain_unpause(domid);
	block_page_free(output.segment.va);
	return status;
}

const struct command core_commands[] = {
	{ .name = "dump-core",
	  .arguments = "NAME DISK",
	  .help = "overwrite a disk with a guest's core, an ELF file for gdb",
	  .example = "dump-core debian vd0",
	  .min_words = 2,
	  .max_words = 2,
	  .words = WORDS_GUESTS,
	  .run = run_dump_core },
	{ 0 },
};
