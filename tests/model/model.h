/* SPDX-License-Identifier: MIT */
/*
 * A model checker for the page-type core: two CPUs, each with a vCPU, over
 * four frames, tables of two entries and a TLB that forgets nothing by itself.
 *
 *   core.c       the sources of hypervisor/mm, with a point at each atomic step
 *   machine.c    CPUs as coroutines, TLBs, stand-ins for other parts
 *   oracle.c     what must hold in every state
 *   ops.c        what a vCPU can ask for
 *   scenarios.c  where the search begins, and what is asked for
 *   explore.c    the search: every order of steps, each state once
 *
 * All that changes is in the regions that machine_regions() lists and in the
 * used part of the coroutines' stacks. Both are copied to go back to a state.
 */
#ifndef TESTS_MODEL_MODEL_H
#define TESTS_MODEL_MODEL_H

#include "core/domain.h"
#include "core/services.h"
#include "mm/pagetype.h"
#include "points.h"

#define ACTORS 2
#define SLOTS  2 /* entries of a table */

/* The four frames are odd, so that no two of them are buddies. */
enum {
	FRAME_W = 1,
	FRAME_ROOT = 2, /* of domain A, always an L4 */
	FRAME_X = 3,
	FRAME_Y = 5,
	FRAME_Z = 7,
	FRAME_B = 8, /* first of the tables of domain B: 8, 10, 12, 14 */
	MODELLED = 16,
	MACHINE_FRAMES = 48, /* the rest is for the hypervisor */
};

struct region {
	void *at;
	size_t size;
};
extern const struct region core_regions[];
const struct list *core_free_list(void);
uint64_t core_clock(void);

/* Operations (ops.c). */
struct op {
	uint8_t kind;  /* enum op_kind */
	uint8_t frame; /* what it is about */
	uint8_t arg;   /* slot, level */
	uint64_t value;
};

enum op_kind {
	OP_END,
	OP_UPDATE, /* mmu_update: entry `arg` of frame becomes value */
	OP_PIN,    /* as a table of level `arg` */
	OP_UNPIN,
	OP_ROOT,     /* load it */
	OP_FREE,     /* give it back */
	OP_POPULATE, /* one more, whichever; arg: for domain B */
	OP_EXCHANGE,
	OP_VA,      /* update_va_mapping of address number `arg` */
	OP_PTWR,    /* emulated store, to entry `arg` seen at address frame */
	OP_HOLD,    /* another domain writes it as for a grant copy */
	OP_MAP,     /* another domain maps it as for a grant; arg: writable */
	OP_UNMAP,   /* and no longer, with a flush */
	OP_IDLE,    /* the CPU idles */
	OP_RUN,     /* and goes on */
	OP_FLUSHED, /* not to be asked for: an interrupt while in the guest */
};

void op_run(const struct op *op);
/* For reports. */
void op_print(const struct op *op);

/* What an actor waits to be told (machine.c). */
enum point_kind {
	POINT_STEP,
	POINT_QUESTION, /* preempted? continued? */
};

enum answer {
	ANSWER_GO, /* to a question: no */
	ANSWER_YES,
	ANSWER_INTERRUPT, /* its CPU takes the flush interrupt first */
};

struct actor {
	void *sp; /* NULL: in its guest */
	const struct spinlock *wants;
	struct op op;
	uint8_t point, answer;
	uint8_t spins; /* rounds of a wait loop since the other went on */
	bool irq_off, ipi;
	uint8_t ops_left, fills_left;
	bool continued;
	uint64_t args[4];
	struct frame *held; /* OP_HOLD's writable reference */
	/* For reports only: */
	const char *file;
	int line;
};

/* Cached translations of a CPU by address number (3 bits), 0: none. */
struct tlb {
	uint8_t leaf[8], l2[4], l3[2], l4[1];
};

#define TLB_FRAME    0x0f
#define TLB_WRITABLE 0x40
#define TLB_OLD      0x80 /* the frame has been given back since */

struct world {
	struct actor actors[ACTORS];
	struct tlb tlbs[ACTORS];
	uint8_t preempts_left;
	uint8_t me;
};

extern struct world world;
extern struct cpu cpus[ACTORS];
extern struct domain domain_a, domain_b;
extern struct vcpu *vcpus[ACTORS]; /* that run on the CPUs */

void machine_init(bool two_domains);
const struct region *machine_regions(void);
extern uint8_t stacks[ACTORS][16384];

/* Let an actor begin, or go on with the answer, up to its next point. */
void actor_start(unsigned int a, const struct op *op);
void actor_resume(unsigned int a, enum answer answer);
static inline struct actor *self(void)
{
	return &world.actors[world.me];
}
/* Ask the search, inside an actor. */
bool ask(const char *file, int line);

/* CPU a walks to address number n. False: nothing new is cached. */
bool tlb_fill(unsigned int a, unsigned int n);
static inline uint64_t *slots_of(unsigned int frame)
{
	return phys_to_virt((uint64_t)frame << PAGE_SHIFT);
}
static inline uint64_t va_of(unsigned int n)
{
	return ((n & 4ull) << 28) | ((n & 2ull) << 20) | ((n & 1ull) << 12);
}

/* oracle.c: NULL, or what does not hold. */
const char *oracle(void);
/* After a step: what is old in the TLBs. */
void oracle_age(void);

/* scenarios.c */
struct scenario {
	const char *name;
	bool two_domains;       /* the second vCPU is one of domain B */
	const struct op *setup; /* by the first actor, up to OP_END */
	const struct op *menu[ACTORS];
	uint8_t ops[ACTORS], fills[ACTORS], preempts;
	uint8_t addresses; /* bit per address that the processors walk to */
	bool long_run;     /* only with --long */
};
extern const struct scenario scenarios[];
extern const unsigned int scenario_count;
void scenario_begin(const struct scenario *s);

noreturn_fn void violated(const char *what);

#endif
