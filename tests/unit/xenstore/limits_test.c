/* SPDX-License-Identifier: MIT */
/*
 * What xenstore keeps for a guest, and what it does when a guest wants more:
 * accounts, events without room, long lists, special names, a new start, and
 * the watches of our own program.
 */
#include <stdio.h>
#include <stdlib.h>

#include "check.h"
#include "fake_primitives.h"
#include "ring_client.h"
#include "toolstack/primitives.h"
#include "xenstore/account.h"
#include "xenstore/connection.h"
#include "xenstore/local.h"

static struct guest *const one = &guests[0];
static struct guest *const two = &guests[1];

/* Whatever a guest does and takes back, its account ends where it began. */
static void test_accounts(void)
{
	size_t nodes, bytes;

	guests_start();
	nodes = xs_account_nodes(1);
	bytes = xs_account_bytes(1);
	CHECK(nodes && bytes);

	expect(one, XS_WRITE, 0, "data/a/b/c\0value", "OK");
	CHECK(xs_account_nodes(1) == nodes + 3);
	CHECK(xs_account_bytes(1) > bytes);
	ask(one, XS_TRANSACTION_START, 0, "");
	expect(one, XS_WRITE, 1, "data/a/b/c\0other", "OK");
	expect(one, XS_RM, 1, "data/a/b", "OK");
	CHECK(xs_account_nodes(1) == nodes + 3);
	expect(one, XS_TRANSACTION_END, 1, "T", "OK");
	CHECK(xs_account_nodes(1) == nodes + 1);
	expect(one, XS_RM, 0, "data/a", "OK");
	CHECK(xs_account_nodes(1) == nodes);
	CHECK(xs_account_bytes(1) == bytes);

	ask(one, XS_WATCH, 0, "data\0w");
	expect_event(one, "data", "w");
	CHECK(xs_account_bytes(1) > bytes);
	expect(one, XS_UNWATCH, 0, "data\0w", "OK");
	ask(one, XS_TRANSACTION_START, 0, "");
	expect(one, XS_WRITE, 2, "data/x\0value", "OK");
	CHECK(xs_account_bytes(1) > bytes);
	expect(one, XS_TRANSACTION_END, 2, "F", "OK");
	CHECK(xs_account_bytes(1) == bytes);
	guests_end();
	CHECK(!xs_account_nodes(1) && !xs_account_bytes(1));
}

/* A full account stops the guest, not the toolstack, and not tidying up. */
static void test_full_account(void)
{
	char text[16];
	unsigned int i;

	guests_start();
	for (i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "data/%04u", i);
		ask_sized(one, XS_MKDIR, 0, text, 10);
		if (header.type == XS_ERROR)
			break;
	}
	CHECK_TEXT(payload, "ENOSPC");
	CHECK(xs_account_nodes(1) == XS_DOMAIN_NODES);
	CHECK(!xs_local_write("/local/domain/1/data/from-us", "x"));
	CHECK(!xs_local_write("/local/domain/1/control/shutdown", "halt"));
	expect_value(one, "control/shutdown", "halt");
	refuse(one, XS_MKDIR, 0, "data/more", "ENOSPC");
	expect(one, XS_RM, 0, "data", "OK");
	CHECK(xs_account_nodes(1) < 20);
	guests_end();
}

/* More paths than fit one message come in parts. */
/* The same with bytes instead of nodes. */
static void test_full_of_bytes(void)
{
	char text[2060] = { 0 };
	unsigned int i;

	guests_start();
	for (i = 0; i < 2000; i++) {
		snprintf(text, sizeof(text), "data/x/%04u", i);
		ask_sized(one, XS_WRITE, 0, text, 2048 + 12);
		if (header.type == XS_ERROR)
			break;
	}
	CHECK_TEXT(payload, "ENOSPC");
	CHECK(xs_account_nodes(1) < XS_DOMAIN_NODES);
	expect(one, XS_RM, 0, "data/x", "OK");
	CHECK(xs_account_nodes(1) < 20);
	guests_end();
}

static void test_directory_in_parts(void)
{
	char text[40];
	size_t offset = 0, names = 0;
	unsigned int i, parts;

	guests_start();
	for (i = 0; i < 300; i++) {
		int size = snprintf(text, sizeof(text),
				    "data/a-rather-long-name-%04u", i);

		ask_sized(one, XS_MKDIR, 0, text, (size_t)size + 1);
		CHECK_TEXT(payload, "OK");
	}
	refuse(one, XS_DIRECTORY, 0, "data", "E2BIG");
	for (parts = 0; parts < 10; parts++) {
		int size =
			snprintf(text, sizeof(text), "data%c%zu", '\0', offset);
		const char *at;

		ask_sized(one, XS_DIRECTORY_PART, 0, text, (size_t)size + 1);
		CHECK(header.type == XS_DIRECTORY_PART);
		at = payload + strlen(payload) + 1;
		while (at < payload + header.len && *at) {
			CHECK(!strncmp(at, "a-rather-long-name-", 19));
			names++;
			offset += strlen(at) + 1;
			at += strlen(at) + 1;
		}
		if (at < payload + header.len)
			break;
	}
	CHECK(names == 300 && parts == 1);
	refuse(one, XS_DIRECTORY_PART, 0, "data\0999999", "EINVAL");
	refuse(one, XS_DIRECTORY_PART, 0, "data\0-1", "EINVAL");
	refuse(one, XS_DIRECTORY_PART, 0, "none\0000", "ENOENT");
	guests_end();
}

/* Events that a guest does not fetch: bounded, and none is lost silently. */
static void test_events_without_room(void)
{
	char path[64];
	unsigned int i, events = 0;
	bool was_summed_up = false;

	guests_start();
	ask(one, XS_WATCH, 0, "data\0w");
	expect_event(one, "data", "w");
	for (i = 0; i < 1000; i++) {
		snprintf(path, sizeof(path), "/local/domain/1/data/%u", i);
		CHECK(!xs_local_write(path, ""));
	}
	CHECK(xs_connection_find(1)->n_events == XS_EVENTS_MAX);
	for (kick(one); !is_quiet(one); kick(one)) {
		receive(one);
		CHECK(header.type == XS_WATCH_EVENT);
		was_summed_up = !strcmp(payload, "data");
		events++;
	}
	CHECK(events > XS_EVENTS_MAX && events < XS_EVENTS_MAX + 60);
	/* After all that there was no room for: look again. */
	CHECK(was_summed_up);
	guests_end();
}

static void test_special_names(void)
{
	guests_start();
	refuse(one, XS_GET_PERMS, 0, "@releaseDomain", "EACCES");
	refuse(one, XS_SET_PERMS, 0, "@releaseDomain\0b1", "EACCES");
	refuse(one, XS_WRITE, 0, "@releaseDomain\0x", "EINVAL");
	refuse(one, XS_WRITE, 0, "@own\0x", "EINVAL");
	refuse(one, XS_RM, 0, "/", "EACCES");
	refuse(one, XS_SET_PERMS, 0, "/\0b1", "EACCES");
	ask(one, XS_WATCH, 0, "@releaseDomain\0w");
	expect_event(one, "@releaseDomain", "w");
	guest_release(two);
	guest_build(two, "again");
	CHECK(is_quiet(one)); /* nobody let it know of other domains */
	guests_end();
}

/* A kernel that starts over in the same domain. */
static void test_reconnect(void)
{
	guests_start();
	ask(one, XS_WATCH, 0, "data\0w");
	expect_event(one, "data", "w");
	ask(one, XS_TRANSACTION_START, 0, "");
	put(one, "junk", 4);
	CHECK(one->ring->server_features == 3);
	one->ring->connection = XENSTORE_RECONNECT;
	kick(one);
	CHECK(one->ring->connection == XENSTORE_CONNECTED);
	CHECK(!one->ring->req_prod && !one->ring->rsp_prod);
	CHECK(!xs_connection_find(1)->n_watches);
	CHECK(!xs_connection_find(1)->n_transactions);
	expect_value(one, "name", "one");
	expect(one, XS_RESET_WATCHES, 0, "", "OK");
	guests_end();
}

/* The guest's copies of our indices are for it to look at only. */
static void test_indices_are_ours(void)
{
	guests_start();
	expect_value(one, "name", "one");
	one->ring->req_cons += 100;
	one->ring->rsp_prod = one->ring->rsp_cons;
	put(one, "", 0);
	kick(one);
	CHECK(!xs_connection_find(1)->is_bad);
	one->ring->req_cons -= 100;
	expect_value(one, "name", "one");
	guests_end();
}

/* A ring full of requests is answered, whatever order the kicks come in. */
static void test_a_busy_guest_is_left_off(void)
{
	const struct xsd_sockmsg request = { XS_READ, 7, 0, 5 };
	unsigned int i, answers = 0;

	guests_start();
	for (i = 0; i < XENSTORE_RING_SIZE / 21; i++) {
		put(one, &request, sizeof(request));
		put(one, "name", 5);
	}
	kick(one);
	while (!is_quiet(one)) {
		receive(one);
		CHECK(header.type == XS_READ && header.len == 3);
		answers++;
	}
	CHECK(answers == XENSTORE_RING_SIZE / 21);
	CHECK(!tk_xenstore_poll());
	guests_end();
}

static unsigned int changes;
static char last_change[128];

static void remember_change(void *context, const char *changed)
{
	CHECK(context == &changes);
	changes++;
	snprintf(last_change, sizeof(last_change), "%s", changed);
	/* A handler may change the store; it hears of that afterwards. */
	if (!strcmp(changed, "/local/domain/1/data/ping"))
		CHECK(!xs_local_write("/local/domain/1/data/pong", ""));
}

static void test_local_watch(void)
{
	struct xs_local_watch *watch;

	guests_start();
	changes = 0;
	watch = xs_local_watch("/local/domain/1/data", remember_change,
			       &changes);
	CHECK(watch);
	xs_local_deliver();
	CHECK(changes == 1);
	expect(one, XS_WRITE, 0, "data/ping\0", "OK");
	CHECK(changes == 3);
	CHECK_TEXT(last_change, "/local/domain/1/data/pong");
	expect(one, XS_WRITE, 0, "attr/x\0", "OK");
	CHECK(changes == 3);
	xs_local_unwatch(watch);
	expect(one, XS_WRITE, 0, "data/x\0", "OK");
	CHECK(changes == 3);
	guests_end();
}

/* What an open transaction of a survivor cannot carry over. */
static void test_transaction_over_the_end_of_a_domain(void)
{
	guests_start();
	expect(one, XS_WRITE, 0, "data/x\0secret", "OK");
	ask(one, XS_TRANSACTION_START, 0, "");
	expect(one, XS_SET_PERMS, 1, "data/x\0n1\0r2", "OK");
	guest_release(two);
	fake.next_domid = 2;
	guest_build(two, "new");
	refuse(one, XS_TRANSACTION_END, 1, "T", "EAGAIN");
	refuse(two, XS_READ, 0, "/local/domain/1/data/x", "EACCES");
	guests_end();
}

/* Two clients, disjoint nodes: neither stands in the other's way. */
static void test_transactions_apart(void)
{
	guests_start();
	ask(one, XS_TRANSACTION_START, 0, "");
	expect(one, XS_WRITE, 1, "data/x\0in", "OK");
	expect(two, XS_WRITE, 0, "data/x\0meanwhile", "OK");
	expect(one, XS_TRANSACTION_END, 1, "T", "OK");
	expect_value(one, "data/x", "in");
	expect_value(two, "data/x", "meanwhile");

	/* What was only read counts as well. */
	ask(one, XS_TRANSACTION_START, 0, "");
	ask(one, XS_READ, 2, "memory/target");
	expect(one, XS_WRITE, 2, "data/y\0in", "OK");
	CHECK(!xs_local_write("/local/domain/1/memory/target", "1"));
	refuse(one, XS_TRANSACTION_END, 2, "T", "EAGAIN");
	refuse(one, XS_READ, 0, "data/y", "ENOENT");
	guests_end();
}

static const struct test tests[] = {
	TEST(test_accounts),
	TEST(test_full_account),
	TEST(test_full_of_bytes),
	TEST(test_directory_in_parts),
	TEST(test_events_without_room),
	TEST(test_special_names),
	TEST(test_reconnect),
	TEST(test_indices_are_ours),
	TEST(test_a_busy_guest_is_left_off),
	TEST(test_local_watch),
	TEST(test_transaction_over_the_end_of_a_domain),
	TEST(test_transactions_apart),
};

int main(void)
{
	return RUN_TESTS(tests);
}
