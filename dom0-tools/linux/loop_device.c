/* SPDX-License-Identifier: MIT */
/*
 * Loop devices; see loop_device.h. Linux 5.8 is the first that sets one up in
 * one step, so that at no time there is one that would stay behind.
 */
#include "linux/loop_device.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <linux/loop.h>

#include "toolstack/primitives.h"

#define CONTROL  "/dev/loop-control"
#define DEVICES  "/sys/block"
#define SECTOR   512
#define ATTEMPTS 64
/* The end of a guest is over before its back end has closed the device. */
#define RELEASE_LIMIT_NS 3000000000ull
#define RELEASE_LOOK_MS  50

/* The file ---------------------------------------------------------------- */

static int check_file(int fd, const char *file, bool read_only,
		      struct stat *status, struct tk_error *err)
{
	if (fstat(fd, status))
		return tk_fail(err, "%s: %s", file, strerror(errno));
	if (status->st_size < SECTOR)
		return tk_fail(err,
			       "%s: its %lld bytes are not even one sector",
			       file, (long long)status->st_size);
	/* Root could, but somebody has said that it is not to be changed. */
	if (!read_only && !(status->st_mode & 0222))
		return tk_fail(err,
			       "%s: nobody may write to it (mode %04o): chmod "
			       "it, or say r instead of w",
			       file, status->st_mode & 07777u);
	return 0;
}

/* Who else has it --------------------------------------------------------- */

/* Whether a loop device is over the file, and its way to it. */
static bool is_over(const char *path, const struct stat *file,
		    struct loop_info64 *info)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	bool is_it = fd >= 0 && !ioctl(fd, LOOP_GET_STATUS64, info) &&
		     info->lo_device == file->st_dev &&
		     info->lo_inode == file->st_ino;

	if (fd >= 0)
		close(fd);
	return is_it;
}

/* A device that must not be beside ours; false: there is none. */
static bool find_other(const struct loop_device *ours, const struct stat *file,
		       bool read_only, char path[24])
{
	DIR *folder = opendir(DEVICES);
	const struct dirent *entry;
	struct loop_info64 info;
	bool found = false;

	while (folder && !found && (entry = readdir(folder))) {
		if (strncmp(entry->d_name, "loop", 4) != 0)
			continue;
		snprintf(path, 24, "/dev/%.18s", entry->d_name);
		found = strcmp(path, ours->path) != 0 &&
			is_over(path, file, &info) &&
			!(read_only && info.lo_flags & LO_FLAGS_READ_ONLY);
	}
	if (folder)
		closedir(folder);
	return found;
}

/*
 * Ours is there already: of two that look for each other at the same time, one
 * sees the other at least.
 */
static int check_sole(const struct loop_device *ours, const struct stat *file,
		      const char *name, bool read_only, struct tk_error *err)
{
	uint64_t deadline = tk_clock_ns() + RELEASE_LIMIT_NS;
	char path[24];

	while (find_other(ours, file, read_only, path)) {
		if (tk_clock_ns() > deadline)
			return tk_fail(err,
				       "%s: in use as %s; only those who read "
				       "may share",
				       name, path);
		poll(NULL, 0, RELEASE_LOOK_MS);
	}
	return 0;
}

/* The device -------------------------------------------------------------- */

/* 0, or an errno value; EBUSY: somebody else was faster. */
static int set_up(struct loop_device *loop, int number,
		  const struct loop_config *config)
{
	bool read_only = config->info.lo_flags & LO_FLAGS_READ_ONLY;
	int rc;

	snprintf(loop->path, sizeof(loop->path), "/dev/loop%d", number);
	loop->fd =
		open(loop->path, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (loop->fd < 0)
		return errno;
	if (!ioctl(loop->fd, LOOP_CONFIGURE, config))
		return 0;
	rc = errno;
	close(loop->fd);
	return rc;
}

static int set_up_free(struct loop_device *loop, int control,
		       const struct loop_config *config, struct tk_error *err)
{
	int rc = EBUSY, attempt;

	for (attempt = 0; rc == EBUSY && attempt < ATTEMPTS; attempt++) {
		int number = ioctl(control, LOOP_CTL_GET_FREE);

		if (number < 0)
			return tk_fail(err, "no loop device is to be had: %s",
				       strerror(errno));
		rc = set_up(loop, number, config);
	}
	return rc ? tk_fail(err, "%s: %s", loop->path, strerror(rc)) : 0;
}

static int set_up_over(struct loop_device *loop, int file, const char *name,
		       bool read_only, struct tk_error *err)
{
	struct loop_config config = {
		.fd = (uint32_t)file,
		.info.lo_flags = LO_FLAGS_AUTOCLEAR |
				 (read_only ? LO_FLAGS_READ_ONLY : 0),
	};
	int control = open(CONTROL, O_RDWR | O_CLOEXEC), rc;

	if (control < 0)
		return tk_fail(err,
			       "%s: " CONTROL ": %s: is the module loop "
			       "loaded?",
			       name, strerror(errno));
	snprintf((char *)config.info.lo_file_name, LO_NAME_SIZE, "%s", name);
	rc = set_up_free(loop, control, &config, err);
	close(control);
	return rc ? tk_fail_within(err, name) : 0;
}

static int attach(struct loop_device *loop, int fd, const char *file,
		  bool read_only, struct tk_error *err)
{
	struct stat status;

	if (check_file(fd, file, read_only, &status, err) ||
	    set_up_over(loop, fd, file, read_only, err))
		return -1;
	if (!check_sole(loop, &status, file, read_only, err))
		return 0;
	close(loop->fd);
	return -1;
}

int loop_attach(struct loop_device *loop, const char *file, bool read_only,
		struct tk_error *err)
{
	int fd = open(file, (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	int rc;

	if (fd < 0)
		return tk_fail(err, "%s: %s", file, strerror(errno));
	rc = attach(loop, fd, file, read_only, err);
	/* The device has the file open itself. */
	close(fd);
	return rc;
}
