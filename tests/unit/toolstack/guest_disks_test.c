/* SPDX-License-Identifier: MIT */
/*
 * Disks from a configuration to xenstore and back, on the fake machine with
 * the real store. The test plays the back end: it says "connected", or that it
 * cannot, and lets go when it is asked.
 */
#include "toolstack/guest_disks.h"

#include <stdio.h>
#include <string.h>

#include <public/sched.h>

#include "check.h"
#include "fake_primitives.h"
#include "kernel_fixture.h"
#include "toolstack/device.h"
#include "toolstack/guests.h"
#include "toolstack/primitives.h"
#include "xenstore/local.h"

#define BACKEND "/local/domain/0/backend/vbd"

static struct tk_error err;
static char forgotten[256];
static char noticed[256];
static bool refuses;   /* the back end, all disks */
static bool is_absent; /* there is none */

static int read_file(const char *path, const void **data, size_t *size)
{
	const struct elf_builder *kernel = fixture_kernel(1);

	*data = kernel->bytes;
	*size = !strcmp(path, "/guests/kernel") ? kernel->size : 100;
	return 0;
}

static void notice(const char *about, const char *text)
{
	snprintf(noticed, sizeof(noticed), "%s: %s", about, text);
}

/* The numbers of guests go up; here only the device counts. */
static void forget_contents(const char *contents)
{
	size_t length = strlen(forgotten);

	snprintf(forgotten + length, sizeof(forgotten) - length, "%s ",
		 strchr(contents, '/') + 1);
}

static const struct tk_guests_host host = {
	.read_file = read_file,
	.notice = notice,
	.forget_contents = forget_contents,
};

/* '@' in the pattern stands for the domain's number. */
static void make_path(char path[XS_PATH_SIZE], const char *pattern,
		      uint16_t domid)
{
	int before = (int)strcspn(pattern, "@");

	snprintf(path, XS_PATH_SIZE, "%.*s%u%s", before, pattern, domid,
		 pattern + before + 1);
}

static const char *get(const char *pattern, uint16_t domid, const char *key)
{
	static char text[256];
	char path[XS_PATH_SIZE];
	const struct xs_node *node;
	size_t length;

	make_path(path, pattern, domid);
	length = strlen(path);
	snprintf(path + length, sizeof(path) - length, "%s%s", *key ? "/" : "",
		 key);
	node = xs_local_node(path);
	if (!node)
		return "(none)";
	CHECK(node->value_size < sizeof(text));
	memcpy(text, node->value, node->value_size);
	text[node->value_size] = '\0';
	return text;
}

/* The back end: a new device is one with "state" and without "hotplug-status".
 */
static void backend(void *context, const char *changed)
{
	char path[XS_PATH_SIZE];
	size_t length = strlen(changed);

	(void)context;
	if (is_absent || length < 6 || strcmp(changed + length - 6, "/state") ||
	    !xs_local_node(changed))
		return;
	snprintf(path, sizeof(path), "%.*s/hotplug-status", (int)length - 6,
		 changed);
	if (xs_local_node(path))
		return;
	CHECK(!xs_local_write(path, refuses ? "error" : "connected"));
	snprintf(path, sizeof(path), "%.*s/error", (int)length - 6, changed);
	if (refuses)
		CHECK(!xs_local_write(path, "x.img: no such file"));
}

static void start(void)
{
	static struct xs_local_watch *watch;

	fake_start();
	refuses = is_absent = false;
	forgotten[0] = noticed[0] = '\0';
	if (!watch)
		watch = xs_local_watch(BACKEND, backend, NULL);
	CHECK(watch);
	CHECK(!tk_guests_start(&host, &err));
}

static void end(void)
{
	struct tk_guest *guest = NULL;

	while ((guest = tk_guests_next(guest))) {
		if (guest->has_domain)
			CHECK(!tk_guest_destroy(guest, &err));
	}
	CHECK(fake_free_pages() == FAKE_FRAMES);
	CHECK(!fake.mappings && fake.ports == 1);
	fake_end();
}

static void add_disk(struct tk_domain_config *config, const char *spec)
{
	struct tk_disk disk;

	CHECK(!tk_disk_parse(&disk, spec, &err));
	CHECK(!tk_domain_config_add_disk(config, &disk, &err));
}

static struct tk_guest *try_create(const char *name, enum tk_action action)
{
	struct tk_domain_config config = fixture_config(name);

	config.on_reboot = action;
	add_disk(&config, "file:x.img,xvda,w");
	add_disk(&config, "phy:/dev/vd0,xvdb,r,no-discard");
	return tk_guests_create(&config, false, &err);
}

static struct tk_guest *create(const char *name, enum tk_action action)
{
	struct tk_guest *guest = try_create(name, action);

	if (!guest)
		check_fail(__FILE__, __LINE__, "%s", err.text);
	return guest;
}

#define BACK  BACKEND "/@/51712"
#define FRONT "/local/domain/@/device/vbd/51712"

static void check_owner(const char *pattern, uint16_t domid, uint16_t owner,
			uint16_t reader)
{
	char path[XS_PATH_SIZE];
	const struct xs_node *node;

	make_path(path, pattern, domid);
	node = xs_local_node(path);
	CHECK(node && node->perms.count == 2);
	CHECK(node->perms.list[0].domid == owner);
	CHECK(node->perms.list[0].rights == XS_MAY_NOTHING);
	CHECK(node->perms.list[1].domid == reader);
	CHECK(node->perms.list[1].rights == XS_MAY_READ);
}

static void test_nodes(void)
{
	uint16_t domid;

	start();
	domid = create("one", TK_ACTION_DESTROY)->domid;
	CHECK_TEXT(get(BACK, domid, "type"), "file");
	CHECK_TEXT(get(BACK, domid, "params"), "x.img");
	CHECK_TEXT(get(BACK, domid, "mode"), "w");
	CHECK_TEXT(get(BACK, domid, "dev"), "xvda");
	CHECK_TEXT(get(BACK, domid, "online"), "1");
	CHECK_TEXT(get(BACK, domid, "state"), "1");
	CHECK_TEXT(get(BACK, domid, "discard-enable"), "1");
	CHECK_TEXT(get(FRONT, domid, "virtual-device"), "51712");
	CHECK_TEXT(get(FRONT, domid, "backend-id"), "0");
	CHECK_TEXT(get(FRONT, domid, "state"), "1");
	CHECK_TEXT(get(FRONT, domid, "protocol"), "x86_64-abi");
	CHECK_TEXT(get(BACKEND "/@/51728", domid, "mode"), "r");
	CHECK_TEXT(get(BACKEND "/@/51728", domid, "contents"), "");
	CHECK_TEXT(get(BACKEND "/@/51728", domid, "discard-enable"), "0");
	check_owner(BACK, domid, 0, domid);
	check_owner(BACK "/state", domid, 0, domid);
	check_owner(FRONT, domid, domid, 0);
	check_owner(FRONT "/state", domid, domid, 0);
	CHECK(!tk_guest_destroy(tk_guests_find("one"), &err));
	CHECK_TEXT(get(BACKEND "/@", domid, ""), "(none)");
	CHECK_TEXT(forgotten, "xvda ");
	end();
}

static void test_refused(void)
{
	start();
	refuses = true;
	CHECK(!try_create("three", TK_ACTION_DESTROY));
	CHECK_TEXT(err.text, "three: xvda: x.img: no such file");
	is_absent = true;
	CHECK(!try_create("three", TK_ACTION_DESTROY));
	CHECK_TEXT(err.text, "three: xvda: there is no back end for it");
	CHECK(!tk_guests_find("three"));
	end();
}

/* The contents are forgotten with the guest, not with its domain. */
static void test_restart(void)
{
	struct tk_guest *guest;
	uint16_t domid;

	start();
	guest = create("one", TK_ACTION_RESTART);
	domid = guest->domid;
	fake_shut_down(domid, SHUTDOWN_reboot);
	tk_wait(0);
	CHECK(guest->has_domain && guest->domid != domid);
	CHECK_TEXT(get(BACKEND "/@", domid, ""), "(none)");
	CHECK_TEXT(get(BACK, guest->domid, "state"), "1");
	CHECK_TEXT(forgotten, "");
	fake_shut_down(guest->domid, SHUTDOWN_poweroff);
	tk_wait(0);
	CHECK(!guest->has_domain);
	CHECK_TEXT(forgotten, "xvda ");
	end();
}

static void test_restart_fails(void)
{
	struct tk_guest *guest;

	start();
	guest = create("one", TK_ACTION_RESTART);
	refuses = true;
	fake_shut_down(guest->domid, SHUTDOWN_reboot);
	tk_wait(0);
	CHECK(!guest->has_domain && guest->has_ended);
	CHECK_TEXT(noticed, "restart failed: one: xvda: x.img: no such file");
	CHECK_HAS(forgotten, "xvda ");
	end();
}

static void test_rename_restart(void)
{
	struct tk_guest *guest;

	start();
	guest = create("one", TK_ACTION_RENAME_RESTART);
	fake_shut_down(guest->domid, SHUTDOWN_reboot);
	tk_wait(0);
	CHECK_TEXT(guest->config.name, "one-1");
	CHECK(tk_guests_find("one") && tk_guests_find("one") != guest);
	CHECK(tk_guests_find("one")->serial != guest->serial);
	CHECK_TEXT(get(BACK, guest->domid, "state"), "1");
	CHECK_TEXT(forgotten, "");
	end();
}

static void test_attach_and_detach(void)
{
	const struct tk_disk *found;
	struct tk_guest *guest;
	struct tk_disk disk;

	start();
	guest = create("one", TK_ACTION_DESTROY);
	CHECK(!tk_disk_parse(&disk, "ram:1M,xvda", &err));
	CHECK(tk_guest_disk_attach(guest, &disk, &err));
	CHECK_TEXT(err.text, "one: xvda is there already");
	tk_disk_free(&disk);
	CHECK(!tk_disk_parse(&disk, "ram:1M,xvdc", &err));
	refuses = true;
	CHECK(tk_guest_disk_attach(guest, &disk, &err));
	CHECK_TEXT(err.text, "one: xvdc: x.img: no such file");
	CHECK(guest->config.n_disks == 2);
	refuses = false;
	CHECK(!tk_guest_disk_attach(guest, &disk, &err));
	found = tk_guest_disk_find(guest, "xvdc");
	CHECK(found && tk_guest_disk_find(guest, "51744") == found);
	CHECK(!tk_guest_disk_find(guest, "xvdd"));
	CHECK(!tk_guest_disk_is_closed(guest, found));
	CHECK(!tk_guest_disk_close(guest, found, &err));
	CHECK_TEXT(get(BACKEND "/@/51744", guest->domid, "online"), "0");
	CHECK_TEXT(get(BACKEND "/@/51744", guest->domid, "state"), "5");
	tk_guest_disk_detach(guest, found);
	CHECK_TEXT(get(BACKEND "/@/51744", guest->domid, ""), "(none)");
	CHECK_TEXT(get("/local/domain/@/device/vbd/51744", guest->domid, ""),
		   "(none)");
	CHECK(guest->config.n_disks == 2);
	CHECK_TEXT(forgotten, "xvdc ");
	end();
}

static void test_shutdown(void)
{
	struct tk_guest *guest;

	start();
	guest = create("one", TK_ACTION_DESTROY);
	CHECK(!tk_guest_shutdown(guest, &err));
	CHECK_TEXT(get("/local/domain/@", guest->domid, "control/shutdown"),
		   "poweroff");
	CHECK(!tk_guest_reboot(guest, &err));
	CHECK_TEXT(get("/local/domain/@", guest->domid, "control/shutdown"),
		   "reboot");
	CHECK(!tk_guest_destroy(guest, &err));
	CHECK(tk_guest_shutdown(guest, &err));
	CHECK_TEXT(err.text, "one: it is not running");
	end();
}

/* clang-format off */
static const struct test tests[] = {
	TEST(test_nodes),
	TEST(test_refused),
	TEST(test_restart),
	TEST(test_restart_fails),
	TEST(test_rename_restart),
	TEST(test_attach_and_detach),
	TEST(test_shutdown),
};
/* clang-format on */

int main(void)
{
	return RUN_TESTS(tests);
}
