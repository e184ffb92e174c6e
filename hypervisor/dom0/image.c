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

struct elf64_segment {
	uint32_t type, flags;
	uint64_t offset, vaddr, paddr, filesz, memsz, align;
};

#define PT_LOAD         1
#define PT_NOTE         4
#define IMAGE_MAX_BYTES (1ull << 31)

static const void *file_at(const struct kernel_image *k, uint64_t offset,
			   uint64_t size)
{
	if (size > k->size || offset > k->size - size)
		return NULL;
	return k->file + offset;
}

static void take_note(struct kernel_image *k, uint32_t type,
		      const uint8_t *desc, uint32_t size)
{
	if (type >= ARRAY_SIZE(k->note))
		return;
	k->note[type] = 0;
	memcpy(&k->note[type], desc, min_u64(size, sizeof(k->note[0])));
}

static void take_notes(struct kernel_image *k, uint64_t offset, uint64_t size)
{
	uint64_t end = offset + size;

	while (offset < end && end - offset >= 12) {
		const uint32_t *h = file_at(k, offset, 12);
		uint64_t name, desc;

		if (!h)
			return;
		name = offset + 12;
		desc = name + ((h[0] + 3ull) & ~3ull);
		offset = desc + ((h[1] + 3ull) & ~3ull);
		if (offset > end)
			return;
		if (h[0] == 4 && file_at(k, name, 4) &&
		    file_at(k, desc, h[1]) &&
		    !memcmp(file_at(k, name, 4), "Xen", 4))
			take_note(k, h[2], file_at(k, desc, h[1]), h[1]);
	}
}

static const char *take_segment(struct kernel_image *k,
				const struct elf64_segment *p)
{
	struct image_segment *s = &k->segment[k->segments];

	if (!p->memsz)
		return NULL;
	if (k->segments == IMAGE_MAX_SEGMENTS)
		return "more loadable segments than supported";
	if (p->filesz > p->memsz || !file_at(k, p->offset, p->filesz))
		return "a segment lies outside the file";
	if (p->paddr < NOTE(k, PADDR_OFFSET) ||
	    p->paddr - NOTE(k, PADDR_OFFSET) > IMAGE_MAX_BYTES ||
	    p->memsz > IMAGE_MAX_BYTES)
		return "a segment lies outside the first 2 GiB of the kernel";
	*s = (struct image_segment){ p->offset, p->filesz, p->memsz,
				     p->paddr - NOTE(k, PADDR_OFFSET) };
	for (unsigned int i = 0; i < k->segments; i++) {
		const struct image_segment *o = &k->segment[i];

		if (s->pfn_addr < o->pfn_addr + o->mem_size &&
		    o->pfn_addr < s->pfn_addr + s->mem_size)
			return "two segments overlap";
	}
	k->end = max_u64(k->end, s->pfn_addr + s->mem_size);
	k->segments++;
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
	if (NOTE(k, VIRT_BASE) & (PAGE_SIZE - 1) ||
	    NOTE(k, INIT_P2M) & (PAGE_SIZE - 1))
		return "a base address is not page aligned";
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
			take_notes(k, p[i].offset, p[i].filesz);
	problem = check_notes(k);
	for (unsigned int i = 0; i < h->phnum && !problem; i++)
		if (p[i].type == PT_LOAD)
			problem = take_segment(k, &p[i]);
	if (!problem && !k->segments)
		problem = "nothing to load";
	return problem;
}
