/* SPDX-License-Identifier: MIT */
/*
 * What build_domain.h says of a control domain without a xenstore server.
 * Weak, so that linking a server in is all that it takes to replace it.
 */
#include "build_domain.h"

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
