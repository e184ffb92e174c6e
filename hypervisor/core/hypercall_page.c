/* SPDX-License-Identifier: MIT */
/*
 * The hypercall page: for kernels whose HYPERCALL_PAGE note names a page of
 * their own, 128 stubs of 32 bytes, stub n making hypercall n. Stub 23 (iret)
 * pushes rax as well and does not return.
 * Contract: include/public/xen.h, include/public/elfnote.h.
 */
#include "core/hypercall.h"
#include "lib/string.h"
#include "public/xen.h"

/* Put bytes, least significant first. */
static uint8_t *put_bytes(uint8_t *p, uint64_t bytes, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++)
		*p++ = (uint8_t)(bytes >> (8 * i));
	return p;
}

void hypercall_page_fill(uint8_t *page)
{
	memset(page, 0xcc, PAGE_SIZE);
	for (uint32_t nr = 0; nr < PAGE_SIZE / 32; nr++) {
		uint8_t *p = page + 32 * nr;

		p = put_bytes(p, 0x534151, 3); /* push %rcx; push %r11 */
		if (nr == __HYPERVISOR_iret)
			*p++ = 0x50;       /* push %rax */
		p = put_bytes(p, 0xb8, 1); /* mov $nr, %eax */
		p = put_bytes(p, nr, 4);
		p = put_bytes(p, 0x050f, 2); /* syscall */
		if (nr != __HYPERVISOR_iret) /* pop %r11; pop %rcx; ret */
			put_bytes(p, 0xc3595b41, 4);
	}
}
