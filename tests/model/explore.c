/* SPDX-License-Identifier: MIT */
/*
 * The search: from each state every step that could come next, each state
 * once. Depth first; to try the next step of a state it is copied back, stacks
 * of the coroutines included.
 *
 * Two states are one if all that can make a difference is equal: epochs count
 * by their order, dead parts of structures and lists without meaning do not.
 * How often either vCPU may ask, translations be fetched and calls preempted is
 * limited and part of the state: within these limits nothing is left out. A
 * visited state is known by 64 bits of hash.
 *
 *   explore [--states N] SCENARIO    without one: their names
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "model.h"

#define DEPTH_MAX 4000
#define ARENA     (64ul << 20)

/* One thing that may happen next. */
struct step {
	enum {
		STEP_START,
		STEP_GO,
		STEP_YES,
		STEP_INTERRUPT,
		STEP_FILL,
	} kind;
	uint8_t actor, arg;
};

#define STEPS_MAX 256

struct level {
	size_t state; /* in the arena */
	unsigned int next;
	struct step step; /* the one taken last */
	const char *file;
	int line;
};

static const struct scenario *scenario;
static const struct region *regions;
static struct level levels[DEPTH_MAX];
static unsigned int depth;
static uint8_t *arena;
static size_t arena_used;
static uint64_t limit = ~0ull;
static uint64_t states, transitions;
static unsigned int deepest;

/* Reports. */

static void step_print(const struct level *l)
{
	const struct op *menu = scenario->menu[l->step.actor];

	printf("  CPU %u: ", l->step.actor);
	switch (l->step.kind) {
	case STEP_START:
		op_print(&menu[l->step.arg]);
		break;
	case STEP_GO:
		printf("goes on");
		break;
	case STEP_YES:
		printf("yes");
		break;
	case STEP_INTERRUPT:
		printf("takes the flush interrupt");
		break;
	case STEP_FILL:
		printf("fetches address %u", l->step.arg);
		break;
	}
	if (l->file)
		printf(" -> %s:%d", l->file, l->line);
	printf("\n");
}

noreturn_fn void violated(const char *what)
{
	printf("not ok %s: %s (after %lu states)\n",
	       scenario ? scenario->name : "set-up", what, states);
	for (unsigned int i = 0; i < depth; i++)
		step_print(&levels[i]);
	for (unsigned int a = 0; a < ACTORS; a++)
		if (world.actors[a].sp)
			printf("  CPU %u is at %s:%d\n", a,
			       world.actors[a].file, world.actors[a].line);
	fflush(stdout);
	_Exit(1);
}

/* States. */

static size_t stack_used(unsigned int a)
{
	const uint8_t *sp = world.actors[a].sp;

	return sp ? (size_t)(stacks[a] + sizeof(stacks[a]) - sp) : 0;
}

/* The stacks' places are known from what was saved before them. */
static size_t state_copy(uint8_t *to, const uint8_t *from)
{
	size_t at = 0;

	for (const struct region *r = regions; r->at; r++) {
		memcpy(to ? to + at : r->at, to ? r->at : from + at, r->size);
		at += r->size;
	}
	for (unsigned int a = 0; a < ACTORS; a++) {
		size_t n = stack_used(a);
		uint8_t *stack = stacks[a] + sizeof(stacks[a]) - n;

		memcpy(to ? to + at : stack, to ? stack : from + at, n);
		at += n;
	}
	return at;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
	unsigned __int128 m =
		(unsigned __int128)(h ^ v) * 0x9e3779b97f4a7c15ull;

	return (uint64_t)(m >> 64) + (uint64_t)m * 0xd6e8feb86659fd93ull;
}

static uint64_t mix_bytes(uint64_t h, const void *p, size_t n)
{
	const uint8_t *b = p;
	uint64_t word;

	for (; n >= 8; n -= 8, b += 8) {
		memcpy(&word, b, 8);
		h = mix(h, word);
	}
	word = 0;
	memcpy(&word, b, n);
	return mix(h, word + n);
}

/* Epochs matter by their order only. */
#define EPOCHS (MODELLED + ACTORS + 1)

static uint64_t mix_epochs(uint64_t h)
{
	uint64_t e[EPOCHS], sorted[EPOCHS];
	unsigned int n = 0;

	for (unsigned int f = 0; f < MODELLED; f++)
		e[n++] = frame_table[f].stamp;
	for (unsigned int a = 0; a < ACTORS; a++)
		e[n++] = cpus[a].tlb_epoch;
	e[n++] = core_clock();
	for (unsigned int i = 0; i < n; i++) {
		unsigned int k = i;

		for (; k && sorted[k - 1] > e[i]; k--)
			sorted[k] = sorted[k - 1];
		sorted[k] = e[i];
	}
	for (unsigned int i = 0; i < n; i++) {
		unsigned int rank = 0;

		for (unsigned int k = 1; k < n && sorted[k - 1] < e[i]; k++)
			rank += sorted[k] != sorted[k - 1];
		h = mix(h, rank);
	}
	return h;
}

static uint64_t mix_domain(uint64_t h, const struct domain *d)
{
	const struct walker *w = d->walker;

	h = mix(h, (uint64_t)(uint16_t)d->mmu_lock.holder << 16 |
			   (uint16_t)d->page_lock.holder);
	h = mix(h, d->tot_pages << 32 | d->refcount);
	h = mix(h, w->depth << 1 | w->demoting);
	for (unsigned int i = 0; i < w->depth; i++)
		h = mix(h, (uint64_t)w->stack[i].table ^ w->stack[i].index);
	h = mix(h, (uint64_t)w->root);
	if (w->root)
		h = mix(h, (uint64_t)w->result);
	for (unsigned int i = 0; i < 2; i++)
		h = mix(h, d->vcpu[i]->kernel_root.n);
	return h;
}

static uint64_t mix_frames(uint64_t h)
{
	const struct list *pos;

	for (unsigned int i = 0; i < MODELLED; i++) {
		const struct frame *f = &frame_table[i];

		h = mix(h, f->ref);
		h = mix(h, f->type);
		h = mix(h, (uint64_t)f->owner ^ f->state);
		h = mix(h, slots_of(i)[0]);
		h = mix(h, slots_of(i)[1]);
	}
	list_for_each(pos, core_free_list()) h = mix(h, (uint64_t)pos);
	return h;
}

static uint64_t mix_actor(uint64_t h, unsigned int i)
{
	const struct actor *a = &world.actors[i];
	const struct cpu *c = &cpus[i];
	size_t n = stack_used(i);

	h = mix_bytes(h, &a->op, sizeof(a->op));
	h = mix(h, (uint64_t)a->wants);
	h = mix(h, a->point | a->spins << 4 | a->irq_off << 2 | a->ipi << 3 |
			   a->ops_left << 8 | a->fills_left << 16 |
			   a->continued << 24);
	if (a->continued)
		h = mix_bytes(h, a->args, sizeof(a->args));
	h = mix(h, (uint64_t)a->held);
	h = mix_bytes(h, stacks[i] + sizeof(stacks[i]) - n, n);
	h = mix(h, (uint64_t)c->current ^ c->loaded_root.n);
	h = mix(h, (uint64_t)c->tlb_domain << 1 ^ c->tlb_requested);
	return mix_bytes(h, &world.tlbs[i], sizeof(world.tlbs[i]));
}

static uint64_t state_hash(void)
{
	uint64_t h = mix_epochs(1);

	h = mix_frames(h);
	h = mix_domain(h, &domain_a);
	h = mix_domain(h, &domain_b);
	for (unsigned int a = 0; a < ACTORS; a++)
		h = mix_actor(h, a);
	h = mix(h, world.preempts_left);
	return h ? h : 1;
}

/* Hashes of the visited. */

static uint64_t *visited;
static size_t visited_size;

static bool visited_put(uint64_t h)
{
	size_t i = h & (visited_size - 1);

	for (; visited[i]; i = (i + 1) & (visited_size - 1))
		if (visited[i] == h)
			return false;
	visited[i] = h;
	return true;
}

static void visited_resize(size_t size)
{
	uint64_t *old = visited;
	size_t n = visited_size;

	visited = calloc(size, sizeof(*visited));
	if (!visited)
		abort();
	visited_size = size;
	for (size_t i = 0; i < n; i++)
		if (old[i])
			visited_put(old[i]);
	free(old);
}

/* False: has been here. */
static bool visit(void)
{
	if (!visited_put(state_hash()))
		return false;
	if (++states * 2 > visited_size)
		visited_resize(visited_size * 2);
	return true;
}

/* Steps. */

/* After one more look a wait loop goes on when the other has done something. */
static bool can_go(const struct actor *a)
{
	return a->spins < 2 && !(a->wants && a->wants->holder);
}

static unsigned int steps_of_guest(unsigned int i, struct step *s)
{
	const struct actor *a = &world.actors[i];
	unsigned int n = 0;

	if (a->ipi)
		s[n++] = (struct step){ STEP_INTERRUPT, (uint8_t)i, 0 };
	for (unsigned int o = 0; scenario->menu[i][o].kind; o++) {
		bool runs = scenario->menu[i][o].kind == OP_RUN;

		if (a->ops_left && runs == !cpus[i].current)
			s[n++] = (struct step){ STEP_START, (uint8_t)i,
						(uint8_t)o };
	}
	return n;
}

static unsigned int steps_of(unsigned int i, struct step *s)
{
	const struct actor *a = &world.actors[i];
	unsigned int n = 0;

	if (!a->sp)
		return steps_of_guest(i, s);
	if (can_go(a))
		s[n++] = (struct step){ STEP_GO, (uint8_t)i, 0 };
	if (can_go(a) && a->point == POINT_QUESTION && world.preempts_left)
		s[n++] = (struct step){ STEP_YES, (uint8_t)i, 0 };
	if (a->ipi && !a->irq_off)
		s[n++] = (struct step){ STEP_INTERRUPT, (uint8_t)i, 0 };
	return n;
}

/* In a guest there is nobody who gives anything back. */
static void check_progress(unsigned int n)
{
	const struct actor *a = world.actors;

	if ((a[0].sp || a[1].sp) && !n)
		violated("nobody can go on");
	for (unsigned int i = 0; i < ACTORS; i++)
		if (a[i].sp && !a[!i].sp && !a[!i].ipi && !can_go(&a[i]) &&
		    !a[i].ipi)
			violated("waits for what a guest does");
}

static unsigned int steps_list(struct step *s)
{
	unsigned int n = steps_of(0, s);

	n += steps_of(1, s + n);
	check_progress(n);
	for (unsigned int i = 0; i < ACTORS; i++)
		for (unsigned int va = 0; va < 8; va++)
			if (world.actors[i].fills_left &&
			    scenario->addresses >> va & 1)
				s[n++] = (struct step){ STEP_FILL, (uint8_t)i,
							(uint8_t)va };
	return n;
}

static bool step_take(const struct step *s)
{
	struct actor *a = &world.actors[s->actor];
	static const struct op interrupted = { .kind = OP_FLUSHED };

	if (s->kind == STEP_FILL) {
		a->fills_left--;
		return tlb_fill(s->actor, s->arg);
	}
	world.actors[!s->actor].spins = 0;
	if (s->kind == STEP_START) {
		a->ops_left--;
		actor_start(s->actor, &scenario->menu[s->actor][s->arg]);
	} else if (s->kind == STEP_INTERRUPT && !a->sp) {
		actor_start(s->actor, &interrupted);
	} else {
		actor_resume(s->actor, s->kind == STEP_GO ? ANSWER_GO
				       : s->kind == STEP_YES
					       ? ANSWER_YES
					       : ANSWER_INTERRUPT);
	}
	return true;
}

/* The search. */

static void push(void)
{
	if (depth == DEPTH_MAX || arena_used > ARENA - 65536)
		violated("goes too deep for this program");
	levels[depth] = (struct level){ .state = arena_used };
	arena_used += state_copy(arena + arena_used, NULL);
	depth++;
	if (depth > deepest)
		deepest = depth;
}

static void check_state(void)
{
	const char *wrong;

	oracle_age();
	wrong = oracle();
	if (wrong)
		violated(wrong);
}

/* The next step of the deepest state; without one it is done with. */
static void advance(void)
{
	struct level *l = &levels[depth - 1];
	struct step steps[STEPS_MAX];

	state_copy(NULL, arena + l->state);
	if (l->next == steps_list(steps)) {
		arena_used = l->state;
		depth--;
		return;
	}
	l->step = steps[l->next++];
	if (!step_take(&l->step))
		return;
	transitions++;
	l->file = world.actors[l->step.actor].sp
			  ? world.actors[l->step.actor].file
			  : NULL;
	l->line = world.actors[l->step.actor].line;
	check_state();
	if (visit())
		push();
}

static void explore(const struct scenario *s)
{
	scenario = s;
	visited_size = 0;
	visited_resize(1u << 16);
	scenario_begin(s);
	regions = machine_regions();
	check_state();
	visit();
	push();
	while (depth && states < limit)
		advance();
	printf("ok %s: %lu states, %lu steps, depth %u%s\n", s->name, states,
	       transitions, deepest, depth ? " (not all)" : "");
}

static const struct scenario *find(const char *name)
{
	for (unsigned int i = 0; i < scenario_count; i++)
		if (!strcmp(scenarios[i].name, name))
			return &scenarios[i];
	return NULL;
}

int main(int argc, char **argv)
{
	const struct scenario *s = NULL;

	for (int i = 1; i < argc; i++) {
		if (!strcmp(argv[i], "--states") && i + 1 < argc)
			limit = strtoull(argv[++i], NULL, 0);
		else
			s = find(argv[i]);
	}
	if (!s) {
		for (unsigned int i = 0; i < scenario_count; i++)
			printf("%s%s\n", scenarios[i].name,
			       scenarios[i].long_run ? " long" : "");
		return 2;
	}
	arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (arena == MAP_FAILED)
		abort();
	explore(s);
	return 0;
}
