/* SPDX-License-Identifier: MIT */
/*
 * HYPERVISOR_physdev_op: I/O privilege for every guest, and interrupts of
 * devices for the control domain. A pirq is its number for one: a line of an
 * IO-APIC has the number of its GSI, messages (MSI, MSI-X) get those above.
 * Vectors and messages are ours: no guest names one (PI-2).
 *
 * A level interrupt stays masked from its arrival until the guest's EOI. A
 * message needs no masking; one that comes while no port is bound is lost.
 *
 * Owns: pirqs[], by_vector[]. Locks: the control domain's evtchn_lock; the
 * interrupt handler takes none, and may run once more after an unmap.
 * Contracts: include/public/physdev.h, EVTCHNOP_bind_pirq.
 */
#include "public/physdev.h"
#include "core/hypercall.h"
#include "mm/mm.h"
#include "platform/platform.h"
#include "x86/machine.h"
#include "x86/paging.h"

#define MAX_PIRQS 256

enum pirq_kind {
	PIRQ_FREE,
	PIRQ_GSI,
	PIRQ_MSI,
	PIRQ_MSIX
};

static struct pirq {
	uint8_t kind; /* enum pirq_kind */
	uint8_t vector;
	uint32_t port;          /* of the control domain's; 0: not bound */
	bool level, active_low; /* of a line, once mode_known */
	bool mode_known;
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

	if (p && p->kind == PIRQ_GSI && p->level)
		ioapic_mask(number, true);
	if (p)
		evtchn_raise_slot(control_domain, &p->port);
}

/* A vector that leads to the pirq from now on; 0: there is none. */
static uint8_t vector_take(unsigned int number)
{
	for (unsigned int v = VECTOR_DEVICE + 1; v < VECTOR_DEVICE_END; v++) {
		if (by_vector[v])
			continue;
		write_once(by_vector[v], (uint16_t)(number + 1));
		irq_set_handler(v, pirq_interrupt);
		return (uint8_t)v;
	}
	return 0;
}

static void vector_drop(uint8_t vector)
{
	irq_set_handler(vector, NULL);
	write_once(by_vector[vector], 0);
}

/* Lines ------------------------------------------------------------------- */

/*
 * The entry of a line, mapped or not; NULL: there is no such line. Its mode is
 * what firmware or the guest says, else what ISA and PCI have.
 */
static struct pirq *line_of(uint32_t gsi)
{
	struct pirq *p = &pirqs[index_clamp(gsi, MAX_PIRQS)];
	const struct isa_override *o = acpi.isa;

	if (gsi >= MAX_PIRQS || !ioapic_has_gsi(gsi))
		return NULL;
	if (!p->mode_known)
		p->level = p->active_low = gsi >= MAX_ISA_IRQ;
	for (; !p->mode_known && o < acpi.isa + MAX_ISA_IRQ; o++)
		if (o->present && o->gsi == gsi) {
			p->level = o->level;
			p->active_low = o->active_low;
			p->mode_known = true;
		}
	return p;
}

static long physdev_setup_gsi(struct vcpu *v, struct domain *d, void *arg)
{
	const struct physdev_setup_gsi *op = arg;
	uint32_t gsi = (uint32_t)op->gsi;
	struct pirq *p = line_of(gsi);

	if (!p)
		return -XEN_EINVAL;
	if (p->mode_known || p->port)
		return -XEN_EEXIST;
	p->level = op->triggering;
	p->active_low = op->polarity;
	p->mode_known = true;
	if (p->kind == PIRQ_GSI)
		ioapic_route(gsi, p->vector, p->level, p->active_low);
	return 0;
}

/* Its pirq, also when it is mapped already. */
static long map_line(uint32_t gsi)
{
	struct pirq *p = line_of(gsi);

	if (!p)
		return -XEN_EINVAL;
	if (p->kind == PIRQ_GSI)
		return gsi;
	if (ioapic_is_routed(gsi))
		return -XEN_EBUSY; /* the hypervisor's own device */
	p->vector = vector_take(gsi);
	if (!p->vector)
		return -XEN_ENOSPC;
	p->kind = PIRQ_GSI;
	ioapic_route(gsi, p->vector, p->level, p->active_low);
	return gsi;
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

static bool device_exists(uint16_t device)
{
	return (uint16_t)pci_read(device, 0) != 0xffff;
}

/* Where the capability is in the device's registers; 0: it has none. */
static unsigned int capability_find(uint16_t device, uint8_t id)
{
	uint32_t cap = pci_read(device, REG_LIST) << 8;

	if (!device_exists(device) ||
	    !(pci_read(device, REG_COMMAND) & STATUS_LIST))
		return 0;
	/* Each has its id and where the next is, in two bytes. */
	for (unsigned int i = 0; i < LIST_MAX && cap >> 8 & 0xfc; i++) {
		unsigned int at = cap >> 8 & 0xfc;

		cap = pci_read(device, at);
		if ((cap & 0xff) == id)
			return at;
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

static long msix_program(uint16_t device, unsigned int cap, unsigned int n,
			 uint8_t vector)
{
	uint64_t at = msix_entry(device, cap, n);
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

/* The guest turns on messages, also of MSI-X, in the control word. */
static long msi_program(uint16_t device, unsigned int cap, uint8_t vector)
{
	uint32_t control = pci_read(device, cap);

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

/* vector 0 turns the message off. 0, or -EINVAL: the device cannot do that. */
static long message_program(const struct pirq *p, uint8_t vector)
{
	uint8_t id = p->kind == PIRQ_MSIX ? CAP_MSIX : CAP_MSI;
	unsigned int cap = capability_find(p->device, id);

	if (!cap)
		return -XEN_EINVAL;
	return id == CAP_MSI ? msi_program(p->device, cap, vector)
			     : msix_program(p->device, cap, p->entry, vector);
}

/* One kind of message per device, and each entry once. */
static bool message_is_taken(const struct pirq *wanted)
{
	for (unsigned int i = ioapic_gsi_count; i < MAX_PIRQS; i++) {
		const struct pirq *p = &pirqs[i];

		if (p->kind != PIRQ_FREE && p->device == wanted->device &&
		    (p->kind != wanted->kind || p->entry == wanted->entry))
			return true;
	}
	return false;
}

static long find_free(void)
{
	for (unsigned int i = ioapic_gsi_count; i < MAX_PIRQS; i++)
		if (pirqs[i].kind == PIRQ_FREE)
			return i;
	return -XEN_ENOSPC;
}

/* The pirq of a device's message, which the caller may choose. */
static long map_message(const struct physdev_map_pirq *op)
{
	uint32_t bus = (uint32_t)op->bus, devfn = (uint32_t)op->devfn;
	uint32_t entry = (uint32_t)op->entry_nr;
	long rc, number = op->pirq < 0 ? find_free() : op->pirq;
	struct pirq p = { .kind = op->table_base ? PIRQ_MSIX : PIRQ_MSI,
			  .device = (uint16_t)(bus << 8 | devfn),
			  .entry = (uint16_t)entry };

	if (number < 0)
		return number;
	/* Only segment 0, whose buses are all that the lower half can name. */
	if (bus > 0xff || devfn > 0xff || entry > MSIX_LAST(~0u) ||
	    number < ioapic_gsi_count || number >= MAX_PIRQS)
		return -XEN_EINVAL;
	number = (long)index_clamp((uint64_t)number, MAX_PIRQS);
	if (pirqs[number].kind != PIRQ_FREE || message_is_taken(&p))
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
	return number;
}

/* Both kinds --------------------------------------------------------------- */

static bool is_caller(const struct domain *d, domid_t domid)
{
	return domid == DOMID_SELF || domid == d->id;
}

static long physdev_map_pirq(struct vcpu *v, struct domain *d, void *arg)
{
	struct physdev_map_pirq *op = arg;
	long rc;

	if (!is_caller(d, op->domid))
		return -XEN_EPERM;
	switch (op->type) {
	case MAP_PIRQ_TYPE_GSI:
		if (op->pirq >= 0 && op->pirq != op->index)
			return -XEN_EINVAL;
		rc = map_line((uint32_t)op->index);
		break;
	case MAP_PIRQ_TYPE_MSI:
	case MAP_PIRQ_TYPE_MSI_SEG:
		rc = map_message(op);
		break;
	default: /* several messages of one device: callers do with one */
		return -XEN_EOPNOTSUPP;
	}
	if (rc < 0)
		return rc;
	op->pirq = (int)rc;
	return 0;
}

static long unmap(uint32_t number)
{
	struct pirq *p = pirq_of(number);

	if (!p)
		return -XEN_EINVAL;
	if (p->port)
		return -XEN_EBUSY;
	if (p->kind == PIRQ_GSI)
		ioapic_route(number, 0, false, false);
	else
		(void)message_program(p, 0); /* the device may be gone */
	p->kind = PIRQ_FREE;
	vector_drop(p->vector);
	return 0;
}

static long physdev_unmap_pirq(struct vcpu *v, struct domain *d, void *arg)
{
	const struct physdev_unmap_pirq *op = arg;

	return is_caller(d, op->domid) ? unmap((uint32_t)op->pirq) : -XEN_EPERM;
}

static long physdev_get_free_pirq(struct vcpu *v, struct domain *d, void *arg)
{
	struct physdev_get_free_pirq *op = arg;
	long rc = find_free();

	op->pirq = (uint32_t)rc;
	return rc < 0 ? rc : 0;
}

/* Devices are not remembered: every use looks for them anew. */
static long physdev_pci_add(struct vcpu *v, struct domain *d, void *arg)
{
	const struct physdev_pci_device *op = arg; /* so begin all forms */
	uint16_t device = (uint16_t)(op->bus << 8 | op->devfn);

	return op->seg || !device_exists(device) ? -XEN_ENODEV : 0;
}

/* All its messages, or with one that is bound none. */
static long physdev_pci_remove(struct vcpu *v, struct domain *d, void *arg)
{
	const struct physdev_pci_device *op = arg;
	uint16_t device = (uint16_t)(op->bus << 8 | op->devfn);
	unsigned int i, first = ioapic_gsi_count;

	if (op->seg)
		return -XEN_ENODEV;
	for (i = first; i < MAX_PIRQS; i++)
		if (pirq_of(i) && pirqs[i].device == device && pirqs[i].port)
			return -XEN_EBUSY;
	for (i = first; i < MAX_PIRQS; i++)
		if (pirqs[i].device == device)
			(void)unmap(i);
	return 0;
}

/* A line stays masked while nobody hears its interrupts. */
static void line_unmask_bound(uint32_t gsi, const struct pirq *p)
{
	if (p->kind == PIRQ_GSI)
		ioapic_mask(gsi, !p->port);
}

static long physdev_eoi(struct vcpu *v, struct domain *d, void *arg)
{
	const struct physdev_eoi *op = arg;
	struct pirq *p = pirq_of(op->irq);

	if (!p)
		return -XEN_EINVAL;
	line_unmask_bound(op->irq, p);
	return 0;
}

static long physdev_irq_status(struct vcpu *v, struct domain *d, void *arg)
{
	struct physdev_irq_status_query *op = arg;
	const struct pirq *p = pirq_of(op->irq);

	op->flags =
		p && p->kind == PIRQ_GSI && p->level ? XENIRQSTAT_needs_eoi : 0;
	return 0;
}

/* The vector is the hypervisor's business: callers only want a number. */
static long physdev_irq_vector(struct vcpu *v, struct domain *d, void *arg)
{
	struct physdev_irq *op = arg;

	op->vector = op->irq;
	return 0;
}

uint32_t *pirq_slot(uint32_t pirq)
{
	struct pirq *p = pirq_of(pirq);

	return p ? &p->port : NULL;
}

void pirq_slot_changed(uint32_t pirq)
{
	line_unmask_bound(pirq, pirq_of(pirq));
}

/* The hypercall ------------------------------------------------------------ */

static long physdev_set_iopl(struct vcpu *v, struct domain *d, void *arg)
{
	const struct physdev_set_iopl *op = arg;

	if (op->iopl > 3)
		return -XEN_EINVAL;
	v->iopl = (uint8_t)op->iopl;
	return 0;
}

static long physdev_set_iobitmap(struct vcpu *v, struct domain *d, void *arg)
{
	const struct physdev_set_iobitmap *op = arg;
	uint64_t bitmap = guest_handle(op->bitmap).va;

	if (op->nr_ports > 65536 ||
	    !guest_range_ok(bitmap, (op->nr_ports + 7) / 8))
		return -XEN_EINVAL;
	v->iobmp = bitmap;
	v->iobmp_ports = op->nr_ports;
	return 0;
}

#define ROW(op, handler, type, how)                                            \
	[PHYSDEVOP_##op] = { handler, sizeof(struct type), how }
/* The control domain's lock of ports is the one over pirqs. */
#define PRIV_IN  (SUBOP_PRIV | SUBOP_IN | SUBOP_PORTS)
#define PRIV_OUT (PRIV_IN | SUBOP_OUT)

/* clang-format off */
static const struct subop physdev_ops[] = {
	ROW(set_iopl, physdev_set_iopl, physdev_set_iopl, SUBOP_IN),
	ROW(set_iobitmap, physdev_set_iobitmap, physdev_set_iobitmap, SUBOP_IN),
	ROW(irq_status_query, physdev_irq_status, physdev_irq_status_query, PRIV_OUT),
	ROW(alloc_irq_vector, physdev_irq_vector, physdev_irq, PRIV_OUT),
	ROW(eoi, physdev_eoi, physdev_eoi, PRIV_IN),
	ROW(map_pirq, physdev_map_pirq, physdev_map_pirq, PRIV_OUT),
	ROW(unmap_pirq, physdev_unmap_pirq, physdev_unmap_pirq, PRIV_IN),
	ROW(setup_gsi, physdev_setup_gsi, physdev_setup_gsi, PRIV_IN),
	ROW(get_free_pirq, physdev_get_free_pirq, physdev_get_free_pirq, PRIV_OUT),
	ROW(pci_device_add, physdev_pci_add, physdev_pci_device, PRIV_IN),
	ROW(pci_device_remove, physdev_pci_remove, physdev_pci_device, PRIV_IN),
	ROW(prepare_msix, physdev_pci_add, physdev_pci_device, PRIV_IN),
	ROW(release_msix, physdev_pci_add, physdev_pci_device, PRIV_IN),
};
/* clang-format on */

long hc_physdev_op(uint64_t cmd, uint64_t arg, uint64_t a3, uint64_t a4)
{
	return subop_call(physdev_ops, cmd, guest_ptr(arg));
}
