/* SPDX-License-Identifier: MIT */
/*
 * Random requests in and out of transactions, against a store so simple that
 * it is right by inspection. A transaction that commits must be one step: all
 * that it was told inside must be true at the moment of its commit. So its
 * requests are kept, and asked again of the simple store when it commits.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "ring_client.h"

#define NODES     7 /* data, then a binary tree of depth two below it */
#define OPEN_MAX  3
#define LOG_MAX   64
#define STEPS     60000
#define VALUE_MAX 8

static struct guest *const guest = &guests[0];

static const char *const paths[NODES] = {
	"data",     "data/a",   "data/b",   "data/a/a",
	"data/a/b", "data/b/a", "data/b/b",
};
static const int parents[NODES] = { -1, 0, 0, 1, 1, 2, 2 };

struct model {
	bool exists[NODES];
	char values[NODES][VALUE_MAX];
};

struct step {
	uint32_t kind;
	int node;
	char value[VALUE_MAX];
	char answer[64];
};

static struct open {
	bool is_open;
	uint32_t id;
	unsigned int changes_before;
	struct step log[LOG_MAX];
	unsigned int n_steps;
} open_ones[OPEN_MAX];

static struct model now;
static unsigned int n_changes; /* outside, and by commits */
static uint64_t random_state = 1;

static unsigned int random_below(unsigned int limit)
{
	random_state = random_state * 6364136223846793005ull + 1;
	return (unsigned int)(random_state >> 33) % limit;
}

/* The simple store ------------------------------------------------------- */

static void model_write(struct model *model, int node, const char *value,
			bool keep)
{
	if (!model->exists[node] || !keep)
		snprintf(model->values[node], VALUE_MAX, "%s", value);
	for (; node >= 0 && !model->exists[node]; node = parents[node])
		model->exists[node] = true;
}

static void model_rm(struct model *model, int top)
{
	int node;

	for (node = top; node < NODES; node++) {
		bool below = node == top ||
			     (parents[node] >= 0 && parents[node] >= top &&
			      !model->exists[parents[node]] &&
			      (parents[node] == top ||
			       parents[parents[node]] == top));

		if (!below)
			continue;
		model->exists[node] = false;
		model->values[node][0] = '\0';
	}
}

static void model_do(struct model *model, const struct step *step,
		     char answer[64])
{
	bool exists = model->exists[step->node];
	int parent = parents[step->node];

	strcpy(answer, "OK");
	if (step->kind == XS_WRITE)
		model_write(model, step->node, step->value, false);
	else if (step->kind == XS_MKDIR)
		model_write(model, step->node, "", true);
	else if (step->kind == XS_READ)
		strcpy(answer, exists ? model->values[step->node] : "ENOENT");
	else if (exists)
		model_rm(model, step->node);
	else if (parent >= 0 && !model->exists[parent])
		strcpy(answer, "ENOENT");
}

/* The real one ----------------------------------------------------------- */

static void real_do(struct step *step, uint32_t transaction)
{
	char text[64];
	size_t size =
		(size_t)snprintf(text, sizeof(text), "%s", paths[step->node]) +
		1;

	if (step->kind == XS_WRITE)
		size += (size_t)snprintf(text + size, sizeof(text) - size, "%s",
					 step->value);
	ask_sized(guest, step->kind, transaction, text, size);
	CHECK(header.len < sizeof(step->answer));
	memcpy(step->answer, payload, header.len + 1);
}

static struct step random_step(void)
{
	static const uint32_t kinds[] = { XS_WRITE, XS_READ, XS_READ, XS_MKDIR,
					  XS_RM };
	struct step step = { .kind = kinds[random_below(5)] };

	/* "data" itself stays: below it the guest could not make it again. */
	step.node = 1 + (int)random_below(NODES - 1);
	snprintf(step.value, VALUE_MAX, "%u", random_below(100));
	return step;
}

static void step_outside(void)
{
	struct step step = random_step();
	char expected[64];

	real_do(&step, 0);
	model_do(&now, &step, expected);
	CHECK_TEXT(step.answer, expected);
	n_changes += step.kind != XS_READ;
}

static void begin(struct open *open)
{
	ask(guest, XS_TRANSACTION_START, 0, "");
	memset(open, 0, sizeof(*open));
	open->is_open = true;
	open->id = (uint32_t)strtoul(payload, NULL, 10);
	open->changes_before = n_changes;
}

static void end_with(struct open *open, const char *how)
{
	struct model after = now;
	unsigned int i;

	open->is_open = false;
	ask_sized(guest, XS_TRANSACTION_END, open->id, how, 2);
	if (*how == 'F') {
		CHECK_TEXT(payload, "OK");
		return;
	}
	if (!strcmp(payload, "EAGAIN")) {
		CHECK(n_changes != open->changes_before);
		return;
	}
	CHECK_TEXT(payload, "OK");
	for (i = 0; i < open->n_steps; i++) {
		char expected[64];

		model_do(&after, &open->log[i], expected);
		CHECK_TEXT(open->log[i].answer, expected);
	}
	now = after;
	n_changes++;
}

static void step_inside(struct open *open)
{
	if (!open->is_open)
		begin(open);
	else if (open->n_steps == LOG_MAX || !random_below(6))
		end_with(open, random_below(4) ? "T" : "F");
	else {
		struct step *step = &open->log[open->n_steps++];

		*step = random_step();
		real_do(step, open->id);
	}
}

static void test_random_requests(void)
{
	unsigned int i;

	guests_start();
	memset(&now, 0, sizeof(now));
	now.exists[0] = true;
	for (i = 0; i < STEPS; i++) {
		if (random_below(8))
			step_inside(&open_ones[random_below(OPEN_MAX)]);
		else
			step_outside();
	}
	guests_end();
}

static const struct test tests[] = {
	TEST(test_random_requests),
};

int main(void)
{
	return RUN_TESTS(tests);
}
