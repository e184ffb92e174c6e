/* SPDX-License-Identifier: MIT */
/*
 * See guest_core.h. The file: ELF header and program headers, the notes, then
 * the pages of each segment, everything on page boundaries. Numbers of the
 * format are from the ELF specification and its x86-64 supplement.
 */
#include "guest_core.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <public/xen.h>

#include "hypercalls.h"
#include "primitives.h"

#define TABLE_ENTRIES  512u
#define LEVELS         4u
#define PTE_PRESENT    1ull
#define PTE_LARGE      0x80ull
#define PTE_MFN_MASK   0x000ffffffffff000ull
#define XEN_SLOT_FIRST 256u
#define XEN_SLOT_LAST  271u

/* The count of program headers has 16 bits. */
#define SEGMENTS_MAX 60000u
#define BATCH        64u

struct segment {
	uint64_t address;
	uint64_t pages;
};

struct builder {
	const struct tk_core *core;
	struct tk_error *err;
	struct segment *segments;
	size_t n_segments, segments_room;
	uint64_t *mfns; /* of all pages of all segments, in order */
	size_t n_mfns, mfns_room;
	uint64_t tables[LEVELS][TABLE_ENTRIES];
	struct vcpu_guest_context context;
	uint8_t *head; /* headers and notes, whole pages */
	size_t head_pages;
};

/* The list of pages ------------------------------------------------------- */

static int fail_memory(struct builder *builder)
{
	return tk_fail(builder->err,
		       "not enough memory in the control domain for the list "
		       "of its pages");
}

static bool begin_segment(struct builder *builder, uint64_t address)
{
	if (builder->n_segments == builder->segments_room) {
		size_t room = builder->segments_room
				      ? 2 * builder->segments_room
				      : 64;
		struct segment *list =
			realloc(builder->segments, room * sizeof(*list));

		if (!list)
			return false;
		builder->segments = list;
		builder->segments_room = room;
	}
	builder->segments[builder->n_segments++] =
		(struct segment){ address, 0 };
	return true;
}

/* Does the last segment end right before the address? */
static bool goes_on(const struct builder *builder, uint64_t address)
{
	const struct segment *last;

	if (!builder->n_segments)
		return false;
	last = &builder->segments[builder->n_segments - 1];
	return last->address + last->pages * TK_CORE_PAGE == address;
}

static int add_page(struct builder *builder, uint64_t address, uint64_t mfn)
{
	if (!goes_on(builder, address)) {
		if (builder->n_segments == SEGMENTS_MAX)
			return tk_fail(builder->err,
				       "its memory is in more than %u pieces",
				       SEGMENTS_MAX);
		if (!begin_segment(builder, address))
			return fail_memory(builder);
	}
	if (builder->n_mfns == builder->mfns_room) {
		size_t room =
			builder->mfns_room ? 2 * builder->mfns_room : 1024;
		uint64_t *mfns = realloc(builder->mfns, room * sizeof(*mfns));

		if (!mfns)
			return fail_memory(builder);
		builder->mfns = mfns;
		builder->mfns_room = room;
	}
	builder->mfns[builder->n_mfns++] = mfn;
	builder->segments[builder->n_segments - 1].pages++;
	return 0;
}

/* A copy: nothing stays mapped. False for what is no table of the guest's. */
static bool read_table(struct builder *builder, unsigned int level,
		       uint64_t mfn)
{
	void *table =
		tk_map_foreign(builder->core->domid, &mfn, 1, false, NULL);

	if (!table)
		return false;
	memcpy(builder->tables[level - 1], table, TK_CORE_PAGE);
	tk_unmap_foreign(table, 1);
	return true;
}

static uint64_t canonical(uint64_t address)
{
	return address >> 47 & 1 ? address | 0xffffull << 48 : address;
}

/*
 * Does an entry lead to the same table as the one before it? Linux fills
 * regions in that way (its espfix stacks with 65536 times a page, the gaps of
 * its p2m); they would be more than all the rest.
 */
static bool is_repeated(const uint64_t *table, unsigned int i)
{
	return i && (table[i - 1] & PTE_PRESENT) &&
	       !((table[i] ^ table[i - 1]) & PTE_MFN_MASK);
}

/* A recursion of four levels; superpages, which no guest has, are left out. */
static int add_table(struct builder *builder, unsigned int level, uint64_t mfn,
		     uint64_t base)
{
	unsigned int i, shift = 12 + 9 * (level - 1);

	if (!read_table(builder, level, mfn))
		return 0;
	for (i = 0; i < TABLE_ENTRIES; i++) {
		uint64_t entry = builder->tables[level - 1][i];
		uint64_t address = canonical(base | (uint64_t)i << shift);
		uint64_t below = (entry & PTE_MFN_MASK) >> 12;
		int rc = 0;

		if (!(entry & PTE_PRESENT) ||
		    (level == LEVELS && i >= XEN_SLOT_FIRST &&
		     i <= XEN_SLOT_LAST))
			continue;
		if (level == 1)
			rc = add_page(builder, address, below);
		else if (!(entry & PTE_LARGE) &&
			 !is_repeated(builder->tables[level - 1], i))
			rc = add_table(builder, level - 1, below, address);
		if (rc)
			return rc;
	}
	return 0;
}

/* Headers ----------------------------------------------------------------- */

#define ELF_HEADER_SIZE     64u
#define PROGRAM_HEADER_SIZE 56u
#define NOTE_SIZE           (12u + 8u + PRSTATUS_SIZE)
#define PRSTATUS_SIZE       336u
#define PRSTATUS_PID        32u
#define PRSTATUS_REGISTERS  112u

static void put(uint8_t *at, uint64_t value, unsigned int bytes)
{
	while (bytes--) {
		*at++ = (uint8_t)value;
		value >>= 8;
	}
}

static void put_elf_header(uint8_t *at, size_t n_headers)
{
	static const uint8_t ident[] = { 0x7f, 'E', 'L', 'F', 2, 1, 1 };

	memcpy(at, ident, sizeof(ident));
	put(at + 16, 4, 2);  /* a core */
	put(at + 18, 62, 2); /* x86-64 */
	put(at + 20, 1, 4);
	put(at + 32, ELF_HEADER_SIZE, 8); /* where the program headers are */
	put(at + 52, ELF_HEADER_SIZE, 2);
	put(at + 54, PROGRAM_HEADER_SIZE, 2);
	put(at + 56, n_headers, 2);
}

static void put_program_header(uint8_t *at, uint32_t type, uint64_t offset,
			       uint64_t address, uint64_t size)
{
	put(at, type, 4);
	put(at + 4, 7, 4); /* what may be done there is not told */
	put(at + 8, offset, 8);
	put(at + 16, address, 8);
	put(at + 32, size, 8);
	put(at + 40, size, 8);
	put(at + 48, type == 1 ? TK_CORE_PAGE : 4, 8);
}

/* In the order of the kernel's struct user_regs_struct. */
static void put_registers(uint8_t *at, const struct vcpu_guest_context *context)
{
	const struct cpu_user_regs *r = &context->user_regs;
	const uint64_t registers[] = {
		r->r15,
		r->r14,
		r->r13,
		r->r12,
		r->rbp,
		r->rbx,
		r->r11,
		r->r10,
		r->r9,
		r->r8,
		r->rax,
		r->rcx,
		r->rdx,
		r->rsi,
		r->rdi,
		r->rax,
		r->rip,
		r->cs,
		r->rflags,
		r->rsp,
		r->ss,
		context->fs_base,
		context->gs_base_kernel,
		r->ds,
		r->es,
		r->fs,
		r->gs,
	};
	size_t i;

	for (i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		put(at + 8 * i, registers[i], 8);
}

static void put_note(uint8_t *at, unsigned int vcpu,
		     const struct vcpu_guest_context *context)
{
	put(at, 5, 4); /* "CORE" with its NUL */
	put(at + 4, PRSTATUS_SIZE, 4);
	put(at + 8, 1, 4); /* registers of a thread */
	memcpy(at + 12, "CORE", 5);
	at += 20;
	put(at + PRSTATUS_PID, vcpu + 1, 4);
	put_registers(at + PRSTATUS_REGISTERS, context);
}

static size_t in_pages(size_t bytes)
{
	return (bytes + TK_CORE_PAGE - 1) / TK_CORE_PAGE;
}

static size_t put_notes(struct builder *builder, uint8_t *at)
{
	const struct tk_core *core = builder->core;
	unsigned int vcpu;
	size_t size = 0;

	for (vcpu = 0; vcpu < core->vcpus; vcpu++) {
		if (tk_domain_get_context(core->domid, vcpu, &builder->context))
			continue;
		put_note(at + size, vcpu, &builder->context);
		size += NOTE_SIZE;
	}
	return size;
}

static int make_head(struct builder *builder)
{
	size_t n_headers = builder->n_segments + 1, i;
	size_t notes_at =
		in_pages(ELF_HEADER_SIZE + n_headers * PROGRAM_HEADER_SIZE) *
		TK_CORE_PAGE;
	uint64_t offset;
	uint8_t *at;

	builder->head_pages =
		notes_at / TK_CORE_PAGE +
		in_pages((size_t)builder->core->vcpus * NOTE_SIZE);
	builder->head = calloc(builder->head_pages, TK_CORE_PAGE);
	if (!builder->head)
		return fail_memory(builder);
	offset = builder->head_pages * TK_CORE_PAGE;
	put_elf_header(builder->head, n_headers);
	at = builder->head + ELF_HEADER_SIZE;
	put_program_header(at, 4, notes_at, 0,
			   put_notes(builder, builder->head + notes_at));
	for (i = 0; i < builder->n_segments; i++) {
		uint64_t size = builder->segments[i].pages * TK_CORE_PAGE;

		at += PROGRAM_HEADER_SIZE;
		put_program_header(at, 1, offset, builder->segments[i].address,
				   size);
		offset += size;
	}
	return 0;
}

/* Writing ----------------------------------------------------------------- */

static int write_page(const struct builder *builder, uint64_t mfn)
{
	static const uint8_t zeros[TK_CORE_PAGE];
	const struct tk_core *core = builder->core;
	void *page = tk_map_foreign(core->domid, &mfn, 1, false, NULL);
	int rc = core->write(core->context, page ? page : zeros);

	if (page)
		tk_unmap_foreign(page, 1);
	return rc;
}

/* All at once if they can be mapped side by side, else one by one. */
static int write_batch(const struct builder *builder, const uint64_t *mfns,
		       size_t count)
{
	const struct tk_core *core = builder->core;
	uint8_t *pages = tk_map_foreign(core->domid, mfns, count, false, NULL);
	size_t i;
	int rc = 0;

	for (i = 0; i < count && !rc; i++)
		rc = pages ? core->write(core->context,
					 pages + i * TK_CORE_PAGE)
			   : write_page(builder, mfns[i]);
	if (pages)
		tk_unmap_foreign(pages, count);
	return rc;
}

static int write_all(const struct builder *builder)
{
	const struct tk_core *core = builder->core;
	size_t i;
	int rc = 0;

	for (i = 0; i < builder->head_pages && !rc; i++)
		rc = core->write(core->context,
				 builder->head + i * TK_CORE_PAGE);
	for (i = 0; i < builder->n_mfns && !rc; i += BATCH) {
		size_t left = builder->n_mfns - i;

		rc = write_batch(builder, &builder->mfns[i],
				 left < BATCH ? left : BATCH);
	}
	if (rc)
		return tk_fail(builder->err, "writing its core: %s (%d)",
			       tk_errno_text(rc), rc);
	return 0;
}

static int prepare(struct builder *builder)
{
	int rc = tk_domain_get_context(builder->core->domid, 0,
				       &builder->context);

	if (rc)
		return tk_fail(builder->err, "reading its registers: %s (%d)",
			       tk_errno_text(rc), rc);
	if (add_table(builder, LEVELS, builder->context.ctrlreg[3] >> 12, 0))
		return -1;
	return make_head(builder);
}

int tk_core_write(const struct tk_core *core, uint64_t most_pages,
		  uint64_t *pages, struct tk_error *err)
{
	struct builder *builder = calloc(1, sizeof(*builder));
	int rc;

	*pages = 0;
	if (!builder)
		return tk_fail(err, "not enough memory in the control domain");
	builder->core = core;
	builder->err = err;
	rc = prepare(builder);
	if (!rc) {
		*pages = builder->head_pages + builder->n_mfns;
		rc = *pages > most_pages
			     ? tk_fail(err,
				       "its core has %" PRIu64 " MiB, there is "
				       "room for %" PRIu64 " MiB",
				       *pages / 256, most_pages / 256)
			     : write_all(builder);
	}
	free(builder->head);
	free(builder->mfns);
	free(builder->segments);
	free(builder);
	return rc;
}
