/* SPDX-License-Identifier: MIT */
/*
 * ELF kernels, right and wrong: each refusal with its words, and the
 * guarantees of elf.h after every bit flip and every cut.
 */
#include "toolstack/elf.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "elf_builder.h"
#include "image_is_sound.h"

#define VIRT_START (BUILDER_VIRT_BASE + BUILDER_PADDR)

static struct elf_builder b;
static struct tk_kernel_image image;
static struct tk_error err;

/* From a block of its own size, so that ASan sees any step beyond it. */
static int parse(void)
{
	uint8_t *copy = malloc(b.size ? b.size : 1);
	int rc;

	CHECK(copy);
	memcpy(copy, b.bytes, b.size);
	memset(&err, 0, sizeof(err));
	rc = tk_elf_parse(&image, copy, b.size, &err);
	free(copy);
	return rc;
}

static void check_refused(const char *error)
{
	CHECK(parse());
	CHECK_HAS(err.text, error);
}

static void check_loads(void)
{
	if (parse())
		check_fail(__FILE__, __LINE__, "%s", err.text);
	CHECK(image_is_sound(&image, b.size));
}

/* The kernel without its notes, to give it others. */
static void start_without_notes(void)
{
	builder_start(&b);
	builder_load(&b);
}

static void test_kernel(void)
{
	builder_kernel(&b);
	check_loads();
	CHECK(image.virt_base == BUILDER_VIRT_BASE);
	CHECK(image.virt_start == VIRT_START);
	CHECK(image.virt_end == VIRT_START + 0x4000);
	CHECK(image.entry == VIRT_START + 0x10);
	CHECK(!image.has_hypercall_page && !image.has_init_p2m);
	CHECK(!image.mod_start_pfn && !image.suspend_cancel);
	CHECK(image.n_segments == 1);
	CHECK(image.segments[0].virt == VIRT_START);
	CHECK(image.segments[0].file_offset == BUILDER_CONTENTS);
	CHECK(image.segments[0].file_size == 0x2000);
	CHECK(image.segments[0].mem_size == 0x4000);
	CHECK_TEXT(image.guest_os, "test");
	CHECK_TEXT(image.loader, "generic");
}

static void test_all_notes(void)
{
	builder_kernel(&b);
	b.n_program_headers--;
	builder_note_number(&b, 2, VIRT_START + 0x1000);
	builder_note_number(&b, 15, 0x8000000000);
	builder_note_number(&b, 16, 1);
	builder_note_number(&b, 14, 1);
	builder_note_number(&b, 17, 0x8801);
	builder_note_text(&b, 10, "!writable_page_tables|pae_pgdir_above_4gb");
	builder_note_text(&b, 7, "2.6");
	builder_note_number(&b, 13, 1);
	builder_note_number(&b, 0x13, 1);
	builder_note_number(&b, 99, 1);
	builder_note_segment(&b);
	check_loads();
	CHECK(image.has_hypercall_page);
	CHECK(image.hypercall_page == VIRT_START + 0x1000);
	CHECK(image.has_init_p2m && image.init_p2m == 0x8000000000);
	CHECK(image.mod_start_pfn && image.suspend_cancel);
	CHECK(image.features_supported == (0x8801 | 1 << 4));
	CHECK(image.features_required == 1);
}

static void test_number_widths(void)
{
	static const uint8_t one = 1;

	builder_kernel(&b);
	b.n_program_headers--;
	builder_note(&b, 16, &one, 1);
	builder_note_segment(&b);
	check_loads();
	CHECK(image.mod_start_pfn);
	builder_note(&b, 14, "abc", 3);
	b.n_program_headers--;
	builder_note_segment(&b);
	check_refused("the Xen note SUSPEND_CANCEL holds 3 bytes, not a "
		      "number");
}

static void test_notes_in_section(void)
{
	start_without_notes();
	builder_identity(&b);
	builder_note_number(&b, 3, BUILDER_VIRT_BASE);
	builder_section(&b, ".notes", 7, BUILDER_NOTES, b.notes_size);
	check_loads();
	CHECK(image.entry == VIRT_START);
	builder_poke(&b, BUILDER_SECTIONS + 64 + 24, 8, BUILDER_SIZE);
	check_refused("ELF note section 1 (");
}

static void legacy_kernel(const char *text)
{
	start_without_notes();
	strcpy((char *)&b.bytes[BUILDER_NOTES], text);
	builder_section(&b, ".other", 1, 0, 0);
	builder_section(&b, "__xen_guest", 1, BUILDER_NOTES, strlen(text) + 1);
}

static void test_legacy_section(void)
{
	/* Without an offset physical addresses include VIRT_BASE. */
	legacy_kernel("GUEST_OS=linux,XEN_VER=xen-3.0,VIRT_BASE=0x100000,"
		      "VIRT_ENTRY=0x100040,HYPERCALL_PAGE=0x2,PAE=yes,"
		      "FEATURES=!writable_page_tables");
	check_loads();
	CHECK(image.virt_base == 0x100000 && image.virt_start == 0x100000);
	CHECK(image.entry == 0x100040);
	CHECK(image.hypercall_page == 0x102000);
	CHECK(image.features_required == 1);
	legacy_kernel("GUEST_OS=linux,XEN_VER=xen-3.0,"
		      "VIRT_BASE=0xffffffff80000000,ELF_PADDR_OFFSET=0x0,"
		      "LOADER=generic");
	check_loads();
	CHECK(image.virt_start == VIRT_START);
	legacy_kernel("GUEST_OS=linux,XEN_VER=xen-3.0,VIRT_BASE=here");
	check_refused("__xen_guest: VIRT_BASE=here is not a number");
	legacy_kernel("GUEST_OS=linux");
	check_refused("the Xen note XEN_VERSION is missing");
	legacy_kernel("GUEST_OS=a-name-that-is-far-too-long-for-this");
	check_refused("__xen_guest: GUEST_OS is too long");
}

static void test_header_refused(void)
{
	builder_kernel(&b);
	b.bytes[0] = 0;
	check_refused("not an ELF file");
	builder_kernel(&b);
	b.bytes[4] = 1;
	check_refused("not a 64-bit ELF file (class 1)");
	builder_kernel(&b);
	b.bytes[5] = 2;
	check_refused("not a little-endian ELF file");
	builder_kernel(&b);
	builder_poke(&b, 16, 2, 1);
	check_refused("not an executable ELF file (type 1)");
	builder_kernel(&b);
	builder_poke(&b, 18, 2, 3);
	check_refused("not an x86-64 ELF file (machine 3)");
	builder_kernel(&b);
	builder_poke(&b, 54, 2, 32);
	check_refused("ELF program headers of 32 bytes, not 56");
	builder_kernel(&b);
	builder_poke(&b, 56, 2, 0);
	check_refused("the ELF file has no program headers");
	builder_kernel(&b);
	builder_poke(&b, 32, 8, UINT64_MAX - 8);
	check_refused("program headers at offset 0xfffffffffffffff7 lie "
		      "outside the file");
}

static void check_segment_refused(uint64_t offset, uint64_t paddr,
				  uint64_t file_size, uint64_t mem_size,
				  const char *error)
{
	builder_kernel(&b);
	builder_segment(&b, 1, offset, paddr, file_size, mem_size);
	check_refused(error);
}

static void test_segments_refused(void)
{
	const uint64_t free_paddr = BUILDER_PADDR + 0x10000;

	check_segment_refused(0x1000, free_paddr, 0x2001, 0x3000,
			      "ELF segment 2 (0x2001 bytes at offset 0x1000) "
			      "lies outside the file of 0x3000 bytes");
	check_segment_refused(UINT64_MAX, free_paddr, 2, 2,
			      "lies outside the file");
	check_segment_refused(0x1000, free_paddr, 0x101, 0x100,
			      "ELF segment 2 has 0x101 bytes in the file but "
			      "only 0x100 in memory");
	check_segment_refused(0x1000, free_paddr, 1, 1ull << 40,
			      "ELF segment 2 is huge: 0x10000000000 bytes");
	check_segment_refused(0x1000, UINT64_MAX - 1, 1, 0x1000,
			      "wraps around the address space");
	check_segment_refused(0x1000, BUILDER_PADDR + 0x3fff, 1, 1,
			      "ELF segments overlap: 0x4000 bytes at 0x100000 "
			      "and 0x1 bytes at 0x103fff");
	check_segment_refused(0x1000, BUILDER_PADDR - 1, 1, 2,
			      "ELF segments overlap");
	check_segment_refused(0x1000, 1ull << 40, 1, 1,
			      "the ELF segments at 0x100000 and 0x10000000000 "
			      "are too far apart");
	check_segment_refused(0x1000, 0x80000000, 1, 1,
			      "is not above its VIRT_BASE");
	check_segment_refused(0x1000, 0x7fffffff, 1, 1,
			      "is not above its VIRT_BASE");
}

static void test_segment_order(void)
{
	builder_kernel(&b);
	builder_segment(&b, 1, 0x1000, BUILDER_PADDR - 0x100, 1, 0x100);
	builder_segment(&b, 1, 0, 0, 0, 0);
	builder_segment(&b, 1, 0x1000, BUILDER_PADDR + 0x4000, 1, 1);
	check_loads();
	CHECK(image.n_segments == 3);
	CHECK(image.segments[0].virt == VIRT_START - 0x100);
	CHECK(image.segments[2].virt == VIRT_START + 0x4000);
}

static void test_too_many_segments(void)
{
	unsigned int i;

	start_without_notes();
	/* The headers run over the notes, which are not reached. */
	for (i = 0; i < TK_MAX_SEGMENTS; i++)
		builder_segment(&b, 1, 0x1000, 0x200000 + i, 1, 1);
	check_refused("the ELF file has more than 32 loadable segments");
	builder_start(&b);
	builder_segment(&b, 4, 0, 0, 0, 0);
	check_refused("the ELF file has no loadable segments");
}

static void check_identity(const char *version, const char *os,
			   const char *loader, const char *error)
{
	start_without_notes();
	if (version)
		builder_note_text(&b, 5, version);
	if (os)
		builder_note_text(&b, 6, os);
	if (loader)
		builder_note_text(&b, 8, loader);
	builder_note_number(&b, 3, BUILDER_VIRT_BASE);
	builder_note_segment(&b);
	if (error)
		check_refused(error);
	else
		check_loads();
}

static void test_identity(void)
{
	check_identity("xen-3.0", "linux", NULL, NULL);
	check_identity("xen-3.0", NULL, "generic", NULL);
	check_identity("xen-3.0-x86_64", "linux", "generic", NULL);
	check_identity(NULL, "linux", "generic",
		       "the Xen note XEN_VERSION is missing");
	check_identity("xen-4.0", "linux", "generic",
		       "the Xen note XEN_VERSION is \"xen-4.0\", not "
		       "\"xen-3.0\"");
	check_identity("xen-3.0", "bsd", NULL,
		       "neither is the Xen note LOADER \"generic\" (it is "
		       "\"\") nor GUEST_OS \"linux\" (it is \"bsd\")");
	check_identity("xen-3.0", "a-name-that-is-far-too-long-for-a-note",
		       "generic",
		       "the Xen note GUEST_OS is longer than 31 characters");
}

static void test_notes_missing(void)
{
	start_without_notes();
	check_refused("the kernel has no Xen notes");
	builder_note_number(&b, 18, 0x100000);
	builder_note_segment(&b);
	check_refused("can run as a PVH guest but not as a PV guest");
	start_without_notes();
	builder_identity(&b);
	builder_note_number(&b, 4, 0);
	builder_note_segment(&b);
	check_refused("the Xen note VIRT_BASE is missing although "
		      "PADDR_OFFSET is there");
}

static void test_other_notes_are_skipped(void)
{
	builder_kernel(&b);
	memcpy(&b.bytes[BUILDER_NOTES + b.notes_size],
	       "\4\0\0\0\3\0\0\0\1\0\0\0GNU\0abc", 19);
	b.notes_size += 19; /* the padding at the end is missing */
	b.n_program_headers--;
	builder_note_segment(&b);
	check_loads();
}

static void test_notes_malformed(void)
{
	builder_kernel(&b);
	builder_poke(&b, BUILDER_NOTES, 4, 0xfffffffd);
	check_refused("the ELF note at offset 0 (name 4294967293 bytes");
	builder_kernel(&b);
	builder_poke(&b, BUILDER_NOTES + 4, 4, 0xffffffff);
	check_refused("contents 4294967295 bytes) runs past its area");
	builder_kernel(&b);
	b.bytes[BUILDER_NOTES + b.notes_size] = 1;
	b.notes_size += 4;
	b.n_program_headers--;
	builder_note_segment(&b);
	check_refused("is cut short");
	b.bytes[BUILDER_NOTES + b.notes_size - 4] = 0;
	check_loads();
}

/* Areas that overlap must not multiply the work. */
static void test_too_many_notes(void)
{
	uint8_t *file = calloc(1, 2u << 20);
	int rc;

	CHECK(file);
	builder_kernel(&b);
	builder_segment(&b, 4, BUILDER_SIZE, 0, 1u << 20, 0);
	memcpy(file, b.bytes, b.size);
	rc = tk_elf_parse(&image, file, 2u << 20, &err);
	free(file);
	CHECK(rc);
	CHECK_TEXT(err.text, "more than 1024 KiB of ELF notes");
	builder_kernel(&b);
	builder_poke(&b, 56, 2, 257);
	check_refused("the ELF file has 257 program headers; the limit is 256");
}

static void test_features(void)
{
	static const struct {
		const char *text;
		const char *error;
	} rows[] = {
		{ "", NULL },
		{ "|", NULL },
		{ "new_thing|other", NULL },
		{ "dom0|auto_translated_physmap", NULL },
		{ "dom0|!new_thing", "requires the unknown feature "
				     "\"new_thing\"" },
		{ "!", "requires the unknown feature \"\"" },
		{ "!dom0", "requires the feature \"dom0\", which PV" },
		{ "!supervisor_mode_kernel", "\"supervisor_mode_kernel\"" },
		{ "!auto_translated_physmap", "\"auto_translated_physmap\"" },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		builder_kernel(&b);
		b.n_program_headers--;
		builder_note_text(&b, 10, rows[i].text);
		builder_note_segment(&b);
		if (rows[i].error)
			check_refused(rows[i].error);
		else
			check_loads();
	}
}

static void kernel_with_number(uint32_t type, uint64_t value)
{
	builder_kernel(&b);
	b.n_program_headers--;
	builder_note_number(&b, type, value);
	builder_note_segment(&b);
}

static void test_addresses_refused(void)
{
	kernel_with_number(1, VIRT_START + 0x4000);
	check_refused("the entry point 0xffffffff80104000 is outside the "
		      "kernel at 0xffffffff80100000 to 0xffffffff80104000");
	kernel_with_number(2, VIRT_START + 0x10);
	check_refused("HYPERCALL_PAGE 0xffffffff80100010 is not a page of the "
		      "kernel");
	kernel_with_number(2, VIRT_START + 0x4000);
	check_refused("HYPERCALL_PAGE");
	kernel_with_number(3, BUILDER_VIRT_BASE + 1);
	check_refused("VIRT_BASE 0xffffffff80000001 is not a page boundary");
	kernel_with_number(3, 0xffff800000000000);
	check_refused("is not inside the addresses that a guest may use");
	kernel_with_number(3, 0x7fffffff0000);
	check_refused("is not inside the addresses that a guest may use");
	kernel_with_number(3, 0xfffffffffff00000);
	check_refused("is not above its VIRT_BASE");
	kernel_with_number(4, 0x200000);
	check_refused("is not above its VIRT_BASE");
}

static void test_init_p2m_fallback(void)
{
	kernel_with_number(15, 0x8000000010);
	check_loads();
	CHECK(!image.has_init_p2m);
	kernel_with_number(15, VIRT_START);
	check_loads();
	CHECK(!image.has_init_p2m);
	kernel_with_number(15, 0xffff800000000000);
	check_loads();
	CHECK(!image.has_init_p2m);
}

static void test_paddr_offset(void)
{
	kernel_with_number(4, BUILDER_PADDR - 0x1000);
	builder_poke(&b, 24, 8, 0);
	b.n_program_headers--;
	builder_note_number(&b, 1, BUILDER_VIRT_BASE + 0x1000);
	builder_note_segment(&b);
	check_loads();
	CHECK(image.virt_start == BUILDER_VIRT_BASE + 0x1000);
}

static void test_kernel_at_zero(void)
{
	builder_start(&b);
	builder_segment(&b, 1, BUILDER_CONTENTS, 0, 0x2000, 0x2000);
	builder_identity(&b);
	builder_note_number(&b, 1, 0);
	builder_note_segment(&b);
	check_loads();
	CHECK(!image.virt_base && !image.entry && image.virt_end == 0x2000);
}

static void test_every_cut(void)
{
	size_t size;

	for (size = 0; size < BUILDER_SIZE; size++) {
		builder_kernel(&b);
		b.size = size;
		CHECK(parse());
		CHECK(err.text[0] && !strchr(err.text, '\n'));
	}
}

/* Bits of headers and notes; the contents mean nothing to the parser. */
static void test_every_bit_flip(void)
{
	size_t bit;

	for (bit = 0; bit < 8 * (BUILDER_NOTES + 0x200); bit++) {
		builder_kernel(&b);
		b.bytes[bit / 8] ^= (uint8_t)(1u << bit % 8);
		if (parse())
			CHECK(err.text[0]);
		else
			CHECK(image_is_sound(&image, b.size));
	}
}

static const struct test tests[] = {
	TEST(test_kernel),
	TEST(test_all_notes),
	TEST(test_number_widths),
	TEST(test_notes_in_section),
	TEST(test_legacy_section),
	TEST(test_header_refused),
	TEST(test_segments_refused),
	TEST(test_segment_order),
	TEST(test_too_many_segments),
	TEST(test_identity),
	TEST(test_notes_missing),
	TEST(test_other_notes_are_skipped),
	TEST(test_notes_malformed),
	TEST(test_too_many_notes),
	TEST(test_features),
	TEST(test_addresses_refused),
	TEST(test_init_p2m_fallback),
	TEST(test_paddr_offset),
	TEST(test_kernel_at_zero),
	TEST(test_every_cut),
	TEST(test_every_bit_flip),
};

int main(void)
{
	return RUN_TESTS(tests);
}
