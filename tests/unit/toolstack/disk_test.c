/* SPDX-License-Identifier: MIT */
/* Entries of disk = [ ... ]: what is accepted, as what, and what is not. */
#include "toolstack/disk.h"

#include <stdio.h>
#include <string.h>

#include "check.h"

static struct tk_disk disk;
static struct tk_error err;

struct accepted {
	const char *spec;
	enum tk_disk_type type;
	const char *target;
	uint32_t number;
	bool read_only;
};

/* clang-format off */
static const struct accepted accepted[] = {
	/* by place */
	{ "/dev/vg/vol,raw,xvda,rw", TK_DISK_PHY, "/dev/vg/vol", 51712, false },
	{ "/dev/vg/vol,,hda", TK_DISK_PHY, "/dev/vg/vol", 768, false },
	{ "/guests/x.img,raw,xvdb,ro", TK_DISK_FILE, "/guests/x.img", 51728, true },
	{ " x.img , raw , xvdb , r ", TK_DISK_FILE, "x.img", 51728, true },
	{ "x.img,,xvda,", TK_DISK_FILE, "x.img", 51712, false },
	/* with a prefix */
	{ "file:/guests/x,xvda1,w", TK_DISK_FILE, "/guests/x", 51713, false },
	{ "phy:vd0p2,sda2,r", TK_DISK_PHY, "vd0p2", 2050, true },
	{ "phy:/dev/nvme0n1,hdc,w", TK_DISK_PHY, "/dev/nvme0n1", 5632, false },
	{ "ram:64M/4096,xvdp15", TK_DISK_RAM, "64M/4096", 51967, false },
	/* by name */
	{ "vdev=xvda,access=ro,target=/dev/a,b", TK_DISK_PHY, "/dev/a,b", 51712, true },
	{ "format=raw, vdev=hdd, target=file:c", TK_DISK_FILE, "c", 5696, false },
	{ "/dev/x,vdev=xvda,format=raw", TK_DISK_PHY, "/dev/x", 51712, false },
	{ "/dev/x,raw,xvda,w,discard,direct-io-safe,trusted", TK_DISK_PHY,
	  "/dev/x", 51712, false },
	{ "/dev/x,raw,xvda,backendtype=phy,specification=xen,backend=0",
	  TK_DISK_PHY, "/dev/x", 51712, false },
	{ "x.iso,,hdc,devtype=cdrom", TK_DISK_FILE, "x.iso", 5632, true },
	{ "x.iso,,hdc,cdrom", TK_DISK_FILE, "x.iso", 5632, true },
};

static const struct {
	const char *spec;
	const char *error;
} refused[] = {
	{ "", "target is not set" },
	{ ",,xvda", "target is not set" },
	{ "/dev/x", "vdev is not set" },
	{ "phy:/dev/x,raw,xvda", "vdev \"raw\"" },
	{ "/dev/x,qcow2,xvda", "format \"qcow2\": only raw" },
	{ "/dev/x,xvda,w", "format \"xvda\": only raw" },
	{ "/dev/x,raw,xvda,rx", "access \"rx\": must be" },
	{ "/dev/x,raw,xvda,w,more", "\"more\": one field too many" },
	{ "/dev/x,raw,xvda,target=/dev/y", "target is given twice" },
	{ "/dev/x,raw,xvda,backend=3", "backend \"3\" is not supported" },
	{ "/dev/x,raw,xvda,script=block-iscsi", "script \"block-iscsi\" is not" },
	{ "/dev/x,raw,xvda,colour=red", "unknown key \"colour\"" },
	{ "/dev/x,raw,xvda,devtype=tape", "devtype \"tape\": must be" },
	{ "/dev/x,raw,vda", "vdev \"vda\"" },
	{ "/dev/x,raw,xvda12345678901234567890", "vdev" },
};

static const struct {
	const char *vdev;
	int64_t number; /* -1: there is no such device */
} numbers[] = {
	{ "xvda", 0xca00 }, { "xvda15", 0xca0f }, { "xvdb", 0xca10 },
	{ "xvdp", 0xcaf0 }, { "xvda16", 0x10000010 }, { "xvdq", 0x10001000 },
	{ "xvdz1", 0x10001901 }, { "xvdaa", 0x10001a00 },
	{ "xvdaa255", 0x10001aff }, { "xvdaa256", -1 },
	{ "xvdzzzzzz", -1 }, { "xvd", -1 }, { "xvd1", -1 }, { "xvdA", -1 },
	{ "xvda 1", -1 }, { "xvda-1", -1 }, { "xvdap1", 0x10000000 + 41 * 256 + 1 },
	{ "sda", 0x800 }, { "sdp15", 0x8ff }, { "sdq", -1 }, { "sda16", -1 },
	{ "hda", 0x300 }, { "hdb63", 0x37f }, { "hdc", 0x1600 },
	{ "hdd1", 0x1641 }, { "hde", -1 }, { "hda64", -1 },
	{ "d0p0", 0xca00 }, { "d1p3", 0xca13 }, { "d16p0", 0x10001000 },
	{ "d0", -1 }, { "dp0", -1 }, { "d0p", -1 }, { "d99999999999p1", -1 },
	{ "51712", 51712 }, { "51712x", -1 }, { "99999999999", -1 }, { "", -1 },
};
/* clang-format on */

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static void check_accepted(const struct accepted *row)
{
	if (tk_disk_parse(&disk, row->spec, &err))
		check_fail(__FILE__, __LINE__, "%s: %s", row->spec, err.text);
	CHECK(disk.type == row->type);
	CHECK_TEXT(disk.target, row->target);
	CHECK(disk.number == row->number);
	CHECK(disk.read_only == row->read_only);
	tk_disk_free(&disk);
}

static void test_accepted(void)
{
	size_t i;

	for (i = 0; i < COUNT(accepted); i++)
		check_accepted(&accepted[i]);
}

static void test_refused(void)
{
	size_t i;

	for (i = 0; i < COUNT(refused); i++) {
		if (!tk_disk_parse(&disk, refused[i].spec, &err))
			check_fail(__FILE__, __LINE__, "%s is accepted",
				   refused[i].spec);
		CHECK_HAS(err.text, refused[i].error);
		CHECK(!disk.target);
	}
}

static void test_numbers(void)
{
	size_t i;

	for (i = 0; i < COUNT(numbers); i++) {
		uint32_t number = 0;
		bool known = tk_vdev_number(numbers[i].vdev, &number);

		if (known != (numbers[i].number >= 0) ||
		    (known && number != numbers[i].number))
			check_fail(__FILE__, __LINE__, "%s: %u",
				   numbers[i].vdev, number);
	}
}

static void test_words(void)
{
	CHECK(!tk_disk_parse(&disk, "x,,xvda,no-discard", &err));
	CHECK(disk.no_discard && !disk.is_cdrom);
	tk_disk_free(&disk);
	CHECK(!tk_disk_parse(&disk, "x,,xvda,no-discard,discard", &err));
	CHECK(!disk.no_discard);
	tk_disk_free(&disk);
}

static void test_long(void)
{
	char spec[1100];

	snprintf(spec, sizeof(spec), "%01080d,,xvda", 0);
	CHECK(tk_disk_parse(&disk, spec, &err));
	CHECK_HAS(err.text, "longer than 1023");
}

/* clang-format off */
static const struct test tests[] = {
	TEST(test_accepted),
	TEST(test_refused),
	TEST(test_numbers),
	TEST(test_words),
	TEST(test_long),
};
/* clang-format on */

int main(void)
{
	return RUN_TESTS(tests);
}
