/* SPDX-License-Identifier: MIT */
/*
 * The verb `disks`: the list, and work on a whole disk, with several requests
 * on their way at once. The pieces of a disk are a ring of buffers; each is
 * read, then counted into the checksum or written elsewhere, in order.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/result.h"
#include "drivers/block_device.h"
#include "drivers/block_sync.h"
#include "drivers/crc32.h"
#include "drivers/partition.h"
#include "toolstack/error.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"

#define PIECES      16
#define PIECE_PAGES 16

/* The list ---------------------------------------------------------------- */

static void put_size(struct result *result, uint64_t sectors)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	uint64_t kib = sectors / 2, tenths;
	unsigned int unit = 0;
	char text[32];

	tenths = kib * 10;
	while (tenths >= 10240 && unit < 3) {
		tenths /= 1024;
		unit++;
	}
	snprintf(text, sizeof(text), "%6lu.%lu %s",
		 (unsigned long)(tenths / 10), (unsigned long)(tenths % 10),
		 units[unit]);
	result_text(result, "size", text);
}

static void put_name(struct result *result, const char *key, const char *name)
{
	result_text(result, key, *name ? name : NULL);
}

static void put_disk(struct result *result, const struct block_device *disk)
{
	const struct block_identity *identity = block_identity(disk);

	result_open_row(result);
	result_text(result, "name", disk->name);
	if (result->is_json)
		result_number(result, "bytes", disk->sectors * BLOCK_SECTOR);
	else
		put_size(result, disk->sectors);
	result_number(result, "sector_size", disk->sector_size);
	result_text(result, "access", disk->read_only ? "ro" : "rw");
	result_text(result, "flush", disk->has_flush ? "flush" : NULL);
	result_text(result, "discard", disk->has_discard ? "discard" : NULL);
	if (identity) {
		put_name(result, "label", identity->label);
		put_name(result, "uuid", identity->uuid);
		put_name(result, "part_label", identity->part_label);
		put_name(result, "part_uuid", identity->part_uuid);
	}
	result_close_row(result);
}

static int list_disks(bool is_json)
{
	static const struct result_shape shape = {
		"Name                 Size  Unit Flags",
		"{name:-12} {size} {sector_size:5} {access}{flush?,}"
		"{discard?,}{label? LABEL=}{uuid? UUID=}"
		"{part_label? PARTLABEL=}{part_uuid? PARTUUID=}",
	};
	const struct block_device *disk = NULL;
	struct result *result = result_begin(is_json);

	result_open_list(result, NULL, &shape);
	while ((disk = block_next(disk)))
		put_disk(result, disk);
	result_close_list(result);
	return COMMAND_DONE;
}

/* Work on whole disks ----------------------------------------------------- */

enum piece_state {
	PIECE_FREE,
	PIECE_READING,
	PIECE_READ,
	PIECE_WRITING
};

struct job {
	struct block_device *from, *to; /* to: NULL for a check */
	uint64_t next, done;            /* sectors */
	uint32_t piece_sectors;
	unsigned int errors, in_flight;
	uint32_t crc;
	struct piece {
		struct job *job;
		enum piece_state state;
		struct block_request request;
		struct block_segment segments[PIECE_PAGES];
	} pieces[PIECES];
};

static void report(struct job *job, const struct block_device *disk,
		   const struct block_request *request, int error)
{
	if (job->errors++ < 8)
		cli_print(
			"error: %s: sectors %lu to %lu: %s (%d)\n", disk->name,
			(unsigned long)request->sector,
			(unsigned long)(request->sector + request->sectors - 1),
			tk_errno_text(error), error);
}

static void piece_done(struct block_request *request, int error)
{
	struct piece *piece = request->context;
	struct job *job = piece->job;
	bool was_read = piece->state == PIECE_READING;

	job->in_flight--;
	if (error)
		report(job, was_read ? job->from : job->to, request, error);
	piece->state = was_read && !error ? PIECE_READ : PIECE_FREE;
	if (piece->state == PIECE_FREE)
		job->done += request->sectors;
}

static void start_piece(struct piece *piece, struct block_device *disk,
			enum block_op op)
{
	piece->state = op == BLOCK_READ ? PIECE_READING : PIECE_WRITING;
	piece->request.op = op;
	piece->job->in_flight++;
	block_submit(disk, &piece->request);
}

/* The piece is free: it gets the next part of the disk, if there is one. */
static void read_next(struct piece *piece)
{
	struct job *job = piece->job;
	uint64_t left = job->from->sectors - job->next;
	uint32_t n =
		left < job->piece_sectors ? (uint32_t)left : job->piece_sectors;
	unsigned int i;

	if (n == 0)
		return;
	piece->request.sector = job->next;
	piece->request.sectors = n;
	job->next += n;
	for (i = 0; n > 0; i++) {
		uint32_t part = n < BLOCK_PAGE_SECTORS ? n : BLOCK_PAGE_SECTORS;

		piece->segments[i].bytes = part * BLOCK_SECTOR;
		n -= part;
	}
	piece->request.segment_count = i;
	start_piece(piece, job->from, BLOCK_READ);
}

static void add_to_crc(struct piece *piece)
{
	unsigned int i;

	for (i = 0; i < piece->request.segment_count; i++)
		piece->job->crc =
			crc32_add(piece->job->crc, piece->segments[i].va,
				  piece->segments[i].bytes);
	piece->job->done += piece->request.sectors;
	piece->state = PIECE_FREE;
}

static bool make_pieces(struct job *job)
{
	unsigned int i, page;

	for (i = 0; i < PIECES; i++) {
		struct piece *piece = &job->pieces[i];

		piece->job = job;
		piece->request.segments = piece->segments;
		piece->request.done = piece_done;
		piece->request.context = piece;
		for (page = 0; page < PIECE_PAGES; page++) {
			struct block_segment *s = &piece->segments[page];

			s->va = block_page_alloc(&s->maddr);
			if (!s->va)
				return false;
		}
	}
	return true;
}

static void free_pieces(struct job *job)
{
	unsigned int i, page;

	for (i = 0; i < PIECES; i++) {
		for (page = 0; page < PIECE_PAGES; page++) {
			if (job->pieces[i].segments[page].va)
				block_page_free(
					job->pieces[i].segments[page].va);
		}
	}
	free(job);
}

static uint32_t piece_limit(uint32_t sectors, const struct block_device *disk)
{
	uint32_t most = disk->max_segments * BLOCK_PAGE_SECTORS;

	if (disk->max_sectors < most)
		most = disk->max_sectors & ~(BLOCK_PAGE_SECTORS - 1);
	return most < sectors ? most : sectors;
}

static bool is_busy(const struct job *job)
{
	unsigned int i = 0;

	while (i < PIECES && job->pieces[i].state == PIECE_FREE)
		i++;
	return i < PIECES;
}

static void advance(struct piece *piece, bool stopped)
{
	struct job *job = piece->job;

	if (piece->state == PIECE_READ && job->to)
		start_piece(piece, job->to, BLOCK_WRITE);
	else if (piece->state == PIECE_READ)
		add_to_crc(piece);
	if (piece->state == PIECE_FREE && !stopped)
		read_next(piece);
}

static bool is_on_its_way(const struct piece *piece)
{
	return piece->state == PIECE_READING || piece->state == PIECE_WRITING;
}

/* Waits for the piece that is next in the disk's order. */
static void wait_for(const struct piece *piece)
{
	block_kick(piece->job->from);
	if (piece->job->to)
		block_kick(piece->job->to);
	if (is_on_its_way(piece))
		cli_wait();
}

static void run_pieces(struct job *job)
{
	bool stopped = false;
	unsigned int at = 0;

	while ((!stopped && job->next < job->from->sectors) || is_busy(job)) {
		if (is_on_its_way(&job->pieces[at])) {
			wait_for(&job->pieces[at]);
			stopped = stopped || cli_interrupted();
		} else {
			advance(&job->pieces[at], stopped);
			at = (at + 1) % PIECES;
		}
	}
}

static int run_job(struct block_device *from, struct block_device *to,
		   void (*end)(struct job *job))
{
	struct job *job = calloc(1, sizeof(*job));
	uint64_t began = tk_clock_ns();
	unsigned long ms;
	int status;

	if (!job || !make_pieces(job)) {
		if (job)
			free_pieces(job);
		return call_fail("out of memory");
	}
	job->from = from;
	job->to = to;
	job->piece_sectors =
		piece_limit(PIECE_PAGES * BLOCK_PAGE_SECTORS, from);
	if (to)
		job->piece_sectors = piece_limit(job->piece_sectors, to);
	run_pieces(job);
	end(job);
	ms = (unsigned long)((tk_clock_ns() - began) / 1000000);
	cli_print("%lu of %lu sectors, %u errors, %lu.%03lu s\n",
		  (unsigned long)job->done, (unsigned long)from->sectors,
		  job->errors, ms / 1000, ms % 1000);
	status = job->done == from->sectors && !job->errors ? COMMAND_DONE
							    : COMMAND_FAILED;
	free_pieces(job);
	return status;
}

static void end_check(struct job *job)
{
	if (!job->errors && job->done == job->from->sectors)
		cli_print("%s: CRC-32 %08x\n", job->from->name,
			  (unsigned int)job->crc);
}

/* One request without data, to its end; says what went wrong. */
static void run_simple(struct job *job, struct block_device *disk,
		       enum block_op op, uint32_t sectors)
{
	struct piece *piece = &job->pieces[0];

	piece->request.sector = 0;
	piece->request.sectors = sectors;
	piece->request.segment_count = 0;
	start_piece(piece, disk, op);
	block_kick(disk);
	while (job->in_flight > 0)
		cli_wait();
}

static void end_copy(struct job *job)
{
	uint64_t done = job->done;

	if (job->to->has_flush)
		run_simple(job, job->to, BLOCK_FLUSH, 0);
	job->done = done;
}

static int copy_disk(struct block_device *from, struct block_device *to)
{
	if (from == to)
		return call_fail("these are the same disk");
	if (to->read_only)
		return call_fail("%s is read-only", to->name);
	if (to->sectors < from->sectors)
		return call_fail("%s is smaller than %s", to->name, from->name);
	if (from->sectors % (to->sector_size / BLOCK_SECTOR) != 0)
		return call_fail("%s has larger sectors", to->name);
	return run_job(from, to, end_copy);
}

static int discard_disk(struct block_device *disk)
{
	struct job *job = calloc(1, sizeof(*job));
	uint32_t unit = disk->sector_size / BLOCK_SECTOR;
	uint64_t most = UINT32_MAX / unit * unit;
	unsigned int errors;

	if (!job)
		return call_fail("out of memory");
	job->to = job->from = disk;
	job->pieces[0].job = job;
	job->pieces[0].request.done = piece_done;
	job->pieces[0].request.context = &job->pieces[0];
	run_simple(job, disk, BLOCK_DISCARD,
		   (uint32_t)(disk->sectors < most ? disk->sectors : most));
	errors = job->errors;
	free(job);
	return errors ? COMMAND_FAILED : COMMAND_DONE;
}

/* The verb ---------------------------------------------------------------- */

static struct block_device *find_disk(const char *name)
{
	struct block_device *disk = block_resolve(name);

	if (!disk)
		call_fail("no disk %s", name);
	return disk;
}

enum {
	OPTION_CHECK = OPTION_LONG(0),
	OPTION_COPY = OPTION_LONG(1),
	OPTION_DISCARD = OPTION_LONG(2),
};

static const struct command_option disks_options[] = {
	{ OPTION_CHECK, "check", "NAME" },
	{ OPTION_COPY, "copy", "FROM" },
	{ OPTION_DISCARD, "discard", "NAME" },
	{ 0 },
};

static int copy_named(const char *from, const char *to)
{
	struct block_device *source = find_disk(from);
	struct block_device *target = source ? find_disk(to) : NULL;

	return target ? copy_disk(source, target) : COMMAND_FAILED;
}

static int run_disks(struct command_call *call)
{
	const char *check = call_value(call, OPTION_CHECK);
	const char *copy = call_value(call, OPTION_COPY);
	const char *discard = call_value(call, OPTION_DISCARD);
	struct block_device *disk;

	if ((check != NULL) + (copy != NULL) + (discard != NULL) > 1 ||
	    call->count != (copy ? 1 : 0))
		return call_usage(call, "one of these, with its names");
	if (copy)
		return copy_named(copy, call->words[0]);
	if (!check && !discard)
		return list_disks(call->json);
	disk = find_disk(check ? check : discard);
	if (!disk)
		return COMMAND_FAILED;
	return check ? run_job(disk, NULL, end_check) : discard_disk(disk);
}

const struct command disk_commands[] = {
	{ .name = "disks",
	  .arguments = "[--check NAME | --copy FROM TO | --discard NAME]",
	  .help = "the disks; read one through, overwrite or empty one",
	  .example = "disks",
	  .options = disks_options,
	  .max_words = 1,
	  .reads = true,
	  .run = run_disks },
	{ 0 },
};
