/* SPDX-License-Identifier: MIT */
/*
 * Makes devices of guests known to Linux's back ends: tells blkback which
 * block device a disk is, and puts netback's interfaces on their bridges. What
 * elsewhere scripts do; there are none here.
 *
 * Each says how it went in the back end's directory, as scripts do:
 * "hotplug-status" or "error" (toolstack/device.c reads them).
 */
#include <errno.h>
#include <net/if.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <linux/sockios.h>

#include <public/io/xenbus.h>

#include "linux/store.h"
#include "toolstack/device.h"
#include "toolstack/primitives.h"

/* Linux makes the back end's device when it sees its directory. */
#define PLUG_LIMIT_NS 10000000000ull
#define TEXT_SIZE     256

/* Why not, for whoever asked. */
static int refuse(const char *back, const char *format, ...)
	__attribute__((format(printf, 2, 3)));
static int refuse(const char *back, const char *format, ...)
{
	char text[TEXT_SIZE];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	store_put(text, "%s/error", back);
	return store_put("error", "%s/hotplug-status", back);
}

/* Disks ------------------------------------------------------------------- */

static int plug_disk(const char *back)
{
	char type[16], target[TEXT_SIZE], path[TEXT_SIZE + 8], number[24];
	struct stat status;
	int rc;

	store_text(type, sizeof(type), "%s/type", back);
	store_text(target, sizeof(target), "%s/params", back);
	if (strcmp(type, "phy") != 0)
		return refuse(back,
			      "%s: Linux gives guests block devices: attach "
			      "the file with losetup and name that",
			      target);
	snprintf(path, sizeof(path), "%s%s", *target == '/' ? "" : "/dev/",
		 target);
	if (stat(path, &status))
		return refuse(back, "%s: %s", path, strerror(errno));
	if (!S_ISBLK(status.st_mode))
		return refuse(back, "%s: not a block device", path);
	snprintf(number, sizeof(number), "%x:%x", major(status.st_rdev),
		 minor(status.st_rdev));
	rc = store_put(path, "%s/physical-device-path", back);
	if (!rc)
		rc = store_put(number, "%s/physical-device", back);
	return rc ? rc : store_put("connected", "%s/hotplug-status", back);
}

/* Network cards ----------------------------------------------------------- */

/* Negative: which step failed is in errno. */
static int join_bridge(int fd, const char *interface, const char *bridge)
{
	struct ifreq request = { .ifr_flags = 0 };

	snprintf(request.ifr_name, IFNAMSIZ, "%s", bridge);
	request.ifr_ifindex = (int)if_nametoindex(interface);
	if (!request.ifr_ifindex)
		return -1;
	return ioctl(fd, SIOCBRADDIF, &request);
}

static int set_up(int fd, const char *interface)
{
	struct ifreq request = { .ifr_flags = 0 };

	snprintf(request.ifr_name, IFNAMSIZ, "%s", interface);
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
	snprintf(request.ifr_name, IFNAMSIZ, "%s", from);
	snprintf(request.ifr_newname, IFNAMSIZ, "%s", to);
	return ioctl(fd, SIOCSIFNAME, &request);
}

static int plug_interface(int fd, const char *back, const char *made)
{
	char bridge[TEXT_SIZE], name[TEXT_SIZE];

	store_text(bridge, sizeof(bridge), "%s/bridge", back);
	store_text(name, sizeof(name), "%s/vifname", back);
	if (strlen(bridge) >= IFNAMSIZ || strlen(name) >= IFNAMSIZ)
		return refuse(back, "%s, %s: Linux has %u characters for names",
			      name, bridge, IFNAMSIZ - 1);
	if (!if_nametoindex(bridge))
		return refuse(back,
			      "no bridge %s: \"ip link add %s type "
			      "bridge\" makes one",
			      bridge, bridge);
	if (rename_interface(fd, made, name))
		return refuse(back, "naming it %s: %s", name, strerror(errno));
	if (join_bridge(fd, name, bridge))
		return refuse(back, "%s: %s", bridge, strerror(errno));
	if (set_up(fd, name))
		return refuse(back, "%s: %s", name, strerror(errno));
	return store_put("connected", "%s/hotplug-status", back);
}

/* As the driver calls what it makes. */
static void made_name(const struct tk_device_id *id, char made[IFNAMSIZ])
{
	snprintf(made, IFNAMSIZ, "vif%u.%u", id->domid, id->handle);
}

static int plug_card(const struct tk_device_id *id, const char *back)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	char made[IFNAMSIZ];
	int rc;

	made_name(id, made);
	if (fd < 0)
		return refuse(back, "%s", strerror(errno));
	rc = plug_interface(fd, back, made);
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
	int rc;

	tk_device_back_path(id, back);
	if (!store_wait(back, is_taken_up, &copy,
			tk_clock_ns() + PLUG_LIMIT_NS))
		return tk_fail(err,
			       "Linux's back end does not answer: is the "
			       "module xen-%s loaded?",
			       strcmp(id->kind, "vif") ? "blkback" : "netback");
	rc = strcmp(id->kind, "vif") ? plug_disk(back) : plug_card(id, back);
	if (rc)
		return tk_fail(err, "writing to xenstore (%d)", rc);
	return 0;
}
