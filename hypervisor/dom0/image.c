/* SPDX-License-Identifier: MIT */
/*
 * Reader of ELF64 PV kernels for the first domain. Every access goes through
 * file_at(), which knows the file's size (TB-1).
 *
 * The toolstack has its own, richer reader: this one is trusted by every
 * guest and does only what booting one kernel takes.
 */
#include "dom0/image.h"

#include "lib/string.h"
#include "public/features.h"

struct elf64_header {
	uint8_t ident[16];
	uint16_t type, machine;
	uint32_t version;
	uint64_t entry, phoff, shoff;
	uint32_t flags;
	uint16_t ehsize, phentsize, phnum, shentsize, shnum, shstrndx;
};

#define PT_NOTE         4
#define IMAGE_MAX_BYTES (1ull << 31)

static const void *file_at(const struct kernel_image *k, uint64_t offset,
			   uint64_t size)
{
	if (size > k->size || offset > k->size - size)
		return NULL;
	return k->file + offset;
}

/* Notes in `left` bytes of the file: name's length, contents', type; both. */
static void take_notes(struct kernel_image *k, const uint8_t *at, uint64_t left)
{
	while (left >= 12) {
		const uint32_t *h = (const void *)at;
		uint64_t desc = 12 + ((h[0] + 3ull) & ~3ull);
		uint64_t size = desc + ((h[1] + 3ull) & ~3ull);

		if (size > left)
			return;
		if (h[0] == 4 && !memcmp(at + 12, "Xen", 4) &&
		    h[2] < ARRAY_SIZE(k->note)) {
			k->note[h[2]] = 0;
			memcpy(&k->note[h[2]], at + desc, min_u64(h[1], 8));
		}
		at += size;
		left -= size;
	}
}

static const char *check_segment(struct kernel_image *k,
				 const struct elf64_segment *p)
{
	uint64_t at = p->paddr - NOTE(k, PADDR_OFFSET);

	if (p->filesz > p->memsz || !file_at(k, p->offset, p->filesz))
		return "a segment lies outside the file";
	if (at > IMAGE_MAX_BYTES || p->memsz > IMAGE_MAX_BYTES)
		return "a segment lies outside the first 2 GiB of the kernel";
	k->end = max_u64(k->end, at + p->memsz);
	return NULL;
}

static const char *check_notes(const struct kernel_image *k)
{
	if (!NOTE(k, ENTRY))
		return "no ENTRY note: not a Xen PV kernel";
	if (memcmp(&NOTE(k, XEN_VERSION), "xen-3.0", 7))
		return "the XEN_VERSION note is not xen-3.0";
	if (!(NOTE(k, SUPPORTED_FEATURES) & 1u << XENFEAT_dom0))
		return "the kernel does not support being the first domain";
	if (NOTE(k, VIRT_BASE) & (PAGE_SIZE - 1))
		return "the base address is not page aligned";
	return NULL;
}

const char *image_parse(struct kernel_image *k, const void *file, uint64_t size)
{
	const struct elf64_header *h;
	const struct elf64_segment *p;
	const char *problem;

	/* Who does not say which features it supports has them all. */
	*k = (struct kernel_image){ .file = file,
				    .size = size,
				    .note = { [XEN_ELFNOTE_SUPPORTED_FEATURES] =
						      -1ull } };
	h = file_at(k, 0, sizeof(*h));
	if (!h || memcmp(h->ident, "\177ELF\2\1", 6) || h->machine != 62)
		return "not an ELF64 file for x86-64";
	p = file_at(k, h->phoff, (uint64_t)h->phnum * sizeof(*p));
	if (!p || h->phentsize != sizeof(*p))
		return "the program headers lie outside the file";
	for (unsigned int i = 0; i < h->phnum; i++)
		if (p[i].type == PT_NOTE &&
		    file_at(k, p[i].offset, p[i].filesz))
			take_notes(k, k->file + p[i].offset, p[i].filesz);
	k->segment = p;
	k->segments = h->phnum;
	problem = check_notes(k);
	for (unsigned int i = 0; i < h->phnum && !problem; i++)
		if (p[i].type == PT_LOAD)
			problem = check_segment(k, &p[i]);
	if (!problem && !k->end)
		problem = "nothing to load";
	return problem;
}
