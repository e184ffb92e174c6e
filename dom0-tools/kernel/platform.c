/* SPDX-License-Identifier: MIT */
/*
 * The command line's terminal and files, in the control domain: the
 * machine's console and the ramdisk.
 */
#include "cli/platform.h"

#include <pvguest/console.h>

#include "backends/blk_source.h"
#include "kernel/ramdisk.h"

size_t platform_read(char *buffer, size_t size)
{
	return pv_console_read(buffer, size);
}

void platform_write(const char *text, size_t size)
{
	pv_console_write(text, size);
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
