/* SPDX-License-Identifier: MIT */
/* Devices in xenstore; see device.h. */
#include "device.h"

#include <stdio.h>
#include <string.h>

#include <public/io/xenbus.h>

#include "config.h"
#include "hypercalls.h"
#include "primitives.h"

#define TEXT_SIZE 192

/* One directory that is being written; the first failure is kept. */
struct writer {
	char path[TK_DEVICE_PATH_SIZE];
	int rc;
};

void tk_device_back_path(const struct tk_device_id *id,
			 char path[TK_DEVICE_PATH_SIZE])
{
	snprintf(path, TK_DEVICE_PATH_SIZE, "/local/domain/%u/backend/%s/%u/%u",
		 TK_DOMID_CONTROL, id->kind, id->domid, id->handle);
}

static void front_path(const struct tk_device_id *id,
		       char path[TK_DEVICE_PATH_SIZE])
{
	snprintf(path, TK_DEVICE_PATH_SIZE, "/local/domain/%u/device/%s/%u",
		 id->domid, id->kind, id->handle);
}

static void key_path(const char *directory, const char *key,
		     char path[TEXT_SIZE])
{
	snprintf(path, TEXT_SIZE, "%s/%s", directory, key);
}

static int write_key(const char *directory, const char *key, const char *value)
{
	char path[TEXT_SIZE];

	key_path(directory, key, path);
	return tk_store_write(path, value);
}

static void put(struct writer *writer, const char *key, const char *value)
{
	if (!writer->rc)
		writer->rc = write_key(writer->path, key, value);
}

static void put_number(struct writer *writer, const char *key, uint32_t number)
{
	char text[12];

	snprintf(text, sizeof(text), "%u", number);
	put(writer, key, text);
}

static void put_all(struct writer *writer, const struct tk_device_key *keys,
		    size_t count)
{
	size_t i;

	for (i = 0; i < count; i++)
		put(writer, keys[i].key, keys[i].value);
}

static int read_number(const char *directory, const char *key, uint32_t *number)
{
	char path[TEXT_SIZE], text[12];
	uint64_t value;

	key_path(directory, key, path);
	if (tk_store_read(path, text, sizeof(text)) ||
	    !tk_config_number(text, &value) || value > UINT32_MAX)
		return -1;
	*number = (uint32_t)value;
	return 0;
}

/* Attach ------------------------------------------------------------------ */

/* Its owner is the control domain: the guest reads. */
static void write_back(struct writer *back, const struct writer *front,
		       const struct tk_device_id *id,
		       const struct tk_device_key *keys, size_t count)
{
	back->rc = tk_store_mkdir(back->path, TK_DOMID_CONTROL, id->domid);
	put(back, "frontend", front->path);
	put_number(back, "frontend-id", id->domid);
	put(back, "online", "1");
	put(back, "removable", "0");
	put_all(back, keys, count);
}

/* Its owner is the guest. */
static void write_front(struct writer *front, const struct writer *back,
			const struct tk_device_id *id,
			const struct tk_device_key *keys, size_t count)
{
	front->rc = tk_store_mkdir(front->path, id->domid, TK_DOMID_CONTROL);
	put(front, "backend", back->path);
	put_number(front, "backend-id", TK_DOMID_CONTROL);
	put_all(front, keys, count);
}

static int check_status(const struct writer *back, struct tk_error *err)
{
	char path[TEXT_SIZE], text[TEXT_SIZE];

	key_path(back->path, "hotplug-status", path);
	if (tk_store_read(path, text, sizeof(text)))
		return tk_fail(err, "there is no back end for it");
	if (!strcmp(text, "connected"))
		return 0;
	key_path(back->path, "error", path);
	if (tk_store_read(path, text, sizeof(text)))
		return tk_fail(err, "the back end refused it");
	return tk_fail(err, "%s", text);
}

__attribute__((weak)) int tk_device_plug(const struct tk_device_id *id,
					 struct tk_error *err)
{
	(void)id;
	(void)err;
	return 0;
}

int tk_device_attach(const struct tk_device_id *id,
		     const struct tk_device_key *back_keys, size_t n_back,
		     const struct tk_device_key *front_keys, size_t n_front,
		     struct tk_error *err)
{
	struct writer back, front;
	int rc;

	tk_device_back_path(id, back.path);
	front_path(id, front.path);
	write_back(&back, &front, id, back_keys, n_back);
	write_front(&front, &back, id, front_keys, n_front);
	/* Each end looks at the other when it finds a state. */
	put_number(&front, "state", XenbusStateInitialising);
	put_number(&back, "state", XenbusStateInitialising);
	rc = back.rc ? back.rc : front.rc;
	if (rc)
		tk_fail(err, "writing to xenstore: %s (%d)", tk_errno_text(rc),
			rc);
	else
		rc = tk_device_plug(id, err) ? -1 : check_status(&back, err);
	if (rc)
		tk_device_remove(id);
	return rc ? -1 : 0;
}

/* Detach ------------------------------------------------------------------ */

int tk_device_close(const struct tk_device_id *id)
{
	struct writer back = { .rc = 0 };

	tk_device_back_path(id, back.path);
	put(&back, "online", "0");
	put_number(&back, "state", XenbusStateClosing);
	return back.rc;
}

unsigned int tk_device_back_state(const struct tk_device_id *id)
{
	char path[TK_DEVICE_PATH_SIZE];
	uint32_t state;

	tk_device_back_path(id, path);
	return read_number(path, "state", &state) ? XenbusStateUnknown : state;
}

bool tk_device_is_closed(const struct tk_device_id *id)
{
	unsigned int state = tk_device_back_state(id);

	return state == XenbusStateClosed || state == XenbusStateUnknown;
}

void tk_device_remove(const struct tk_device_id *id)
{
	char path[TK_DEVICE_PATH_SIZE];

	tk_device_back_path(id, path);
	tk_store_remove(path);
	front_path(id, path);
	tk_store_remove(path);
}

void tk_devices_remove(uint16_t domid)
{
	static const char *const kinds[] = { "vbd", "vif" };
	char path[TK_DEVICE_PATH_SIZE];
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		snprintf(path, sizeof(path), "/local/domain/%u/backend/%s/%u",
			 TK_DOMID_CONTROL, kinds[i], domid);
		tk_store_remove(path);
	}
}

bool tk_device_front_number(const struct tk_device_id *id, const char *key,
			    uint32_t *number)
{
	char path[TK_DEVICE_PATH_SIZE];

	front_path(id, path);
	return !read_number(path, key, number);
}
