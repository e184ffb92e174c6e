/* SPDX-License-Identifier: MIT */
/*
 * Interrupts of devices, for the control domain. A pirq is its number for
 * one: a line of an IO-APIC has the number of its GSI, messages (MSI, MSI-X)
 * get those above. Vectors and messages are ours: no guest names one (PI-2).
 *
 * A level interrupt stays masked from its arrival until the guest's EOI. A
 * message needs no masking; one that comes while no port is bound is lost.
 *
 * Owns: pirqs[], by_vector[]. Locks: the control domain's evtchn_lock; the
 * interrupt handler takes none, and may run once more after an unmap.
 * Contracts: include/public/physdev.h, EVTCHNOP_bind_pirq.
 */
#include "core/pirq.h"

#include "core/evtchn.h"
#include "core/services.h"
#include "mm/frame.h"
#include "platform/acpi.h"
#include "platform/platform.h"
#include "public/physdev.h"
#include "x86/apic.h"
#include "x86/irq.h"
#include "x86/paging.h"

enum pirq_kind {
	PIRQ_FREE,
	PIRQ_GSI,
	PIRQ_MSI,
	PIRQ_MSIX
};

static struct pirq {
	uint8_t kind; /* enum pirq_kind */
	uint8_t vector;
	bool bound;             /* to an event channel */
	bool level, active_low; /* of a line, once mode_known */
	bool mode_known;
	bool waiting;    /* atomic: masked until the guest's EOI */
	uint16_t device; /* of a message: bus << 8 | devfn */
	uint16_t entry;  /* PIRQ_MSIX */
} pirqs[MAX_PIRQS];

static uint16_t by_vector[256]; /* pirq + 1 */

/* The pirq's entry, if it is mapped; any number. */
static struct pirq *pirq_of(uint64_t number)
{
	struct pirq *p = &pirqs[index_clamp(number, MAX_PIRQS)];

	return number < MAX_PIRQS && p->kind != PIRQ_FREE ? p : NULL;
}

static void pirq_interrupt(unsigned int vector)
{
	unsigned int number = read_once(by_vector[vector]) - 1u;
	struct pirq *p = pirq_of(number);

	if (p && p->kind == PIRQ_GSI && p->level) {
		ioapic_mask(number, true);
		__atomic_store_n(&p->waiting, true, __ATOMIC_SEQ_CST);
	}
	apic_eoi();
	if (p)
		evtchn_send_pirq(control_domain, number);
}

/* A vector that leads to the pirq from now on; 0: there is none. */
static uint8_t vector_take(unsigned int number)
{
	for (unsigned int v = VECTOR_DEVICE + 1; v < VECTOR_DEVICE_END; v++) {
		if (by_vector[v])
			continue;
		write_once(by_vector[v], (uint16_t)(number + 1));
		irq_set_handler(v, pirq_interrupt, false);
		return (uint8_t)v;
	}
	return 0;
}

static void vector_drop(uint8_t vector)
{
	irq_set_handler(vector, NULL, true);
	write_once(by_vector[vector], 0);
}

/* Lines ------------------------------------------------------------------- */

/* What firmware says of a line, else what ISA and PCI have; true: it says. */
static bool firmware_mode(unsigned int gsi, bool *level, bool *active_low)
{
	for (unsigned int i = 0; i < MAX_ISA_IRQ; i++) {
		if (!acpi.isa[i].present || acpi.isa[i].gsi != gsi)
			continue;
		*level = acpi.isa[i].level;
		*active_low = acpi.isa[i].active_low;
		return true;
	}
	*level = *active_low = gsi >= MAX_ISA_IRQ;
	return false;
}

static void line_find_mode(unsigned int gsi)
{
	struct pirq *p = &pirqs[gsi];

	if (!p->mode_known)
		p->mode_known = firmware_mode(gsi, &p->level, &p->active_low);
}

long pirq_setup_gsi(uint64_t gsi, bool level, bool active_low)
{
	struct pirq *p = &pirqs[index_clamp(gsi, MAX_PIRQS)];

	if (gsi >= MAX_PIRQS || !ioapic_has_gsi((unsigned int)gsi))
		return -XEN_EINVAL;
	line_find_mode((unsigned int)gsi);
	if (p->mode_known || p->bound)
		return -XEN_EEXIST;
	p->level = level;
	p->active_low = active_low;
	p->mode_known = true;
	if (p->kind == PIRQ_GSI)
		ioapic_route((unsigned int)gsi, p->vector, level, active_low);
	return 0;
}

long pirq_map_gsi(uint64_t gsi)
{
	struct pirq *p = &pirqs[index_clamp(gsi, MAX_PIRQS)];
	unsigned int line = (unsigned int)gsi;

	if (gsi >= MAX_PIRQS || !ioapic_has_gsi(line))
		return -XEN_EINVAL;
	if (p->kind == PIRQ_GSI)
		return line;
	if (ioapic_is_routed(line))
		return -XEN_EBUSY; /* the hypervisor's own device */
	p->vector = vector_take(line);
	if (!p->vector)
		return -XEN_ENOSPC;
	line_find_mode(line);
	p->kind = PIRQ_GSI;
	ioapic_route(line, p->vector, p->level, p->active_low);
	return line;
}

/* Messages: [PCI 3.0 "MSI and MSI-X Capability Structures"] ---------------- */

#define REG_COMMAND      0x04
#define COMMAND_MEMORY   2u
#define STATUS_LIST      (1u << 20) /* of the same 32 bits */
#define REG_BAR          0x10
#define BAR_IO           1u
#define BAR_64           4u
#define REG_LIST         0x34
#define LIST_MAX         48
#define CAP_MSI          0x05
#define CAP_MSIX         0x11
#define MSI_ENABLE       (1u << 16) /* control is the upper half */
#define MSI_COUNT        (7u << 20)
#define MSI_64           (1u << 23)
#define MSIX_LAST(cap)   ((cap) >> 16 & 0x7ff)
#define MSIX_ENTRY_WORDS 4
/* [SDM3 "Message Address Register Format"]; the data are just the vector. */
#define MSI_ADDRESS 0xfee00000u

bool pirq_device_exists(uint16_t device)
{
	return (uint16_t)pci_read(device, 0) != 0xffff;
}

/* Where the capability is in the device's registers; 0: it has none. */
static unsigned int capability_find(uint16_t device, uint8_t id)
{
	unsigned int at, i;

	if (!pirq_device_exists(device) ||
	    !(pci_read(device, REG_COMMAND) & STATUS_LIST))
		return 0;
	at = pci_read(device, REG_LIST) & 0xfc;
	for (i = 0; at && i < LIST_MAX; i++) {
		uint32_t cap = pci_read(device, at);

		if ((cap & 0xff) == id)
			return at;
		at = cap >> 8 & 0xfc;
	}
	return 0;
}

/* Machine address of the entry; 0: there is none that we would write to. */
static uint64_t msix_entry(uint16_t device, unsigned int cap, unsigned int n)
{
	uint32_t table = pci_read(device, cap + 4);
	unsigned int bar = REG_BAR + 4 * (table & 7);
	uint64_t at = pci_read(device, bar);

	if (n > MSIX_LAST(pci_read(device, cap)) || (table & 7) > 5 ||
	    (at & BAR_IO) || !(pci_read(device, REG_COMMAND) & COMMAND_MEMORY))
		return 0;
	if (at & BAR_64)
		at |= (uint64_t)pci_read(device, bar + 4) << 32;
	at = (at & ~15ull) + (table & ~7u) +
	     n * sizeof(uint32_t) * MSIX_ENTRY_WORDS;
	return mfn_is_ram(mfn_of(at >> PAGE_SHIFT)) ? 0 : at;
}

/* vector 0 turns the message off. 0, or -EINVAL: the device cannot do that. */
static long msix_program(uint16_t device, unsigned int n, uint8_t vector)
{
	unsigned int cap = capability_find(device, CAP_MSIX);
	uint64_t at = cap ? msix_entry(device, cap, n) : 0;
	volatile uint32_t *entry;

	if (!at)
		return -XEN_EINVAL;
	entry = paging_device_window(at);
	entry[3] = 1; /* masked, while address and data do not fit */
	entry[0] = MSI_ADDRESS | cpu_get(0)->apic_id << 12;
	entry[1] = 0;
	entry[2] = vector;
	entry[3] = !vector;
	return 0;
}

/* As above. The guest turns on messages, also of MSI-X, in the control word. */
static long msi_program(uint16_t device, uint8_t vector)
{
	unsigned int cap = capability_find(device, CAP_MSI);
	uint32_t control;

	if (!cap)
		return -XEN_EINVAL;
	control = pci_read(device, cap);
	pci_write(device, cap, control & ~(MSI_COUNT | MSI_ENABLE));
	if (!vector)
		return 0;
	pci_write(device, cap + 4, MSI_ADDRESS | cpu_get(0)->apic_id << 12);
	if (control & MSI_64)
		pci_write(device, cap + 8, 0);
	pci_write(device, cap + (control & MSI_64 ? 12 : 8), vector);
	pci_write(device, cap, control & ~MSI_COUNT);
	return 0;
}

static long message_program(const struct pirq *p, uint8_t vector)
{
	return p->kind == PIRQ_MSIX ? msix_program(p->device, p->entry, vector)
				    : msi_program(p->device, vector);
}

/* One kind of message per device, and each entry once. */
static bool message_is_taken(const struct pirq *wanted)
{
	for (unsigned int i = ioapic_gsi_count(); i < MAX_PIRQS; i++) {
		const struct pirq *p = &pirqs[i];

		if (p->kind != PIRQ_FREE && p->device == wanted->device &&
		    (p->kind != wanted->kind || p->entry == wanted->entry))
			return true;
	}
	return false;
}

long pirq_find_free(void)
{
	for (unsigned int i = ioapic_gsi_count(); i < MAX_PIRQS; i++)
		if (pirqs[i].kind == PIRQ_FREE)
			return i;
	return -XEN_ENOSPC;
}

long pirq_map_message(uint16_t device, bool msix, uint64_t entry,
		      uint64_t number)
{
	struct pirq p = { .kind = msix ? PIRQ_MSIX : PIRQ_MSI,
			  .device = device,
			  .entry = (uint16_t)entry };
	long rc;

	if (entry > MSIX_LAST(~0u) || number < ioapic_gsi_count() ||
	    number >= MAX_PIRQS)
		return -XEN_EINVAL;
	number = index_clamp(number, MAX_PIRQS);
	if (pirq_of(number) || message_is_taken(&p))
		return -XEN_EEXIST;
	p.vector = vector_take((unsigned int)number);
	if (!p.vector)
		return -XEN_ENOSPC;
	rc = message_program(&p, p.vector);
	if (rc) {
		vector_drop(p.vector);
		return rc;
	}
	pirqs[number] = p;
	return (long)number;
}

/* Both kinds --------------------------------------------------------------- */

long pirq_unmap(uint64_t number)
{
	struct pirq *p = pirq_of(number);

	if (!p)
		return -XEN_EINVAL;
	if (p->bound)
		return -XEN_EBUSY;
	if (p->kind == PIRQ_GSI)
		ioapic_route((unsigned int)number, 0, false, false);
	else
		(void)message_program(p, 0); /* the device may be gone */
	p->kind = PIRQ_FREE;
	vector_drop(p->vector);
	return 0;
}

long pirq_remove_device(uint16_t device)
{
	unsigned int i, first = ioapic_gsi_count();

	for (i = first; i < MAX_PIRQS; i++)
		if (pirq_of(i) && pirqs[i].device == device && pirqs[i].bound)
			return -XEN_EBUSY;
	for (i = first; i < MAX_PIRQS; i++)
		if (pirq_of(i) && pirqs[i].device == device)
			(void)pirq_unmap(i);
	return 0;
}

long pirq_eoi(uint64_t number)
{
	struct pirq *p = pirq_of(number);

	if (!p)
		return -XEN_EINVAL;
	if (__atomic_exchange_n(&p->waiting, false, __ATOMIC_SEQ_CST))
		ioapic_mask((unsigned int)number, !p->bound);
	return 0;
}

bool pirq_needs_eoi(uint64_t number)
{
	const struct pirq *p = pirq_of(number);

	return p && p->kind == PIRQ_GSI && p->level;
}

int pirq_bind(struct domain *d, uint32_t pirq, bool share)
{
	struct pirq *p = pirq_of(pirq);

	if (!p)
		return -XEN_EINVAL;
	p->bound = true;
	__atomic_store_n(&p->waiting, false, __ATOMIC_SEQ_CST);
	if (p->kind == PIRQ_GSI)
		ioapic_mask(pirq, false);
	return 0;
}

void pirq_unbind(struct domain *d, uint32_t pirq)
{
	struct pirq *p = pirq_of(pirq);

	p->bound = false;
	if (p->kind == PIRQ_GSI)
		ioapic_mask(pirq, true);
}
