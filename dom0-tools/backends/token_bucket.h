/* SPDX-License-Identifier: MIT */
/*
 * A limit on bytes in time: a bucket of tokens, one a byte, that fills at a
 * steady rate. Whoever has any may send, whatever the size of his packet, and
 * gets into debt; with debts he waits. So no packet is too large to be sent,
 * and none has to be looked at before it is taken.
 *
 * Pure: the time is the caller's, who also takes the tokens away.
 */
#ifndef BACKENDS_TOKEN_BUCKET_H
#define BACKENDS_TOKEN_BUCKET_H

#include <stdbool.h>
#include <stdint.h>

struct token_bucket {
	uint64_t rate; /* bytes a second; 0: no limit */
	int64_t size;  /* bytes that may be saved up */
	int64_t tokens;
	uint64_t rest;      /* millionths of a token */
	uint64_t filled_us; /* up to when `tokens` is right */
};

/* `rate` up to 2^40; the bucket holds what comes in during `interval_us`. */
void token_bucket_init(struct token_bucket *bucket, uint64_t rate,
		       uint64_t interval_us, uint64_t now_ns);

/* Fills it; true when `tokens` is 0 or more then. */
bool token_bucket_ready(struct token_bucket *bucket, uint64_t now_ns);

/* When it will be ready. */
uint64_t token_bucket_when(const struct token_bucket *bucket);

#endif /* BACKENDS_TOKEN_BUCKET_H */
