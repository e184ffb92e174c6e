/* SPDX-License-Identifier: MIT */
/*
 * The verb `disks`: the list, and work on a whole disk, with several requests
 * on their way at once. The pieces of a disk are a ring of buffers; each is
 * read, then counted into the checksum or written elsewhere, in order.
 */
#include "cli/disk_commands.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/cli.h"
#include "drivers/block_device.h"
#include "drivers/block_sync.h"
#include "drivers/crc32.h"
#include "drivers/partition.h"
#include "toolstack/error.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"

#define PIECES      16
#define PIECE_PAGES 16
#define CONTROL_C   3

/* The list ---------------------------------------------------------------- */

static void print_size(uint64_t sectors)
{
	static const char *const units[] = { "KiB", "MiB", "GiB", "TiB" };
	uint64_t kib = sectors / 2, tenths;
	unsigned int unit = 0;

	tenths = kib * 10;
	while (tenths >= 10240 && unit < 3) {
		tenths /= 1024;
		unit++;
	}
	cli_print("%6lu.%lu %s", (unsigned long)(tenths / 10),
		  (unsigned long)(tenths % 10), units[unit]);
}

static void print_name(const char *kind, const char *name)
{
	if (*name)
		cli_print(" %s=%s", kind, name);
}

static void print_disk(const struct block_device *disk)
{
	const struct block_identity *identity = block_identity(disk);

	cli_print("%-12s ", disk->name);
	print_size(disk->sectors);
	cli_print(" %5u %s%s%s", disk->sector_size,
		  disk->read_only ? "ro" : "rw",
		  disk->has_flush ? ",flush" : "",
		  disk->has_discard ? ",discard" : "");
	if (identity) {
		print_name("LABEL", identity->label);
		print_name("UUID", identity->uuid);
		print_name("PARTLABEL", identity->part_label);
		print_name("PARTUUID", identity->part_uuid);
	}
	cli_print("\n");
}

static void list_disks(void)
{
	const struct block_device *disk = NULL;

	cli_print("%-12s %12s %5s %s\n", "Name", "Size", "Unit", "Flags");
	while ((disk = block_next(disk)))
		print_disk(disk);
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

static bool stop_was_typed(void)
{
	int byte;

	while ((byte = cli_input()) >= 0) {
		if (byte == CONTROL_C)
			return true;
	}
	return false;
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
			stopped = stopped || stop_was_typed();
		} else {
			advance(&job->pieces[at], stopped);
			at = (at + 1) % PIECES;
		}
	}
}

static void run_job(struct block_device *from, struct block_device *to,
		    void (*end)(struct job *job))
{
	struct job *job = calloc(1, sizeof(*job));
	uint64_t began = tk_clock_ns();
	unsigned long ms;

	if (!job || !make_pieces(job)) {
		cli_print("error: out of memory\n");
		if (job)
			free_pieces(job);
		return;
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
	free_pieces(job);
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

static void copy_disk(struct block_device *from, struct block_device *to)
{
	if (from == to)
		cli_print("error: these are the same disk\n");
	else if (to->read_only)
		cli_print("error: %s is read-only\n", to->name);
	else if (to->sectors < from->sectors)
		cli_print("error: %s is smaller than %s\n", to->name,
			  from->name);
	else if (from->sectors % (to->sector_size / BLOCK_SECTOR) != 0)
		cli_print("error: %s has larger sectors\n", to->name);
	else
		run_job(from, to, end_copy);
}

static void discard_disk(struct block_device *disk)
{
	struct job *job = calloc(1, sizeof(*job));
	uint32_t unit = disk->sector_size / BLOCK_SECTOR;
	uint64_t most = UINT32_MAX / unit * unit;

	if (!job)
		return;
	job->to = job->from = disk;
	job->pieces[0].job = job;
	job->pieces[0].request.done = piece_done;
	job->pieces[0].request.context = &job->pieces[0];
	run_simple(job, disk, BLOCK_DISCARD,
		   (uint32_t)(disk->sectors < most ? disk->sectors : most));
	free(job);
}

/* The verb ---------------------------------------------------------------- */

static struct block_device *find_disk(const char *name)
{
	struct block_device *disk = block_resolve(name);

	if (!disk)
		cli_print("error: no disk %s\n", name);
	return disk;
}

void run_disks(int count, char **words)
{
	struct block_device *disk, *other;

	if (count == 1) {
		list_disks();
		return;
	}
	if (count == 3 && strcmp(words[1], "--check") == 0) {
		disk = find_disk(words[2]);
		if (disk)
			run_job(disk, NULL, end_check);
	} else if (count == 4 && strcmp(words[1], "--copy") == 0) {
		disk = find_disk(words[2]);
		other = disk ? find_disk(words[3]) : NULL;
		if (other)
			copy_disk(disk, other);
	} else if (count == 3 && strcmp(words[1], "--discard") == 0) {
		disk = find_disk(words[2]);
		if (disk)
			discard_disk(disk);
	} else {
		cli_print("error: usage: disks [--check NAME | "
			  "--copy FROM TO | --discard NAME]\n");
	}
}
