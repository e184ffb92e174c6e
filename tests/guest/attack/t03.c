/* SPDX-License-Identifier: MIT */
/*
 * T03: promotion and demotion that are interrupted, and that race. Three
 * vCPUs pin, link and unlink the same tables, each call with an event pending
 * so that it has to give way, half of them with a bad entry in a random slot.
 * Answers are success, invalid or busy; afterwards each table can be pinned
 * and is plain memory again. With `endless` on the command line it goes on
 * until somebody destroys the domain, in the middle of it (PT-13, PT-14, PT-17,
 * PG-2; XSA-37, 45, 58, 264, 290, 299, 309, 310).
 */
#include "attack.h"

#define LEAVES 16
#define ROUNDS 10

static uint64_t *top, *other, *l3, *l2, *leaves[LEAVES];
static unsigned int odd_answers;

static void judge(long rc)
{
	if (rc != 0 && rc != EINVAL && rc != EBUSY)
		__atomic_fetch_add(&odd_answers, 1, __ATOMIC_SEQ_CST);
}

static void pend_on(unsigned int vcpu)
{
	struct vcpu_info *info = &pv_shared_info->vcpu_info[vcpu];

	if (vcpu == 0) {
		pend();
		return;
	}
	info->evtchn_upcall_pending = 1;
	info->evtchn_upcall_mask = 0;
}

static void link_l3(void)
{
	pend_on(1);
	judge(store(top, maddr_of(l3) | TABLE));
	pend_on(1);
	judge(store(top, 0));
}

static void link_l2(void)
{
	pend_on(2);
	judge(store(other, maddr_of(l2) | TABLE));
	pend_on(2);
	judge(store(other, 0));
}

static void spoil(void)
{
	uint64_t *slot = l2 + random64() % 512;
	uint64_t before = *slot;

	/* Refused while the table is live, plain memory otherwise. */
	(void)store(slot, 0x3fffffff000UL | TABLE);
	pend_on(3);
	judge(pin(2, l2));
	pend_on(3);
	judge(unpin(l2));
	if (*slot != before)
		(void)store(slot, before);
}

static void build(void)
{
	top = table_page();
	other = table_page();
	l3 = table_page();
	l2 = table_page();
	for (unsigned int i = 0; i < LEAVES; i++) {
		leaves[i] = table_page();
		(void)store(leaves[i], maddr_of(l3) | RO_PAGE);
		(void)store(l2 + i * 32, maddr_of(leaves[i]) | TABLE);
	}
	(void)store(l3, maddr_of(l2) | TABLE);
	check("pin roots", pin(4, top) == 0 && pin(3, other) == 0, 0);
}

static void undo(void)
{
	for (unsigned int i = 0; i < 512; i++)
		(void)store(l2 + i, 0);
	check("unpin roots", unpin(top) == 0 && unpin(other) == 0, 0);
	table_free(top);
	table_free(other);
	table_free(l3);
	table_free(l2);
	for (unsigned int i = 0; i < LEAVES; i++)
		table_free(leaves[i]);
}

/* An interrupted call says what an uninterrupted one says. */
static void test_alone(void)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < 4; i++) {
		pend();
		wrong += pin(3, l3) != 0;
		pend();
		wrong += pin(3, l3) != EINVAL;
		pend();
		wrong += store(top, maddr_of(l3) | TABLE) != 0;
		pend();
		wrong += unpin(l3) != 0;
		pend();
		wrong += unpin(l3) != EINVAL;
		pend();
		wrong += store(top, 0) != 0;
		pend();
		wrong += pin(4, l3) != EINVAL;
	}
	check("interrupted, one after the other", wrong == 0, wrong);
}

void attack_T03(void)
{
	bool smp;

	build();
	test_alone();
	smp = cpu_start(1, link_l3) && cpu_start(2, link_l2) &&
	      cpu_start(3, spoil);
	if (on_command_line("endless"))
		pv_printf("T03 goes on\n");
	for (unsigned int i = 0;
	     smp && (i < ROUNDS || on_command_line("endless")); i++) {
		pend();
		judge(pin(3, l3));
		pend();
		judge(unpin(l3));
	}
	for (unsigned int id = 1; smp && id <= 3; id++)
		cpu_stop(id);
	check("answers of races", odd_answers == 0, odd_answers);
	(void)unpin(l3);
	(void)unpin(l2);
	(void)store(top, 0);
	(void)store(other, 0);
	for (unsigned int i = 0; i < LEAVES; i++)
		(void)store(l2 + i * 32, maddr_of(leaves[i]) | TABLE);
	check("all pinned once more", pin(3, l3) == 0 && unpin(l3) == 0, 0);
	undo();
}
