/* SPDX-License-Identifier: MIT */
/* Limits on bytes in time: token_bucket.h. Counts in microseconds. */
#include "backends/token_bucket.h"

#define SECOND_US 1000000u
#define NO_LIMIT  INT64_MAX

void token_bucket_init(struct token_bucket *bucket, uint64_t rate,
		       uint64_t interval_us, uint64_t now_ns)
{
	if (interval_us > SECOND_US)
		interval_us = SECOND_US;
	bucket->rate = rate;
	bucket->size = (int64_t)(rate * interval_us / SECOND_US);
	bucket->tokens = bucket->size;
	bucket->rest = 0;
	bucket->filled_us = now_ns / 1000;
}

static void fill(struct token_bucket *bucket, uint64_t now_us)
{
	uint64_t us = now_us - bucket->filled_us;
	uint64_t missing = (uint64_t)(bucket->size - bucket->tokens);
	uint64_t credit;

	bucket->filled_us = now_us;
	/* Long enough for all; else the product fits in 64 bits. */
	if (us / SECOND_US > missing / bucket->rate) {
		bucket->tokens = bucket->size;
		return;
	}
	credit = bucket->rate * us + bucket->rest;
	bucket->rest = credit % SECOND_US;
	bucket->tokens += (int64_t)(credit / SECOND_US);
	if (bucket->tokens > bucket->size)
		bucket->tokens = bucket->size;
}

bool token_bucket_ready(struct token_bucket *bucket, uint64_t now_ns)
{
	if (bucket->rate == 0)
		bucket->tokens = NO_LIMIT;
	else
		fill(bucket, now_ns / 1000);
	return bucket->tokens >= 0;
}

/* Divisions round down: one microsecond more. */
uint64_t token_bucket_when(const struct token_bucket *bucket)
{
	uint64_t missing = bucket->tokens < 0 ? (uint64_t)-bucket->tokens : 0;

	if (bucket->rate == 0)
		return 0;
	return (bucket->filled_us + 1 + missing * SECOND_US / bucket->rate) *
	       1000;
}
