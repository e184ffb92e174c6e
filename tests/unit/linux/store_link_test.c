/* SPDX-License-Identifier: MIT */
/*
 * The connection to a xenstore server, with a server of our own at the other
 * end of a pair of sockets: what it says is written before it is asked, and so
 * may be anything, of any length.
 */
#include "linux/store_link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <public/errno.h>

#include "check.h"

static struct store_link client;
static int server;

static void begin(void)
{
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	server = pair[1];
	store_link_init(&client, pair[0]);
}

static void end(void)
{
	store_link_close(&client);
	if (server >= 0)
		close(server);
	server = -1;
}

/* The server's next message, of which only `size` bytes are sent. */
static void say_part(uint32_t type, uint32_t id, uint32_t len,
		     const char *payload, size_t size)
{
	const struct xsd_sockmsg head = { .type = type,
					  .req_id = id,
					  .len = len };

	CHECK(write(server, &head, sizeof(head)) == sizeof(head));
	CHECK(!size || write(server, payload, size) == (ssize_t)size);
}

static void say(uint32_t type, uint32_t id, const char *payload, size_t size)
{
	say_part(type, id, (uint32_t)size, payload, size);
}

static int ask(uint32_t type, const char *path)
{
	const struct store_part part = { path, strlen(path) + 1 };

	return store_link_ask(&client, type, &part, 1);
}

static void hear(uint32_t type, const char *payload, size_t size)
{
	struct xsd_sockmsg head;
	char bytes[XENSTORE_PAYLOAD_MAX];

	CHECK(read(server, &head, sizeof(head)) == sizeof(head));
	CHECK(head.type == type && head.len == size && head.tx_id == 0);
	CHECK(read(server, bytes, size) == (ssize_t)size);
	CHECK(!memcmp(bytes, payload, size));
}

static void test_request_and_reply(void)
{
	begin();
	say(XS_READ, 1, "value", 5);
	CHECK(ask(XS_READ, "/a") == 0);
	CHECK(client.reply_size == 5 && !strcmp(client.reply, "value"));
	hear(XS_READ, "/a", 3);
	say(XS_READ, 2, "", 0);
	CHECK(ask(XS_READ, "/b") == 0);
	CHECK(client.reply_size == 0 && !*client.reply);
	end();
}

static void test_errors_have_numbers(void)
{
	begin();
	say(XS_ERROR, 1, "ENOENT", 7);
	CHECK(ask(XS_READ, "/a") == -XEN_ENOENT);
	say(XS_ERROR, 2, "EXDEV", 6);
	CHECK(ask(XS_READ, "/a") == -XEN_EIO);
	/* Without its NUL. */
	say(XS_ERROR, 3, "EBUSY", 5);
	CHECK(ask(XS_READ, "/a") == -XEN_EBUSY);
	CHECK(client.fd >= 0);
	end();
}

static void test_events_come_in_between(void)
{
	struct store_event *event;

	begin();
	say(XS_WATCH_EVENT, 0, "/x\0001", 5);
	say(XS_WATCH_EVENT, 0, "/y\0002", 5);
	say(XS_READ, 1, "value", 5);
	CHECK(ask(XS_READ, "/a") == 0 && !strcmp(client.reply, "value"));
	say(XS_WATCH_EVENT, 0, "/z\0003", 5);
	CHECK(store_link_receive(&client) == 0);
	event = store_link_take_event(&client);
	CHECK(!strcmp(event->path, "/x") && !strcmp(event->token, "1"));
	free(event);
	event = store_link_take_event(&client);
	CHECK(!strcmp(event->path, "/y") && !strcmp(event->token, "2"));
	free(event);
	event = store_link_take_event(&client);
	CHECK(!strcmp(event->path, "/z") && !strcmp(event->token, "3"));
	free(event);
	CHECK(!store_link_take_event(&client));
	end();
}

/* The connection is over, and stays so. */
static void is_over(void)
{
	CHECK(client.fd < 0);
	CHECK(ask(XS_READ, "/a") == -XEN_EIO);
	CHECK(store_link_receive(&client) == -XEN_EIO);
	end();
}

static void test_lengths(void)
{
	static const uint32_t lengths[] = { XENSTORE_PAYLOAD_MAX + 1,
					    0x7fffffff, UINT32_MAX };
	static char most[XENSTORE_PAYLOAD_MAX];
	size_t i;

	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		begin();
		say_part(XS_READ, 1, lengths[i], "", 0);
		CHECK(ask(XS_READ, "/a") == -XEN_EIO);
		is_over();
	}
	begin();
	memset(most, 'a', sizeof(most));
	say(XS_READ, 1, most, sizeof(most));
	CHECK(ask(XS_READ, "/a") == 0);
	CHECK(client.reply_size == sizeof(most) &&
	      strlen(client.reply) == sizeof(most));
	end();
}

static void test_events_without_nul(void)
{
	static const struct {
		const char *payload;
		size_t size;
	} bad[] = { { "", 0 }, { "/x", 2 }, { "/x\0", 3 }, { "/x\0001", 4 } };
	size_t i;

	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		begin();
		say(XS_WATCH_EVENT, 0, bad[i].payload, bad[i].size);
		CHECK(store_link_receive(&client) == -XEN_EIO);
		is_over();
	}
}

static void test_not_the_answer(void)
{
	begin();
	say(XS_READ, 2, "value", 5);
	CHECK(ask(XS_READ, "/a") == -XEN_EIO);
	is_over();
	begin();
	say(XS_WRITE, 1, "OK", 3);
	CHECK(ask(XS_READ, "/a") == -XEN_EIO);
	is_over();
	begin();
	say(XS_READ, 0, "", 0);
	CHECK(store_link_receive(&client) == -XEN_EIO);
	is_over();
}

static void test_server_goes_away(void)
{
	begin();
	say_part(XS_READ, 1, 5, "val", 3);
	close(server);
	server = -1;
	CHECK(ask(XS_READ, "/a") == -XEN_EIO);
	is_over();
}

static void test_too_much_to_send(void)
{
	static char most[XENSTORE_PAYLOAD_MAX];
	const struct store_part parts[] = { { most, sizeof(most) },
					    { most, 1 } };

	begin();
	CHECK(store_link_ask(&client, XS_WRITE, parts, 2) == -XEN_E2BIG);
	/* Nothing was sent, so the connection is as good as before. */
	say(XS_WRITE, 2, "OK", 3);
	CHECK(store_link_ask(&client, XS_WRITE, parts, 1) == 0);
	hear(XS_WRITE, most, sizeof(most));
	end();
}

static const struct test tests[] = {
	TEST(test_request_and_reply),      TEST(test_errors_have_numbers),
	TEST(test_events_come_in_between), TEST(test_lengths),
	TEST(test_events_without_nul),     TEST(test_not_the_answer),
	TEST(test_server_goes_away),       TEST(test_too_much_to_send),
};

int main(void)
{
	return RUN_TESTS(tests);
}
