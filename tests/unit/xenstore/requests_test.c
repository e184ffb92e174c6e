/* SPDX-License-Identifier: MIT */
/*
 * Xenstore as a guest sees it: requests through the ring, on the fake
 * machine. Two guests talk, so that what one may see of the other is tested
 * as well.
 */
#include <public/errno.h>
#include <public/io/xs_wire.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "fake_primitives.h"
#include "ring_client.h"
#include "xenstore/account.h"
#include "xenstore/connection.h"
#include "xenstore/local.h"

static void test_read_and_list(void)
{
	guests_start();
	expect_value(&guests[0], "name", "one");
	expect_value(&guests[0], "/local/domain/1/domid", "1");
	expect_value(&guests[0], "memory/target", "8192");
	expect(&guests[0], XS_DIRECTORY, 0, "memory", "target\0static-max");
	ask(&guests[0], XS_DIRECTORY, 0, "device/vif/0");
	CHECK(header.type == XS_ERROR);
	CHECK_TEXT(payload, "ENOENT");
	expect(&guests[0], XS_GET_DOMAIN_PATH, 0, "5", "/local/domain/5");
	expect(&guests[0], XS_GET_PERMS, 0, "name", "n0\0r1");
	guests_end();
}

static void test_permissions(void)
{
	guests_start();
	refuse(&guests[0], XS_READ, 0, "/local/domain/2/name", "EACCES");
	refuse(&guests[0], XS_DIRECTORY, 0, "/", "EACCES");
	refuse(&guests[0], XS_READ, 0, "/local/domain/2/none", "EACCES");
	refuse(&guests[0], XS_WRITE, 0, "name\0mine", "EACCES");
	refuse(&guests[0], XS_RM, 0, "name", "EACCES");
	refuse(&guests[0], XS_RM, 0, "/local/domain/1", "EACCES");
	refuse(&guests[0], XS_MKDIR, 0, "device/x", "EACCES");
	refuse(&guests[0], XS_SET_PERMS, 0, "name\0b1", "EACCES");
	refuse(&guests[0], XS_INTRODUCE, 0,
	       "1\0"
	       "1\0"
	       "1",
	       "EACCES");
	refuse(&guests[0], XS_CONTROL, 0, "help", "EACCES");

	expect(&guests[0], XS_WRITE, 0, "data/a/b\0value", "OK");
	expect(&guests[0], XS_GET_PERMS, 0, "data/a", "n1");
	refuse(&guests[1], XS_READ, 0, "/local/domain/1/data/a/b", "EACCES");
	expect(&guests[0], XS_SET_PERMS, 0, "data/a/b\0n1\0r2", "OK");
	ask(&guests[1], XS_READ, 0, "/local/domain/1/data/a/b");
	CHECK_TEXT(payload, "value");
	refuse(&guests[1], XS_RM, 0, "/local/domain/1/data/a/b", "EACCES");
	refuse(&guests[0], XS_SET_PERMS, 0, "data/a\0n2", "EPERM");
	refuse(&guests[0], XS_SET_PERMS, 0, "data/a\0x1", "EINVAL");
	refuse(&guests[0], XS_SET_PERMS, 0, "data/a\0n70000", "EINVAL");
	refuse(&guests[0], XS_SET_PERMS, 0, "data/a\0n1\0n1\0n1\0n1\0n1\0n1",
	       "ENOSPC");
	expect(&guests[0], XS_RM, 0, "data/a", "OK");
	refuse(&guests[0], XS_READ, 0, "data/a/b", "ENOENT");
	expect(&guests[0], XS_RM, 0, "data/a", "OK");
	refuse(&guests[0], XS_RM, 0, "data/a/b", "ENOENT");
	guests_end();
}

static void test_bad_messages(void)
{
	static char deep[200];
	unsigned int i;

	guests_start();
	refuse(&guests[0], 20, 0, "x", "ENOSYS");
	refuse(&guests[0], 4711, 0, "x", "ENOSYS");
	refuse(&guests[0], XS_READ, 0, "", "EINVAL");
	refuse(&guests[0], XS_READ, 0, "a//b", "EINVAL");
	refuse(&guests[0], XS_READ, 0, "a/", "EINVAL");
	refuse(&guests[0], XS_READ, 0, "a b", "EINVAL");
	refuse(&guests[0], XS_READ, 0, "@introduceDomain", "EINVAL");
	ask_sized(&guests[0], XS_READ, 0, "name", 4); /* no NUL */
	CHECK_TEXT(payload, "EINVAL");
	ask_sized(&guests[0], XS_READ, 0, NULL, 0);
	CHECK_TEXT(payload, "EINVAL");
	refuse(&guests[0], XS_READ, 3, "name", "ENOENT");
	refuse(&guests[0], XS_TRANSACTION_END, 0, "T", "ENOENT");
	refuse(&guests[0], XS_WATCH, 0, "name", "EINVAL");
	refuse(&guests[0], XS_GET_DOMAIN_PATH, 0, "x", "EINVAL");
	for (i = 0; i < 80; i++)
		memcpy(deep + 2 * i, "a/", 2);
	deep[159] = '\0';
	ask_sized(&guests[0], XS_WRITE, 0, deep, 160);
	CHECK_TEXT(payload, "EINVAL");
	expect_value(&guests[0], "name", "one"); /* it is still served */
	guests_end();
}

static void test_watch(void)
{
	guests_start();
	expect(&guests[0], XS_WATCH, 0, "data\0token", "OK");
	expect_event(&guests[0], "data", "token");
	send(&guests[0], XS_WRITE, 0, "data/x", 7);
	expect_event(&guests[0], "data/x", "token");
	receive(&guests[0]);
	CHECK_TEXT(payload, "OK");
	guests_end();

	guests_start();
	ask(&guests[0], XS_WATCH, 0, "control/shutdown\0w");
	expect_event(&guests[0], "control/shutdown", "w");
	refuse(&guests[0], XS_WATCH, 0, "control/shutdown\0w", "EEXIST");
	CHECK(!xs_local_write("/local/domain/1/control/shutdown", "poweroff"));
	expect_event(&guests[0], "control/shutdown", "w");
	CHECK(!xs_local_write("/local/domain/1/control", ""));
	CHECK(is_quiet(&guests[0]));
	CHECK(!xs_local_rm("/local/domain/1/control"));
	expect_event(&guests[0], "control/shutdown", "w");
	CHECK(is_quiet(&guests[0]));
	expect(&guests[0], XS_UNWATCH, 0, "control/shutdown\0w", "OK");
	refuse(&guests[0], XS_UNWATCH, 0, "control/shutdown\0w", "ENOENT");
	CHECK(!xs_local_write("/local/domain/1/control/shutdown", ""));
	CHECK(is_quiet(&guests[0]));

	/* The other's secrets: watched, but not told of changes. */
	ask(&guests[0], XS_WATCH, 0, "/local/domain/2\0w");
	CHECK(header.type == XS_WATCH);
	expect_event(&guests[0], "/local/domain/2", "w");
	expect(&guests[1], XS_WRITE, 0,
	       "data/x\0"
	       "1",
	       "OK");
	CHECK(is_quiet(&guests[0]));
	ask(&guests[0], XS_RESET_WATCHES, 0, "");
	CHECK(header.type == XS_RESET_WATCHES);
	guests_end();
}

static void test_many_watches(void)
{
	char text[32];
	unsigned int i;

	guests_start();
	for (i = 0; i < XS_WATCHES_MAX; i++) {
		int size = snprintf(text, sizeof(text), "data%ct%u", '\0', i);

		send(&guests[0], XS_WATCH, 0, text, (size_t)size + 1);
		receive(&guests[0]);
		CHECK(header.type == XS_WATCH);
		receive(&guests[0]);
		CHECK(header.type == XS_WATCH_EVENT);
	}
	refuse(&guests[0], XS_WATCH, 0, "data\0more", "ENOSPC");
	/* A change that nobody fetches queues each event once. */
	for (i = 0; i < 1000; i++)
		CHECK(!xs_local_write("/local/domain/1/data", ""));
	CHECK(!xs_connection_find(1)->is_bad);
	CHECK(xs_connection_find(1)->n_events <= XS_EVENTS_MAX);
	guests_end();
}

static void test_transaction(void)
{
	unsigned int i;

	guests_start();
	ask(&guests[0], XS_TRANSACTION_START, 0, "");
	CHECK_TEXT(payload, "1");
	expect(&guests[0], XS_WRITE, 1, "data/x\0in", "OK");
	refuse(&guests[0], XS_READ, 0, "data/x", "ENOENT");
	ask(&guests[0], XS_READ, 1, "data/x");
	CHECK_TEXT(payload, "in");
	refuse(&guests[0], XS_TRANSACTION_START, 1, "", "EBUSY");
	expect(&guests[0], XS_TRANSACTION_END, 1, "T", "OK");
	expect_value(&guests[0], "data/x", "in");
	refuse(&guests[0], XS_TRANSACTION_END, 1, "T", "ENOENT");

	/* Dropped, in conflict, spoiled. */
	ask(&guests[0], XS_TRANSACTION_START, 0, "");
	expect(&guests[0], XS_RM, 2, "data/x", "OK");
	expect(&guests[0], XS_TRANSACTION_END, 2, "F", "OK");
	expect_value(&guests[0], "data/x", "in");
	ask(&guests[0], XS_TRANSACTION_START, 0, "");
	expect(&guests[0], XS_WRITE, 3, "data/x\0late", "OK");
	expect(&guests[0], XS_WRITE, 0, "data/x\0other", "OK");
	refuse(&guests[0], XS_TRANSACTION_END, 3, "T", "EAGAIN");
	expect_value(&guests[0], "data/x", "other");
	ask(&guests[0], XS_TRANSACTION_START, 0, "");
	expect(&guests[0], XS_WRITE, 4, "data/x\0half", "OK");
	refuse(&guests[0], XS_WRITE, 4, "name\0half", "EACCES");
	refuse(&guests[0], XS_TRANSACTION_END, 4, "T", "EINVAL");
	expect_value(&guests[0], "data/x", "other");

	for (i = 0; i < XS_TRANSACTIONS_MAX; i++)
		ask(&guests[0], XS_TRANSACTION_START, 0, "");
	refuse(&guests[0], XS_TRANSACTION_START, 0, "", "ENOSPC");
	guests_end(); /* with all of them open */
}

static void test_transaction_tells_at_commit(void)
{
	guests_start();
	ask(&guests[0], XS_WATCH, 0, "data\0w");
	expect_event(&guests[0], "data", "w");
	ask(&guests[0], XS_TRANSACTION_START, 0, "");
	expect(&guests[0], XS_WRITE, 1, "data/a\0", "OK");
	expect(&guests[0], XS_MKDIR, 1, "data/b", "OK");
	CHECK(is_quiet(&guests[0]));
	send(&guests[0], XS_TRANSACTION_END, 1, "T", 2);
	expect_event(&guests[0], "data/a", "w");
	expect_event(&guests[0], "data/b", "w");
	receive(&guests[0]);
	CHECK_TEXT(payload, "OK");
	guests_end();
}

static void test_quota(void)
{
	char text[2200] = "data/0000";
	unsigned int i;

	guests_start();
	memset(text + 10, 'v', 2100);
	ask_sized(&guests[0], XS_WRITE, 0, text, 10 + 2049);
	CHECK_TEXT(payload, "ENOSPC");
	for (i = 0; i < 1000; i++) {
		snprintf(text, 10, "data/%04u", i);
		ask_sized(&guests[0], XS_WRITE, 0, text, 10 + 2048);
		if (header.type == XS_ERROR)
			break;
	}
	CHECK_TEXT(payload, "ENOSPC");
	CHECK(i > 400 && i < 520);
	for (; i < 2000; i++) {
		snprintf(text, 10, "data/%04u", i);
		ask_sized(&guests[0], XS_WRITE, 0, text, 10);
		if (header.type == XS_ERROR)
			break;
	}
	CHECK_TEXT(payload, "ENOSPC");
	expect(&guests[1], XS_WRITE, 0, "data/x\0fine", "OK");
	guests_end();
}

/* What a broken guest gets: silence, and the reason in its ring. */
static void test_broken_guests(void)
{
	struct xsd_sockmsg huge = { XS_READ, 1, 0, XENSTORE_PAYLOAD_MAX + 1 };

	guests_start();
	guests[0].ring->req_prod = guests[0].ring->req_cons + 1025;
	kick(&guests[0]);
	CHECK(guests[0].ring->error == XENSTORE_ERROR_RINGIDX);
	guests[1].ring->rsp_cons = guests[1].ring->rsp_prod + 1;
	kick(&guests[1]);
	CHECK(guests[1].ring->error == XENSTORE_ERROR_RINGIDX);
	kick(&guests[1]);
	guests_end();

	guests_start();
	put(&guests[0], &huge, sizeof(huge));
	kick(&guests[0]);
	CHECK(guests[0].ring->error == XENSTORE_ERROR_PROTO);
	expect_value(&guests[1], "name", "two");
	guests_end();
}

/* Never reads answers: its requests stay in the ring, nothing grows. */
static void test_deaf_guest(void)
{
	struct xenstore_domain_interface *ring;
	unsigned int i;

	guests_start();
	ring = guests[0].ring;
	for (i = 0; i < 5000; i++) {
		struct xsd_sockmsg request = { XS_DIRECTORY, i, 0, 1 };

		if (ring->req_prod - ring->req_cons > 1000)
			break;
		put(&guests[0], &request, sizeof(request));
		put(&guests[0], ".", 1);
		kick(&guests[0]);
	}
	CHECK(i < 5000);
	CHECK(!xs_connection_find(1)->n_events);
	CHECK(!xs_connection_find(1)->is_bad);
	guests_end();
}

static void test_number_is_reused(void)
{
	guests_start();
	expect(&guests[0], XS_WRITE, 0, "data/x\0secret", "OK");
	expect(&guests[0], XS_SET_PERMS, 0, "data/x\0n1\0r2", "OK");
	guest_release(&guests[1]);
	fake.next_domid = 2;
	guest_build(&guests[1], "new");
	expect_value(&guests[1], "name", "new");
	refuse(&guests[1], XS_READ, 0, "data/x", "ENOENT");
	refuse(&guests[1], XS_READ, 0, "/local/domain/1/data/x", "EACCES");
	guests_end();
}

/* What is answered does not matter here, only what stays behind. */
static void ask_without_memory(struct guest *guest, unsigned int n)
{
	alloc_fail_after(n);
	send(guest, XS_TRANSACTION_START, 0, "", 1);
	send(guest, XS_WRITE, 1, "data/a/b\0value", 15);
	send(guest, XS_SET_PERMS, 1, "data/a\0n1\0r2", 13);
	send(guest, XS_WATCH, 0, "name\0w", 7);
	send(guest, XS_RM, 1, "data/old", 9);
	send(guest, XS_TRANSACTION_END, 1, "T", 2);
	/* The end of another domain needs no memory at all. */
	guest_release(&guests[1]);
	CHECK(!xs_local_node("/local/domain/2"));
}

static void test_every_allocation_fails(void)
{
	unsigned int n;
	bool done = false;

	for (n = 0; !done; n++) {
		guests_start();
		expect(&guests[0], XS_WRITE, 0, "data/old/x\0value", "OK");
		ask(&guests[0], XS_WATCH, 0, "data\0w");
		expect_event(&guests[0], "data", "w");
		ask_without_memory(&guests[0], n);
		done = !alloc_failed();
		alloc_fail_never();
		guest_build(&guests[1], "two");
		guests_end();
		CHECK(!xs_account_nodes(1) && !xs_account_bytes(1));
		CHECK(!xs_account_nodes(2) && !xs_account_bytes(2));
	}
	CHECK(n > 15);
}

static const struct test tests[] = {
	TEST(test_read_and_list),
	TEST(test_permissions),
	TEST(test_bad_messages),
	TEST(test_watch),
	TEST(test_many_watches),
	TEST(test_transaction),
	TEST(test_transaction_tells_at_commit),
	TEST(test_quota),
	TEST(test_broken_guests),
	TEST(test_deaf_guest),
	TEST(test_number_is_reused),
	TEST(test_every_allocation_fails),
};

int main(void)
{
	return RUN_TESTS(tests);
}
