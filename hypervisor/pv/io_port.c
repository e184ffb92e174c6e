/* SPDX-License-Identifier: MIT */
/*
 * Which I/O ports a guest reaches. The control domain owns the machine's
 * ports except those that the hypervisor drives; other domains own none.
 *
 * Context: v is current; the privilege of the instruction has been checked.
 */
#include "pv/io_port.h"

#include "core/services.h"
#include "platform/platform.h"
#include "pv/pv.h"
#include "x86/processor.h"
#include "x86/uaccess.h"

/* The timer that kernels calibrate against: never there, never awaited. */
#define PIT_CHANNEL_2  0x42
#define PIT_GATE       0x61
#define PIT_GATE_READY 0x20 /* output of channel 2 is high */

/* The hypervisor's: PICs, PIT, gate, COM1. */
static const struct {
	uint16_t first, last;
} denied[] = {
	{ 0x20, 0x21 }, { 0xa0, 0xa1 },   { 0x40, 0x43 },
	{ 0x61, 0x61 }, { 0x3f8, 0x3ff },
};

static bool allowed(const struct vcpu *v, uint16_t port, unsigned int bytes)
{
	uint32_t last = port + bytes - 1;

	if (!domain_is_control(v->domain) || last > 0xffff)
		return false;
	for (unsigned int i = 0; i < ARRAY_SIZE(denied); i++)
		if (port <= denied[i].last && last >= denied[i].first)
			return false;
	return true;
}

/*
 * The bitmap is in memory of the guest kernel; its page tables are loaded
 * for the read when the access comes from user mode (UA-8).
 */
static int read_kernel_memory(struct vcpu *v, void *dst, uint64_t va, size_t n)
{
	bool user = !v->in_kernel;
	int rc;

	if (user)
		pv_enter_kernel(v);
	rc = copy_from_guest(dst, guest_ptr(va), n);
	if (user)
		pv_enter_user(v);
	return rc;
}

bool io_port_in_bitmap(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	uint16_t bits;

	/* Two bytes hold all bits of an access; the last one may be absent. */
	if (!v->iobmp || port + bytes > v->iobmp_ports ||
	    read_kernel_memory(v, &bits, v->iobmp + port / 8, sizeof(bits)))
		return false;
	return !(bits >> (port & 7) & ((1u << bytes) - 1));
}

/* One access at a time: see platform/pci.c. */
uint32_t io_port_read(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	uint32_t value;
	uint64_t flags;

	if (port == PIT_CHANNEL_2)
		return 0;
	if (port == PIT_GATE)
		return PIT_GATE_READY;
	if (!allowed(v, port, bytes))
		return ~0u;
	flags = spin_lock_irqsave(&pci_lock);
	switch (bytes) {
	case 1:
		value = in8(port);
		break;
	case 2:
		value = in16(port);
		break;
	default:
		value = in32(port);
	}
	spin_unlock_irqrestore(&pci_lock, flags);
	return value;
}

void io_port_write(struct vcpu *v, uint16_t port, unsigned int bytes,
		   uint32_t value)
{
	uint64_t flags;

	if (!allowed(v, port, bytes))
		return;
	flags = spin_lock_irqsave(&pci_lock);
	switch (bytes) {
	case 1:
		out8(port, (uint8_t)value);
		break;
	case 2:
		out16(port, (uint16_t)value);
		break;
	default:
		out32(port, value);
	}
	spin_unlock_irqrestore(&pci_lock, flags);
}
