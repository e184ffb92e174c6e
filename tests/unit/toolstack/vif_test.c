/* SPDX-License-Identifier: MIT */
/* Entries of vif = [...]: every field, and what is wrong with wrong ones. */
#include <string.h>

#include "check.h"
#include "toolstack/vif.h"

static struct tk_vif vif;
static struct tk_error err;

static void parse(const char *spec)
{
	if (tk_vif_parse(&vif, spec, &err))
		check_fail(__FILE__, __LINE__, "%s: %s", spec, err.text);
}

static void refuse(const char *spec, const char *why)
{
	CHECK(tk_vif_parse(&vif, spec, &err));
	CHECK_HAS(err.text, why);
}

static void test_empty(void)
{
	parse("");
	CHECK(!vif.has_mac && !vif.has_handle && !vif.rate_bytes);
	CHECK_TEXT(vif.bridge, "");
	parse(" , ,");
}

static void test_all(void)
{
	static const uint8_t mac[6] = { 0, 0x16, 0x3e, 0xAB, 0xcd, 1 };

	parse("mac=00:16:3E:ab:CD:01, bridge = br7,vifname=web,type=vif,"
	      "ip=10.0.0.2,script=vif-route,model=e1000,backend=Domain-0,"
	      "mtu=9000,devid=3,trusted=0,rate=10Mb/s");
	CHECK(vif.has_mac && memcmp(vif.mac, mac, sizeof(mac)) == 0);
	CHECK_TEXT(vif.bridge, "br7");
	CHECK_TEXT(vif.vifname, "web");
	CHECK_TEXT(vif.ip, "10.0.0.2");
	CHECK_TEXT(vif.script, "vif-route");
	CHECK(vif.mtu == 9000 && vif.is_untrusted);
	CHECK(vif.has_handle && vif.handle == 3);
	CHECK(vif.rate_bytes == 62500 && vif.rate_us == 50000);
}

static void test_rates(void)
{
	parse("rate=250KB/s@20ms");
	CHECK(vif.rate_bytes == 5000 && vif.rate_us == 20000);
	parse("rate=1GB/s@300us");
	CHECK(vif.rate_bytes == 300000 && vif.rate_us == 300);
	parse("rate=100B/s@1s");
	CHECK(vif.rate_bytes == 100 && vif.rate_us == 1000000);
	refuse("rate=10M", "rate: must look like");
	refuse("rate=10MB/s@", "must look like");
	refuse("rate=b/s", "must look like");
	refuse("rate=10MB/s@20msx", "must look like");
	refuse("rate=10MB/s@0ms", "interval");
	refuse("rate=10MB/s@2s", "interval");
	refuse("rate=0B/s", "too little");
	refuse("rate=99999999999999999999GB/s", "must look like");
	refuse("rate=4294967295GB/s", "too much");
}

static void test_refused(void)
{
	refuse("mac=00:16:3e:00:00", "mac: must be six");
	refuse("mac=00:16:3e:00:00:0g", "mac: must be six");
	refuse("mac=00:16:3e:00:00:01:02", "mac: must be six");
	refuse("mac=01:16:3e:00:00:01", "mac: is the address of a group");
	refuse("type=ioemu", "type: must be vif");
	refuse("backend=2", "backend: must be 0");
	refuse("gatewaydev=eth0", "gatewaydev: is not supported");
	refuse("mtu=67", "mtu: must be a number from 68");
	refuse("devid=256", "devid: must be");
	refuse("trusted=2", "trusted: must be");
	refuse("bridg=br0", "there is no field \"bridg\"");
	refuse("br0", "\"br0\" has no value");
	refuse("mac=", "mac has no value");
	refuse("bridge=0123456789012345678901234567890123456789",
	       "bridge: is longer than 31");
}

/* The same for the same guest, card and machine, and not otherwise. */
static void test_addresses(void)
{
	struct tk_vif first = { 0 }, again = { 0 }, second = { .handle = 1 };

	tk_vif_choose_mac(&first, "a");
	tk_vif_choose_mac(&again, "a");
	tk_vif_choose_mac(&second, "a");
	CHECK(memcmp(first.mac, again.mac, 6) == 0);
	CHECK(memcmp(first.mac, second.mac, 6) != 0);
	CHECK(memcmp(first.mac, "\0\x16\x3e", 3) == 0);
	tk_vif_choose_mac(&again, "b");
	CHECK(memcmp(first.mac, again.mac, 6) != 0);
	tk_vif_set_salt("machine", 7);
	tk_vif_choose_mac(&again, "a");
	CHECK(memcmp(first.mac, again.mac, 6) != 0);
}

int main(void)
{
	static const struct test tests[] = {
		TEST(test_empty),   TEST(test_all),       TEST(test_rates),
		TEST(test_refused), TEST(test_addresses),
	};

	return RUN_TESTS(tests);
}
