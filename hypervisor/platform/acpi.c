/* SPDX-License-Identifier: MIT */
/*
 * ACPI tables [ACPI 6.4, chapter 5]: what the hypervisor itself needs, read
 * once at boot; the control domain interprets the rest. Tables are
 * firmware's and trusted, yet lengths are checked, since firmware has bugs
 * too. No AML: the sleep type of S5 is found by its byte pattern.
 */
#include "platform/platform.h"

#include "boot/boot.h"
#include "lib/string.h"
#include "x86/paging.h"

#define MAX_TABLE 0x100000u

struct acpi_info acpi;

struct rsdp {
	char signature[8], sum_and_oem[7];
	uint8_t revision;
	uint32_t rsdt, length;
	uint64_t xsdt;
	uint32_t extended_sum;
} __attribute__((packed));

#define RSDP_V1_LENGTH 20

struct table_header {
	char signature[4];
	uint32_t length;
	char rest[28];
};

#define FADT_RESET_SUPPORTED (1u << 10)
#define SPACE_IO             1

enum madt_type {
	MADT_LAPIC = 0,
	MADT_IOAPIC = 1,
	MADT_OVERRIDE = 2,
	MADT_LAPIC_ADDRESS = 5,
	MADT_X2APIC = 9,
};

/* Unaligned little-endian fields of variable tables. */
static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static uint64_t get64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static const struct rsdp *scan_rsdp(uint64_t start, uint64_t size)
{
	/* A short one may be the last thing there: room to read a long one. */
	const char *p = map_firmware(start, size + sizeof(struct rsdp));

	for (uint64_t at = 0; at + RSDP_V1_LENGTH <= size; at += 16) {
		uint8_t sum = 0;

		for (unsigned int i = 0; i < RSDP_V1_LENGTH; i++)
			sum = (uint8_t)(sum + p[at + i]);
		if (!sum && !memcmp(p + at, "RSD PTR ", 8))
			return (const void *)(p + at);
	}
	return NULL;
}

static const void *map_table(uint64_t pa)
{
	const struct table_header *h = map_firmware(pa, sizeof(*h));
	uint32_t length = h->length;

	if (length < sizeof(*h) || length > MAX_TABLE) {
		log_warning("ACPI: table at 0x%lx: length %u\n", pa, length);
		return NULL;
	}
	return map_firmware(pa, length);
}

static void add_cpu(uint32_t apic_id, uint32_t flags)
{
	/* Identifiers of 255 and above can be reached with x2APIC only. */
	if (!(flags & 1) || (apic_id >= 255 && !cpu_features.x2apic))
		return;
	/* Some firmware lists a CPU twice, once in each form of entry. */
	for (unsigned int i = 0; i < acpi.cpu_count; i++)
		if (acpi.apic_ids[i] == apic_id)
			return;
	if (acpi.cpu_count == MAX_CPUS)
		log_warning("CPU with APIC id %u ignored\n", apic_id);
	else
		acpi.apic_ids[acpi.cpu_count++] = apic_id;
}

static void parse_madt_entry(const uint8_t *e)
{
	static const uint8_t least[] = {
		[MADT_LAPIC] = 8,     [MADT_IOAPIC] = 12,
		[MADT_OVERRIDE] = 10, [MADT_LAPIC_ADDRESS] = 12,
		[MADT_X2APIC] = 16,
	};

	if (e[0] >= ARRAY_SIZE(least) || e[1] < least[e[0]])
		return;
	switch (e[0]) {
	case MADT_LAPIC:
		add_cpu(e[3], get32(e + 4));
		break;
	case MADT_IOAPIC:
		if (acpi.ioapic_count < MAX_IOAPICS)
			acpi.ioapics[acpi.ioapic_count++] =
				(struct ioapic_info){ get32(e + 4),
						      get32(e + 8) };
		break;
	case MADT_OVERRIDE:
		/* Flags: 1:0 polarity (3 = low), 3:2 trigger (3 = level). */
		if (e[3] < MAX_ISA_IRQ)
			acpi.isa[e[3]] = (struct isa_override){
				.present = true,
				.gsi = get32(e + 4),
				.active_low = (e[8] & 3) == 3,
				.level = (e[8] >> 2 & 3) == 3,
			};
		break;
	case MADT_LAPIC_ADDRESS:
		acpi.lapic_address = get64(e + 4);
		break;
	case MADT_X2APIC:
		add_cpu(get32(e + 4), get32(e + 8));
		break;
	}
}

static void parse_madt(const uint8_t *t, uint32_t length)
{
	const uint8_t *e = t + 44, *end = t + length;

	if (e > end)
		return;
	acpi.lapic_address = get32(t + 36);
	for (; end - e >= 2 && e[1] >= 2 && e[1] <= end - e; e += e[1])
		parse_madt_entry(e);
}

/* One small integer of AML: zero, one, or a byte. */
static uint8_t aml_byte(const uint8_t **p)
{
	*p += **p == 0x0a;
	return *(*p)++;
}

/* Name(_S5, Package(..){ type a, type b, ... }) */
static void parse_dsdt(uint64_t pa)
{
	const struct table_header *h = map_table(pa);
	const uint8_t *p, *end;

	if (!h)
		return;
	end = (const uint8_t *)h + h->length;
	for (p = (const uint8_t *)(h + 1); end - p >= 16; p++) {
		if (memcmp(p, "_S5_\x12", 5))
			continue;
		p += 5;
		p += (*p >> 6) + 2; /* package length, element count */
		acpi.s5_type_a = aml_byte(&p);
		acpi.s5_type_b = aml_byte(&p);
		acpi.has_s5 = true;
		return;
	}
}

static void parse_table(uint64_t pa)
{
	const struct table_header *h = map_table(pa);
	struct fadt *f = &acpi.fadt;

	if (!h)
		return;
	if (!memcmp(h->signature, "APIC", 4))
		parse_madt((const uint8_t *)h, h->length);
	if (memcmp(h->signature, "FACP", 4))
		return;
	/* Short ones lack the later fields, which then are 0. */
	memcpy(f, h, min_u64(h->length, sizeof(*f)));
	/* A register in memory would need a mapping made at boot. */
	if (!(f->flags & FADT_RESET_SUPPORTED) || f->reset_space != SPACE_IO)
		f->reset_port = 0;
	if (f->x_dsdt || f->dsdt)
		parse_dsdt(f->x_dsdt ? f->x_dsdt : f->dsdt);
}

void acpi_init(void)
{
	const struct rsdp *r = (const void *)boot_info.rsdp_copy;
	const struct table_header *root;
	const uint8_t *entries;
	uint32_t at, size;

	/* The loader's copy, or the BIOS areas [ACPI 6.4, "Finding the RSDP"].
	 */
	if (!boot_info.rsdp_copy[0])
		r = scan_rsdp(0xe0000, 0x20000);
	if (!r)
		r = scan_rsdp(0x9fc00, 0x400);
	if (!r) {
		log_warning("no ACPI tables: one CPU, no power-off\n");
		return;
	}
	size = r->revision >= 2 && r->xsdt ? 8 : 4;
	root = map_table(size == 8 ? r->xsdt : r->rsdt);
	if (!root)
		return;
	entries = (const uint8_t *)(root + 1);
	for (at = 0; root->length - sizeof(*root) - at >= size; at += size)
		parse_table(size == 8 ? get64(entries + at)
				      : get32(entries + at));
}
