/* SPDX-License-Identifier: MIT */
/*
 * A front end that does anything: requests, indices, states, keys and grants
 * as the bytes say, in any order, with a disk that answers when they say so.
 * Nothing may crash, no page that is not granted may be touched (such an
 * address is not mapped), and in the end nothing may be held.
 *
 * Input: steps, each a byte that chooses from steps[] and the bytes it takes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <pvguest/mm.h>

#include "backends/blk_source.h"
#include "backends/blkback.h"
#include "backends/fake_pv.h"
#include "check.h"
#include "xenstore/local.h"

#define OWN   "/local/domain/0/backend/vbd/5/51712"
#define FRONT "/local/domain/5/device/vbd/51712"

#define RING_REF  10u
#define DATA_PAGE 32u
#define DATA_REFS 64u
#define LATE_MAX  600u

struct input {
	const uint8_t *at, *end;
};

static uint8_t byte(struct input *in)
{
	return in->at < in->end ? *in->at++ : 0;
}

static void bytes(struct input *in, void *to, size_t size)
{
	size_t left = (size_t)(in->end - in->at);
	size_t n = size < left ? size : left;

	memset(to, 0, size);
	memcpy(to, in->at, n);
	in->at += n;
}

/* A disk that answers late, and one that does so at once ----------------- */

static struct block_request *waiting[LATE_MAX];
static size_t n_waiting;
static uint8_t contents[64 * 512];

static void check_segments(const struct block_request *request)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = 0; i < request->segment_count; i++) {
		const struct block_segment *segment = &request->segments[i];

		FUZZ_CHECK(segment->bytes && segment->bytes % 512 == 0);
		FUZZ_CHECK(segment->maddr % 4096 + segment->bytes <= 4096);
		FUZZ_CHECK((uintptr_t)segment->va % 4096 ==
			   segment->maddr % 4096);
		sum += segment->bytes;
	}
	FUZZ_CHECK(sum == request->sectors * 512ULL);
}

static void late_submit(struct block_device *device,
			struct block_request *request)
{
	(void)device;
	FUZZ_CHECK(n_waiting < LATE_MAX);
	if (request->op == BLOCK_READ || request->op == BLOCK_WRITE)
		check_segments(request);
	waiting[n_waiting++] = request;
}

static const struct block_ops late_ops = { .submit = late_submit };

static struct block_device late_disk = {
	.name = "late0",
	.sectors = 64,
	.sector_size = 512,
	.max_sectors = 1024,
	.max_segments = 64,
	.has_flush = true,
	.has_discard = true,
	.ops = &late_ops,
};

static void transfer(const struct block_request *request)
{
	uint8_t *at = contents + request->sector * 512;
	unsigned int i;

	for (i = 0; i < request->segment_count; i++) {
		const struct block_segment *segment = &request->segments[i];

		if (request->op == BLOCK_READ)
			memcpy(segment->va, at, segment->bytes);
		else
			memcpy(at, segment->va, segment->bytes);
		at += segment->bytes;
	}
}

static void complete(size_t index, int error)
{
	struct block_request *request = waiting[index];

	memmove(waiting + index, waiting + index + 1,
		(--n_waiting - index) * sizeof(waiting[0]));
	if (request->op == BLOCK_READ || request->op == BLOCK_WRITE)
		transfer(request);
	request->done(request, error);
}

/* Steps ------------------------------------------------------------------- */

static void put(const char *directory, const char *key, const char *value)
{
	char path[XS_PATH_SIZE];

	snprintf(path, sizeof(path), "%s/%s", directory, key);
	xs_local_write(path, value);
}

static struct pv_ring_shared *shared(void)
{
	return fake_guest_page(0);
}

static void *slot(uint32_t index)
{
	return (uint8_t *)fake_guest_page(0) + 64 + (index % 32) * 112;
}

static void run(void)
{
	int rounds = 0;

	while (fake_run_events())
		FUZZ_CHECK(++rounds < 100);
}

static void step_raw_request(struct input *in)
{
	bytes(in, slot(shared()->req_prod), 112);
	shared()->req_prod++;
}

/* One that is right but for what the bytes make wrong. */
static void step_request(struct input *in)
{
	struct blkif_request request = { .operation = byte(in) % 8,
					 .nr_segments = byte(in) % 13,
					 .id = 0x0123456789abcdef,
					 .sector_number = byte(in) % 70 };
	unsigned int i;

	for (i = 0; i < request.nr_segments && i < 11; i++) {
		request.seg[i].gref = DATA_PAGE + byte(in) % 66;
		request.seg[i].first_sect = byte(in) % 9;
		request.seg[i].last_sect = byte(in) % 9;
	}
	memcpy(slot(shared()->req_prod++), &request, sizeof(request));
}

static void step_indirect(struct input *in)
{
	struct blkif_request_indirect request = {
		.operation = BLKIF_OP_INDIRECT,
		.indirect_op = byte(in) % 4,
		.nr_segments = byte(in) % 40,
		.sector_number = byte(in) % 70,
		.indirect_grefs = { DATA_PAGE + byte(in) % 66 },
	};

	memcpy(slot(shared()->req_prod++), &request, sizeof(request));
}

static void step_req_prod(struct input *in)
{
	bytes(in, &shared()->req_prod, 4);
}

static void step_header(struct input *in)
{
	bytes(in, shared(), 16);
}

static void step_notify(struct input *in)
{
	fake_guest_notify(byte(in) % 8);
	run();
}

static void step_state(struct input *in)
{
	char text[4];

	snprintf(text, sizeof(text), "%u", byte(in) % 10);
	put(FRONT, "state", text);
}

static void step_complete(struct input *in)
{
	uint8_t which = byte(in);

	if (n_waiting)
		complete(which % n_waiting, byte(in) % 4 ? 0 : -5);
	run();
}

static void step_grant(struct input *in)
{
	uint32_t ref = DATA_PAGE + byte(in) % DATA_REFS;
	uint8_t how = byte(in) % 4;

	if (how == 0)
		fake_revoke(ref);
	else if (fake_revoke(ref))
		fake_grant(ref, ref, how > 1);
}

static void step_data(struct input *in)
{
	char *page = fake_guest_page(DATA_PAGE + byte(in) % DATA_REFS);

	bytes(in, page + byte(in) * 8, 64);
}

static void step_key(struct input *in)
{
	static const char *const keys[] = {
		"ring-ref",           "event-channel",
		"ring-page-order",    "ring-ref0",
		"ring-ref1",          "multi-queue-num-queues",
		"queue-0/ring-ref",   "queue-0/event-channel",
		"queue-1/ring-ref",   "queue-1/event-channel",
		"feature-persistent", "protocol",
	};
	static const char *const values[] = {
		"0",  "1",  "2",           "4",  "5", "10",         "11",
		"12", "13", "99999999999", "-1", "",  "x86_64-abi", "\n",
	};
	uint8_t key = byte(in) % (sizeof(keys) / sizeof(keys[0]));
	uint8_t value = byte(in) % (sizeof(values) / sizeof(values[0]));

	put(FRONT, keys[key], values[value]);
}

static void step_front_gone(struct input *in)
{
	xs_local_rm(byte(in) % 2 ? FRONT : FRONT "/state");
}

static void step_limits(struct input *in)
{
	fake_pv.maps_left = byte(in);
	fake_pv.pages_left = byte(in);
}

static void (*const steps[])(struct input *in) = {
	step_raw_request, step_request, step_indirect, step_req_prod,
	step_header,      step_notify,  step_state,    step_complete,
	step_grant,       step_data,    step_key,      step_front_gone,
	step_limits,      step_request, step_indirect, step_notify,
};

/* Begin and end ----------------------------------------------------------- */

static void begin(uint8_t how)
{
	unsigned int i;

	fake_pv_start();
	n_waiting = 0;
	for (i = 0; i < 4; i++)
		fake_grant(RING_REF + i, i, true);
	for (i = 0; i < DATA_REFS; i++)
		fake_grant(DATA_PAGE + i, DATA_PAGE + i, true);
	put(FRONT, "state", "1");
	put(OWN, "online", "1");
	put(OWN, "type", how & 1 ? "phy" : "ram");
	put(OWN, "params", how & 1 ? "late0" : how & 8 ? "32K/4096" : "32K");
	put(OWN, "contents", "1/xvda");
	put(OWN, "mode", how & 2 ? "r" : "w");
	put(OWN, "state", "1");
	memset(fake_guest_page(0), 0, 4096);
	shared()->req_event = shared()->rsp_event = 1;
	put(FRONT, "ring-ref", "10");
	put(FRONT, "event-channel", "4");
	put(FRONT, "feature-persistent", how & 4 ? "1" : "0");
	put(FRONT, "state", "4");
	run();
}

static void end(void)
{
	xs_local_rm(OWN);
	xs_local_rm(FRONT);
	while (n_waiting)
		complete(n_waiting - 1, 0);
	blk_source_forget("1/xvda");
	FUZZ_CHECK(!backend_next(NULL));
	FUZZ_CHECK(fake_pv_is_clean());
	fake_pv_end();
}

int LLVMFuzzerInitialize(int *argc, char ***argv);

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	FUZZ_CHECK(!backend_register(&blkback_type));
	block_register(&late_disk);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, data + size };
	int left = 400;

	begin(byte(&in));
	while (in.at < in.end && left--)
		steps[byte(&in) % (sizeof(steps) / sizeof(steps[0]))](&in);
	end();
	return 0;
}
