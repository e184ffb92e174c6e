/* SPDX-License-Identifier: MIT */
/*
 * ELF64 PV kernels: headers, segments, where the notes are, and the checks
 * behind the guarantees that elf.h gives.
 *
 * Segments are placed by p_paddr, never by p_vaddr: a kernel's per-CPU
 * template has p_vaddr 0. A physical address becomes virtual by
 * VIRT_BASE - PADDR_OFFSET, both from the notes, so the notes are read first.
 *
 *   tk_elf_parse -> header_read -> segments_read -> notes_find
 *                -> notes_judge -> segments_place -> addresses_judge
 */
#include "elf.h"

#include <stdlib.h>
#include <string.h>

#include "elf_notes.h"
#include "image_reader.h"

#define PAGE_SIZE 4096ull

#define ELF_TYPE_EXEC       2
#define ELF_TYPE_DYN        3
#define ELF_MACHINE_X86_64  62
#define ELF_HEADER_SIZE     64
#define PROGRAM_HEADER_SIZE 56
#define SECTION_HEADER_SIZE 64
#define MAX_PROGRAM_HEADERS 256
#define PT_LOAD             1
#define PT_NOTE             4
#define SHT_NOTE            7

/* The hypervisor's own addresses, from the guest's point of view. */
#define LOW_HALF_END    0x0000800000000000ull
#define HIGH_HALF_START 0xffff880000000000ull

#define ull(x) ((unsigned long long)(x))

struct elf_file {
	struct tk_reader bytes;
	struct tk_error *err;
	uint64_t entry;
	uint64_t program_headers;
	uint64_t section_headers;
	uint16_t n_program_headers;
	uint16_t n_section_headers;
	uint16_t section_names;
};

struct program_header {
	uint32_t type;
	uint64_t offset;
	uint64_t paddr;
	uint64_t file_size;
	uint64_t mem_size;
};

struct section_header {
	uint32_t name;
	uint32_t type;
	uint64_t offset;
	uint64_t size;
};

static int ident_check(const struct elf_file *file)
{
	const uint8_t *ident = tk_reader_bytes(&file->bytes, 0, 16);

	if (!tk_reader_matches(&file->bytes, 0, "\177ELF", 4))
		return tk_fail(file->err, "not an ELF file");
	if (!ident)
		return tk_fail(file->err, "the ELF header is cut short");
	if (ident[4] != 2)
		return tk_fail(file->err,
			       "not a 64-bit ELF file (class %u); 32-bit "
			       "kernels are not supported",
			       ident[4]);
	if (ident[5] != 1)
		return tk_fail(file->err,
			       "not a little-endian ELF file (encoding %u)",
			       ident[5]);
	return 0;
}

static int header_read(struct elf_file *file)
{
	uint16_t type = 0, machine = 0, ph_size = 0, sh_size = 0;
	const struct tk_reader *b = &file->bytes;

	if (ident_check(file))
		return -1;
	if (!tk_reader_has(b, 0, ELF_HEADER_SIZE))
		return tk_fail(
			file->err,
			"the ELF header is cut short: %llu bytes, not %d",
			ull(b->size), ELF_HEADER_SIZE);
	(void)tk_reader_u16(b, 16, &type);
	(void)tk_reader_u16(b, 18, &machine);
	(void)tk_reader_u64(b, 24, &file->entry);
	(void)tk_reader_u64(b, 32, &file->program_headers);
	(void)tk_reader_u64(b, 40, &file->section_headers);
	(void)tk_reader_u16(b, 54, &ph_size);
	(void)tk_reader_u16(b, 56, &file->n_program_headers);
	(void)tk_reader_u16(b, 58, &sh_size);
	(void)tk_reader_u16(b, 60, &file->n_section_headers);
	(void)tk_reader_u16(b, 62, &file->section_names);
	if (machine != ELF_MACHINE_X86_64)
		return tk_fail(file->err, "not an x86-64 ELF file (machine %u)",
			       machine);
	if (type != ELF_TYPE_EXEC && type != ELF_TYPE_DYN)
		return tk_fail(file->err,
			       "not an executable ELF file (type %u)", type);
	if (!file->n_program_headers)
		return tk_fail(file->err,
			       "the ELF file has no program headers");
	if (file->n_program_headers > MAX_PROGRAM_HEADERS)
		return tk_fail(file->err,
			       "the ELF file has %u program headers; the limit "
			       "is %d",
			       file->n_program_headers, MAX_PROGRAM_HEADERS);
	if (ph_size != PROGRAM_HEADER_SIZE)
		return tk_fail(file->err,
			       "ELF program headers of %u bytes, not %d",
			       ph_size, PROGRAM_HEADER_SIZE);
	/* Sections matter only as a place for notes; other sizes: none. */
	if (sh_size != SECTION_HEADER_SIZE)
		file->n_section_headers = 0;
	return 0;
}

static int program_header_read(const struct elf_file *file, unsigned int index,
			       struct program_header *header)
{
	uint64_t table_size =
		(uint64_t)file->n_program_headers * PROGRAM_HEADER_SIZE;
	struct tk_reader table;
	uint64_t at = (uint64_t)index * PROGRAM_HEADER_SIZE;

	memset(header, 0, sizeof(*header));
	if (!tk_reader_sub(&file->bytes, file->program_headers, table_size,
			   &table))
		return tk_fail(
			file->err,
			"the %u ELF program headers at offset 0x%llx lie "
			"outside the file of %llu bytes",
			file->n_program_headers, ull(file->program_headers),
			ull(file->bytes.size));
	(void)tk_reader_u32(&table, at, &header->type);
	(void)tk_reader_u64(&table, at + 8, &header->offset);
	(void)tk_reader_u64(&table, at + 24, &header->paddr);
	(void)tk_reader_u64(&table, at + 32, &header->file_size);
	(void)tk_reader_u64(&table, at + 40, &header->mem_size);
	return 0;
}

/* What is wrong with one segment whatever the notes say. */
static int segment_check(const struct elf_file *file, unsigned int index,
			 const struct program_header *header)
{
	if (!tk_reader_has(&file->bytes, header->offset, header->file_size))
		return tk_fail(file->err,
			       "ELF segment %u (0x%llx bytes at offset 0x%llx) "
			       "lies outside the file of 0x%llx bytes",
			       index, ull(header->file_size),
			       ull(header->offset), ull(file->bytes.size));
	if (header->type != PT_LOAD)
		return 0;
	if (header->file_size > header->mem_size)
		return tk_fail(
			file->err,
			"ELF segment %u has 0x%llx bytes in the file but "
			"only 0x%llx in memory",
			index, ull(header->file_size), ull(header->mem_size));
	if (header->mem_size > TK_MAX_KERNEL_SPAN)
		return tk_fail(file->err,
			       "ELF segment %u is huge: 0x%llx bytes", index,
			       ull(header->mem_size));
	if (header->paddr > UINT64_MAX - header->mem_size)
		return tk_fail(file->err,
			       "ELF segment %u (0x%llx bytes at 0x%llx) wraps "
			       "around the address space",
			       index, ull(header->mem_size),
			       ull(header->paddr));
	return 0;
}

/* Keeps the list sorted; `virt` is a physical address until placement. */
static int segment_insert(const struct elf_file *file,
			  struct tk_kernel_image *image,
			  const struct program_header *header)
{
	size_t i = image->n_segments;

	if (i == TK_MAX_SEGMENTS)
		return tk_fail(
			file->err,
			"the ELF file has more than %d loadable segments",
			TK_MAX_SEGMENTS);
	for (; i && image->segments[i - 1].virt > header->paddr; i--)
		image->segments[i] = image->segments[i - 1];
	image->segments[i] = (struct tk_segment){
		.virt = header->paddr,
		.mem_size = header->mem_size,
		.file_offset = header->offset,
		.file_size = header->file_size,
	};
	image->n_segments++;
	return 0;
}

static int segments_check_overlap(const struct elf_file *file,
				  const struct tk_kernel_image *image)
{
	size_t i;

	for (i = 1; i < image->n_segments; i++) {
		const struct tk_segment *low = &image->segments[i - 1];
		const struct tk_segment *high = &image->segments[i];

		if (high->virt - low->virt >= low->mem_size)
			continue;
		return tk_fail(file->err,
			       "ELF segments overlap: 0x%llx bytes at 0x%llx "
			       "and 0x%llx bytes at 0x%llx",
			       ull(low->mem_size), ull(low->virt),
			       ull(high->mem_size), ull(high->virt));
	}
	return 0;
}

static int segments_read(const struct elf_file *file,
			 struct tk_kernel_image *image)
{
	struct program_header header;
	unsigned int i;

	for (i = 0; i < file->n_program_headers; i++) {
		if (program_header_read(file, i, &header))
			return -1;
		if (header.type != PT_LOAD || !header.mem_size)
			continue;
		if (segment_check(file, i, &header) ||
		    segment_insert(file, image, &header))
			return -1;
	}
	if (!image->n_segments)
		return tk_fail(file->err,
			       "the ELF file has no loadable segments");
	return segments_check_overlap(file, image);
}

static int notes_from_segments(const struct elf_file *file,
			       struct elf_notes *notes)
{
	struct program_header header;
	struct tk_reader area;
	unsigned int i;

	for (i = 0; i < file->n_program_headers; i++) {
		if (program_header_read(file, i, &header))
			return -1;
		if (header.type != PT_NOTE)
			continue;
		if (segment_check(file, i, &header))
			return -1;
		if (tk_reader_sub(&file->bytes, header.offset, header.file_size,
				  &area) &&
		    elf_notes_read(notes, &area, file->err))
			return -1;
	}
	return 0;
}

static bool section_header_read(const struct elf_file *file, unsigned int index,
				struct section_header *header)
{
	uint64_t at = (uint64_t)index * SECTION_HEADER_SIZE;
	struct tk_reader table;

	return index < file->n_section_headers &&
	       tk_reader_sub(&file->bytes, file->section_headers,
			     (uint64_t)file->n_section_headers *
				     SECTION_HEADER_SIZE,
			     &table) &&
	       tk_reader_u32(&table, at, &header->name) &&
	       tk_reader_u32(&table, at + 4, &header->type) &&
	       tk_reader_u64(&table, at + 24, &header->offset) &&
	       tk_reader_u64(&table, at + 32, &header->size);
}

static int notes_from_sections(const struct elf_file *file,
			       struct elf_notes *notes)
{
	struct section_header header;
	struct tk_reader area;
	unsigned int i;

	for (i = 0; section_header_read(file, i, &header); i++) {
		if (header.type != SHT_NOTE)
			continue;
		if (!tk_reader_sub(&file->bytes, header.offset, header.size,
				   &area))
			return tk_fail(file->err,
				       "ELF note section %u (0x%llx bytes at "
				       "offset 0x%llx) lies outside the file",
				       i, ull(header.size), ull(header.offset));
		if (elf_notes_read(notes, &area, file->err))
			return -1;
	}
	return 0;
}

static int notes_from_legacy_section(const struct elf_file *file,
				     struct elf_notes *notes)
{
	static const char name[] = "__xen_guest";
	struct section_header header;
	struct tk_reader names, area;
	unsigned int i;

	if (!section_header_read(file, file->section_names, &header) ||
	    !tk_reader_sub(&file->bytes, header.offset, header.size, &names))
		return 0;
	for (i = 0; section_header_read(file, i, &header); i++) {
		if (!tk_reader_matches(&names, header.name, name, sizeof(name)))
			continue;
		if (!tk_reader_sub(&file->bytes, header.offset, header.size,
				   &area))
			return tk_fail(file->err,
				       "the ELF section %s (0x%llx bytes at "
				       "offset 0x%llx) lies outside the file",
				       name, ull(header.size),
				       ull(header.offset));
		return elf_notes_read_legacy(notes, &area, file->err);
	}
	return 0;
}

/* The three places, in the order in which loaders look. */
static int notes_find(const struct elf_file *file, struct elf_notes *notes)
{
	if (notes_from_segments(file, notes))
		return -1;
	if (!notes->any && notes_from_sections(file, notes))
		return -1;
	if (!notes->any && notes_from_legacy_section(file, notes))
		return -1;
	if (!notes->any)
		return tk_fail(file->err,
			       "the kernel has no Xen notes: it was not built "
			       "to run as a PV guest");
	return 0;
}

static bool has_prefix(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

/* Required features that a PV guest is never given. */
static int required_features_judge(const struct elf_notes *notes,
				   struct tk_error *err)
{
	static const struct {
		enum tk_kernel_feature bit;
		const char *name;
	} never[] = {
		{ TK_FEATURE_AUTO_TRANSLATED_PHYSMAP,
		  "auto_translated_physmap" },
		{ TK_FEATURE_SUPERVISOR_MODE_KERNEL, "supervisor_mode_kernel" },
		{ TK_FEATURE_DOM0, "dom0" },
	};
	size_t i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (notes->features_required & 1u << never[i].bit)
			return tk_fail(
				err,
				"the kernel requires the feature \"%s\", "
				"which PV guests do not have",
				never[i].name);
	}
	return 0;
}

/* May this kernel be loaded at all? */
static int notes_judge(const struct elf_notes *notes, struct tk_error *err)
{
	if (notes->phys32_entry && !notes->entry.present)
		return tk_fail(err,
			       "the kernel can run as a PVH guest but not as a "
			       "PV guest (note PHYS32_ENTRY without ENTRY)");
	if (!notes->xen_version[0])
		return tk_fail(err, "the Xen note XEN_VERSION is missing");
	if (!has_prefix(notes->xen_version, "xen-3.0"))
		return tk_fail(err,
			       "the Xen note XEN_VERSION is \"%s\", not "
			       "\"xen-3.0\"",
			       notes->xen_version);
	if (!has_prefix(notes->loader, "generic") &&
	    !has_prefix(notes->guest_os, "linux"))
		return tk_fail(err,
			       "neither is the Xen note LOADER \"generic\" (it "
			       "is \"%s\") nor GUEST_OS \"linux\" (it is "
			       "\"%s\")",
			       notes->loader, notes->guest_os);
	if (notes->paddr_offset.present && !notes->virt_base.present)
		return tk_fail(err,
			       "the Xen note VIRT_BASE is missing although "
			       "PADDR_OFFSET is there");
	return required_features_judge(notes, err);
}

/* How far to move physical addresses; wraps around on purpose. */
static uint64_t paddr_to_virt_distance(const struct elf_notes *notes)
{
	uint64_t offset = notes->legacy ? notes->virt_base.value : 0;

	if (notes->paddr_offset.present)
		offset = notes->paddr_offset.value;
	return notes->virt_base.value - offset;
}

static int segments_place(const struct elf_file *file,
			  const struct elf_notes *notes,
			  struct tk_kernel_image *image)
{
	uint64_t distance = paddr_to_virt_distance(notes);
	uint64_t base = notes->virt_base.value;
	uint64_t start = image->segments[0].virt + distance;
	uint64_t first_physical = image->segments[0].virt;
	size_t i;

	for (i = 0; i < image->n_segments; i++) {
		struct tk_segment *segment = &image->segments[i];

		/* Relative to the first, which nothing can wrap. */
		if (segment->virt - first_physical + segment->mem_size >
		    TK_MAX_KERNEL_SPAN)
			return tk_fail(file->err,
				       "the ELF segments at 0x%llx and 0x%llx "
				       "are too far apart",
				       ull(first_physical), ull(segment->virt));
		segment->virt += distance;
		image->virt_end = segment->virt + segment->mem_size;
	}
	image->virt_base = base;
	image->virt_start = start;
	if (image->virt_end <= start || start < base)
		return tk_fail(
			file->err,
			"the kernel at 0x%llx to 0x%llx is not above its "
			"VIRT_BASE 0x%llx",
			ull(start), ull(image->virt_end), ull(base));
	if (image->virt_end - base > TK_MAX_KERNEL_SPAN)
		return tk_fail(file->err,
			       "the kernel ends at 0x%llx, too far from its "
			       "VIRT_BASE 0x%llx",
			       ull(image->virt_end), ull(base));
	return 0;
}

static bool is_guest_range(uint64_t start, uint64_t end)
{
	return end <= LOW_HALF_END || start >= HIGH_HALF_START;
}

static bool is_in_kernel(const struct tk_kernel_image *image, uint64_t address,
			 uint64_t size)
{
	return address >= image->virt_start && address < image->virt_end &&
	       size <= image->virt_end - address;
}

static int hypercall_page_judge(const struct elf_file *file,
				const struct elf_notes *notes,
				struct tk_kernel_image *image)
{
	uint64_t page = notes->hypercall_page.value;

	image->has_hypercall_page = notes->hypercall_page.present;
	if (notes->hypercall_page_number.present) {
		image->has_hypercall_page = true;
		page = notes->virt_base.value +
		       notes->hypercall_page_number.value * PAGE_SIZE;
	}
	if (!image->has_hypercall_page)
		return 0;
	if (page % PAGE_SIZE || !is_in_kernel(image, page, PAGE_SIZE))
		return tk_fail(file->err,
			       "the Xen note HYPERCALL_PAGE 0x%llx is not a "
			       "page of the kernel at 0x%llx to 0x%llx",
			       ull(page), ull(image->virt_start),
			       ull(image->virt_end));
	image->hypercall_page = page;
	return 0;
}

/* A p2m address that cannot be honoured is ignored: kernels cope. */
static void init_p2m_judge(const struct elf_notes *notes,
			   struct tk_kernel_image *image)
{
	uint64_t address = notes->init_p2m.value;

	if (!notes->init_p2m.present || address % PAGE_SIZE ||
	    address >= image->virt_base ||
	    !is_guest_range(address, address + PAGE_SIZE))
		return;
	image->has_init_p2m = true;
	image->init_p2m = address;
}

static int addresses_judge(const struct elf_file *file,
			   const struct elf_notes *notes,
			   struct tk_kernel_image *image)
{
	if (image->virt_base % PAGE_SIZE)
		return tk_fail(file->err,
			       "the Xen note VIRT_BASE 0x%llx is not a page "
			       "boundary",
			       ull(image->virt_base));
	if (!is_guest_range(image->virt_base, image->virt_end))
		return tk_fail(file->err,
			       "the kernel at 0x%llx to 0x%llx is not inside "
			       "the addresses that a guest may use",
			       ull(image->virt_base), ull(image->virt_end));
	image->entry = notes->entry.present ? notes->entry.value : file->entry;
	if (!is_in_kernel(image, image->entry, 1))
		return tk_fail(
			file->err,
			"the entry point 0x%llx is outside the kernel at "
			"0x%llx to 0x%llx",
			ull(image->entry), ull(image->virt_start),
			ull(image->virt_end));
	init_p2m_judge(notes, image);
	return hypercall_page_judge(file, notes, image);
}

static void notes_copy(const struct elf_notes *notes,
		       struct tk_kernel_image *image)
{
	image->mod_start_pfn = notes->mod_start_pfn.value != 0;
	image->suspend_cancel = notes->suspend_cancel.value != 0;
	image->features_supported = notes->features_supported |
				    (uint32_t)notes->supported_features.value;
	image->features_required = notes->features_required;
	memcpy(image->guest_os, notes->guest_os, sizeof(image->guest_os));
	memcpy(image->loader, notes->loader, sizeof(image->loader));
}

int tk_elf_parse(struct tk_kernel_image *image, const void *data, uint64_t size,
		 struct tk_error *err)
{
	struct elf_file file = {
		.bytes = tk_reader_make(data, size),
		.err = err,
	};
	struct elf_notes notes = { .any = false };

	memset(image, 0, sizeof(*image));
	if (header_read(&file) || segments_read(&file, image))
		return -1;
	if (notes_find(&file, &notes) || notes_judge(&notes, err))
		return -1;
	if (segments_place(&file, &notes, image))
		return -1;
	if (addresses_judge(&file, &notes, image))
		return -1;
	notes_copy(&notes, image);
	return 0;
}
