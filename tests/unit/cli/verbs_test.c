/* SPDX-License-Identifier: MIT */
/*
 * The verbs about guests and the machine, two guests alive: what each prints
 * as text and as JSON, what it changes, what it says when it cannot.
 */
#include "cli_fixture.h"

#include "check.h"
#include "fake_primitives.h"
#include "ram_disk.h"
#include "toolstack/guest_view.h"

static void start_two(void)
{
	start();
	run("create /guests/one.cfg -p "
	    "uuid=00112233-4455-6677-8899-aabbccddeeff");
	CHECK_TEXT(output, "");
	run("create /guests/smp.cfg -p");
	CHECK_TEXT(output, "");
}

static void test_names(void)
{
	start_two();
	run("domid smp");
	CHECK_TEXT(output, "2\r\n");
	run("domname 1");
	CHECK_TEXT(output, "one\r\n");
	run("domname one");
	CHECK_HAS(output, "error: domname: one is no number; usage: ");
	run("domname 7");
	CHECK_HAS(output, "error: no guest 7; ");
	run("domid --json one");
	CHECK_TEXT(output, "{\r\n    \"name\": \"one\",\r\n    \"domid\": 1\r\n"
			   "}\r\n");
	run("vm-list");
	CHECK_HAS(output, "00112233-4455-6677-8899-aabbccddeeff  1    one");
	end();
}

static void test_rename(void)
{
	start_two();
	run("rename one two");
	CHECK_TEXT(output, "");
	run("domid two");
	CHECK_TEXT(output, "1\r\n");
	run("xenstore-read /local/domain/1/name");
	CHECK_TEXT(output, "two\r\n");
	run("xenstore-read /vm/00112233-4455-6677-8899-aabbccddeeff/name");
	CHECK_TEXT(output, "two\r\n");
	run("rename two smp");
	CHECK_TEXT(output, "error: name \"smp\": another domain has it\r\n");
	run("rename two Domain-0");
	CHECK_HAS(output, "error: name \"Domain-0\": another domain has it");
	run("rename two 12");
	CHECK_HAS(output, "error: name = \"12\": a name of digits only");
	run("rename one three");
	CHECK_HAS(output, "error: no guest one; ");
	end();
}

static void test_list(void)
{
	start_two();
	run("list smp one");
	CHECK_TEXT(output,
		   "Name                                        ID   Mem"
		   " VCPUs\tState\tTime(s)\r\n"
		   "smp                                          2     8"
		   "     3     --p---       0.0\r\n"
		   "one                                          1     8"
		   "     1     --p---       0.0\r\n");
	run("list -v one");
	CHECK_HAS(output, " 00112233-4455-6677-8899-aabbccddeeff        -"
			  "                -\r\n");
	run("list one nobody");
	CHECK_TEXT(output, "error: no guest nobody; list shows those that "
			   "there are\r\n");
	run("list --json one");
	CHECK_HAS(output, "\"memory_mib\": 8,");
	CHECK_HAS(output, "\"cpu_time\": 0.000000000,");
	CHECK_HAS(output, "\"shutdown_reason\": null,");
	run("list -l smp");
	CHECK_HAS(output, "[\r\n    {\r\n        \"domid\": 2,\r\n"
			  "        \"config\": {\r\n");
	CHECK_HAS(output, "\"max_vcpus\": 3,");
	CHECK_HAS(output, "\"target_memkb\": 8192,");
	CHECK_HAS(output, "\"weight\": 512,");
	end();
}

static void test_info(void)
{
	start();
	run("info free_memory");
	CHECK_TEXT(output, "64\r\n");
	run("info --json");
	CHECK_HAS(output, "\"free_memory\": 64,");
	CHECK_HAS(output, "\"xen_version\": \"4.17.fake\",");
	end();
}

static void test_uptime(void)
{
	start_two();
	fake.now += 90061ull * 1000000000;
	run("uptime one");
	CHECK_TEXT(output, "Name                                ID Uptime\r\n"
			   "one                                  1"
			   " 1 day,  1:01:01\r\n");
	run("uptime -s smp");
	CHECK_TEXT(output, " up 1 day,  1:01, smp (2)\r\n");
	run("uptime --json one");
	CHECK_HAS(output, "\"uptime\": 90061.");
	end();
}

static void test_log(void)
{
	start();
	run("dmesg -c");
	CHECK_TEXT(output, "(XEN) hello\r\n");
	run("dmesg");
	CHECK_TEXT(output, "");
	input = "\x03";
	run("dmesg -f");
	CHECK_TEXT(output, "");
	run("debug-keys q");
	CHECK(fake.last_key == 'q');
	end();
}

static void test_create(void)
{
	start();
	run("create -n one.cfg");
	CHECK_TEXT(output, "one fits: it needs 9 MiB of 64 MiB that are free"
			   "\r\n");
	run("create -n one.cfg memory=100");
	CHECK_HAS(output, "error: one: not enough memory: 100 MiB wanted, 37 ");
	run("create one.cfg kernel=/nothing");
	CHECK_HAS(output, "error: kernel /nothing: no such file");
	run("create one.cfg memory=lots");
	CHECK_HAS(output, "error: command line: memory = \"lots\": must be a ");
	run("create one.cfg memroy=8");
	CHECK_HAS(output, "error: command line: unknown key \"memroy\"");
	run("create one.cfg =");
	CHECK_HAS(output, "error: command line:0:1: ");
	run("create -f one.cfg -p name=two 'extra=\"a b\"'");
	CHECK_TEXT(output, "");
	run("config show two");
	CHECK_HAS(output, "\"cmdline\": \"a b\",");
	run("config show one.cfg vcpus=2 \"disk=['ram:1M,xvda,w']\"");
	CHECK_HAS(output, "\"avail_vcpus\": [\r\n            0,\r\n"
			  "            1\r\n        ],");
	CHECK_HAS(output, "\"pdev_path\": \"1M\",");
	run("config hide one.cfg");
	CHECK_HAS(output, "error: config: \"hide\" is nothing to do ");
	run("config show nothing.cfg");
	CHECK_HAS(output, "error: nothing.cfg: no such file");
	end();
}

static void test_memory(void)
{
	start_two();
	run("mem-set one 6");
	CHECK_TEXT(output, "");
	CHECK(fake_domain(1)->max_pages == 7 * 256);
	run("xenstore-read /local/domain/1/memory/target");
	CHECK_TEXT(output, "6144\r\n");
	run("mem-set one 9");
	CHECK_HAS(output, "error: one: 9 MiB is above its maximum of 8 MiB; see"
			  " mem-max");
	run("mem-max one 16m");
	CHECK_TEXT(output, "");
	run("mem-set one 12288k");
	CHECK_TEXT(output, "");
	run("list -l one");
	CHECK_HAS(output, "\"max_memkb\": 16384,");
	CHECK_HAS(output, "\"target_memkb\": 12288,");
	run("mem-max one 8");
	CHECK_HAS(output, "error: one: a maximum of 8 MiB is below the 12 MiB");
	run("mem-set one 0");
	CHECK_HAS(output, "error: mem-set: 0: must be a size like");
	run("mem-set one 1x");
	CHECK_HAS(output, "error: mem-set: 1x: must be a size like");
	run("mem-set one 10k");
	CHECK_HAS(output,
		  "error: one: 10 KiB is too little; 1024 is the least");
	end();
}

static bool balloon(void)
{
	struct fake_domain *domain = fake_domain(1);

	fake.now += 1000000000ull;
	if (domain->pages > 1600)
		domain->pages -= 256;
	return true;
}

static bool only_time_passes(void)
{
	fake.now += 1000000000ull;
	return true;
}

static void test_memory_progress(void)
{
	start_two();
	fake.on_wait = balloon;
	run("mem-set -w one 5");
	CHECK_TEXT(output, "one: 7 of 5 MiB\r\n");
	fake.on_wait = only_time_passes;
	run("mem-set -w one 4");
	CHECK_HAS(output, "error: one: it stays at 6 MiB of 4; has it a "
			  "balloon driver?");
	input = "\x03";
	CHECK(cli_execute("mem-set -w one 4") == COMMAND_FAILED);
	fake.on_wait = no_more_input;
	end();
}

static void test_xenstore(void)
{
	start();
	run("xenstore-write /tool/a 1 /tool/b 'x y'");
	CHECK_TEXT(output, "");
	run("xenstore-read /tool/b");
	CHECK_TEXT(output, "x y\r\n");
	run("xenstore-read --json /tool/b");
	CHECK_HAS(output, "\"value\": \"x y\"");
	run("xenstore-write /tool/a");
	CHECK_HAS(output, "error: xenstore-write: something is missing; ");
	run("xenstore-write /tool/a 1 /tool/b");
	CHECK_HAS(output, "error: xenstore-write: a value is missing; ");
	run("xenstore-rm /tool/a");
	CHECK_TEXT(output, "");
	run("xenstore-read /tool/a");
	CHECK_TEXT(output, "error: /tool/a: no such node\r\n");
	run("xenstore-rm /x/y");
	CHECK_HAS(output, "error: /x/y: no such object (-2)");
	run("xenstore-read tool//");
	CHECK_TEXT(output, "error: tool//: no such node\r\n");
	end();
}

static bool store_changes(void)
{
	fake.on_wait = no_more_input;
	CHECK(!xs_local_write("/tool/b/c", "2"));
	return true;
}

static void test_xenstore_watch(void)
{
	start();
	run("xenstore-write /tool/b 1");
	fake.on_wait = store_changes;
	run("xenstore-watch -n 2 /tool/b");
	CHECK_TEXT(output, "/tool/b\r\n/tool/b/c\r\n");
	fake.on_wait = store_changes;
	run("xenstore-watch -n 2 --json /tool/b");
	CHECK_HAS(output, "{\"path\": \"/tool/b\"}\r\n{\"path\": \"/tool/b/c\"}"
			  "\r\n");
	input = "\x03";
	run("xenstore-watch /tool/b");
	CHECK_TEXT(output, "/tool/b\r\n");
	run("xenstore-watch -n x /tool/b");
	CHECK_HAS(output, "error: xenstore-watch: x is no number; ");
	end();
}

static void test_keys(void)
{
	start_two();
	run("sysrq one h");
	CHECK_TEXT(output, "");
	run("xenstore-read /local/domain/1/control/sysrq");
	CHECK_TEXT(output, "h\r\n");
	run("sysrq one help");
	CHECK_HAS(output, "error: sysrq: \"help\" is not one letter; ");
	run("trigger smp nmi 2");
	CHECK_TEXT(output, "");
	CHECK(fake_domain(2)->nmis == 1);
	run("trigger smp nmi 3");
	CHECK_TEXT(output, "error: smp has no vcpu 3\r\n");
	run("trigger smp reset");
	CHECK_TEXT(output, "error: trigger reset: a PV guest has only nmi\r\n");
	run("console -t serial one");
	CHECK_HAS(output, "error: console type serial: a PV guest has only pv");
	end();
}

static unsigned int still_up;

static bool guests_stop(void)
{
	if (still_up)
		fake_shut_down((uint16_t)still_up--, SHUTDOWN_poweroff);
	return true;
}

static void test_shutdown_all(void)
{
	start_two();
	run("shutdown");
	CHECK_HAS(output, "error: shutdown: either a name or --all; ");
	run("shutdown --all one");
	CHECK_HAS(output, "error: shutdown: either a name or --all; ");
	still_up = 2;
	fake.on_wait = guests_stop;
	run("shutdown -aw");
	CHECK_TEXT(output, "one ended: poweroff\r\nsmp ended: poweroff\r\n");
	CHECK(!tk_guests_find("one")->has_domain);
	fake.on_wait = no_more_input;
	run("list one");
	CHECK_HAS(output, "error: one is not running: it ended by poweroff");
	end();
}

static void test_events(void)
{
	const char *created, *paused, *ended;

	start_two();
	run("pause one");
	run("rename one uno");
	run("destroy uno");
	run("events --past");
	created = strstr(output, " one (1) created\r\n");
	paused = strstr(output, " one (1) paused\r\n");
	ended = strstr(output, " uno (1) ended: destroyed\r\n");
	CHECK(created && paused && ended && created < paused && paused < ended);
	CHECK_HAS(output, " one (1) renamed: uno\r\n");
	run("events --past --json");
	CHECK_HAS(output, "\"guest\": \"uno\", \"domid\": 1, \"event\": "
			  "\"ended\", \"detail\": \"destroyed\"}\r\n");
	input = "\x03";
	run("events");
	CHECK_HAS(output, " smp (2) created\r\n");
	end();
}

static bool guests_work(void)
{
	fake.now += 1000000000ull;
	fake_domain(1)->cpu_time_ns += 250000000;
	fake_domain(2)->cpu_time_ns += 1500000000;
	return true;
}

static bool type_q(void)
{
	input = "q";
	return guests_work();
}

static void test_top(void)
{
	start_two();
	fake.on_wait = guests_work;
	run("top -b -n 2 -d 1");
	CHECK_HAS(output, "      NAME  STATE   CPU(sec) CPU(%)     MEM(k)");
	CHECK_HAS(output,
		  "       one ----p-          0    0.0       8192   12.5"
		  "       9216      14.0     1    0        0        0    0");
	CHECK_HAS(output, "       smp ----p-          1  149.9 ");
	run("top --json");
	CHECK_HAS(output, "\"cpu_percent\": \"0.0\",");
	input = "c";
	fake.on_wait = type_q;
	run("top");
	CHECK_HAS(output, "by id (keys");
	CHECK_HAS(output, "by cpu (keys");
	run("top -n x");
	CHECK_HAS(output, "error: top: COUNT and SECONDS are numbers; ");
	fake.on_wait = no_more_input;
	end();
}

/* Of three disks the platform knows two; without back ends there are none. */
static void test_top_of_disks(void)
{
	struct tk_disk disks[] = { { .number = 51712 },
				   { .number = 51728 },
				   { .number = 51760 } };
	struct tk_guest *guest;

	start_two();
	guest = tk_guests_find_domid(1);
	guest->config.disks = disks;
	guest->config.n_disks = 3;
	run("top -b -n 1");
	CHECK_HAS(output, "    3        2       40     8000        600     "
			  "100000    0\r\n");
	CHECK_HAS(output, "    0        0        0        0          0     "
			  "     0    0\r\n");
	run("top --json");
	CHECK_HAS(output, "\"disk_read_sectors\": 600,");
	guest->config.disks = NULL;
	guest->config.n_disks = 0;
	end();
}

/* The words around an address of the guest's. */
static void run_at(const char *before, uint64_t address, const char *behind)
{
	char line[128];

	snprintf(line, sizeof(line), "%s %lx %s", before,
		 (unsigned long)address, behind);
	run(line);
}

static void test_inspect(void)
{
	uint64_t rip;
	unsigned int mappings;
	char text[64];

	start_two();
	mappings = fake.mappings;
	rip = fake_domain(1)->context.user_regs.rip;
	snprintf(map_text, sizeof(map_text),
		 "0000000000000000 A zero\n%016lx T start\n%016lx t next\n",
		 (unsigned long)rip - 2, (unsigned long)rip + 64);
	run("inspect one -k map");
	snprintf(text, sizeof(text), "rip %016lx start+0x2\r\n",
		 (unsigned long)rip);
	CHECK_HAS(output, text);
	CHECK_HAS(output, "vcpu 0, kernel, top page table 000000");
	CHECK_HAS(output, "called from (");
	CHECK(fake_domain(1)->pauses == 1);
	run("inspect one --json");
	CHECK_HAS(output, "\"rip_name\": null,");
	run("inspect one -k one.cfg");
	CHECK_HAS(output, "error: one.cfg: neither an ELF file with symbols");
	run("inspect one -k none");
	CHECK_HAS(output, "error: none: no such file");
	run("inspect smp -v 1");
	CHECK_HAS(output,
		  "error: reading the registers; has the vcpu started?");
	run("inspect smp -v 3");
	CHECK_TEXT(output, "error: smp has no vcpu 3\r\n");
	run("inspect smp -v x");
	CHECK_HAS(output, "error: inspect: VCPU is a number, ");
	run("inspect one --frames");
	CHECK_HAS(output, "error: asking for the types of its frames: ");
	CHECK(fake_domain(1)->pauses == 1 && fake.mappings == mappings);
	end();
}

static void test_inspect_memory(void)
{
	uint64_t stack;
	unsigned int mappings;
	char text[64];

	start_two();
	mappings = fake.mappings;
	stack = fake_domain(1)->context.user_regs.rsp - 4096;
	run_at("inspect one --walk", stack, "");
	snprintf(text, sizeof(text), "address %016lx: mapped to frame ",
		 (unsigned long)stack);
	CHECK_HAS(output, text);
	CHECK_HAS(output, "  level 1: table ");
	CHECK_HAS(output, "PW");
	run("inspect one --walk 0x1000");
	CHECK_HAS(output, "address 0000000000001000: not mapped");
	run("inspect one --walk zero");
	CHECK_HAS(output, "error: inspect: VCPU is a number, ADDRESS ");
	run_at("inspect one --memory", stack, "--bytes 17");
	snprintf(text, sizeof(text), "%016lx ", (unsigned long)stack + 16);
	CHECK_HAS(output, text);
	run("inspect one --memory 1000");
	CHECK_HAS(output, "error: nothing is mapped at 0000000000001000");
	run("inspect one --memory 1000 --bytes 5000");
	CHECK_HAS(output, "COUNT 1 to 4096; usage: inspect");
	CHECK(fake.mappings == mappings);
	end();
}

/* A stack full of what may be return addresses: no page is mapped for each. */
static void test_inspect_callers(void)
{
	struct cpu_user_regs *regs;
	struct tk_view view = { .domid = 1 };
	struct tk_walk walk;
	uint64_t *stack;
	unsigned int before, i;

	start_two();
	regs = &fake_domain(1)->context.user_regs;
	view.root_mfn = fake_domain(1)->context.ctrlreg[3] >> 12;
	tk_view_walk(&view, regs->rsp - 4096, &walk);
	tk_view_end(&view);
	CHECK(walk.is_mapped);
	stack = fake_frame(walk.mfn);
	for (i = 0; i < 512; i++)
		stack[i] = regs->rip + 16 * (i % 8);
	regs->rsp -= 4096;
	before = fake.mapped;
	run("inspect one");
	CHECK(fake.mapped - before <= 12);
	end();
}

static uint64_t number_at(const uint8_t *at, unsigned int bytes)
{
	uint64_t value = 0;

	while (bytes--)
		value = value << 8 | at[bytes];
	return value;
}

/* The page of the core at this address; NULL: none. */
static const uint8_t *core_page(const uint8_t *core, uint64_t address)
{
	unsigned int count = (unsigned int)number_at(core + 56, 2), i;

	for (i = 0; i < count; i++) {
		const uint8_t *header = core + 64 + 56 * i;
		uint64_t start = number_at(header + 16, 8);

		if (number_at(header, 4) == 1 && address >= start &&
		    address - start < number_at(header + 32, 8))
			return core + number_at(header + 8, 8) + address -
			       start;
	}
	return NULL;
}

/* The entry of the third level that leads to the address. */
static uint64_t *gigabyte_entry(const struct vcpu_guest_context *context,
				uint64_t address)
{
	const uint64_t *top = fake_frame(context->ctrlreg[3] >> 12);
	uint64_t *table = fake_frame(top[address >> 39 & 511] >> 12);

	return &table[address >> 30 & 511];
}

static struct ram_disk core_disk;

static void test_dump_core(void)
{
	const struct vcpu_guest_context *context;
	const uint8_t *page, *note;
	uint64_t *again;

	start_two();
	context = &fake_domain(1)->context;
	ram_disk_init(&core_disk, "vd7", 40000, 512);
	block_register(&core_disk.device);
	run("dump-core one vd7");
	CHECK_HAS(output, "one: ");
	CHECK_HAS(output, " bytes on vd7\r\n");
	CHECK(!memcmp(core_disk.data, "\177ELF\2\1\1", 7));
	/* rsi is where the start info is, which begins with its magic. */
	page = core_page(core_disk.data, context->user_regs.rsi);
	CHECK(page && !memcmp(page, "xen-3.0-x86_64", 14));
	CHECK(!core_page(core_disk.data, 0x1000));
	note = core_disk.data + number_at(core_disk.data + 64 + 8, 8);
	CHECK(number_at(note + 20 + 112 + 8 * 16, 8) == context->user_regs.rip);
	CHECK(core_disk.flushes == 1 && fake_domain(1)->pauses == 1);
	/* Linux repeats tables, in one place 65536 times: once is enough. */
	again = gigabyte_entry(context, context->user_regs.rsi) + 1;
	again[0] = again[-1] ^ 0x20;
	run("dump-core one vd7");
	CHECK(core_page(core_disk.data, context->user_regs.rsi));
	CHECK(!core_page(core_disk.data,
			 context->user_regs.rsi + (1ull << 30)));
	again[0] = 0;
	core_disk.device.sectors = 800;
	run("dump-core one vd7");
	CHECK_HAS(output, "error: one: its core has ");
	core_disk.device.sectors = 40000;
	core_disk.bad_sector = 80;
	run("dump-core one vd7");
	CHECK_HAS(output, "error: one: writing its core: ");
	core_disk.bad_sector = 0;
	input = "\x03";
	CHECK(cli_execute("dump-core one vd7") == COMMAND_FAILED);
	core_disk.device.read_only = true;
	run("dump-core one vd7");
	CHECK_TEXT(output, "error: vd7 is read-only\r\n");
	run("dump-core one vd8");
	CHECK_TEXT(output, "error: no disk vd8; see disks\r\n");
	run("dump-core nobody vd7");
	CHECK_HAS(output, "error: no guest nobody; ");
	CHECK(fake_domain(1)->pauses == 1);
	ram_disk_free(&core_disk);
	end();
}

static const struct test tests[] = {
	TEST(test_names),
	TEST(test_rename),
	TEST(test_list),
	TEST(test_info),
	TEST(test_uptime),
	TEST(test_log),
	TEST(test_create),
	TEST(test_memory),
	TEST(test_memory_progress),
	TEST(test_xenstore),
	TEST(test_xenstore_watch),
	TEST(test_keys),
	TEST(test_shutdown_all),
	TEST(test_events),
	TEST(test_top),
	TEST(test_top_of_disks),
	TEST(test_inspect),
	TEST(test_inspect_memory),
	TEST(test_inspect_callers),
	TEST(test_dump_core),
};

int main(void)
{
	return RUN_TESTS(tests);
}
