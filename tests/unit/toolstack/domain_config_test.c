/* SPDX-License-Identifier: MIT */
/*
 * What configuration files mean: every key, its limits, what is refused and
 * with which words.
 */
#include "toolstack/domain_config.h"

#include <stdio.h>
#include <string.h>

#include "check.h"

static struct tk_domain_config domain;
static struct tk_error err;

static int parse(const char *text)
{
	memset(&err, 0, sizeof(err));
	return tk_domain_config_parse(&domain, "f", text, strlen(text), &err);
}

/* With a name and a kernel in front, on the first line. */
static int parse_more(const char *text)
{
	char all[4096];

	snprintf(all, sizeof(all), "name='n';kernel='k'\n%s", text);
	return parse(all);
}

static void test_defaults(void)
{
	CHECK(!parse("name = 'n'\nkernel = '/k'\n"));
	CHECK_TEXT(domain.name, "n");
	CHECK_TEXT(domain.kernel, "/k");
	CHECK(!domain.ramdisk);
	CHECK_TEXT(domain.cmdline, "");
	CHECK(domain.memory_mib == 32 && domain.maxmem_mib == 32);
	CHECK(domain.vcpus == 1 && domain.max_vcpus == 1);
	CHECK(domain.on_poweroff == TK_ACTION_DESTROY);
	CHECK(domain.on_reboot == TK_ACTION_RESTART);
	CHECK(domain.on_crash == TK_ACTION_DESTROY);
	CHECK(!domain.has_uuid);
	tk_domain_config_free(&domain);
}

static bool map_is(const struct tk_cpu_map *map, const char *expected)
{
	char text[64];

	tk_cpu_map_text(map, TK_CPUS_MAX, text, sizeof(text));
	return !strcmp(text, expected);
}

static void test_vcpus(void)
{
	CHECK(!parse_more("maxvcpus=4\nvcpus=2\ncpu_weight=512\ncap=400\n"
			  "cpus='0-3,8, ^2'\ncpus_soft=[5,'all,^0']\n"));
	CHECK(domain.vcpus == 2 && domain.max_vcpus == 4);
	CHECK(domain.weight == 512 && domain.cap == 400);
	CHECK(map_is(&domain.hard[0], "0-1,3,8"));
	CHECK(map_is(&domain.hard[3], "0-1,3,8"));
	CHECK(map_is(&domain.soft[0], "5"));
	CHECK(map_is(&domain.soft[1], "1-255"));
	CHECK(map_is(&domain.soft[2], "all"));
	tk_domain_config_free(&domain);
	CHECK(!parse_more("vcpus=128"));
	CHECK(domain.vcpus == 128 && domain.max_vcpus == 128);
	CHECK(!domain.hard && !domain.soft && !domain.weight && !domain.cap);
	tk_domain_config_free(&domain);
}

static void test_everything(void)
{
	CHECK(!parse("type='pv'\nbuilder='generic'\nname='deb'\n"
		     "kernel='/guests/vmlinuz'\nramdisk='/guests/i.gz'\n"
		     "memory=256\nmaxmem=0x200\nvcpus=1\nmaxvcpus='1'\n"
		     "root='/dev/xvda ro'\nextra='quiet'\n"
		     "on_poweroff='preserve'\non_reboot='rename-restart'\n"
		     "on_crash='restart'\n"
		     "uuid='00112233-4455-6677-8899-aAbBcCdDeEfF'\n"));
	CHECK_TEXT(domain.name, "deb");
	CHECK_TEXT(domain.kernel, "/guests/vmlinuz");
	CHECK_TEXT(domain.ramdisk, "/guests/i.gz");
	CHECK_TEXT(domain.cmdline, "root=/dev/xvda ro quiet");
	CHECK(domain.memory_mib == 256 && domain.maxmem_mib == 512);
	CHECK(domain.on_poweroff == TK_ACTION_PRESERVE);
	CHECK(domain.on_reboot == TK_ACTION_RENAME_RESTART);
	CHECK(domain.on_crash == TK_ACTION_RESTART);
	CHECK(domain.has_uuid && domain.uuid[0] == 0 && domain.uuid[1] == 0x11);
	CHECK(domain.uuid[15] == 0xff);
	tk_domain_config_free(&domain);
}

static void check_cmdline(const char *settings, const char *cmdline)
{
	CHECK(!parse_more(settings));
	CHECK_TEXT(domain.cmdline, cmdline);
	tk_domain_config_free(&domain);
}

static void test_command_line(void)
{
	check_cmdline("cmdline='a b'", "a b");
	check_cmdline("cmdline='a b';root='r';extra='e'", "a b");
	check_cmdline("cmdline='';root='r';extra='e'", "");
	check_cmdline("root='r'", "root=r");
	check_cmdline("extra='e f'", "e f");
	check_cmdline("root='r';extra='e f'", "root=r e f");
	check_cmdline("root='r';extra=''", "root=r");
	check_cmdline("extra=2", "2");
}

static void test_command_line_length(void)
{
	char text[1200];
	int n;

	n = snprintf(text, sizeof(text), "extra='%01023d'", 0);
	CHECK(n == 1031);
	CHECK(!parse_more(text));
	CHECK(strlen(domain.cmdline) == 1023);
	tk_domain_config_free(&domain);
	snprintf(text, sizeof(text), "extra='%01024d'", 0);
	CHECK(parse_more(text));
	CHECK_HAS(err.text, "f: the kernel command line has 1024 characters; "
			    "the limit is 1023");
}

static void test_memory(void)
{
	CHECK(!parse_more("maxmem=64"));
	CHECK(domain.memory_mib == 64 && domain.maxmem_mib == 64);
	tk_domain_config_free(&domain);
	CHECK(!parse_more("memory='128'"));
	CHECK(domain.memory_mib == 128 && domain.maxmem_mib == 128);
	tk_domain_config_free(&domain);
}

struct refused {
	const char *text; /* from line 2 on */
	const char *error;
};

/* clang-format off */
static const struct refused refused[] = {
	{ "memory=0", "f:2:8: memory = 0: must be 1 to 16777216 MiB" },
	{ "memory=16777217", "memory = 16777217: must be 1 to" },
	{ "memory=[1]", "f:2:8: memory must be a number, not a list" },
	{ "memory='lots'", "memory = \"lots\": must be a number" },
	{ "memory=64\nmaxmem=63", "f:3:1: maxmem = 63 is less than memory = "
				  "64" },
	{ "vcpus=0", "f:2:7: vcpus = 0: must be 1 to 128" },
	{ "vcpus=129", "vcpus = 129: must be 1 to 128" },
	{ "vcpus=4\nmaxvcpus=3", "f:3:1: maxvcpus = 3 is less than vcpus = 4" },
	{ "cpu_weight=65536", "cpu_weight = 65536: must be 1 to 65535" },
	{ "cap=101", "f:2:1: cap = 101: 1 vCPUs can use 100 per cent" },
	{ "cpus='0-'", "f:2:6: cpus: must be CPUs as in \"0-3,8,^2\"" },
	{ "cpus='1,^1'", "cpus: must be CPUs" },
	{ "cpus='256'", "cpus: must be CPUs" },
	{ "vcpus=2\ncpus_soft=['0', '3-1']", "f:3:17: cpus_soft: must be" },
	{ "name=''", "f:2:6: name is empty" },
	{ "name='a/b'", "name = \"a/b\": only printable ASCII" },
	{ "name='a b'", "name = \"a b\": only printable ASCII" },
	{ "name='12'", "name = \"12\": a name of digits only" },
	{ "name=['x']", "name must be a string, not a list" },
	{ "name='0123456789012345678901234567890123456789"
	  "012345678901234567890123'", "name is 64 characters long; the limit "
				       "is 63" },
	{ "kernel=''", "f: kernel is not set" },
	{ "type='hvm'", "f:2:6: type = \"hvm\": only \"pv\" guests" },
	{ "type='pvh'", "type = \"pvh\": only \"pv\" guests" },
	{ "builder='hvm'", "builder = \"hvm\": only \"generic\"" },
	{ "min_memory=64", "min_memory = 64 is more than memory = 32" },
	{ "start_after=['a b']", "start_after: name = \"a b\": only" },
	{ "start_after=[[]]", "start_after: an entry must be a name" },
	{ "on_reboot='soft-reset'", "on_reboot = \"soft-reset\": only HVM" },
	{ "on_poweroff='nothing'", "on_poweroff = \"nothing\": must be "
				   "destroy, restart, rename-restart, "
				   "preserve, coredump-destroy or" },
	{ "uuid='123'", "uuid = \"123\": must be 32 hexadecimal digits" },
	{ "disk=['phy:/dev/x,xvda,w', 'x']", "f:2:28: disk: vdev is not set" },
	{ "disk='/dev/x,qcow2,xvda'", "f:2:6: disk: format \"qcow2\"" },
	{ "disk=[['x']]", "f:2:7: disk: an entry must be a string" },
	{ "disk=['a,,xvda', 'b,,51712']", "disk: 51712 is there" },
	{ "\n  pci = ['01:00.0']", "f:3:3: pci is not supported: a guest" },
	{ "channel='x'", "channel is not supported: no back end" },
	{ "pool='Pool-1'", "pool = \"Pool-1\": there is only Pool-0" },
	{ "tsc_mode='always_emulate'", "tsc_mode = \"always_emulate\": must" },
	{ "rtc_timeoffset='soon'", "rtc_timeoffset = \"soon\": must be sec" },
	{ "max_grant_frames=0", "max_grant_frames = 0: must be 1 to " },
	{ "max_grant_version=3", "max_grant_version = 3: only 1 is" },
	{ "passthrough='enabled'", "passthrough = \"enabled\": a guest gets" },
	{ "on_watchdog='x'", "on_watchdog = \"x\": must be destroy" },
	{ "vif=['mac=0']", "f:2:6: vif: mac: must be six bytes" },
	{ "vif=[[]]", "f:2:6: vif: an entry must be a string" },
	{ "vif=['devid=2','devid=2']", "vif: there is a card 2 already" },
	{ "bootloader='pygrub'", "bootloader is not supported: set kernel" },
	{ "hap=1", "hap is for HVM guests, this one is PV" },
	{ "memroy=1", "f:2:1: unknown key \"memroy\"; did you mean "
		      "\"memory\"?" },
	{ "Memory=1", "unknown key \"Memory\"; did you mean \"memory\"?" },
	{ "kernal='x'", "did you mean \"kernel\"?" },
	{ "onreboot='x'", "did you mean \"on_reboot\"?" },
	{ "ram_disk='x'", "did you mean \"ramdisk\"?" },
	{ "disks=[]", "did you mean \"disk\"?" },
	{ "xyzzyplugh=1", "f:2:1: unknown key \"xyzzyplugh\"" },
	{ "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa=1",
	  "unknown key \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"" },
};
/* clang-format on */

static void test_other_keys(void)
{
	CHECK(!parse("name='a'\nkernel='k'\nvnc=1\nvfb=['x']\nhap=0\n"
		     "nomigrate=1\npool='Pool-0'\ntsc_mode=2\n"
		     "rtc_timeoffset='-60'\nmax_event_channels=99\n"
		     "max_grant_version=2\non_watchdog='restart'\n"));
	CHECK_TEXT(domain.notices,
		   "vnc is ignored: there is no display; see console\n"
		   "vfb is ignored: there is no display; see console\n"
		   "max_grant_version = 2 is taken for 1: there is no other\n");
	CHECK(domain.has_native_tsc && domain.rtc_timeoffset == -60);
	CHECK(domain.max_event_channels == 99 && !domain.max_grant_frames);
	CHECK(domain.on_watchdog == TK_ACTION_RESTART);
	tk_domain_config_free(&domain);
}

static void test_refused(void)
{
	size_t i;

	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		if (!parse_more(refused[i].text))
			check_fail(__FILE__, __LINE__, "row %zu is accepted",
				   i);
		CHECK_HAS(err.text, refused[i].error);
		CHECK(!strchr(err.text, '\n'));
	}
	CHECK(parse("kernel='k'"));
	CHECK_TEXT(err.text, "f: name is not set");
	CHECK(parse("name='n'"));
	CHECK_TEXT(err.text, "f: kernel is not set");
	CHECK(parse("name='n"));
	CHECK_HAS(err.text, "f:1:6: the string has no closing '");
}

/* Numbers and addresses for cards that came without. */
static void test_vifs(void)
{
	struct tk_domain_config copy;
	struct tk_vif vif;

	CHECK(!parse_more("vif=['', 'devid=3,mac=00:11:22:33:44:55', '']"));
	CHECK(domain.n_vifs == 3);
	CHECK(domain.vifs[0].handle == 0 && domain.vifs[2].handle == 2);
	CHECK(domain.vifs[1].handle == 3 && domain.vifs[1].mac[5] == 0x55);
	CHECK(domain.vifs[0].has_mac && domain.vifs[0].mac[1] == 0x16);
	CHECK(!tk_domain_config_copy(&copy, &domain));
	CHECK(copy.n_vifs == 3 && copy.vifs[1].mac[5] == 0x55);
	tk_domain_config_free(&copy);
	tk_domain_config_drop_vif(&domain, 0);
	CHECK(!tk_vif_parse(&vif, "", &err));
	CHECK(!tk_domain_config_add_vif(&domain, &vif, &err));
	CHECK(domain.n_vifs == 3 && domain.vifs[2].handle == 4);
	CHECK(domain.vifs[2].has_mac);
	tk_domain_config_free(&domain);
	CHECK(!parse_more("vif='bridge=br1'"));
	CHECK_TEXT(domain.vifs[0].bridge, "br1");
	tk_domain_config_free(&domain);
}

static void test_disks(void)
{
	struct tk_domain_config copy;

	CHECK(!parse_more("disk=['phy:/dev/vd0,xvda,w',\n"
			  "  'file:/guests/x,xvdb,r', 'ram:64M,xvdc,w']"));
	CHECK(domain.n_disks == 3);
	CHECK(domain.disks[0].type == TK_DISK_PHY);
	CHECK(domain.disks[1].number == 51728 && domain.disks[1].read_only);
	CHECK_TEXT(domain.disks[2].target, "64M");
	CHECK(!tk_domain_config_copy(&copy, &domain));
	tk_domain_config_drop_disk(&domain, 0);
	CHECK(domain.n_disks == 2);
	CHECK_TEXT(domain.disks[0].vdev, "xvdb");
	tk_domain_config_free(&domain);
	CHECK(copy.n_disks == 3);
	CHECK_TEXT(copy.disks[0].target, "/dev/vd0");
	tk_domain_config_free(&copy);
}

static void test_asking_for_nothing(void)
{
	CHECK(!parse_more("disk=[]\nvif = [ ]\nvnc=0\npci=[]\ncpus=''\n"
			  "ramdisk=''"));
	CHECK(!domain.ramdisk);
	tk_domain_config_free(&domain);
}

static void test_hostile_text_in_errors(void)
{
	CHECK(parse_more("type='\\x1b[2J\\n'"));
	CHECK_HAS(err.text, "type = \"?[2J?\"");
}

static void test_every_allocation_may_fail(void)
{
	const char *text = "name='n';kernel='k';ramdisk='r';root='a';"
			   "disk=['ram:1M,xvda','x,,xvdb'];"
			   "extra='b';vif=[]";
	unsigned int n;

	for (n = 0; n < 1000; n++) {
		int rc;

		alloc_fail_after(n);
		rc = parse(text);
		alloc_fail_never();
		if (!rc) {
			CHECK(!alloc_failed());
			tk_domain_config_free(&domain);
			break;
		}
		CHECK(alloc_failed());
		CHECK_HAS(err.text, "out of memory");
	}
	CHECK(n > 10 && n < 1000);
}

static void test_action_names(void)
{
	CHECK_TEXT(tk_action_name(TK_ACTION_RENAME_RESTART), "rename-restart");
	CHECK_TEXT(tk_action_name((enum tk_action)77), "unknown");
}

static const struct test tests[] = {
	TEST(test_defaults),
	TEST(test_everything),
	TEST(test_vcpus),
	TEST(test_command_line),
	TEST(test_command_line_length),
	TEST(test_memory),
	TEST(test_refused),
	TEST(test_other_keys),
	TEST(test_disks),
	TEST(test_vifs),
	TEST(test_asking_for_nothing),
	TEST(test_hostile_text_in_errors),
	TEST(test_every_allocation_may_fail),
	TEST(test_action_names),
};

int main(void)
{
	return RUN_TESTS(tests);
}
