/* SPDX-License-Identifier: MIT */
/*
 * Guests from creation to end on the fake machine: names, what happens on
 * poweroff, reboot and crash, and their consoles. The test plays the guest's
 * part of the console ring.
 */
#include "toolstack/guests.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <public/io/console.h>
#include <public/sched.h>

#include "check.h"
#include "fake_primitives.h"
#include "kernel_fixture.h"
#include "toolstack/primitives.h"

static struct tk_error err;
static bool kernel_is_missing;
static char noticed[512];
static char seen[2 * TK_CONSOLE_HISTORY + 1];
static size_t seen_size;

static int read_file(const char *path, const void **data, size_t *size)
{
	const struct elf_builder *kernel = fixture_kernel(1);

	if (kernel_is_missing)
		return -1;
	*data = kernel->bytes;
	*size = !strcmp(path, "/guests/kernel") ? kernel->size : 100;
	return 0;
}

static void notice(const char *about, const char *text)
{
	snprintf(noticed, sizeof(noticed), "%s: %s", about, text);
}

static const struct tk_guests_host host = {
	.read_file = read_file,
	.notice = notice,
};

static void see(void *context, const char *text, size_t size)
{
	(void)context;
	CHECK(size <= sizeof(seen) - 1 - seen_size);
	memcpy(seen + seen_size, text, size);
	seen_size += size;
	seen[seen_size] = '\0';
}

static void see_nothing_yet(void)
{
	seen_size = 0;
	seen[0] = '\0';
}

static void start(void)
{
	fake_start();
	kernel_is_missing = false;
	noticed[0] = '\0';
	see_nothing_yet();
	CHECK(!tk_guests_start(&host, &err));
}

/* Everything must be back but our one port. */
static void end(void)
{
	struct tk_guest *guest = NULL;

	while ((guest = tk_guests_next(guest))) {
		if (guest->has_domain)
			CHECK(!tk_guest_destroy(guest, &err));
	}
	CHECK(fake_free_pages() == FAKE_FRAMES);
	CHECK(!fake.mappings);
	CHECK(fake.ports == 1);
	fake_end();
}

static struct tk_guest *create(const char *name, enum tk_action action)
{
	struct tk_domain_config config = fixture_config(name);
	struct tk_guest *guest;

	config.on_poweroff = action;
	config.on_reboot = action;
	config.on_crash = action;
	guest = tk_guests_create(&config, false, &err);
	if (!guest)
		check_fail(__FILE__, __LINE__, "%s", err.text);
	return guest;
}

static struct xencons_interface *ring_of(struct tk_guest *guest)
{
	return guest->console.ring;
}

/* As a guest does it: as much as there is room for, then an event. */
static void guest_prints(struct tk_guest *guest, const char *text, size_t size)
{
	struct xencons_interface *ring = ring_of(guest);

	while (size) {
		if (ring->out_prod - ring->out_cons < sizeof(ring->out)) {
			ring->out[ring->out_prod++ % sizeof(ring->out)] =
				*text++;
			size--;
			continue;
		}
		fake_guest_notify(guest->domid, 2);
		tk_wait(0);
	}
	fake_guest_notify(guest->domid, 2);
	tk_wait(0);
}

static void test_create_and_destroy(void)
{
	struct tk_domain_config config;
	struct tk_guest *guest;

	start();
	guest = create("one", TK_ACTION_DESTROY);
	CHECK(!fake_domain(guest->domid)->pauses);
	CHECK(tk_guests_find("one") == guest);
	CHECK(tk_guests_find("1") == guest);
	CHECK(!tk_guests_find("2") && !tk_guests_find(""));
	config = fixture_config("one");
	CHECK(!tk_guests_create(&config, false, &err));
	CHECK_TEXT(err.text, "one: the name is in use by domain 1");

	CHECK(!tk_guest_pause(guest, &err));
	CHECK(fake_domain(1)->pauses == 1);
	CHECK(!tk_guest_unpause(guest, &err));
	CHECK(tk_guest_unpause(guest, &err));
	CHECK_HAS(err.text, "one: unpausing it: invalid argument");
	CHECK(!tk_guest_destroy(guest, &err));
	CHECK(guest->has_ended && !guest->has_domain);
	CHECK(tk_guest_destroy(guest, &err));
	CHECK_TEXT(err.text, "one: it is not running");
	CHECK(!tk_guests_find("1"));

	config = fixture_config("one");
	guest = tk_guests_create(&config, true, &err);
	CHECK(guest && fake_domain(guest->domid)->pauses == 1);
	end();
}

static void test_failed_create(void)
{
	struct tk_domain_config config;

	start();
	kernel_is_missing = true;
	config = fixture_config("two");
	CHECK(!tk_guests_create(&config, false, &err));
	CHECK_TEXT(err.text, "kernel /guests/kernel: no such file");
	CHECK(!tk_guests_find("two"));
	end();
}

static void test_every_call_fails(void)
{
	unsigned int n;

	for (n = 0;; n++) {
		struct tk_domain_config config = fixture_config("three");

		start();
		fake_fail_after(n);
		if (tk_guests_create(&config, false, &err))
			break;
		CHECK(fake.fail_happened);
		CHECK(!tk_guests_find("three"));
		end();
	}
	CHECK(!fake.fail_happened);
	end();
}

static unsigned int patience;

static bool user_interrupts(void)
{
	return !patience || !--patience;
}

/* At the first question whether to go on, the second, ...: end() counts. */
static void test_interrupted_everywhere(void)
{
	struct tk_guest *guest = NULL;
	unsigned int n;

	for (n = 1; !guest; n++) {
		struct tk_domain_config config = fixture_config("five");

		start();
		patience = n;
		guest = tk_guests_create_unless(&config, false, user_interrupts,
						&err);
		if (!guest)
			CHECK_TEXT(err.text, "five: interrupted, nothing of "
					     "it is left");
		CHECK(tk_guests_find("five") == guest);
		end();
	}
	CHECK(n > 25);
}

/* A guest that restarts by itself is not what the user waits for. */
static void test_restart_is_not_interrupted(void)
{
	struct tk_domain_config config = fixture_config("four");
	struct tk_guest *guest;

	start();
	config.on_reboot = TK_ACTION_RESTART;
	patience = 1000;
	guest = tk_guests_create_unless(&config, false, user_interrupts, &err);
	CHECK(guest);
	patience = 1;
	fake_shut_down(guest->domid, SHUTDOWN_reboot);
	tk_wait(0);
	CHECK(guest->has_domain && !guest->has_ended);
	CHECK(patience == 1);
	end();
}

static void shut_down(struct tk_guest *guest, unsigned int reason)
{
	fake_shut_down(guest->domid, reason);
	tk_wait(0);
}

static void test_ends_by_itself(void)
{
	struct tk_guest *guest;

	start();
	guest = create("poweroff", TK_ACTION_DESTROY);
	shut_down(guest, SHUTDOWN_poweroff);
	CHECK(guest->has_ended && !guest->has_domain);
	CHECK_TEXT(guest->end_reason, "poweroff");
	CHECK(!fake_domain(guest->domid));

	guest = create("crash", TK_ACTION_PRESERVE);
	shut_down(guest, SHUTDOWN_crash);
	CHECK(guest->has_ended && guest->has_domain);
	CHECK_TEXT(guest->end_reason, "crash");
	CHECK(!tk_guest_destroy(guest, &err));
	CHECK_TEXT(guest->end_reason, "crash");
	end();
}

static void test_restart(void)
{
	struct tk_guest *guest;
	uint16_t old;

	start();
	guest = create("again", TK_ACTION_RESTART);
	old = guest->domid;
	shut_down(guest, SHUTDOWN_reboot);
	CHECK(guest->has_domain && !guest->has_ended);
	CHECK(guest->domid != old && !fake_domain(old));
	CHECK(!fake_domain(guest->domid)->pauses);

	kernel_is_missing = true;
	shut_down(guest, SHUTDOWN_reboot);
	CHECK(guest->has_ended && !guest->has_domain);
	CHECK_HAS(noticed, "restart failed: kernel");
	end();
}

static void test_rename_restart(void)
{
	struct tk_guest *old, *guest;

	start();
	old = create("keep", TK_ACTION_RENAME_RESTART);
	shut_down(old, SHUTDOWN_crash);
	guest = tk_guests_find("keep");
	CHECK(guest && guest != old && guest->has_domain);
	CHECK(!guest->has_ended);
	CHECK(tk_guests_find("keep-1") == old);
	CHECK(old->has_domain && old->has_ended);
	shut_down(guest, SHUTDOWN_crash);
	CHECK(tk_guests_find("keep-2") == guest);
	end();
}

static void test_somebody_else_destroys(void)
{
	struct tk_guest *guest;

	start();
	guest = create("gone", TK_ACTION_RESTART);
	tk_console_detach(&guest->console);
	fake_shut_down(guest->domid, SHUTDOWN_crash);
	fake_domain(guest->domid)->exists = false;
	tk_wait(0);
	CHECK(guest->has_ended && !guest->has_domain);
	CHECK_TEXT(guest->end_reason, "destroyed");
	fake_end(); /* its frames are nobody's business here */
}

/* Who did not make a guest only sees what becomes of it. */
static void test_others_act(void)
{
	struct tk_guest *guest;

	start();
	guest = create("theirs", TK_ACTION_RESTART);
	guest->is_elsewhere = true;
	shut_down(guest, SHUTDOWN_reboot);
	CHECK(guest->has_ended && guest->has_domain);
	CHECK_TEXT(guest->end_reason, "reboot");
	CHECK(fake_domain(guest->domid));
	fake_domain(guest->domid)->exists = false;
	tk_console_detach(&guest->console);
	shut_down(create("ours", TK_ACTION_DESTROY), SHUTDOWN_poweroff);
	CHECK(!guest->has_domain);
	CHECK_TEXT(guest->end_reason, "reboot");
	fake_end(); /* its frames are nobody's business here */
}

static void test_old_guests_are_forgotten(void)
{
	unsigned int i;
	char name[16];

	start();
	for (i = 0; i < TK_GUESTS_ENDED_MAX + 5; i++) {
		snprintf(name, sizeof(name), "many%u", i);
		shut_down(create(name, TK_ACTION_DESTROY), SHUTDOWN_poweroff);
	}
	CHECK(!tk_guests_find("many0"));
	CHECK(tk_guests_find("many20"));
	end();
}

static void test_console_output(void)
{
	struct tk_guest *guest;

	start();
	guest = create("talks", TK_ACTION_DESTROY);
	guest_prints(guest, "before ", 7);
	CHECK(fake.notifications);
	tk_console_view(&guest->console, see, NULL);
	CHECK_TEXT(seen, "before ");
	guest_prints(guest, "during ", 7);
	CHECK_TEXT(seen, "before during ");
	tk_console_view(&guest->console, NULL, NULL);
	see_nothing_yet();
	guest_prints(guest, "after", 5);
	CHECK_TEXT(seen, "");

	/* What it printed just before its end counts too. */
	ring_of(guest)->out[ring_of(guest)->out_prod++ % 2048] = '!';
	shut_down(guest, SHUTDOWN_poweroff);
	tk_console_view(&guest->console, see, NULL);
	CHECK_TEXT(seen, "after!");
	see_nothing_yet();
	tk_console_replay(&guest->console, see, NULL);
	CHECK_TEXT(seen, "before during after!");
	end();
}

static void test_console_history_wraps(void)
{
	static char text[TK_CONSOLE_HISTORY * 2 + 777];
	struct tk_guest *guest;
	size_t i;

	for (i = 0; i < sizeof(text); i++)
		text[i] = (char)('a' + i * 7 % 26);
	start();
	guest = create("long", TK_ACTION_DESTROY);
	guest_prints(guest, text, sizeof(text));
	tk_console_replay(&guest->console, see, NULL);
	CHECK(seen_size == TK_CONSOLE_HISTORY);
	CHECK(!memcmp(seen, text + sizeof(text) - TK_CONSOLE_HISTORY,
		      TK_CONSOLE_HISTORY));
	end();
}

static void test_console_input(void)
{
	static char text[TK_CONSOLE_INPUT + 2000];
	struct xencons_interface *ring;
	struct tk_guest *guest;
	size_t taken, got = 0;

	memset(text, 'x', sizeof(text));
	start();
	guest = create("listens", TK_ACTION_DESTROY);
	ring = ring_of(guest);
	taken = tk_console_type(&guest->console, "ls\r", 3);
	CHECK(taken == 3 && ring->in_prod == 3 && !memcmp(ring->in, "ls\r", 3));
	ring->in_cons = 3;
	taken = tk_console_type(&guest->console, text, sizeof(text));
	CHECK(taken == TK_CONSOLE_INPUT);
	while (ring->in_prod != ring->in_cons) {
		got += ring->in_prod - ring->in_cons;
		ring->in_cons = ring->in_prod;
		fake_guest_notify(guest->domid, 2);
		tk_wait(0);
	}
	CHECK(got == taken);
	CHECK(!tk_guest_destroy(guest, &err));
	CHECK(!tk_console_type(&guest->console, "x", 1));
	end();
}

/* Indices that make no sense must not lead outside the ring. */
static void test_console_is_broken(void)
{
	struct tk_guest *guest;

	start();
	guest = create("evil", TK_ACTION_DESTROY);
	ring_of(guest)->out_prod = ring_of(guest)->out_cons + 2049;
	fake_guest_notify(guest->domid, 2);
	tk_wait(0);
	CHECK(guest->console.is_broken);
	tk_console_view(&guest->console, see, NULL);
	CHECK_HAS(seen, "broke its console ring");
	CHECK(!tk_console_type(&guest->console, "x", 1));
	CHECK(!tk_guest_destroy(guest, &err));

	guest = create("evil", TK_ACTION_DESTROY);
	ring_of(guest)->in_cons = ring_of(guest)->in_prod + 1;
	tk_console_type(&guest->console, "x", 1);
	CHECK(guest->console.is_broken);
	end();
}

static const struct test tests[] = {
	TEST(test_create_and_destroy),
	TEST(test_failed_create),
	TEST(test_every_call_fails),
	TEST(test_interrupted_everywhere),
	TEST(test_restart_is_not_interrupted),
	TEST(test_ends_by_itself),
	TEST(test_restart),
	TEST(test_rename_restart),
	TEST(test_somebody_else_destroys),
	TEST(test_others_act),
	TEST(test_old_guests_are_forgotten),
	TEST(test_console_output),
	TEST(test_console_history_wraps),
	TEST(test_console_input),
	TEST(test_console_is_broken),
};

int main(void)
{
	return RUN_TESTS(tests);
}
