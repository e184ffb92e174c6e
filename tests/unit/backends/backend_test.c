/* SPDX-License-Identifier: MIT */
/*
 * The states of a device against front ends good and bad: a kind that only
 * counts, and the real store.
 */
#include "backends/backend.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/errno.h>

#include "backends/keys.h"
#include "check.h"
#include "xenstore/local.h"
#include "xenstore/store.h"

#define OWN   "/local/domain/0/backend/test/5/7"
#define FRONT "/local/domain/5/device/test/7"

struct test_device {
	struct backend_device common;
	bool is_connected;
};

static struct {
	int created, destroyed, connected, disconnected;
	bool refuse_create, refuse_connect;
	bool has_io; /* disconnect() has to wait */
	struct backend_device *last;
} kind;

static int create(struct backend_device *device)
{
	if (kind.refuse_create) {
		backend_say(device, "no such thing as %u", device->handle);
		return -XEN_ENODEV;
	}
	kind.created++;
	kind.last = device;
	CHECK(!pv_keys_put(&device->own, "feature", 1));
	return 0;
}

static void destroy(struct backend_device *device)
{
	CHECK(!((struct test_device *)device)->is_connected);
	kind.destroyed++;
	kind.last = NULL;
}

static int connect(struct backend_device *device)
{
	struct test_device *test = (struct test_device *)device;

	CHECK(!test->is_connected);
	if (kind.refuse_connect) {
		backend_say(device, "no ring");
		return -XEN_EINVAL;
	}
	test->is_connected = true;
	kind.connected++;
	/* A change of the store by ourselves must not bring us here again. */
	pv_keys_put(&device->own, "sectors", 99);
	return 0;
}

static void end_io_of(struct backend_device *device)
{
	((struct test_device *)device)->is_connected = false;
	kind.disconnected++;
	backend_disconnected(device);
}

static void end_io(void)
{
	end_io_of(kind.last);
}

static void disconnect(struct backend_device *device)
{
	CHECK(((struct test_device *)device)->is_connected);
	CHECK(device->phase == BACKEND_LEAVING);
	if (!kind.has_io)
		end_io_of(device);
}

static const struct backend_type type = {
	.kind = "test",
	.device_size = sizeof(struct test_device),
	.create = create,
	.destroy = destroy,
	.connect = connect,
	.disconnect = disconnect,
};

/* Xenstore ---------------------------------------------------------------- */

static void attach(void)
{
	key_put(FRONT, "backend", OWN);
	key_put(FRONT, "state", "1");
	key_put(OWN, "frontend", FRONT);
	key_put(OWN, "online", "1");
	key_put(OWN, "state", "1");
}

static void start(void)
{
	static bool is_registered;

	memset(&kind, 0, sizeof(kind));
	if (!is_registered)
		CHECK(!backend_register(&type));
	is_registered = true;
	attach();
	CHECK(kind.created == 1);
	CHECK_TEXT(key_get(OWN, "state"), "2");
	CHECK_TEXT(key_get(OWN, "hotplug-status"), "connected");
	CHECK_TEXT(key_get(OWN, "feature"), "1");
}

static void front(const char *state)
{
	key_put(FRONT, "state", state);
}

static void detach(void)
{
	xs_local_rm(OWN);
	xs_local_rm(FRONT);
}

/* Everything is as before. */
static void end(void)
{
	detach();
	CHECK(kind.destroyed == kind.created);
	CHECK(kind.connected == kind.disconnected);
	CHECK(!backend_next(NULL));
}

static void connect_front(void)
{
	front("3");
	CHECK_TEXT(key_get(OWN, "state"), "4");
	front("4");
	CHECK_TEXT(key_get(OWN, "state"), "4");
}

/* Tests ------------------------------------------------------------------- */

static void test_ordinary_life(void)
{
	start();
	CHECK(kind.last->domid == 5 && kind.last->handle == 7);
	connect_front();
	CHECK(kind.connected == 1);
	front("5");
	CHECK_TEXT(key_get(OWN, "state"), "5");
	CHECK(!kind.disconnected);
	front("6");
	CHECK_TEXT(key_get(OWN, "state"), "6");
	CHECK(kind.disconnected == 1);
	end();
}

/* As netfront does: straight to Connected. */
static void test_connects_at_4(void)
{
	start();
	front("4");
	CHECK_TEXT(key_get(OWN, "state"), "4");
	end();
	CHECK(kind.connected == 1);
}

static void test_reconnects(void)
{
	int i;

	start();
	for (i = 0; i < 100; i++) {
		connect_front();
		front("5");
		front("6");
		front("1");
		CHECK_TEXT(key_get(OWN, "state"), "2");
	}
	CHECK(kind.connected == 100 && kind.disconnected == 100);
	CHECK(kind.created == 1);
	end();
}

/* A boot loader hands the device over without Closing. */
static void test_begins_anew(void)
{
	start();
	connect_front();
	front("1");
	CHECK_TEXT(key_get(OWN, "state"), "2");
	connect_front();
	CHECK(kind.connected == 2);
	end();
}

static void test_states_backwards(void)
{
	static const char *const states[] = {
		"0", "2", "3", "7", "8", "9", "", "x", "4", "3", "12345", "-1"
	};
	size_t i;

	start();
	connect_front();
	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		front(states[i]);
		CHECK_TEXT(key_get(OWN, "state"), "4");
	}
	CHECK(kind.connected == 1 && !kind.disconnected);
	front("6");
	/* Closed does not lead back, except through the beginning. */
	for (i = 0; i < sizeof(states) / sizeof(states[0]); i++) {
		front(states[i]);
		CHECK_TEXT(key_get(OWN, "state"), "6");
	}
	CHECK(kind.connected == 1);
	front("1");
	CHECK_TEXT(key_get(OWN, "state"), "2");
	end();
}

static void test_random_states(void)
{
	int i;

	start();
	srand(1);
	for (i = 0; i < 20000; i++) {
		char text[4];

		if (rand() % 100 == 0) {
			xs_local_rm(FRONT);
			continue;
		}
		if (rand() % 200 == 0) {
			detach();
			CHECK(!backend_next(NULL));
			attach();
		}
		snprintf(text, sizeof(text), "%d", rand() % 10);
		front(text);
		CHECK(kind.connected - kind.disconnected >= 0);
		CHECK(kind.connected - kind.disconnected <= 1);
	}
	CHECK(kind.connected > 100);
	end();
}

/* The guest removes its own directory, or only the state. */
static void test_front_vanishes(void)
{
	start();
	connect_front();
	xs_local_rm(FRONT "/state");
	CHECK(kind.disconnected == 1);
	CHECK_TEXT(key_get(OWN, "state"), "6");
	front("1");
	connect_front();
	xs_local_rm("/local/domain/5");
	CHECK(kind.disconnected == 2);
	CHECK(!kind.destroyed);
	end();
}

static void test_orderly_detach(void)
{
	start();
	connect_front();
	key_put(OWN, "online", "0");
	key_put(OWN, "state", "5");
	CHECK_TEXT(key_get(OWN, "state"), "5");
	CHECK(!kind.disconnected);
	front("5");
	front("6");
	CHECK_TEXT(key_get(OWN, "state"), "6");
	/* It is not to come back. */
	front("1");
	CHECK_TEXT(key_get(OWN, "state"), "6");
	end();
}

/*
 * A front end that is only beginning may be in the middle of its search for
 * us: it is told to go as one that is connected, and is waited for.
 */
static void test_detach_early(void)
{
	start();
	key_put(OWN, "online", "0");
	key_put(OWN, "state", "5");
	CHECK_TEXT(key_get(OWN, "state"), "5");
	front("4");
	CHECK_TEXT(key_get(OWN, "state"), "5");
	CHECK(!kind.connected);
	front("6");
	CHECK_TEXT(key_get(OWN, "state"), "6");
	end();
}

/* Without a front end, there is nobody to wait for. */
static void test_detach_unused(void)
{
	start();
	xs_local_rm(FRONT);
	key_put(OWN, "online", "0");
	key_put(OWN, "state", "5");
	CHECK_TEXT(key_get(OWN, "state"), "6");
	end();
}

static void test_death_in_io(void)
{
	start();
	connect_front();
	kind.has_io = true;
	detach();
	CHECK(!kind.destroyed);
	CHECK(kind.last->phase == BACKEND_LEAVING);
	end_io();
	CHECK(kind.destroyed == 1);
	end();
}

/* The same name again while the old device still has I/O under way. */
static void test_replaced_in_io(void)
{
	start();
	connect_front();
	kind.has_io = true;
	detach();
	attach();
	CHECK(kind.created == 1);
	CHECK_TEXT(key_get(OWN, "state"), "1");
	kind.has_io = false;
	end_io();
	CHECK(kind.destroyed == 1 && kind.created == 2);
	CHECK_TEXT(key_get(OWN, "state"), "2");
	end();
}

static void test_anew_in_io(void)
{
	start();
	connect_front();
	kind.has_io = true;
	front("6");
	front("1");
	front("3");
	CHECK_TEXT(key_get(OWN, "state"), "4");
	end_io();
	/* It has not begun anew since: 1 came and went. */
	CHECK_TEXT(key_get(OWN, "state"), "4");
	CHECK(kind.connected == 1);
	kind.has_io = false;
	front("1");
	CHECK_TEXT(key_get(OWN, "state"), "2");
	end();
}

static void test_refused(void)
{
	memset(&kind, 0, sizeof(kind));
	kind.refuse_create = true;
	attach();
	CHECK_TEXT(key_get(OWN, "hotplug-status"), "error");
	CHECK_TEXT(key_get(OWN, "error"), "no such thing as 7");
	CHECK_TEXT(key_get(OWN, "state"), "6");
	CHECK(!backend_next(NULL));
	kind.refuse_create = false;
	end();
}

static void test_connect_fails(void)
{
	start();
	kind.refuse_connect = true;
	front("3");
	CHECK_TEXT(key_get(OWN, "state"), "5");
	CHECK_TEXT(key_get(OWN, "error"), "no ring");
	front("4");
	CHECK_TEXT(key_get(OWN, "state"), "5");
	front("6");
	CHECK_TEXT(key_get(OWN, "state"), "6");
	kind.refuse_connect = false;
	front("1");
	connect_front();
	end();
}

static void test_breaks_the_protocol(void)
{
	start();
	connect_front();
	backend_fail(kind.last, "slot %d", 12);
	CHECK(kind.disconnected == 1);
	CHECK_TEXT(key_get(OWN, "state"), "5");
	CHECK_TEXT(key_get(OWN, "error"), "slot 12");
	front("3");
	CHECK(kind.connected == 1);
	front("1");
	CHECK_TEXT(key_get(OWN, "state"), "2");
	connect_front();
	end();
}

static void test_hostile_paths(void)
{
	start();
	key_put("/local/domain/0/backend/test", "x/y/state", "1");
	key_put("/local/domain/0/backend/test", "99999/1/state", "1");
	key_put("/local/domain/0/backend/test", "5", "");
	CHECK(kind.created == 1);
	xs_local_rm("/local/domain/0/backend/test");
	CHECK(kind.destroyed == 1);
	xs_local_rm(FRONT);
	end();
}

/* Two devices do not disturb each other. */
static void test_two(void)
{
	start();
	key_put("/local/domain/6/device/test/7", "state", "1");
	key_put("/local/domain/0/backend/test/6/7", "online", "1");
	key_put("/local/domain/0/backend/test/6/7", "state", "1");
	CHECK(kind.created == 2);
	connect_front();
	key_put("/local/domain/6/device/test/7", "state", "3");
	CHECK(kind.connected == 2);
	xs_local_rm("/local/domain/0/backend/test/6");
	CHECK(kind.destroyed == 1 && kind.disconnected == 1);
	CHECK_TEXT(key_get(OWN, "state"), "4");
	xs_local_rm("/local/domain/6");
	end();
}

/* clang-format off */
static const struct test tests[] = {
	TEST(test_ordinary_life),
	TEST(test_connects_at_4),
	TEST(test_reconnects),
	TEST(test_begins_anew),
	TEST(test_states_backwards),
	TEST(test_random_states),
	TEST(test_front_vanishes),
	TEST(test_orderly_detach),
	TEST(test_detach_early),
	TEST(test_detach_unused),
	TEST(test_death_in_io),
	TEST(test_replaced_in_io),
	TEST(test_anew_in_io),
	TEST(test_refused),
	TEST(test_connect_fails),
	TEST(test_breaks_the_protocol),
	TEST(test_hostile_paths),
	TEST(test_two),
};
/* clang-format on */

int main(void)
{
	return RUN_TESTS(tests);
}
