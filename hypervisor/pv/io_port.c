/* SPDX-License-Identifier: MIT */
/*
 * Which I/O ports a guest reaches. The control domain owns the machine's
 * ports except those that the hypervisor drives; other domains own none.
 *
 * Context: v is current; the privilege of the instruction has been checked.
 */
#include "platform/platform.h"
#include "pv/pv.h"

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
bool io_port_in_bitmap(struct vcpu *v, uint16_t port, unsigned int bytes)
{
	bool kernel = v->in_kernel;
	uint16_t bits;
	int rc;

	if (!v->iobmp || port + bytes > v->iobmp_ports)
		return false;
	pv_set_mode(v, true);
	/* Two bytes hold all bits of an access; the last one may be absent. */
	rc = copy_from_guest(&bits, guest_ptr(v->iobmp + port / 8),
			     sizeof(bits));
	pv_set_mode(v, kernel);
	if (rc)
		return false;
	return !(bits >> (port & 7) & ((1u << bytes) - 1));
}

static uint32_t port_in(uint16_t port, unsigned int bytes)
{
	if (bytes == 1)
		return in8(port);
	return bytes == 2 ? in16(port) : in32(port);
}

static void port_out(uint16_t port, unsigned int bytes, uint32_t value)
{
	if (bytes == 1)
		out8(port, (uint8_t)value);
	else if (bytes == 2)
		out16(port, (uint16_t)value);
	else
		out32(port, value);
}

uint32_t io_port_access(struct vcpu *v, bool out, uint16_t port,
			unsigned int bytes, uint32_t value)
{
	uint64_t flags;

	if (!out && port == PIT_CHANNEL_2)
		return 0;
	if (!out && port == PIT_GATE)
		return PIT_GATE_READY;
	if (!allowed(v, port, bytes))
		return ~0u;
	/* One access at a time: see platform/pci.c. */
	flags = spin_lock_irqsave(&pci_lock);
	if (out)
		port_out(port, bytes, value);
	else
		value = port_in(port, bytes);
	spin_unlock_irqrestore(&pci_lock, flags);
	return value;
}
