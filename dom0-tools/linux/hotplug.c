/* SPDX-License-Identifier: MIT */
/*
 * Makes devices of guests known to Linux's back ends: tells blkback which
 * block device a disk is, and puts netback's interfaces on their bridges. What
 * elsewhere scripts do; there are none here.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/fs.h>
#include <linux/sockios.h>

#include <public/io/xenbus.h>

#include "linux/loop_device.h"
#include "linux/store.h"
#include "toolstack/device.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"

/* Linux makes the back end's device when it sees its directory. */
#define PLUG_LIMIT_NS 10000000000ull
#define TEXT_SIZE     256
/* A look at sysfs, for which there is no event. */
#define LOOK_MS   1
#define PATH_SIZE 1024

static int put_failed(int rc, struct tk_error *err)
{
	return tk_fail(err, "writing to xenstore: %s (%d)", tk_errno_text(rc),
		       rc);
}

static int connected(const char *back, struct tk_error *err)
{
	int rc = store_put("connected", "%s/hotplug-status", back);

	return rc ? put_failed(rc, err) : 0;
}

/* Disks ------------------------------------------------------------------- */

/* blkback shows the number of a device in sysfs as soon as it has it open. */
static bool is_opened(const struct tk_device_id *id)
{
	char path[96];

	snprintf(path, sizeof(path),
		 "/sys/bus/xen-backend/devices/vbd-%u-%u/physical_device",
		 id->domid, id->handle);
	return !access(path, F_OK);
}

/* "13 creating vbd structure": the first word is an errno value. */
static const char *take_back_error(const char *back)
{
	const char *relative = back + strlen("/local/domain/0/");
	char path[TEXT_SIZE], text[TEXT_SIZE];
	int number;

	snprintf(path, sizeof(path), "/local/domain/0/error/%s", relative);
	number = (int)strtol(store_text(text, sizeof(text), "%s/error", path),
			     NULL, 10);
	tk_store_remove(path);
	return number > 0 ? strerror(number) : "it does not say why";
}

static int wait_opened(const struct tk_device_id *id, const char *back,
		       const char *path, struct tk_error *err)
{
	uint64_t deadline = tk_clock_ns() + PLUG_LIMIT_NS;

	while (!is_opened(id)) {
		if (tk_device_back_state(id) >= XenbusStateClosing)
			return tk_fail(err,
				       "%s: Linux's back end cannot open it: "
				       "%s",
				       path, take_back_error(back));
		if (tk_clock_ns() > deadline)
			return tk_fail(err,
				       "%s: Linux's back end does not open it",
				       path);
		poll(NULL, 0, LOOK_MS);
	}
	return connected(back, err);
}

/* What is written last is what blkback waits for. */
static int put_device(const char *back, const char *path, dev_t device,
		      struct tk_error *err)
{
	char number[24];
	int rc;

	snprintf(number, sizeof(number), "%x:%x", major(device), minor(device));
	rc = store_put(path, "%s/physical-device-path", back);
	if (!rc)
		rc = store_put(number, "%s/physical-device", back);
	return rc ? put_failed(rc, err) : 0;
}

static bool is_to_be_written(const char *back)
{
	char mode[8];

	return strchr(store_text(mode, sizeof(mode), "%s/mode", back), 'w');
}

/* Linux would take one that can only be read, and fail each write. */
static int check_device(const char *back, const char *path, int fd,
			dev_t *device, struct tk_error *err)
{
	struct stat status;
	int read_only;

	if (fstat(fd, &status) || ioctl(fd, BLKROGET, &read_only))
		return tk_fail(err, "%s: %s", path, strerror(errno));
	if (read_only && is_to_be_written(back))
		return tk_fail(err, "%s: can only be read: say r instead of w",
			       path);
	*device = status.st_rdev;
	return 0;
}

/* By `fd`, which may be what keeps the device until blkback has it open. */
static int plug_device(const struct tk_device_id *id, const char *back,
		       const char *path, int fd, struct tk_error *err)
{
	dev_t device;

	if (check_device(back, path, fd, &device, err) ||
	    put_device(back, path, device, err))
		return -1;
	return wait_opened(id, back, path, err);
}

static int plug_block(const struct tk_device_id *id, const char *back,
		      const char *path, struct tk_error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc;

	if (fd < 0)
		return tk_fail(err, "%s: %s", path, strerror(errno));
	rc = plug_device(id, back, path, fd, err);
	close(fd);
	return rc;
}

static int plug_file(const struct tk_device_id *id, const char *back,
		     const char *path, struct tk_error *err)
{
	struct loop_device loop;
	char whole[PATH_MAX];
	int rc;

	/* Others who read it may have another working directory. */
	if (!realpath(path, whole))
		return tk_fail(err, "%s: %s", path, strerror(errno));
	rc = store_put(whole, "%s/params", back);
	if (rc)
		return put_failed(rc, err);
	if (loop_attach(&loop, whole, !is_to_be_written(back), err))
		return -1;
	rc = plug_device(id, back, loop.path, loop.fd, err);
	close(loop.fd);
	return rc;
}

static int plug_disk(const struct tk_device_id *id, const char *back,
		     struct tk_error *err)
{
	char type[16], target[PATH_SIZE], path[PATH_SIZE + 8];
	struct stat status;
	bool is_phy =
		!strcmp(store_text(type, sizeof(type), "%s/type", back), "phy");

	store_text(target, sizeof(target), "%s/params", back);
	if (!strcmp(type, "ram"))
		return tk_fail(err,
			       "ram:%s: only the built-in control domain has "
			       "disks in memory; here the module brd makes "
			       "some, /dev/ram0 ...",
			       target);
	snprintf(path, sizeof(path), "%s%s",
		 is_phy && *target != '/' ? "/dev/" : "", target);
	if (stat(path, &status))
		return tk_fail(err, "%s: %s", path, strerror(errno));
	if (S_ISBLK(status.st_mode))
		return plug_block(id, back, path, err);
	if (S_ISREG(status.st_mode))
		return plug_file(id, back, path, err);
	return tk_fail(err, "%s: neither a file nor a block device", path);
}

/* Network cards ----------------------------------------------------------- */

/* Its length has been looked at. */
static void put_name(char name[IFNAMSIZ], const char *text)
{
	snprintf(name, IFNAMSIZ, "%.*s", IFNAMSIZ - 1, text);
}

/* Negative: which step failed is in errno. */
static int join_bridge(int fd, const char *interface, const char *bridge)
{
	struct ifreq request = { .ifr_flags = 0 };

	put_name(request.ifr_name, bridge);
	request.ifr_ifindex = (int)if_nametoindex(interface);
	if (!request.ifr_ifindex)
		return -1;
	return ioctl(fd, SIOCBRADDIF, &request);
}

static int set_up(int fd, const char *interface)
{
	struct ifreq request = { .ifr_flags = 0 };

	put_name(request.ifr_name, interface);
	if (ioctl(fd, SIOCGIFFLAGS, &request))
		return -1;
	request.ifr_flags |= IFF_UP;
	return ioctl(fd, SIOCSIFFLAGS, &request);
}

static int rename_interface(int fd, const char *from, const char *to)
{
	struct ifreq request = { .ifr_flags = 0 };

	if (!strcmp(from, to))
		return 0;
	put_name(request.ifr_name, from);
	put_name(request.ifr_newname, to);
	return ioctl(fd, SIOCSIFNAME, &request);
}

static int plug_interface(int fd, const char *back, const char *made,
			  struct tk_error *err)
{
	char bridge[TEXT_SIZE], name[TEXT_SIZE];

	store_text(bridge, sizeof(bridge), "%s/bridge", back);
	store_text(name, sizeof(name), "%s/vifname", back);
	if (strlen(bridge) >= IFNAMSIZ || strlen(name) >= IFNAMSIZ)
		return tk_fail(err, "%s, %s: Linux has %u characters for names",
			       name, bridge, IFNAMSIZ - 1);
	if (!if_nametoindex(bridge))
		return tk_fail(err,
			       "no bridge %s: \"ip link add %s type "
			       "bridge\" makes one",
			       bridge, bridge);
	if (rename_interface(fd, made, name))
		return tk_fail(err, "naming it %s: %s", name, strerror(errno));
	if (join_bridge(fd, name, bridge))
		return tk_fail(err, "%s: %s", bridge, strerror(errno));
	if (set_up(fd, name))
		return tk_fail(err, "%s: %s", name, strerror(errno));
	return connected(back, err);
}

/* As the driver calls what it makes. */
static void made_name(const struct tk_device_id *id, char made[IFNAMSIZ])
{
	snprintf(made, IFNAMSIZ, "vif%u.%u", id->domid, id->handle);
}

static int plug_card(const struct tk_device_id *id, const char *back,
		     struct tk_error *err)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char made[IFNAMSIZ];
	int rc;

	made_name(id, made);
	if (fd < 0)
		return tk_fail(err, "%s", strerror(errno));
	rc = plug_interface(fd, back, made, err);
	close(fd);
	return rc;
}

/* Both -------------------------------------------------------------------- */

/*
 * Linux has taken the directory up. An interface may be a little later: the
 * driver says that it waits for the front end, then makes it.
 */
static bool is_taken_up(void *context)
{
	const struct tk_device_id *id = context;
	unsigned int state = tk_device_back_state(id);
	char made[IFNAMSIZ];

	if (state < XenbusStateInitWait)
		return false;
	made_name(id, made);
	return strcmp(id->kind, "vif") != 0 || if_nametoindex(made);
}

int tk_device_plug(const struct tk_device_id *id, struct tk_error *err)
{
	struct tk_device_id copy = *id;
	char back[TK_DEVICE_PATH_SIZE];

	tk_device_back_path(id, back);
	if (!store_wait(back, is_taken_up, &copy,
			tk_clock_ns() + PLUG_LIMIT_NS))
		return tk_fail(err,
			       "Linux's back end does not answer: is the "
			       "module xen-%s loaded?",
			       strcmp(id->kind, "vif") ? "blkback" : "netback");
	return strcmp(id->kind, "vif") ? plug_disk(id, back, err)
				       : plug_card(id, back, err);
}
