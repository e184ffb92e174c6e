/* SPDX-License-Identifier: MIT */
/*
 * The command line's terminal and files, in the control domain: the
 * machine's console and the ramdisk.
 */
#include "cli/platform.h"

#include <malloc.h>
#include <string.h>

#include <pvguest/console.h>
#include <pvguest/event.h>
#include <pvguest/grant.h>
#include <pvguest/mm.h>

#include "backends/blk_source.h"
#include "backends/blkback.h"
#include "drivers/net_device.h"
#include "kernel/ramdisk.h"

size_t platform_read(char *buffer, size_t size)
{
	return pv_console_read(buffer, size);
}

void platform_write(const char *text, size_t size)
{
	pv_console_write(text, size);
}

void platform_write_error(const char *text, size_t size)
{
	pv_console_write(text, size);
}

void platform_grab_keys(bool grab)
{
	(void)grab;
}

bool platform_keep_guests(void)
{
	return true;
}

const char *platform_not_our_machine(void)
{
	return NULL;
}

int platform_file(const char *path, const void **data, size_t *size)
{
	return ramdisk_open(path, data, size) ? 0 : -1;
}

const char *platform_file_at(size_t index, size_t *size)
{
	return ramdisk_file_at(index, size);
}

void platform_forget_contents(const char *contents)
{
	blk_source_forget(contents);
}

bool platform_port_traffic(const char *port, struct platform_traffic *traffic)
{
	const struct net_port *at = NULL;

	while ((at = net_port_next(at)) && strcmp(at->name, port) != 0)
		;
	if (!at)
		return false;
	/* The bridge receives what the guest sends. */
	traffic->sent = at->counters.received_bytes;
	traffic->received = at->counters.sent_bytes;
	return true;
}

static const struct blk_device *find_disk(uint16_t domid, uint32_t number)
{
	const struct backend_device *device = NULL;

	while ((device = backend_next(device))) {
		if (device->type == &blkback_type && device->domid == domid &&
		    device->handle == number)
			return (const struct blk_device *)device;
	}
	return NULL;
}

bool platform_disk_use(uint16_t domid, uint32_t number,
		       struct platform_disk_use *use)
{
	const struct blk_device *disk = find_disk(domid, number);

	if (!disk)
		return false;
	*use = (struct platform_disk_use){
		.waits = disk->counters.waits,
		.reads = disk->counters.reads,
		.read_sectors = disk->counters.read_sectors,
		.writes = disk->counters.writes,
		.written_sectors = disk->counters.written_sectors,
	};
	return true;
}

/*
 * Debian's newlib is compiled with fields of type int, but its header says
 * size_t. The eighth is what is allocated.
 */
static size_t heap_bytes(void)
{
	const struct mallinfo info = mallinfo();
	int fields[10];

	memcpy(fields, &info, sizeof(fields));
	return (size_t)fields[7];
}

struct platform_holds platform_holds(void)
{
	return (struct platform_holds){
		.heap_bytes = heap_bytes(),
		.pages = pv_pages_allocated(),
		.mapped_grants = pv_grants_mapped(),
		.ports = pv_event_ports_open(),
	};
}
