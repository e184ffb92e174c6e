/* SPDX-License-Identifier: MIT */
/*
 * The hypercall page: for kernels whose HYPERCALL_PAGE note names a page of
 * their own, 128 stubs of 32 bytes, stub n making hypercall n. Stub 23 (iret)
 * pushes rax as well and does not return.
 * Contract: include/public/xen.h, include/public/elfnote.h.
 */
#include "core/hypercall.h"

#define STUB_SIZE 32u

/* push %rcx; push %r11; mov $0, %eax; syscall; pop %r11; pop %rcx; ret */
static const uint8_t stub[] = { 0x51, 0x41, 0x53, 0xb8, 0,    0,    0,
				0,    0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3 };
/* push %rcx; push %r11; push %rax; mov $iret, %eax; syscall */
static const uint8_t iret_stub[] = {
	0x51, 0x41, 0x53, 0x50, 0xb8, __HYPERVISOR_iret, 0, 0, 0, 0x0f, 0x05
};

void hypercall_page_fill(uint8_t *page)
{
	memset(page, 0xcc, PAGE_SIZE);
	for (unsigned int nr = 0; nr < PAGE_SIZE / STUB_SIZE; nr++) {
		memcpy(page + STUB_SIZE * nr, stub, sizeof(stub));
		page[STUB_SIZE * nr + 4] = (uint8_t)nr;
	}
	page += STUB_SIZE * __HYPERVISOR_iret;
	memset(page, 0xcc, STUB_SIZE);
	memcpy(page, iret_stub, sizeof(iret_stub));
}

bool hypercall_page_install(struct domain *d, mfn_t m)
{
	struct frame *f = frame_get_writable(d, m);

	if (!f)
		return false;
	hypercall_page_fill(mfn_to_virt(m));
	frame_put_writable(f);
	return true;
}
