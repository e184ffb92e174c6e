/* SPDX-License-Identifier: MIT */
/*
 * What build_domain.h and primitives.h say of a control domain without a
 * xenstore server. Weak, so that linking a server in is all that it takes to
 * replace it.
 */
#include "build_domain.h"
#include "primitives.h"

#include <public/errno.h>

__attribute__((weak)) bool tk_xenstore_present(void)
{
	return false;
}

__attribute__((weak)) int
tk_xenstore_introduce(const struct tk_xenstore_guest *guest)
{
	(void)guest;
	return 0;
}

__attribute__((weak)) void tk_xenstore_release(uint16_t domid)
{
	(void)domid;
}

__attribute__((weak)) bool tk_xenstore_poll(void)
{
	return false;
}

__attribute__((weak)) int tk_store_write(const char *path, const char *value)
{
	(void)path;
	(void)value;
	return -XEN_ENOSYS;
}

__attribute__((weak)) int tk_store_mkdir(const char *path, uint16_t owner,
					 uint16_t reader)
{
	(void)path;
	(void)owner;
	(void)reader;
	return -XEN_ENOSYS;
}

__attribute__((weak)) int tk_store_remove(const char *path)
{
	(void)path;
	return -XEN_ENOSYS;
}

__attribute__((weak)) int tk_store_read(const char *path, char *value,
					size_t size)
{
	(void)path;
	(void)value;
	(void)size;
	return -XEN_ENOSYS;
}
