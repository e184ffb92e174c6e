/* SPDX-License-Identifier: MIT */
/*
 * Devices, their states, and xenstore; see backend.h.
 *
 * A change of the store only marks the device that it is about. work() then
 * looks at what is there now and takes one step at a time, so it does not
 * matter which changes came together, in which order, or how often; and a
 * change made by ourselves in the middle of a step waits for its end.
 *
 * What step() does with the state of the front end:
 *
 *	gone            disconnect
 *	1 Initialising  disconnect; then InitWait, for a front end begins anew
 *	3 Initialised,
 *	4 Connected     connect if we wait
 *	5 Closing       Closing, but go on serving: it may have I/O to finish
 *	6 Closed        disconnect, Closed
 *	all else        nothing
 */
#include "backends/backend.h"

#include <public/errno.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "xenstore/local.h"

#define BACKEND_DIR "/local/domain/0/backend/"
#define KINDS_MAX   8
#define TEXT_SIZE   160

static const struct backend_type *types[KINDS_MAX];
static size_t n_types;
static struct backend_device *devices;
static bool is_working;
static bool is_rescan_due;

struct backend_device *backend_next(const struct backend_device *device)
{
	return device ? device->next : devices;
}

/* Keys -------------------------------------------------------------------- */

static void make_path(char path[XS_PATH_SIZE], const char *directory,
		      const char *key)
{
	snprintf(path, XS_PATH_SIZE, "%s/%s", directory, key);
}

static int read_key(void *directory, const char *key, char *value, size_t size)
{
	char path[XS_PATH_SIZE];

	make_path(path, directory, key);
	return xs_local_read(path, value, size);
}

static int write_key(void *directory, const char *key, const char *value)
{
	char path[XS_PATH_SIZE];

	make_path(path, directory, key);
	return xs_local_write(path, value);
}

static struct pv_keys keys_of(char *directory)
{
	return (struct pv_keys){ read_key, write_key, directory };
}

/* A number of an own key; 0 when it is not there or makes no sense. */
static uint32_t own_number(const struct backend_device *device, const char *key)
{
	uint32_t number;

	return pv_keys_number(&device->own, key, &number) ? 0 : number;
}

static bool front_exists(const struct backend_device *device)
{
	char path[XS_PATH_SIZE];

	make_path(path, device->front_path, "state");
	return xs_local_node(path) != NULL;
}

/* Never brings a directory back that the toolstack has removed. */
static void write_own(struct backend_device *device, const char *key,
		      const char *value)
{
	if (xs_local_node(device->own_path))
		write_key(device->own_path, key, value);
}

static void write_state(struct backend_device *device, enum xenbus_state state)
{
	uint32_t now = own_number(device, "state");

	if (now && now != (uint32_t)state)
		pv_keys_put(&device->own, "state", state);
}

static void say(struct backend_device *device, const char *format, va_list args)
	__attribute__((format(printf, 2, 0)));

static void say(struct backend_device *device, const char *format, va_list args)
{
	char text[TEXT_SIZE];

	vsnprintf(text, sizeof(text), format, args);
	write_own(device, "error", text);
}

void backend_say(struct backend_device *device, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(device, format, args);
	va_end(args);
}

/* The list ---------------------------------------------------------------- */

static void mark(struct backend_device *device)
{
	device->is_marked = true;
}

static struct backend_device *find(const struct backend_type *type,
				   uint32_t domid, uint32_t handle)
{
	struct backend_device *device;

	for (device = devices; device; device = device->next) {
		if (device->type == type && device->domid == domid &&
		    device->handle == handle)
			return device;
	}
	return NULL;
}

static void work(void);

static void front_changed(void *context, const char *changed)
{
	(void)changed;
	mark(context);
	work();
}

static void free_device(struct backend_device *device)
{
	struct backend_device **place = &devices;

	while (*place != device)
		place = &(*place)->next;
	*place = device->next;
	xs_local_unwatch(device->watch);
	free(device);
}

/* It is looked at when its directory or its front end's state changes. */
static struct backend_device *new_device(const struct backend_type *type,
					 uint16_t domid, uint32_t handle)
{
	struct backend_device *device = calloc(1, type->device_size);
	char path[XS_PATH_SIZE];

	if (!device)
		return NULL;
	device->type = type;
	device->domid = domid;
	device->handle = handle;
	snprintf(device->own_path, BACKEND_PATH_SIZE, BACKEND_DIR "%s/%u/%u",
		 type->kind, domid, handle);
	snprintf(device->front_path, BACKEND_PATH_SIZE,
		 XS_DOMAIN_DIR "%u/device/%s/%u", domid, type->kind, handle);
	device->own = keys_of(device->own_path);
	device->front = keys_of(device->front_path);
	make_path(path, device->front_path, "state");
	device->watch = xs_local_watch(path, front_changed, device);
	if (!device->watch) {
		free(device);
		return NULL;
	}
	device->next = devices;
	devices = device;
	return device;
}

/*
 * "hotplug-status" is what toolstacks wait for: "connected", or "error" with
 * the reason in "error".
 */
static void create(const struct backend_type *type, uint16_t domid,
		   uint32_t handle)
{
	struct backend_device *device = new_device(type, domid, handle);

	if (!device)
		return;
	if (own_number(device, "state") != XenbusStateInitialising) {
		free_device(device);
	} else if (type->create(device)) {
		write_own(device, "hotplug-status", "error");
		write_state(device, XenbusStateClosed);
		free_device(device);
	} else {
		write_own(device, "hotplug-status", "connected");
		write_state(device, XenbusStateInitWait);
		mark(device);
	}
}

/* Steps ------------------------------------------------------------------- */

static void begin_disconnect(struct backend_device *device)
{
	device->phase = BACKEND_LEAVING;
	device->type->disconnect(device);
}

void backend_disconnected(struct backend_device *device)
{
	device->phase = BACKEND_CLOSED;
	mark(device);
	work();
}

void backend_fail(struct backend_device *device, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(device, format, args);
	va_end(args);
	device->is_failed = true;
	mark(device);
	work();
}

static void connect(struct backend_device *device)
{
	if (device->type->connect(device)) {
		device->phase = BACKEND_CLOSED;
		device->is_failed = true;
		write_state(device, XenbusStateClosing);
		return;
	}
	device->phase = BACKEND_CONNECTED;
	write_state(device, XenbusStateConnected);
}

static void step_connected(struct backend_device *device,
			   enum xenbus_state front)
{
	if (device->is_failed || front == XenbusStateInitialising ||
	    front == XenbusStateClosed || !front_exists(device))
		begin_disconnect(device);
	else if (front == XenbusStateClosing)
		write_state(device, XenbusStateClosing);
}

/*
 * Whoever still begins is told to go and is waited for: Linux's network front
 * end would look for a back end that has vanished until the end of its days.
 */
static void step_waiting(struct backend_device *device, enum xenbus_state front)
{
	bool is_online = own_number(device, "online");

	if (front == XenbusStateClosed ||
	    (!is_online && !front_exists(device))) {
		device->phase = BACKEND_CLOSED;
		write_state(device, XenbusStateClosed);
	} else if (!is_online) {
		write_state(device, XenbusStateClosing);
	} else if (front == XenbusStateInitialised ||
		   front == XenbusStateConnected) {
		connect(device);
	}
}

static void step_closed(struct backend_device *device, enum xenbus_state front)
{
	bool is_online = own_number(device, "online");

	if (front == XenbusStateInitialising && is_online) {
		device->is_failed = false;
		device->phase = BACKEND_WAITING;
		write_state(device, XenbusStateInitWait);
	} else if (front == XenbusStateClosed || !front_exists(device) ||
		   !is_online) {
		write_state(device, XenbusStateClosed);
	} else if (device->is_failed) {
		write_state(device, XenbusStateClosing);
	}
}

/* The toolstack has removed the directory. */
static void step_removed(struct backend_device *device)
{
	if (device->phase == BACKEND_CONNECTED)
		begin_disconnect(device);
	device->is_removed = true;
	if (device->phase == BACKEND_LEAVING)
		return;
	device->type->destroy(device);
	free_device(device);
	/* A directory of the same name may have come meanwhile. */
	is_rescan_due = true;
}

static void step(struct backend_device *device)
{
	enum xenbus_state front = pv_keys_state(&device->front);

	if (device->is_removed || !own_number(device, "state"))
		step_removed(device);
	else if (device->phase == BACKEND_CONNECTED)
		step_connected(device, front);
	else if (device->phase == BACKEND_WAITING)
		step_waiting(device, front);
	else if (device->phase == BACKEND_CLOSED)
		step_closed(device, front);
}

/* Finding devices --------------------------------------------------------- */

/* "/local/domain/0/backend/vbd/3/51712/state" is of domain 3, handle 51712. */
static bool parse_path(const struct backend_type *type, const char *path,
		       uint16_t *domid, uint32_t *handle)
{
	char top[BACKEND_PATH_SIZE];
	int size = snprintf(top, sizeof(top), BACKEND_DIR "%s/", type->kind);

	if (strncmp(path, top, (size_t)size) != 0)
		return false;
	return sscanf(path + size, "%hu/%u", domid, handle) == 2;
}

/* Creates the devices that nobody knows yet. */
static void rescan(const struct backend_type *type)
{
	char top[XS_PATH_SIZE], path[XS_PATH_SIZE];
	uint16_t domid;
	uint32_t handle;

	snprintf(top, sizeof(top), BACKEND_DIR "%s", type->kind);
	xs_path_copy(path, top);
	if (!xs_local_node(top))
		return;
	do {
		if (!strcmp(xs_path_name(path), "state") &&
		    parse_path(type, path, &domid, &handle) &&
		    !find(type, domid, handle))
			create(type, domid, handle);
	} while (xs_local_walk(path, top));
}

static void rescan_all(void)
{
	size_t i;

	for (i = 0; i < n_types; i++)
		rescan(types[i]);
}

static struct backend_device *next_marked(void)
{
	struct backend_device *device = devices;

	while (device && !device->is_marked)
		device = device->next;
	return device;
}

static void work(void)
{
	struct backend_device *device;

	if (is_working)
		return;
	is_working = true;
	while ((device = next_marked()) || is_rescan_due) {
		if (device) {
			device->is_marked = false;
			step(device);
		} else {
			is_rescan_due = false;
			rescan_all();
		}
	}
	is_working = false;
}

/*
 * Without a device in its name, `changed` says only that something below
 * changed: look at everything.
 */
static void kind_changed(void *context, const char *changed)
{
	const struct backend_type *type =
		*(const struct backend_type **)context;
	struct backend_device *device;
	uint16_t domid;
	uint32_t handle;

	if (!parse_path(type, changed, &domid, &handle)) {
		for (device = devices; device; device = device->next)
			mark(device);
		is_rescan_due = true;
	} else if ((device = find(type, domid, handle))) {
		mark(device);
	} else if (is_working) {
		is_rescan_due = true;
	} else {
		is_working = true;
		create(type, domid, handle);
		is_working = false;
	}
	work();
}

int backend_register(const struct backend_type *type)
{
	char top[BACKEND_PATH_SIZE];

	if (n_types == KINDS_MAX)
		return -XEN_ENOMEM;
	snprintf(top, sizeof(top), BACKEND_DIR "%s", type->kind);
	types[n_types] = type;
	if (!xs_local_watch(top, kind_changed, &types[n_types]))
		return -XEN_ENOMEM;
	n_types++;
	return 0;
}
