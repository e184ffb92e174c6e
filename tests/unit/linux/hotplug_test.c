/* SPDX-License-Identifier: MIT */
/*
 * A disk of a guest for Linux's back end: what is written for it, and what is
 * said when that cannot be. Linux is this program: one block device, /dev/here,
 * and a back end that opens what it is told of, or says why not.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/fs.h>

#include <public/io/xenbus.h>

#include "check.h"
#include "linux/loop_device.h"
#include "linux/store.h"
#include "toolstack/device.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"

#define BACK    "/local/domain/0/backend/vbd/3/51712"
#define REFUSAL "/local/domain/0/error/backend/vbd/3/51712"
#define HERE    1000 /* its file descriptor */
#define LOOP    1001

static const struct tk_device_id disk = { 3, "vbd", 51712 };

static struct {
	const char *type, *params, *mode, *refusal;
	bool has_backend, opens, can_only_be_read;
	int no_open; /* an errno value */
	char number[24], path[64], params_put[256];
	bool connected, refusal_removed, loop_read_only;
	unsigned int open_fds;
	uint64_t now;
	struct tk_error err;
} fake;

/* The store and the library ----------------------------------------------- */

const char *store_text(char *value, size_t size, const char *format, ...)
{
	char path[128];
	va_list args;
	const char *text = "";

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	if (!strcmp(path, BACK "/type"))
		text = fake.type;
	else if (!strcmp(path, BACK "/params"))
		text = fake.params;
	else if (!strcmp(path, BACK "/mode"))
		text = fake.mode;
	else if (!strcmp(path, REFUSAL "/error") && fake.refusal)
		text = fake.refusal;
	snprintf(value, size, "%s", text);
	return value;
}

static void keep(char *kept, size_t size, const char *value)
{
	snprintf(kept, size, "%s", value);
}

int store_put(const char *value, const char *format, ...)
{
	char path[128];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	if (!strcmp(path, BACK "/physical-device"))
		keep(fake.number, sizeof(fake.number), value);
	else if (!strcmp(path, BACK "/physical-device-path"))
		keep(fake.path, sizeof(fake.path), value);
	else if (!strcmp(path, BACK "/params"))
		keep(fake.params_put, sizeof(fake.params_put), value);
	else
		fake.connected = !strcmp(path, BACK "/hotplug-status") &&
				 !strcmp(value, "connected");
	return 0;
}

int tk_store_remove(const char *path)
{
	fake.refusal_removed = !strcmp(path, REFUSAL);
	return 0;
}

bool store_wait(const char *path, bool (*is_done)(void *context), void *context,
		uint64_t deadline_ns)
{
	CHECK(!strcmp(path, BACK) && deadline_ns > fake.now);
	return is_done(context);
}

unsigned int tk_device_back_state(const struct tk_device_id *id)
{
	CHECK(id->handle == disk.handle);
	if (!fake.has_backend)
		return XenbusStateUnknown;
	return fake.refusal && *fake.number ? XenbusStateClosing
					    : XenbusStateInitWait;
}

void tk_device_back_path(const struct tk_device_id *id,
			 char path[TK_DEVICE_PATH_SIZE])
{
	snprintf(path, TK_DEVICE_PATH_SIZE, "/local/domain/0/backend/%s/%u/%u",
		 id->kind, id->domid, id->handle);
}

const char *tk_errno_text(long error)
{
	return error ? "an error" : "none";
}

int loop_attach(struct loop_device *loop, const char *file, bool read_only,
		struct tk_error *err)
{
	CHECK(*file == '/');
	fake.loop_read_only = read_only;
	if (fake.no_open)
		return tk_fail(err, "%s: %s", file, strerror(fake.no_open));
	fake.open_fds++;
	*loop = (struct loop_device){ LOOP, "/dev/loop5" };
	return 0;
}

uint64_t tk_clock_ns(void)
{
	return fake.now;
}

/* Linux ------------------------------------------------------------------- */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_close(int fd);
int __wrap_close(int fd);
int __real_stat(const char *path, struct stat *status);
int __wrap_stat(const char *path, struct stat *status);
int __real_fstat(int fd, struct stat *status);
int __wrap_fstat(int fd, struct stat *status);
int __real_access(const char *path, int mode);
int __wrap_access(const char *path, int mode);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);

int __wrap_open(const char *path, int flags, ...)
{
	if (strcmp(path, "/dev/here") != 0)
		return __real_open(path, flags);
	if (fake.no_open) {
		errno = fake.no_open;
		return -1;
	}
	fake.open_fds++;
	return HERE;
}

int __wrap_close(int fd)
{
	if (fd != HERE && fd != LOOP)
		return __real_close(fd);
	/* It may go only when the back end has it, or will not have it. */
	CHECK(!fake.connected || fake.opens);
	fake.open_fds--;
	return 0;
}

int __wrap_stat(const char *path, struct stat *status)
{
	if (strcmp(path, "/dev/here") != 0)
		return __real_stat(path, status);
	status->st_mode = S_IFBLK | 0600;
	return 0;
}

int __wrap_fstat(int fd, struct stat *status)
{
	if (fd != HERE && fd != LOOP)
		return __real_fstat(fd, status);
	status->st_rdev = fd == HERE ? makedev(8, 17) : makedev(7, 5);
	return 0;
}

int __wrap_access(const char *path, int mode)
{
	static const char opened[] = "/sys/bus/xen-backend/devices/"
				     "vbd-3-51712/physical_device";

	if (strcmp(path, opened) != 0)
		return __real_access(path, mode);
	return fake.opens && *fake.number ? 0 : -1;
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	va_list args;

	CHECK((fd == HERE || fd == LOOP) && request == BLKROGET);
	va_start(args, request);
	*va_arg(args, int *) = fake.can_only_be_read;
	va_end(args);
	return 0;
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	CHECK(!fds && !count && timeout > 0);
	fake.now += (uint64_t)timeout * 1000000;
	return 0;
}

/* Tests ------------------------------------------------------------------- */

static void begin(const char *type, const char *params, const char *mode)
{
	memset(&fake, 0, sizeof(fake));
	fake.type = type;
	fake.params = params;
	fake.mode = mode;
	fake.has_backend = fake.opens = true;
}

static void refuses(const char *why)
{
	CHECK(tk_device_plug(&disk, &fake.err) < 0);
	CHECK_TEXT(fake.err.text, why);
	CHECK(!fake.connected && !fake.open_fds);
}

static void plugs(const char *path, const char *number)
{
	CHECK(!tk_device_plug(&disk, &fake.err));
	CHECK_TEXT(fake.path, path);
	CHECK_TEXT(fake.number, number);
	CHECK(fake.connected && !fake.open_fds);
}

static void test_block_device(void)
{
	begin("phy", "here", "w");
	plugs("/dev/here", "8:11");
	begin("file", "/dev/here", "r");
	fake.can_only_be_read = true;
	plugs("/dev/here", "8:11");
}

static void test_wrong_block_device(void)
{
	begin("phy", "here", "w");
	fake.can_only_be_read = true;
	refuses("/dev/here: can only be read: say r instead of w");
	begin("phy", "here", "w");
	fake.no_open = ENXIO;
	refuses("/dev/here: No such device or address");
	begin("phy", "none/such", "w");
	refuses("/dev/none/such: No such file or directory");
	begin("phy", "null", "w");
	refuses("/dev/null: neither a file nor a block device");
	begin("ram", "1M", "w");
	refuses("ram:1M: only the built-in control domain has disks in memory; "
		"here the module brd makes some, /dev/ram0 ...");
}

/* Its path from the root, as others read it from the store. */
static void test_file(void)
{
	begin("file", "/etc/../etc/passwd", "w");
	plugs("/dev/loop5", "7:5");
	CHECK_TEXT(fake.params_put, "/etc/passwd");
	CHECK(!fake.loop_read_only);
	begin("phy", "/etc/passwd", "r");
	fake.can_only_be_read = true;
	plugs("/dev/loop5", "7:5");
	CHECK(fake.loop_read_only);
}

static void test_wrong_file(void)
{
	begin("file", "/etc/passwd", "w");
	fake.no_open = EROFS;
	refuses("/etc/passwd: Read-only file system");
	begin("file", "/none/such", "w");
	refuses("/none/such: No such file or directory");
}

static void test_back_end_does_not_open(void)
{
	begin("file", "/etc/passwd", "w");
	fake.opens = false;
	fake.refusal = "13 creating vbd structure";
	refuses("/dev/loop5: Linux's back end cannot open it: Permission "
		"denied");
	CHECK(fake.refusal_removed);
	begin("phy", "here", "w");
	fake.opens = false;
	fake.refusal = "";
	refuses("/dev/here: Linux's back end cannot open it: it does not say "
		"why");
	begin("phy", "here", "w");
	fake.opens = false;
	refuses("/dev/here: Linux's back end does not open it");
	CHECK(fake.now >= 10000000000);
}

static void test_no_back_end(void)
{
	begin("phy", "here", "w");
	fake.has_backend = false;
	refuses("Linux's back end does not answer: is the module xen-blkback "
		"loaded?");
}

static const struct test tests[] = {
	TEST(test_block_device),
	TEST(test_wrong_block_device),
	TEST(test_file),
	TEST(test_wrong_file),
	TEST(test_back_end_does_not_open),
	TEST(test_no_back_end),
};

int main(void)
{
	return RUN_TESTS(tests);
}
