/* SPDX-License-Identifier: MIT */
/*
 * Device interrupts: lines and messages as the control domain maps, binds,
 * takes and ends them, with every wrong number and every wrong order.
 */
#include <stdio.h>
#include <string.h>

#include "core/hypercall.h"
#include "core/services.h"
#include "core_fake.h"
#include "irq_fake.h"
#include "platform/platform.h"
#include "public/errno.h"
#include "public/event_channel.h"
#include "public/physdev.h"

static struct domain *control, *guest;

static long call_as(struct domain *d, hypercall_fn *fn, unsigned int cmd,
		    void *arg)
{
	long rc;

	cpu_get(0)->current = d->vcpu[0];
	rc = fn(cmd, (uint64_t)(uintptr_t)arg, 0, 0);
	cpu_get(0)->current = NULL;
	return rc;
}

static long physdev(unsigned int cmd, void *arg)
{
	return call_as(control, hc_physdev_op, cmd, arg);
}

static long map(int type, int index, int pirq, int bus, int devfn, int entry,
		uint64_t table)
{
	struct physdev_map_pirq op = { DOMID_SELF, type,  index, pirq,
				       bus,        devfn, entry, table };
	long rc = physdev(PHYSDEVOP_map_pirq, &op);

	return rc ? rc : op.pirq;
}

static long map_gsi(int gsi)
{
	return map(MAP_PIRQ_TYPE_GSI, gsi, gsi, 0, 0, 0, 0);
}

static long unmap(int pirq)
{
	struct physdev_unmap_pirq op = { DOMID_SELF, pirq };

	return physdev(PHYSDEVOP_unmap_pirq, &op);
}

static long bind(unsigned int pirq, unsigned int *port)
{
	struct evtchn_bind_pirq op = { .pirq = pirq };
	long rc =
		call_as(control, hc_event_channel_op, EVTCHNOP_bind_pirq, &op);

	*port = op.port;
	return rc;
}

static long close_port(unsigned int port)
{
	struct evtchn_close op = { .port = port };

	return call_as(control, hc_event_channel_op, EVTCHNOP_close, &op);
}

static long eoi(unsigned int pirq)
{
	struct physdev_eoi op = { .irq = pirq };

	return physdev(PHYSDEVOP_eoi, &op);
}

static bool needs_eoi(unsigned int pirq)
{
	struct physdev_irq_status_query op = { .irq = pirq };

	CHECK(physdev(PHYSDEVOP_irq_status_query, &op) == 0);
	return op.flags & XENIRQSTAT_needs_eoi;
}

static bool take(unsigned int port)
{
	xen_ulong_t *word = &control->shared_info->evtchn_pending[port / 64];
	bool was = *word >> (port % 64) & 1;

	*word &= ~(1ul << (port % 64));
	return was;
}

/* A device with MSI at 0x50 (64-bit if wide) and MSI-X of 4 entries at 0x70. */
static void make_device(unsigned int n, bool wide)
{
	uint32_t *config = fake_config[n];

	memset(config, 0, sizeof(fake_config[n]));
	config[0] = 0x10001af4;
	config[1] = 1u << 20 | 6;
	config[4] = (uint32_t)FAKE_TABLE | 4; /* 64-bit BAR 0 */
	config[0x34 / 4] = 0x40;
	config[0x40 / 4] = 0x00005009; /* vendor's, next 0x50 */
	config[0x50 / 4] = 0x7005 | (wide ? 1u << 23 : 0) | 3u << 20;
	config[0x70 / 4] = 0x0003u << 16 | 0x11;
	config[0x74 / 4] = 0x800; /* table in BAR 0 */
}

static void test_level_line(void)
{
	struct fake_line *line = &fake_lines[16];
	unsigned int port, again;

	CHECK(map_gsi(16) == 16 && map_gsi(16) == 16);
	CHECK(line->level && line->active_low && line->masked);
	CHECK(needs_eoi(16) && !needs_eoi(17) && !needs_eoi(~0u));
	CHECK(bind(16, &port) == 0 && !line->masked);
	CHECK(bind(16, &again) == -XEN_EEXIST);
	CHECK(unmap(16) == -XEN_EBUSY);
	CHECK(fake_interrupt(line->vector) && take(port));
	CHECK(line->masked);
	CHECK(eoi(16) == 0 && !line->masked);
	CHECK(eoi(16) == 0 && !line->masked); /* twice: no effect */
	fake_ok("a level line is masked until the EOI");
}

static void test_line_closed(void)
{
	struct fake_line *line = &fake_lines[17];
	unsigned int port, vector;

	CHECK(map(MAP_PIRQ_TYPE_GSI, 17, -1, 0, 0, 0, 0) == 17);
	CHECK(bind(17, &port) == 0);
	vector = line->vector;
	CHECK(fake_interrupt(vector) && take(port) && line->masked);
	CHECK(close_port(port) == 0 && line->masked);
	CHECK(eoi(17) == 0 && line->masked); /* nobody there: stays masked */
	CHECK(bind(17, &port) == 0 && !line->masked);
	CHECK(eoi(17) == 0 && !line->masked);
	CHECK(close_port(port) == 0 && unmap(17) == 0 &&
	      unmap(17) == -XEN_EINVAL);
	CHECK(!line->vector && line->masked && !fake_interrupt(vector));
	CHECK(eoi(17) == -XEN_EINVAL && bind(17, &port) == -XEN_EINVAL);
	fake_ok("a line that is closed and unmapped is silent");
}

static long setup(int gsi, uint8_t triggering, uint8_t polarity)
{
	struct physdev_setup_gsi op = { gsi, triggering, polarity };

	return physdev(PHYSDEVOP_setup_gsi, &op);
}

static void test_line_modes(void)
{
	unsigned int port;

	acpi.isa[9] = (struct isa_override){ true, true, false, 9 };
	CHECK(setup(9, 0, 1) == -XEN_EEXIST); /* firmware knows better */
	CHECK(map_gsi(9) == 9 && fake_lines[9].level &&
	      !fake_lines[9].active_low);
	CHECK(map_gsi(6) == 6 && !fake_lines[6].level);
	CHECK(!needs_eoi(6));
	CHECK(setup(6, 1, 1) == 0 && fake_lines[6].level &&
	      fake_lines[6].active_low && fake_lines[6].masked);
	CHECK(setup(6, 0, 0) == -XEN_EEXIST && fake_lines[6].level);
	CHECK(map_gsi(7) == 7 && bind(7, &port) == 0);
	CHECK(setup(7, 1, 1) == -XEN_EEXIST && !fake_lines[7].level);
	CHECK(fake_interrupt(fake_lines[7].vector) && take(port));
	CHECK(!fake_lines[7].masked && eoi(7) == 0 && !fake_lines[7].masked);
	CHECK(close_port(port) == 0 && fake_lines[7].masked);
	CHECK(!unmap(6) && !unmap(7) && !unmap(9));
	CHECK(setup(24, 1, 1) == -XEN_EINVAL && setup(-1, 1, 1) == -XEN_EINVAL);
	fake_ok("the mode of a line");
}

static void test_wrong_numbers(void)
{
	static const int numbers[] = {
		-1, 24, 255, 256, 65536, 0x7fffffff, (int)0x80000000
	};
	unsigned int port;

	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++) {
		CHECK(map(MAP_PIRQ_TYPE_GSI, numbers[i], -1, 0, 0, 0, 0) ==
		      -XEN_EINVAL);
		CHECK(unmap(numbers[i]) == -XEN_EINVAL);
		CHECK(eoi((unsigned int)numbers[i]) == -XEN_EINVAL);
		CHECK(bind((unsigned int)numbers[i], &port) == -XEN_EINVAL);
		CHECK(map(MAP_PIRQ_TYPE_MSI, -1, -1, numbers[i], 8, 0, 0) < 0);
		CHECK(map(MAP_PIRQ_TYPE_MSI, -1, -1, 0, numbers[i], 0, 0) < 0);
	}
	CHECK(map(MAP_PIRQ_TYPE_GSI, 4, 4, 0, 0, 0, 0) == -XEN_EBUSY);
	CHECK(map(MAP_PIRQ_TYPE_GSI, 18, 19, 0, 0, 0, 0) == -XEN_EINVAL);
	CHECK(map(MAP_PIRQ_TYPE_MULTI_MSI, -1, -1, 0, 8, 2, 0) ==
	      -XEN_EOPNOTSUPP);
	CHECK(map(99, 18, 18, 0, 0, 0, 0) == -XEN_EOPNOTSUPP);
	/* Pirqs of lines are not for messages, nor are numbers beyond all. */
	CHECK(map(MAP_PIRQ_TYPE_MSI, -1, 5, 0, 8, 0, 0) == -XEN_EINVAL);
	CHECK(map(MAP_PIRQ_TYPE_MSI, -1, 256, 0, 8, 0, 0) == -XEN_EINVAL);
	CHECK(fake_lines[4].vector == 0x30);
	fake_ok("wrong numbers");
}

static void test_msi(bool wide)
{
	const uint32_t *config = fake_config[1];
	unsigned int port, data = wide ? 0x5c : 0x58;
	long pirq, before = fake_handlers();

	make_device(1, wide);
	pirq = map(MAP_PIRQ_TYPE_MSI_SEG, -1, -1, 0, 8, 0, 0);
	CHECK(pirq == FAKE_LINES);
	CHECK(config[0x54 / 4] == 0xfee00000);
	CHECK((config[0x50 / 4] & 7u << 20) == 0); /* one message */
	CHECK(map(MAP_PIRQ_TYPE_MSI, -1, -1, 0, 8, 0, 0) == -XEN_EEXIST);
	CHECK(map(MAP_PIRQ_TYPE_MSI, -1, -1, 0, 8, 0, FAKE_TABLE) ==
	      -XEN_EEXIST);
	CHECK(!needs_eoi((unsigned int)pirq));
	CHECK(fake_interrupt(config[data / 4])); /* nobody: lost */
	CHECK(bind((unsigned int)pirq, &port) == 0 && !take(port));
	CHECK(fake_interrupt(config[data / 4]) && take(port));
	CHECK(eoi((unsigned int)pirq) == 0);
	CHECK(unmap((int)pirq) == -XEN_EBUSY);
	CHECK(close_port(port) == 0);
	fake_config[1][0x50 / 4] |= 1u << 16;
	CHECK(unmap((int)pirq) == 0 && !(config[0x50 / 4] & 1u << 16));
	CHECK(!fake_interrupt(config[data / 4]));
	CHECK(fake_handlers() == before);
	fake_ok(wide ? "MSI, 64-bit" : "MSI, 32-bit");
}

static long map_msix(int entry)
{
	return map(MAP_PIRQ_TYPE_MSI_SEG, -1, -1, 0, 8, entry, FAKE_TABLE);
}

static void test_msix(void)
{
	const uint32_t *entry = &fake_table[0x800 / 4 + 4];
	struct physdev_pci_device device = { 0, 0, 8 };
	unsigned int port;
	long a, b, before = fake_handlers();

	make_device(1, true);
	fake_table[0x800 / 4 + 7] = 1;
	a = map_msix(1);
	b = map_msix(3);
	CHECK(a >= FAKE_LINES && b > a);
	CHECK(entry[0] == 0xfee00000 && entry[1] == 0 && entry[3] == 0);
	CHECK(map_msix(1) == -XEN_EEXIST && map_msix(4) == -XEN_EINVAL);
	CHECK(map_msix(-1) == -XEN_EINVAL && map_msix(65536 + 1) < 0);
	CHECK(bind((unsigned int)a, &port) == 0);
	CHECK(fake_interrupt(entry[2]) && take(port));
	CHECK(physdev(PHYSDEVOP_pci_device_remove, &device) == -XEN_EBUSY);
	CHECK(close_port(port) == 0);
	CHECK(physdev(PHYSDEVOP_pci_device_remove, &device) == 0);
	CHECK(entry[3] == 1 && fake_handlers() == before);
	CHECK(unmap((int)a) == -XEN_EINVAL && unmap((int)b) == -XEN_EINVAL);
	fake_ok("MSI-X");
}

/* Nothing that a device says of itself makes the hypervisor touch memory. */
static void test_bad_devices(void)
{
	uint32_t *config = fake_config[1];
	long before = fake_handlers();

	make_device(1, true);
	config[4] = 0x100000; /* RAM */
	CHECK(map_msix(0) == -XEN_EINVAL);
	config[4] = 0xc001; /* ports */
	CHECK(map_msix(0) == -XEN_EINVAL);
	make_device(1, true);
	config[1] &= ~2u; /* memory decoding is off */
	CHECK(map_msix(0) == -XEN_EINVAL);
	make_device(1, true);
	config[0x74 / 4] |= 6; /* no such BAR */
	CHECK(map_msix(0) == -XEN_EINVAL);
	make_device(1, true);
	config[0x50 / 4] = 0x4009; /* the list is a circle */
	config[0x40 / 4] = 0x5009;
	CHECK(map_msix(0) == -XEN_EINVAL);
	CHECK(map(MAP_PIRQ_TYPE_MSI, -1, -1, 0, 8, 0, 0) == -XEN_EINVAL);
	CHECK(map(MAP_PIRQ_TYPE_MSI, -1, -1, 0, 16, 0, 0) == -XEN_EINVAL);
	CHECK(map(MAP_PIRQ_TYPE_MSI_SEG, -1, -1, 1 << 16, 8, 0, 0) ==
	      -XEN_EINVAL);
	CHECK(fake_handlers() == before);
	/* Gone before it is unmapped. */
	make_device(1, true);
	CHECK(map_msix(0) == FAKE_LINES);
	memset(config, 0xff, sizeof(fake_config[1]));
	CHECK(unmap(FAKE_LINES) == 0 && fake_handlers() == before);
	fake_ok("devices that lie");
}

static void test_devices(void)
{
	struct physdev_pci_device_add here = { .devfn = 8 };
	struct physdev_pci_device_add gone = { .devfn = 16 };
	struct physdev_pci_device_add far = { .seg = 1, .devfn = 8 };

	make_device(1, false);
	CHECK(physdev(PHYSDEVOP_pci_device_add, &here) == 0);
	CHECK(physdev(PHYSDEVOP_pci_device_add, &gone) == -XEN_ENODEV);
	CHECK(physdev(PHYSDEVOP_pci_device_add, &far) == -XEN_ENODEV);
	CHECK(physdev(PHYSDEVOP_prepare_msix, &here) == 0);
	CHECK(physdev(PHYSDEVOP_release_msix, &gone) == -XEN_ENODEV);
	fake_ok("announcing devices");
}

/* All entries of a big table: an error at the end, and all comes back. */
static void test_exhaustion(void)
{
	struct physdev_pci_device device = { 0, 0, 8 };
	struct physdev_get_free_pirq free = { .type = MAP_PIRQ_TYPE_MSI };
	long rc = 0, before = fake_handlers();
	int n = 0;

	make_device(1, true);
	fake_config[1][0x70 / 4] |= 0xffu << 16;
	fake_config[1][0x74 / 4] = 0;
	while ((rc = map_msix(n)) >= 0)
		n++;
	CHECK(n > 150 && rc == -XEN_ENOSPC);
	CHECK(physdev(PHYSDEVOP_pci_device_remove, &device) == 0);
	CHECK(fake_handlers() == before);
	CHECK(physdev(PHYSDEVOP_get_free_pirq, &free) == 0);
	CHECK(free.pirq == FAKE_LINES);
	fake_ok("no vectors left");
}

/* PI-2: nobody but the control domain. */
static void test_privilege(void)
{
	uint8_t arg[64] = { 0 };
	struct evtchn_bind_pirq op = { .pirq = 16 };

	for (unsigned int cmd = 0; cmd < 64; cmd++) {
		long rc;

		if (cmd == PHYSDEVOP_set_iopl || cmd == PHYSDEVOP_set_iobitmap)
			continue;
		rc = call_as(guest, hc_physdev_op, cmd, arg);
		CHECK(rc == -XEN_EPERM || rc == -XEN_ENOSYS);
	}
	CHECK(call_as(guest, hc_event_channel_op, EVTCHNOP_bind_pirq, &op) ==
	      -XEN_EPERM);
	CHECK(call_as(control, hc_physdev_op, PHYSDEVOP_unmap_pirq,
		      &(struct physdev_unmap_pirq){ 1, 16 }) == -XEN_EPERM);
	fake_ok("only the control domain");
}

int main(void)
{
	long allocated;

	machine_start(1);
	allocated = fake_allocated;
	control = fake_domain(0, 1, true);
	guest = fake_domain(1, 1, false);
	memset(fake_config, 0xff, sizeof(fake_config));
	test_level_line();
	test_line_closed();
	test_line_modes();
	test_wrong_numbers();
	test_msi(false);
	test_msi(true);
	test_msix();
	test_bad_devices();
	test_devices();
	test_exhaustion();
	test_privilege();
	fake_domain_free(guest);
	fake_domain_free(control);
	CHECK(fake_lines[16].masked); /* its port was closed */
	CHECK(fake_allocated == allocated);
	return 0;
}
