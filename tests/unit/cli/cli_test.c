/* SPDX-License-Identifier: MIT */
/*
 * The command line on the fake machine: what each verb prints, autorun, the
 * prompt, and an attached console.
 */
#include "cli_fixture.h"

#include "check.h"
#include "drivers/net_device.h"
#include "fake_primitives.h"
#include "ram_disk.h"

static void test_words(void)
{
	start();
	run("");
	CHECK_TEXT(output, "");
	run("  # a comment");
	CHECK_TEXT(output, "");
	run("frobnicate");
	CHECK_TEXT(output, "error: no command frobnicate; see help\r\n");
	run("pause");
	CHECK_TEXT(output, "error: pause: it needs a name or value; usage: "
			   "pause NAME (see help pause)\r\n");
	run("cat a b");
	CHECK_HAS(output, "error: cat: \"b\" is one word too many; "
			  "usage: cat FILE");
	run("a a a a a a a a a a a a a a a a a");
	CHECK_HAS(output, "error: more than 16 words");
	run("help");
	CHECK_HAS(output, "  create ... ");
	CHECK_HAS(output, "poweroff");
	run("help ls");
	CHECK_TEXT(output, "ls [PATH]\r\n  list files\r\n      --json\r\n"
			   "example: ls /guests\r\n");
	run("help x");
	CHECK_TEXT(output, "error: no command x; see help\r\n");
	end();
}

/* Options may stand anywhere, together, with their value attached. */
static void test_options(void)
{
	start();
	CHECK(cli_execute("create /guests/smp.cfg -p") == COMMAND_DONE);
	CHECK(cli_execute("sched-credit2 --domain=smp -w300 --cap 20") ==
	      COMMAND_DONE);
	CHECK(fake_domain(1)->weight == 300 && fake_domain(1)->cap == 20);
	run("tenon sched-credit2 -d 'smp'");
	CHECK_HAS(output, "smp                                  1    300   20");
	CHECK(cli_execute("destroy") == COMMAND_USAGE);
	CHECK(cli_execute("destroy two") == COMMAND_FAILED);
	run("shutdown --wait=3 smp");
	CHECK_HAS(output, "error: shutdown: --wait takes no value; usage: ");
	run("shutdown -wx smp");
	CHECK_HAS(output, "error: shutdown: unknown option -x; usage: ");
	run("destroy --json smp");
	CHECK_HAS(output, "error: destroy: unknown option --json; usage: ");
	run("destroy -- -x");
	CHECK_HAS(output, "error: no guest -x; ");
	run("destroy 's''m'\"p");
	CHECK_TEXT(output, "error: a quotation mark is not closed\r\n");
	run("destroy 's'\"m\"\\p");
	CHECK_TEXT(output, "");
	end();
}

/* Every verb has a line of help that fits, and more with an example. */
static void test_help(void)
{
	const struct command *command = NULL;

	start();
	while ((command = command_next(command))) {
		char line[64];

		CHECK(command_find(command->name) == command);
		CHECK(strlen(command->help) <= 72);
		snprintf(line, sizeof(line), "help %s", command->name);
		run(line);
		CHECK_HAS(output, "example: ");
		/* The example is of this verb. */
		snprintf(line, sizeof(line), "example: %s", command->name);
		CHECK_HAS(output, line);
	}
	end();
}

static void test_json(void)
{
	start();
	run("create /guests/smp.cfg -p");
	run("sched-credit2 --json");
	CHECK_TEXT(output, "{\r\n"
			   "    \"pool\": \"Pool-0\",\r\n"
			   "    \"ratelimit_us\": 0,\r\n"
			   "    \"domains\": [\r\n"
			   "        {\r\n"
			   "            \"name\": \"smp\",\r\n"
			   "            \"domid\": 1,\r\n"
			   "            \"weight\": 512,\r\n"
			   "            \"cap\": 150\r\n"
			   "        }\r\n"
			   "    ]\r\n"
			   "}\r\n");
	run("vcpu-list --json smp");
	CHECK_HAS(output, "\"cpu\": null,");
	CHECK_HAS(output, "\"cpu_time\": 3.703703670,");
	run("network-list --json smp");
	CHECK_TEXT(output, "[]\r\n");
	CHECK(!xs_local_write("/tool/x", "a\n\"\\\xe4"));
	run("xenstore-ls /tool/x --json");
	CHECK_HAS(output, "\"value\": \"a\\u000a\\\"\\\\\\u00e4\"");
	end();
}

static void test_machine(void)
{
	start();
	run("info");
	CHECK_HAS(output, "nr_cpus                : 2\r\n");
	CHECK_HAS(output, "free_memory            : 64\r\n");
	CHECK_HAS(output, "xen_version            : 4.17.fake\r\n");
	run("dmesg");
	CHECK_TEXT(output, "(XEN) hello\r\n");
	run("network");
	CHECK_HAS(output, "Port         Bridge");
	CHECK_HAS(output, "0 of 8192 pages in use");
	run("network-list nobody");
	CHECK_HAS(output, "error: no guest nobody");
	run("pci");
	CHECK_TEXT(output, "00:01.0 a device\r\n");
	run("poweroff");
	CHECK(fake.ended == SHUTDOWN_poweroff);
	run("reboot");
	CHECK(fake.ended == SHUTDOWN_reboot);
	end();
}

static struct ram_disk from, to, small;

static bool step_disk(void)
{
	CHECK(ram_disk_step(&from));
	return true;
}

static void test_disks(void)
{
	size_t i;

	start();
	ram_disk_init(&from, "vd0", 3000, 512);
	ram_disk_init(&to, "vd1", 3000, 512);
	ram_disk_init(&small, "vd2", 2048, 4096);
	small.device.has_discard = false;
	for (i = 0; i < 3000 * BLOCK_SECTOR; i++)
		from.data[i] = (uint8_t)(i * 7 + i / BLOCK_SECTOR);
	run("disks");
	CHECK_TEXT(output, "Name                 Size  Unit Flags\r\n");
	block_register(&from.device);
	block_register(&to.device);
	block_register(&small.device);
	run("disks");
	CHECK_HAS(output,
		  "vd0               1.4 MiB   512 rw,flush,discard\r\n");
	CHECK_HAS(output, "vd2               1.0 MiB  4096 rw,flush\r\n");
	run("disks --check vd0");
	CHECK_HAS(output, "vd0: CRC-32 7cd5ed0e\r\n"
			  "3000 of 3000 sectors, 0 errors, ");
	/* One after the other, newest first: the checksum does not change. */
	from.newest_first = from.hold = true;
	fake.on_wait = step_disk;
	run("disks --check vd0");
	CHECK_HAS(output, "vd0: CRC-32 7cd5ed0e\r\n");
	from.hold = false;
	fake.on_wait = no_more_input;
	run("disks --copy vd0 vd1");
	CHECK_HAS(output, "3000 of 3000 sectors, 0 errors, ");
	CHECK(memcmp(from.data, to.data, 3000 * BLOCK_SECTOR) == 0);
	CHECK(to.flushes == 1);
	from.bad_sector = 1000;
	run("disks --check vd0");
	CHECK_HAS(output, "error: vd0: sectors 896 to 1023: ");
	CHECK_HAS(output, "3000 of 3000 sectors, 1 errors, ");
	CHECK(!strstr(output, "CRC"));
	to.bad_sector = 2999;
	run("disks --copy vd0 vd1");
	CHECK_HAS(output, "error: vd1: sectors 2944 to 2999: ");
	CHECK_HAS(output, "3000 of 3000 sectors, 2 errors, ");
	to.bad_sector = 0;
	run("disks --discard vd1");
	CHECK_TEXT(output, "");
	CHECK(to.discards == 1 && to.data[100] == 0);
	run("disks --discard vd2");
	CHECK_HAS(output, "error: vd2: ");
	run("disks --copy vd0 vd0");
	CHECK_TEXT(output, "error: these are the same disk\r\n");
	run("disks --copy vd0 vd2");
	CHECK_TEXT(output, "error: vd2 is smaller than vd0\r\n");
	to.device.read_only = true;
	run("disks --copy vd0 vd1");
	CHECK_TEXT(output, "error: vd1 is read-only\r\n");
	run("disks --check LABEL=none");
	CHECK_TEXT(output, "error: no disk LABEL=none\r\n");
	run("disks --format vd0");
	CHECK_HAS(output,
		  "error: disks: unknown option --format; usage: disks");
	from.device.sectors = to.device.sectors = 0;
	run("disks --check vd0");
	CHECK_HAS(output, "0 of 0 sectors, 0 errors, ");
	ram_disk_free(&from);
	ram_disk_free(&to);
	ram_disk_free(&small);
	end();
}

static void test_files(void)
{
	start();
	run("ls");
	CHECK_HAS(output, " /guests/one.cfg\r\n");
	run("ls /guests/");
	CHECK_HAS(output, " /guests/kernel\r\n");
	run("ls /guests/bad.cfg");
	CHECK_TEXT(output, "        25 /guests/bad.cfg\r\n");
	run("ls /gue");
	CHECK_TEXT(output, "error: /gue: no such file\r\n");
	run("cat /guests/bad.cfg");
	CHECK_TEXT(output, "name = 'one'\r\nkernl = 'x'\r\n");
	run("cat bad.cfg");
	CHECK_HAS(output, "kernl");
	run("cat /guests/x");
	CHECK_TEXT(output, "error: /guests/x: no such file\r\n");
	end();
}

static void test_guest_verbs(void)
{
	start();
	run("create");
	CHECK_HAS(output,
		  "error: create: no configuration file; usage: create");
	run("create -x /guests/one.cfg");
	CHECK_HAS(output, "error: create: unknown option -x; usage: ");
	run("create /guests/bad.cfg");
	CHECK_HAS(output, "error: /guests/bad.cfg:2:1: ");
	run("create /guests/one.cfg -p");
	CHECK_TEXT(output, "");
	run("list");
	CHECK_TEXT(output,
		   "Name                                        ID   Mem"
		   " VCPUs\tState\tTime(s)\r\n"
		   "one                                          1     8"
		   "     1     --p---       0.0\r\n");
	run("create /guests/one.cfg");
	CHECK_TEXT(output, "error: one: the name is in use by domain 1\r\n");
	run("unpause one");
	CHECK_TEXT(output, "");
	run("pause two");
	CHECK_TEXT(output, "error: no guest two; list shows those that there "
			   "are\r\n");
	run("list two");
	CHECK_TEXT(output, "error: no guest two; list shows those that there "
			   "are\r\n");
	run("destroy one");
	CHECK_TEXT(output, "");
	run("destroy one");
	CHECK_TEXT(output, "error: one: it is not running\r\n");
	run("wait one");
	CHECK_TEXT(output, "one ended: destroyed\r\n");
	end();
}

static bool guest_crashes(void)
{
	fake_shut_down(1, SHUTDOWN_crash);
	fake.on_wait = no_more_input;
	return true;
}

static void test_wait(void)
{
	start();
	run("create /guests/one.cfg");
	tk_guests_find("one")->config.on_crash = TK_ACTION_PRESERVE;
	fake.on_wait = guest_crashes;
	run("wait one");
	CHECK_TEXT(output, "one ended: crash\r\n");
	run("list one");
	CHECK_HAS(output, "---sc-       0.0  crash\r\n");
	run("destroy one");
	run("create /guests/one.cfg");
	input = "\x03";
	run("wait one");
	CHECK_TEXT(output, "");
	end();
}

/* What is typed ahead stays, but for what Ctrl-C cancels too. */
static void test_interrupted_create(void)
{
	start();
	input = "abc";
	run("create /guests/one.cfg");
	CHECK_TEXT(output, "");
	run("destroy one");
	CHECK(cli_input() == 'a' && cli_input() == 'b' && cli_input() == 'c');
	input = "x\003";
	run("create /guests/one.cfg");
	CHECK_TEXT(output,
		   "error: one: interrupted, nothing of it is left\r\n");
	CHECK(cli_input() < 0);
	run("list one");
	CHECK_HAS(output, "error: ");
	input = "\003";
	CHECK(cli_execute("create /guests/one.cfg") == COMMAND_FAILED);
	run("create /guests/one.cfg");
	CHECK_TEXT(output, "");
	end();
}

static void guest_prints_quietly(const char *text)
{
	struct xencons_interface *ring = tk_guests_find("one")->console.ring;

	while (*text)
		ring->out[ring->out_prod++ % sizeof(ring->out)] = *text++;
}

static void guest_prints(const char *text)
{
	guest_prints_quietly(text);
	fake_guest_notify(tk_guests_find("one")->domid, 2);
}

static bool guest_talks(void)
{
	guest_prints("login: ");
	input = "ro\x1d"
		"left over";
	return true;
}

static bool guest_mumbles(void)
{
	guest_prints_quietly("Booting");
	input = "\x1d";
	return true;
}

/* GRUB does not send an event for all that it writes. */
static void test_console_without_events(void)
{
	start();
	fake.on_wait = guest_mumbles;
	run("create /guests/one.cfg -c");
	CHECK_TEXT(output, "Booting\r\n[left the console of one]\r\n");
	guest_prints_quietly(" Debian");
	run("console --history one");
	CHECK_TEXT(output, "Booting Debian\r\n");
	run("destroy one");
	end();
}

static void test_console(void)
{
	struct xencons_interface *ring;

	start();
	fake.on_wait = guest_talks;
	run("create /guests/one.cfg -c");
	CHECK_TEXT(output, "login: \r\n[left the console of one]\r\n");
	ring = tk_guests_find("one")->console.ring;
	CHECK(ring->in_prod == 2 && ring->in[0] == 'r' && ring->in[1] == 'o');
	CHECK(cli_input() == 'l'); /* typed behind Ctrl-] is ours again */
	input = "";

	guest_prints("unseen");
	fake.on_wait = guest_crashes;
	run("console one");
	CHECK_TEXT(output, "unseen\r\n[one ended: crash]\r\n");
	run("console --history one");
	CHECK_TEXT(output, "login: unseen\r\n");
	run("console --history");
	CHECK_HAS(output, "error: console: it needs a name");
	run("console --history two");
	CHECK_TEXT(output, "error: no guest two; list shows those that there "
			   "are\r\n");
	end();
}

static void test_autorun(void)
{
	start();
	cli_autorun();
	CHECK_TEXT(output, "");
	autorun = "# first\ncreate /guests/one.cfg\r\n\nwait one\nreboot";
	fake.on_wait = guest_crashes;
	cli_autorun();
	CHECK_TEXT(output, "tenon> # first\r\n"
			   "tenon> create /guests/one.cfg\r\n"
			   "tenon> \r\n"
			   "tenon> wait one\r\n"
			   "one ended: crash\r\n"
			   "tenon> reboot\r\n");
	CHECK(fake.ended == SHUTDOWN_reboot);
	end();
}

static void test_prompt(void)
{
	start();
	leave_when_over = true;
	input = "rebx\x7f\t\rcat /guests/o\t\rfrob";
	if (!setjmp(input_is_over))
		cli_prompt();
	CHECK(fake.ended == SHUTDOWN_reboot);
	CHECK_HAS(output, "kernel = '/guests/kernel'\r\n");
	CHECK_HAS(output, "tenon> frob");
	end();
}

/* A notice comes above the line that is being typed. */
static bool crash_and_leave(void)
{
	if (tk_guests_find("one")->has_ended)
		longjmp(input_is_over, 1);
	fake.fail_armed = true;
	fake.fail_after = 1;
	fake_shut_down(1, SHUTDOWN_crash);
	return true;
}

static void test_notice(void)
{
	start();
	run("create /guests/one.cfg");
	tk_guests_find("one")->config.on_crash = TK_ACTION_RESTART;
	input = "lis";
	clear();
	fake.on_wait = crash_and_leave;
	if (!setjmp(input_is_over))
		cli_prompt();
	CHECK_HAS(output, "\r\033[Krestart failed: ");
	CHECK_HAS(output, "\r\n\r\033[Ktenon> lis");
	end();
}

static void test_xenstore_ls(void)
{
	start();
	run("create /guests/one.cfg");
	run("xenstore-ls /local/domain/1/memory");
	CHECK_TEXT(output, "/local/domain/1/memory = \"\"\r\n"
			   "/local/domain/1/memory/target = \"8192\"\r\n"
			   "/local/domain/1/memory/static-max = \"8192\"\r\n");
	CHECK(!xs_local_write("/tool/x", "a\n\"\x7f"));
	run("xenstore-ls");
	CHECK_HAS(output, "/tool/x = \"a\\x0a\\x22\\x7f\"\r\n");
	CHECK_HAS(output, "/local/domain/1/name = \"one\"\r\n");
	run("xenstore-ls /nothing");
	CHECK_TEXT(output, "error: /nothing: no such node\r\n");
	run("xenstore-ls //");
	CHECK_TEXT(output, "error: //: no such node\r\n");
	end();
}

static void test_vcpu_list(void)
{
	start();
	run("create /guests/smp.cfg -p");
	run("vcpu-list smp");
	CHECK_TEXT(output,
		   "Name                                ID  VCPU   CPU State"
		   "   Time(s) Affinity (Hard / Soft)\r\n"
		   "smp                                  1     0     1   -b-"
		   "       1.2  0 / 1\r\n"
		   "smp                                  1     1     -   --p"
		   "       2.4  0 / 1\r\n"
		   "smp                                  1     2     -   --p"
		   "       3.7  all / 1\r\n");
	run("vcpu-list two");
	CHECK_TEXT(output, "error: no guest two; list shows those that there "
			   "are\r\n");
	run("vcpu-list");
	CHECK_HAS(output, "\r\nsmp                                  1     2");
	end();
}

static void test_vcpu_pin(void)
{
	const struct fake_domain *domain;

	start();
	run("create /guests/smp.cfg -p");
	domain = fake_domain(1);
	CHECK(domain->affinity[0][1] == 0x39 && domain->affinity[0][2] == 0xff);
	run("vcpu-pin smp 1 1 -");
	CHECK_TEXT(output, "");
	CHECK(domain->affinity[0][1] == 2 && domain->affinity[1][1] == 2);
	run("vcpu-pin -f 1 all - 0-7,^2");
	CHECK_TEXT(output, "");
	CHECK(domain->affinity[0][1] == 2 && domain->affinity[1][1] == 0xfb &&
	      domain->affinity[1][2] == 0xfb);
	run("vcpu-pin smp 3 all");
	CHECK_TEXT(output, "error: smp has no vcpu 3\r\n");
	run("vcpu-pin smp 0 1-");
	CHECK_TEXT(output, "error: 1-: must be CPUs as in 0-3,8,^2\r\n");
	run("vcpu-pin smp -1 all");
	CHECK_HAS(output, "error: vcpu-pin: unknown option -1; usage: ");
	run("vcpu-pin smp x all");
	CHECK_HAS(output, "error: vcpu-pin: x is no number of a vcpu; ");
	run("vcpu-pin -f");
	CHECK_HAS(output, "error: vcpu-pin: it needs a name");
	end();
}

static void test_vcpu_set(void)
{
	start();
	run("create /guests/smp.cfg -p");
	run("xenstore-ls /local/domain/1/cpu/2/availability");
	CHECK_HAS(output, "availability = \"offline\"\r\n");
	run("vcpu-set -i smp 3");
	CHECK_TEXT(output, "");
	run("xenstore-ls /local/domain/1/cpu/2/availability");
	CHECK_HAS(output, "availability = \"online\"\r\n");
	run("config show smp");
	CHECK_HAS(output, "\"avail_vcpus\": [\r\n            0,\r\n"
			  "            1,\r\n            2\r\n");
	run("vcpu-set smp 1");
	CHECK_TEXT(output, "");
	run("config show smp");
	CHECK_HAS(output, "\"avail_vcpus\": [\r\n            0\r\n        ],");
	run("xenstore-ls /local/domain/1/cpu");
	CHECK_HAS(output, "cpu/0/availability = \"online\"\r\n");
	CHECK_HAS(output, "cpu/1/availability = \"offline\"\r\n");
	run("vcpu-set smp 4");
	CHECK_TEXT(output, "error: smp can have 1 to 3 vcpus\r\n");
	run("vcpu-set smp 0");
	CHECK_TEXT(output, "error: smp can have 1 to 3 vcpus\r\n");
	run("vcpu-set smp x");
	CHECK_HAS(output, "error: vcpu-set: x is no number; usage: ");
	run("vcpu-set -i");
	CHECK_HAS(output, "error: vcpu-set: it needs a name");
	end();
}

static void test_sched_credit2(void)
{
	const struct fake_domain *domain;

	start();
	run("create /guests/smp.cfg -p");
	domain = fake_domain(1);
	run("sched-credit2");
	CHECK_TEXT(output,
		   "Cpupool Pool-0: ratelimit=0us\r\n"
		   "Name                                ID Weight  Cap\r\n"
		   "smp                                  1    512  150\r\n");
	run("sched-credit2 -d smp -w 100 -c 0");
	CHECK_TEXT(output, "");
	CHECK(domain->weight == 100 && domain->cap == 0);
	run("sched-credit2 -d smp --cap 300");
	CHECK(domain->weight == 100 && domain->cap == 300);
	run("sched-credit2 -d smp -c 301");
	CHECK_TEXT(output, "error: cap 301: 3 vcpus can use 300 per cent\r\n");
	run("sched-credit2 -d smp -w 0");
	CHECK_TEXT(output, "error: weight 0: must be 1 to 65535\r\n");
	run("sched-credit2 -s -r 1000");
	CHECK_TEXT(output, "");
	run("sched-credit2 -s");
	CHECK_TEXT(output, "Cpupool Pool-0: ratelimit=1000us\r\n");
	run("sched-credit2 -w 1");
	CHECK_HAS(output, "error: sched-credit2: -w and -c go with -d");
	run("sched-credit2 -d");
	CHECK_HAS(output, "error: sched-credit2: NAME has to follow -d; ");
	end();
}

static const struct test tests[] = {
	TEST(test_vcpu_list),
	TEST(test_vcpu_pin),
	TEST(test_vcpu_set),
	TEST(test_sched_credit2),
	TEST(test_words),
	TEST(test_options),
	TEST(test_help),
	TEST(test_json),
	TEST(test_machine),
	TEST(test_disks),
	TEST(test_files),
	TEST(test_guest_verbs),
	TEST(test_wait),
	TEST(test_interrupted_create),
	TEST(test_console),
	TEST(test_autorun),
	TEST(test_console_without_events),
	TEST(test_prompt),
	TEST(test_notice),
	TEST(test_xenstore_ls),
};

int main(void)
{
	return RUN_TESTS(tests);
}
