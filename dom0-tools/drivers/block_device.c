/* SPDX-License-Identifier: MIT */
/* The list of disks, and the checks that all of them need: block_device.h. */
#include "drivers/block_device.h"

#include <stdio.h>
#include <string.h>

#include <public/errno.h>

static struct block_device *devices;

static bool has_data(enum block_op op)
{
	return op == BLOCK_READ || op == BLOCK_WRITE;
}

static int check_segments(const struct block_request *request)
{
	uint64_t bytes = 0;
	unsigned int i;

	for (i = 0; i < request->segment_count; i++)
		bytes += request->segments[i].bytes;
	if (bytes != (uint64_t)request->sectors * BLOCK_SECTOR)
		return -XEN_EINVAL;
	return 0;
}

static int check(const struct block_device *device,
		 const struct block_request *request)
{
	uint32_t unit = device->sector_size / BLOCK_SECTOR;

	if (request->op == BLOCK_FLUSH)
		return device->has_flush ? 0 : -XEN_EOPNOTSUPP;
	if (request->op != BLOCK_READ && device->read_only)
		return -XEN_EROFS;
	if (request->op == BLOCK_DISCARD && !device->has_discard)
		return -XEN_EOPNOTSUPP;
	if (request->sectors == 0 || request->sector > device->sectors ||
	    request->sectors > device->sectors - request->sector)
		return -XEN_EINVAL;
	if (request->sector % unit != 0 || request->sectors % unit != 0)
		return -XEN_EINVAL;
	if (!has_data(request->op))
		return 0;
	if (request->sectors > device->max_sectors ||
	    request->segment_count > device->max_segments)
		return -XEN_E2BIG;
	return check_segments(request);
}

void block_submit(struct block_device *device, struct block_request *request)
{
	int error = check(device, request);

	if (error)
		request->done(request, error);
	else
		device->ops->submit(device, request);
}

void block_kick(struct block_device *device)
{
	if (device->ops->kick)
		device->ops->kick(device);
}

void block_register(struct block_device *device)
{
	struct block_device **end = &devices;

	while (*end)
		end = &(*end)->next;
	device->next = NULL;
	*end = device;
}

void block_name(struct block_device *device, const char *kind)
{
	char name[sizeof(device->name)];
	unsigned int n = 0;

	do {
		snprintf(name, sizeof(name), "%s%u", kind, n++);
	} while (block_find(name));
	memcpy(device->name, name, sizeof(name));
}

struct block_device *block_find(const char *name)
{
	struct block_device *device = devices;

	while (device && strcmp(device->name, name) != 0)
		device = device->next;
	return device;
}

struct block_device *block_next(const struct block_device *device)
{
	return device ? device->next : devices;
}
