/* SPDX-License-Identifier: MIT */
/*
 * A file as a loop device, with Linux's loop devices played by this program:
 * a device has those who opened it, and ends with the last of them. The files
 * are real ones.
 */
#include "linux/loop_device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/loop.h>

#include "check.h"
#include "toolstack/primitives.h"

#define DEVICES  3
#define FIRST_FD 1000
#define CONTROL  (FIRST_FD + DEVICES)
#define BYTES    4096

static struct device {
	unsigned int openers;
	bool is_set_up;
	struct loop_info64 info;
} devices[DEVICES];

static struct {
	int no_control, no_free; /* errno values */
	unsigned int busy;       /* so often is somebody else faster */
	unsigned int looks;      /* after so many waits device 0 is closed */
	uint64_t now;
	char folder[64], file[80], sys[80];
	struct tk_error err;
} fake;

/* Linux ------------------------------------------------------------------- */

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, ...);
int __real_close(int fd);
int __wrap_close(int fd);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout);
DIR *__real_opendir(const char *path);
DIR *__wrap_opendir(const char *path);

int __wrap_open(const char *path, int flags, ...)
{
	int number;

	if (!strcmp(path, "/dev/loop-control")) {
		errno = fake.no_control;
		return fake.no_control ? -1 : CONTROL;
	}
	if (sscanf(path, "/dev/loop%d", &number) != 1)
		return __real_open(path, flags);
	if (number >= DEVICES) {
		errno = ENXIO;
		return -1;
	}
	devices[number].openers++;
	return FIRST_FD + number;
}

int __wrap_close(int fd)
{
	struct device *device;

	if (fd < FIRST_FD || fd > CONTROL)
		return __real_close(fd);
	if (fd == CONTROL)
		return 0;
	device = &devices[fd - FIRST_FD];
	CHECK(device->openers > 0);
	device->openers--;
	if (!device->openers && device->info.lo_flags & LO_FLAGS_AUTOCLEAR)
		memset(device, 0, sizeof(*device));
	return 0;
}

static int fail(int error)
{
	errno = error;
	return -1;
}

static int get_free(void)
{
	int number = 0;

	while (number < DEVICES && devices[number].is_set_up)
		number++;
	return fake.no_free ? fail(fake.no_free) : number;
}

static int configure(struct device *device, const struct loop_config *config)
{
	struct stat status;

	if (fake.busy && fake.busy--)
		return fail(EBUSY);
	CHECK(!device->is_set_up && !fstat((int)config->fd, &status));
	device->is_set_up = true;
	device->info = config->info;
	device->info.lo_device = status.st_dev;
	device->info.lo_inode = status.st_ino;
	return 0;
}

static int get_status(const struct device *device, struct loop_info64 *info)
{
	*info = device->info;
	return device->is_set_up ? 0 : fail(ENXIO);
}

int __wrap_ioctl(int fd, unsigned long request, ...)
{
	void *argument;
	va_list args;

	va_start(args, request);
	argument = va_arg(args, void *);
	va_end(args);
	if (fd == CONTROL && request == LOOP_CTL_GET_FREE)
		return get_free();
	CHECK(fd >= FIRST_FD && fd < CONTROL);
	if (request == LOOP_CONFIGURE)
		return configure(&devices[fd - FIRST_FD], argument);
	CHECK(request == LOOP_GET_STATUS64);
	return get_status(&devices[fd - FIRST_FD], argument);
}

DIR *__wrap_opendir(const char *path)
{
	return __real_opendir(strcmp(path, "/sys/block") ? path : fake.sys);
}

int __wrap_poll(struct pollfd *fds, nfds_t count, int timeout)
{
	CHECK(!fds && !count);
	fake.now += (uint64_t)timeout * 1000000;
	if (fake.looks && !--fake.looks)
		close(FIRST_FD);
	return 0;
}

uint64_t tk_clock_ns(void)
{
	return fake.now;
}

/* A world of files -------------------------------------------------------- */

static void make_folder(const char *parent, const char *name)
{
	char path[160];

	snprintf(path, sizeof(path), "%s/%s", parent, name);
	CHECK(!mkdir(path, 0755));
}

static void begin(void)
{
	int fd;

	memset(devices, 0, sizeof(devices));
	memset(&fake, 0, sizeof(fake));
	snprintf(fake.folder, sizeof(fake.folder), "/tmp/tenon-loop-XXXXXX");
	CHECK(mkdtemp(fake.folder));
	snprintf(fake.file, sizeof(fake.file), "%s/img", fake.folder);
	snprintf(fake.sys, sizeof(fake.sys), "%s/sys", fake.folder);
	fd = open(fake.file, O_RDWR | O_CREAT, 0644);
	CHECK(fd >= 0 && !fchmod(fd, 0644) && !ftruncate(fd, BYTES));
	close(fd);
	make_folder(fake.folder, "sys");
	make_folder(fake.sys, "sda");
	make_folder(fake.sys, "loop0");
	make_folder(fake.sys, "loop1");
	make_folder(fake.sys, "loop2");
}

static void end(void)
{
	char command[80];

	snprintf(command, sizeof(command), "rm -r %s", fake.folder);
	CHECK(!system(command));
}

static unsigned int count_openers(void)
{
	unsigned int i, count = 0;

	for (i = 0; i < DEVICES; i++)
		count += devices[i].openers;
	return count;
}

static unsigned int count_set_up(void)
{
	unsigned int i, count = 0;

	for (i = 0; i < DEVICES; i++)
		count += devices[i].is_set_up;
	return count;
}

/* And nothing of it is left. */
static void refuses(const char *file, bool read_only, const char *why)
{
	unsigned int openers = count_openers(), set_up = count_set_up();
	struct loop_device loop;

	CHECK(loop_attach(&loop, file, read_only, &fake.err) < 0);
	CHECK_HAS(fake.err.text, file);
	CHECK_HAS(fake.err.text, why);
	CHECK(count_openers() == openers && count_set_up() == set_up);
}

static void attaches(struct loop_device *loop, bool read_only)
{
	CHECK(!loop_attach(loop, fake.file, read_only, &fake.err));
}

/* Tests ------------------------------------------------------------------- */

static void test_lives_as_long_as_it_is_open(void)
{
	struct loop_device loop;

	begin();
	attaches(&loop, false);
	CHECK_TEXT(loop.path, "/dev/loop0");
	CHECK(devices[0].is_set_up && devices[0].openers == 1);
	CHECK(devices[0].info.lo_flags == LO_FLAGS_AUTOCLEAR);
	CHECK_HAS((const char *)devices[0].info.lo_file_name, fake.folder);
	close(loop.fd);
	CHECK(!devices[0].is_set_up);
	attaches(&loop, true);
	CHECK(devices[0].info.lo_flags ==
	      (LO_FLAGS_AUTOCLEAR | LO_FLAGS_READ_ONLY));
	end();
}

static void test_wrong_files(void)
{
	char none[96];

	begin();
	snprintf(none, sizeof(none), "%s/none", fake.folder);
	refuses(none, false, "No such file or directory");
	refuses(fake.folder, false, "Is a directory");
	CHECK(!chmod(fake.file, 0444));
	if (geteuid())
		refuses(fake.file, false, "Permission denied");
	else
		refuses(fake.file, false, "nobody may write to it (mode 0444)");
	CHECK(!chmod(fake.file, 0644) && !truncate(fake.file, 511));
	refuses(fake.file, false, "its 511 bytes are not even one sector");
	refuses(fake.file, true, "its 511 bytes are not even one sector");
	end();
}

static void test_file_that_is_not_to_be_written(void)
{
	struct loop_device loop;

	begin();
	CHECK(!chmod(fake.file, 0444));
	attaches(&loop, true);
	end();
}

static void test_no_devices(void)
{
	begin();
	fake.no_control = ENOENT;
	refuses(fake.file, false,
		"/dev/loop-control: No such file or directory: is the module "
		"loop loaded?");
	fake.no_control = 0;
	fake.no_free = ENOSPC;
	refuses(fake.file, false,
		"no loop device is to be had: No space left on device");
	end();
}

static void test_somebody_is_faster(void)
{
	struct loop_device loop;

	begin();
	fake.busy = 3;
	attaches(&loop, false);
	CHECK(devices[0].openers == 1);
	close(loop.fd);
	fake.busy = 1000;
	refuses(fake.file, false, "/dev/loop0: Device or resource busy");
	end();
}

static void test_in_use(void)
{
	struct loop_device first, second;

	begin();
	attaches(&first, false);
	refuses(fake.file, false, "in use as /dev/loop0");
	refuses(fake.file, true, "in use as /dev/loop0");
	close(first.fd);
	attaches(&first, true);
	refuses(fake.file, false, "in use as /dev/loop0");
	attaches(&second, true);
	CHECK_TEXT(second.path, "/dev/loop1");
	end();
}

/* By what it is, not by how it is called. */
static void test_in_use_by_another_name(void)
{
	struct loop_device first;
	char other[96];

	begin();
	snprintf(other, sizeof(other), "%s/other", fake.folder);
	CHECK(!link(fake.file, other));
	attaches(&first, false);
	refuses(other, false, "in use as /dev/loop0");
	end();
}

/* A guest that restarts: its last device is not closed yet. */
static void test_released_meanwhile(void)
{
	struct loop_device first, second;

	begin();
	attaches(&first, false);
	fake.looks = 5;
	attaches(&second, false);
	CHECK_TEXT(second.path, "/dev/loop1");
	CHECK(!devices[0].is_set_up && devices[1].openers == 1);
	end();
}

static const struct test tests[] = {
	TEST(test_lives_as_long_as_it_is_open),
	TEST(test_wrong_files),
	TEST(test_file_that_is_not_to_be_written),
	TEST(test_no_devices),
	TEST(test_somebody_is_faster),
	TEST(test_in_use),
	TEST(test_in_use_by_another_name),
	TEST(test_released_meanwhile),
};

int main(void)
{
	return RUN_TESTS(tests);
}
