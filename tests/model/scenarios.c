/* SPDX-License-Identifier: MIT */
/*
 * Where a search begins, and what the two vCPUs may ask for. In the short ones
 * few operations meet in every possible way; the long ones have every entry of
 * every table and every pin.
 */
#include "model.h"

/* clang-format off */

#define P  PTE_PRESENT
#define RW (PTE_PRESENT | PTE_WRITE)
#define AT(frame, bits) ((uint64_t)(frame) << PAGE_SHIFT | (bits))

#define END                { .kind = OP_END }
#define UPDATE(f, slot, v) { OP_UPDATE, f, slot, v }
#define PIN(f, level)      { OP_PIN, f, level, 0 }
#define UNPIN(f)           { OP_UNPIN, f, 0, 0 }
#define ROOT(f)            { OP_ROOT, f, 0, 0 }
#define FREE(f)            { OP_FREE, f, 0, 0 }
#define POPULATE           { OP_POPULATE, 0, 0, 0 }
#define POPULATE_B         { OP_POPULATE, 0, 1, 0 }
#define EXCHANGE(f)        { OP_EXCHANGE, f, 0, 0 }
#define VA(n, v)           { OP_VA, 0, n, v }
#define PTWR(n, slot, v)   { OP_PTWR, n, slot, v }
#define HOLD(f, slot, v)   { OP_HOLD, f, slot, v }
#define MAP(f, write)      { OP_MAP, f, write, 0 }
#define UNMAP(f)           { OP_UNMAP, f, 0, 0 }
#define IDLE               { OP_IDLE, 0, 0, 0 }
#define RUN                { OP_RUN, 0, 0, 0 }
#define ROOT_B             { OP_ROOT, FRAME_B, 0, 0 }

enum {
	R = FRAME_ROOT,
	W = FRAME_W,
	X = FRAME_X,
	Y = FRAME_Y,
	Z = FRAME_Z
};

/* R -> Z -> Y -> X, of which entry 0 maps X itself, to be read. */
#define TREE                                                                   \
	UPDATE(R, 0, AT(Z, RW)), UPDATE(Z, 0, AT(Y, RW)),                      \
	UPDATE(Y, 0, AT(X, RW)), UPDATE(X, 0, AT(X, P)), ROOT(R)

static const struct op tree[] = { TREE, END };
static const struct op tree_maps_w[] = {
	TREE, UPDATE(X, 1, AT(W, RW)), END
};
static const struct op none[] = { END };

/* A frame that is mapped, unmapped and becomes a table. */
static const struct op promote_0[] = {
	PIN(W, 1), UNPIN(W), UPDATE(X, 1, AT(W, RW)), UPDATE(X, 1, 0), END
};
static const struct op promote_1[] = {
	UPDATE(X, 1, AT(W, RW)), UPDATE(X, 1, AT(W, P)), VA(1, 0),
	PIN(W, 1), ROOT(R), END
};

/* Promotions that are interrupted, fail, are given up and met by others. */
static const struct op chain[] = {
	UPDATE(Z, 0, AT(Y, RW)), UPDATE(Y, 0, AT(X, RW)),
	UPDATE(Y, 1, AT(W, RW)), UPDATE(X, 0, AT(W, P)), END
};
static const struct op interrupt_0[] = {
	PIN(Z, 3), UNPIN(Z), UPDATE(X, 1, AT(W, RW)), END
};
static const struct op interrupt_1[] = {
	PIN(Z, 3), PIN(Y, 2), UNPIN(Y), UPDATE(W, 0, AT(W, RW)), END
};

/* Another domain copies to a frame. */
static const struct op copy_0[] = {
	PIN(W, 1), UNPIN(W), FREE(W), POPULATE, POPULATE_B, EXCHANGE(W), END
};
static const struct op copy_1[] = {
	HOLD(W, 0, AT(W, RW)), HOLD(X, 0, AT(W, RW)), END
};

/* Its stamp is late. */
static const struct op stamp_0[] = {
	ROOT(R), UPDATE(X, 1, 0), PIN(W, 1), END
};
static const struct op stamp_1[] = { HOLD(W, 0, 0), END };

/* And maps it, in tables that are its own. */
#define TREE_B                                                                 \
	UPDATE(8, 0, AT(10, RW)), UPDATE(10, 0, AT(12, RW)),                   \
	UPDATE(12, 0, AT(14, RW)), ROOT_B
static const struct op tree_b[] = { TREE_B, END };
static const struct op map_0[] = {
	PIN(W, 1), UNPIN(W), FREE(W), POPULATE, END
};
static const struct op map_1[] = { MAP(W, 1), MAP(W, 0), UNMAP(W), END };

/* Roots come and go. */
static const struct op two_roots[] = {
	TREE, UPDATE(W, 0, AT(Z, RW)), END
};
static const struct op roots_0[] = {
	ROOT(W), ROOT(R), PIN(W, 4), UNPIN(W), END
};
static const struct op roots_1[] = {
	ROOT(W), ROOT(R), IDLE, RUN, UPDATE(W, 0, 0), END
};

/* Tables are exchanged under translations that are cached. */
static const struct op two_leaves[] = {
	TREE, UPDATE(Y, 1, AT(W, RW)), END
};
static const struct op tables_0[] = {
	UPDATE(Y, 0, 0), UPDATE(Y, 0, AT(W, RW)), UPDATE(W, 0, AT(X, RW)),
	PIN(X, 1), END
};
static const struct op tables_1[] = {
	UPDATE(W, 0, AT(X, RW)), UPDATE(W, 0, 0), UPDATE(Z, 0, 0), IDLE, RUN,
	END
};

/* Frames are given back under translations that are cached. */
static const struct op free_0[] = {
	FREE(W), UPDATE(X, 1, 0), POPULATE, END
};
static const struct op free_1[] = {
	FREE(W), UPDATE(X, 1, AT(W, P)), POPULATE, EXCHANGE(W), END
};

/* What is being written is given back. */
static const struct op store_0[] = {
	UPDATE(W, 0, AT(W, RW)), FREE(W), POPULATE, END
};
static const struct op store_1[] = { FREE(W), POPULATE, PIN(W, 1), END };

/* A trade that fails gives the frame back, and what may be cached stays. */
static const struct op trade_0[] = { EXCHANGE(W), PIN(W, 1), END };
static const struct op trade_1[] = { UPDATE(X, 1, 0), FREE(W), END };

/* Entries are written by emulation at the same time as by calls. */
static const struct op emulate_0[] = {
	PTWR(0, 1, AT(W, P)), PTWR(0, 1, 0), VA(1, AT(X, RW)), VA(1, AT(W, RW)),
	END
};
static const struct op emulate_1[] = {
	PTWR(0, 1, AT(W, RW)), UPDATE(X, 1, AT(X, P)), PIN(W, 1), UNPIN(W), END
};

/* Everything. */
#define ENTRY(f, s)                                                            \
	UPDATE(f, s, 0), UPDATE(f, s, AT(W, P)), UPDATE(f, s, AT(W, RW)),      \
	UPDATE(f, s, AT(X, P)), UPDATE(f, s, AT(X, RW)),                       \
	UPDATE(f, s, AT(Y, P)), UPDATE(f, s, AT(Y, RW)),                       \
	UPDATE(f, s, AT(Z, P)), UPDATE(f, s, AT(Z, RW))
#define ENTRIES(f) ENTRY(f, 0), ENTRY(f, 1)
#define PINS(f)    PIN(f, 1), PIN(f, 2), PIN(f, 3), UNPIN(f)
static const struct op all[] = {
	ENTRIES(W), ENTRIES(X), ENTRIES(Y), ENTRIES(Z),
	PINS(W), PINS(X), PINS(Y), PINS(Z),
	FREE(W), FREE(X), FREE(Y), FREE(Z), POPULATE, END
};
/* Another domain writes each, what would be an entry. */
static const struct op copies[] = {
	HOLD(W, 0, AT(W, RW)), HOLD(X, 0, AT(W, RW)), HOLD(Y, 0, AT(W, RW)),
	HOLD(Z, 0, AT(W, RW)), END
};
/* Entries with bits that no table may have. */
static const struct op odd[] = {
	UPDATE(Z, 0, AT(X, RW | PTE_LARGE)), UPDATE(Y, 0, AT(W, RW | PTE_LARGE)),
	UPDATE(Y, 0, AT(X, RW | PTE_GLOBAL)), UPDATE(X, 1, AT(X, RW)),
	UPDATE(X, 0, AT(X, RW)), UPDATE(X, 1, AT(W, P)), UPDATE(X, 1, AT(W, RW)),
	UPDATE(Y, 1, AT(Y, P)), UPDATE(Y, 1, AT(W, P)),
	UPDATE(X, 1, AT(FRAME_B, P)), UPDATE(X, 1, AT(W, RW | PTE_PCD)),
	UPDATE(X, 1, AT(W, RW | PTE_NX | PTE_DIRTY)), PIN(W, 1), PIN(Y, 3),
	UNPIN(Y), PIN(X, 1), UNPIN(X), END
};

const struct scenario scenarios[] = {
	{ .name = "odd", .setup = tree, .menu = { odd, none }, .ops = { 4, 0 } },
	{ .name = "promote", .setup = tree, .menu = { promote_0, promote_1 },
	  .ops = { 2, 2 }, .fills = { 0, 1 }, .addresses = 2 },
	{ .name = "interrupt", .setup = chain,
	  .menu = { interrupt_0, interrupt_1 }, .ops = { 2, 2 },
	  .preempts = 1,
	  .long_run = true },
	{ .name = "copy", .two_domains = true, .setup = tree,
	  .menu = { copy_0, copy_1 }, .ops = { 2, 1 } },
	{ .name = "stamp", .two_domains = true, .setup = tree_maps_w,
	  .menu = { stamp_0, stamp_1 }, .ops = { 3, 1 }, .fills = { 1, 0 },
	  .addresses = 2 },
	{ .name = "map", .two_domains = true, .setup = tree_b,
	  .menu = { map_0, map_1 }, .ops = { 2, 2 }, .fills = { 0, 1 },
	  .addresses = 1,
	  .long_run = true },
	{ .name = "roots", .setup = two_roots, .menu = { roots_0, roots_1 },
	  .ops = { 2, 2 }, .fills = { 0, 1 }, .addresses = 1,
	  .long_run = true },
	{ .name = "tables", .setup = two_leaves, .menu = { tables_0, tables_1 },
	  .ops = { 2, 2 }, .fills = { 0, 1 }, .addresses = 1,
	  .long_run = true },
	{ .name = "free", .setup = tree_maps_w, .menu = { free_0, free_1 },
	  .ops = { 2, 2 }, .fills = { 0, 1 }, .addresses = 2,
	  .long_run = true },
	{ .name = "store", .setup = tree, .menu = { store_0, store_1 },
	  .ops = { 2, 2 },
	  .long_run = true },
	{ .name = "trade", .setup = tree_maps_w, .menu = { trade_0, trade_1 },
	  .ops = { 2, 1 }, .fills = { 0, 1 }, .addresses = 2 },
	{ .name = "emulate", .setup = tree, .menu = { emulate_0, emulate_1 },
	  .ops = { 2, 2 } },
	{ .name = "all-tree", .setup = tree_maps_w, .menu = { all, all },
	  .ops = { 1, 1 }, .fills = { 0, 1 }, .addresses = 3, .preempts = 1,
	  .long_run = true },
	{ .name = "all-copy", .two_domains = true, .setup = tree_maps_w,
	  .menu = { all, copies }, .ops = { 1, 1 }, .preempts = 1,
	  .long_run = true },
	{ .name = "all-chain", .setup = chain, .menu = { all, all },
	  .ops = { 1, 1 }, .preempts = 1, .long_run = true },
};
/* clang-format on */
const unsigned int scenario_count = ARRAY_SIZE(scenarios);

void scenario_begin(const struct scenario *s)
{
	machine_init(s->two_domains);
	for (unsigned int a = 0; a < ACTORS; a++) {
		world.me = (uint8_t)a;
		for (const struct op *o = s->setup; o->kind; o++) {
			bool of_b = vcpus[a]->domain == &domain_b;
			bool about_b = o->frame >= FRAME_B;

			if (of_b == about_b &&
			    (!a || of_b || o->kind == OP_ROOT))
				op_run(o);
		}
		mm_load_root(vcpus[a]);
	}
	world.me = 0;
	for (unsigned int a = 0; a < ACTORS; a++) {
		world.actors[a].ops_left = s->ops[a];
		world.actors[a].fills_left = s->fills[a];
	}
	world.preempts_left = s->preempts;
}
