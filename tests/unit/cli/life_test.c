/* SPDX-License-Identifier: MIT */
/*
 * Guests that start and stop with the machine, that restart too often, and
 * that give memory to others.
 */
#include "cli_fixture.h"

#include "check.h"
#include "cli/autostart.h"
#include "fake_primitives.h"
#include "toolstack/guest_memory.h"

/* A guest of this name that is to start after another. */
#define AFTER(name, other)                                                     \
	"name = '" name "'\nkernel = '/guests/kernel'\nmemory = 5\n"           \
	"start_after = ['" other "']\n"
#define ALONE(name) "name = '" name "'\nkernel = '/guests/kernel'\nmemory = 5\n"

static void test_order(void)
{
	start();
	add_file("/guests/auto/20-db.cfg", ALONE("db"));
	add_file("/guests/auto/10-web.cfg", AFTER("web", "db"));
	add_file("/guests/auto/30-log.cfg", ALONE("log"));
	add_file("/guests/auto/readme", "not a guest");
	add_file("/guests/automatic.cfg", ALONE("other"));
	cli_autostart();
	CHECK_TEXT(output, "started db\r\nstarted web\r\nstarted log\r\n");
	CHECK(tk_guests_find("web")->is_auto && !tk_guests_find("other"));
	end();
}

static void test_order_fails(void)
{
	start();
	add_file("/guests/auto/a.cfg", AFTER("a", "b"));
	add_file("/guests/auto/b.cfg", AFTER("b", "c"));
	add_file("/guests/auto/c.cfg", AFTER("c", "a"));
	add_file("/guests/auto/d.cfg", AFTER("d", "nobody"));
	add_file("/guests/auto/e.cfg", AFTER("e", "d"));
	add_file("/guests/auto/f.cfg", "name = 'f'\n");
	add_file("/guests/auto/g.cfg", ALONE("g"));
	add_file("/guests/auto/h.cfg", ALONE("g"));
	cli_autostart();
	CHECK_HAS(output, "error: c: not started: it is to come after a, which"
			  " is to come after it\r\n");
	CHECK_HAS(output, "error: b: not started: it is to come after c, which"
			  " is not running\r\n");
	CHECK_HAS(output, "error: a: not started: it is to come after b, ");
	CHECK_HAS(output, "error: d: not started: it is to come after nobody, "
			  "which is not running\r\n");
	CHECK_HAS(output, "error: e: not started: it is to come after d, ");
	CHECK_HAS(output, "error: /guests/auto/f.cfg: kernel is not set");
	CHECK_HAS(output, "started g\r\nerror: g: the name is in use");
	end();
}

/* The guest that was asked last stops; one is deaf. */
static bool guests_stop(void)
{
	uint16_t domid;

	fake.now += 5000000000ull;
	for (domid = 1; domid < 4; domid++) {
		char path[64], text[16];

		snprintf(path, sizeof(path),
			 "/local/domain/%u/control/shutdown", domid);
		if (domid == 2 || !fake_domain(domid) ||
		    tk_store_read(path, text, sizeof(text)) ||
		    strcmp(text, "poweroff") != 0)
			continue;
		if (!fake_domain(domid)->is_shutdown)
			fake_shut_down(domid, SHUTDOWN_poweroff);
	}
	return fake.now % 2;
}

static void start_three(void)
{
	start();
	add_file("/guests/auto/1.cfg", ALONE("first") "on_poweroff='restart'");
	add_file("/guests/auto/2.cfg", ALONE("deaf"));
	add_file("/guests/auto/3.cfg", ALONE("last"));
	cli_autostart();
	run("create one.cfg");
}

static void test_stop(void)
{
	start_three();
	fake.on_wait = guests_stop;
	run("poweroff");
	CHECK_TEXT(output, "stopping last\r\nstopping deaf\r\n"
			   "deaf does not stop: it is destroyed\r\n"
			   "stopping first\r\n");
	CHECK(fake.ended == SHUTDOWN_poweroff);
	CHECK(!tk_guests_find("first")->has_domain);
	CHECK(tk_guests_find("one")->has_domain);
	fake.on_wait = no_more_input;
	end();
}

static void test_stop_given_up(void)
{
	start_three();
	input = "\x03";
	CHECK(cli_execute("reboot") == COMMAND_FAILED);
	CHECK(fake.ended == -1 && tk_guests_find("last")->has_domain);
	CHECK(cli_execute("poweroff --now") == COMMAND_DONE);
	CHECK(fake.ended == SHUTDOWN_poweroff);
	end();
}

/* The guest crashes, and what is to happen then happens. */
static void crash(const char *name)
{
	struct tk_guest *guest = tk_guests_find(name);

	CHECK(guest->config.on_crash != TK_ACTION_PRESERVE);
	fake_shut_down(guest->domid, SHUTDOWN_crash);
	CHECK(tk_wait(0));
}

static void test_storm(void)
{
	unsigned int i;

	start();
	run("create one.cfg on_crash=restart");
	for (i = 0; i < TK_RESTARTS_MAX; i++) {
		crash("one");
		CHECK(tk_guests_find("one")->has_domain);
	}
	clear();
	crash("one");
	CHECK_HAS(output, "one: it restarts again and again");
	CHECK(!tk_guests_find("one")->has_domain);
	/* A slow rain of them is none. */
	run("create one.cfg on_crash=coredump-restart");
	clear();
	for (i = 0; i < 3 * TK_RESTARTS_MAX; i++) {
		fake.now += TK_RESTARTS_WITHIN_NS / TK_RESTARTS_MAX;
		crash("one");
	}
	CHECK(tk_guests_find("one")->has_domain);
	CHECK_HAS(output, "one: no core is written by itself: ");
	end();
}

static void test_storm_of_names(void)
{
	unsigned int i;

	start();
	run("create one.cfg memory=5 on_crash=rename-restart");
	for (i = 0; i < TK_RESTARTS_MAX; i++) {
		crash("one");
		run("destroy 1");
	}
	for (i = 1; i <= TK_RESTARTS_MAX; i++) {
		char line[32];

		snprintf(line, sizeof(line), "destroy one-%u", i);
		run(line);
	}
	clear();
	crash("one");
	CHECK_HAS(output, "one: it restarts again and again");
	end();
}

static void test_shortage(void)
{
	start();
	run("create one.cfg memory=32");
	run("create smp.cfg memory=40");
	CHECK_HAS(output, "error: smp: not enough memory: 40 MiB wanted, 10 MiB"
			  " missing; one has 32 MiB\r\n");
	end();
}

static bool guests_give(void)
{
	struct tk_guest *guest = tk_guests_find("one");
	uint64_t kib = tk_guest_memory_target(guest);

	fake.now += 1000000000ull;
	fake_balloon(guest->domid, kib / 4);
	return true;
}

static void test_autoballoon(void)
{
	start();
	add_file("/guests/xl.conf", "autoballoon = \"on\"\n");
	run("create one.cfg memory=40 min_memory=16");
	fake.on_wait = guests_give;
	run("create smp.cfg memory=32");
	CHECK_TEXT(output, "one is asked for 10 MiB\r\n");
	CHECK(tk_guests_find("smp"));
	fake.on_wait = no_more_input;
	end();
}

static bool nobody_gives(void)
{
	fake.now += 1000000000ull;
	return true;
}

static void test_autoballoon_fails(void)
{
	start();
	add_file("/guests/xl.conf", "autoballoon = 'on'\n");
	run("create one.cfg memory=40 min_memory=16");
	fake.on_wait = nobody_gives;
	run("create smp.cfg memory=60");
	CHECK_HAS(output, "error: smp: not enough memory: 60 MiB wanted, ");
	CHECK(!strstr(output, "asked"));
	run("create smp.cfg memory=32");
	CHECK_HAS(output, "one is asked for 10 MiB\r\nerror: smp: not enough ");
	run("xenstore-read /local/domain/1/memory/target");
	CHECK_TEXT(output, "40960\r\n");
	fake.on_wait = no_more_input;
	end();
}

static const struct test tests[] = {
	TEST(test_order),
	TEST(test_order_fails),
	TEST(test_stop),
	TEST(test_stop_given_up),
	TEST(test_storm),
	TEST(test_storm_of_names),
	TEST(test_shortage),
	TEST(test_autoballoon),
	TEST(test_autoballoon_fails),
};

int main(void)
{
	return RUN_TESTS(tests);
}
