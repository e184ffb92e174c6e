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

__attribute__((weak)) int tk_xenstore_introduce(uint16_t domid, uint64_t mfn,
						uint32_t port)
{
	(void)domid;
	(void)mfn;
	(void)port;
	return 0;
}
