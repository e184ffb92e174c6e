/* SPDX-License-Identifier: MIT */
/*
 * Boot information from Multiboot 1 (`qemu -kernel`, old loaders) and
 * Multiboot 2 (GRUB on BIOS and UEFI), brought into one form.
 *
 * Addresses are machine addresses below 4 GiB, which the early page tables
 * map at DIRECT_MAP_START. The loader is trusted, but every table and string
 * is bounded, so that a loader's mistake is a message and not a hang.
 * Context: boot CPU, before paging_init().
 */
#include "boot/boot.h"

#include "lib/string.h"
#include "x86/paging.h"

#define MAGIC_1 0x2badb002u
#define MAGIC_2 0x36d76289u

struct boot_info boot_info;

/* [Multiboot 1, "Boot information format"], the part that we use. */
struct info1 {
	uint32_t flags, mem_lower, mem_upper, boot_device, cmdline;
	uint32_t module_count, modules, symbols[4];
	uint32_t map_length, map, drives_length, drives, config, loader;
};

enum info1_flags {
	INFO1_CMDLINE = 1 << 2,
	INFO1_MODULES = 1 << 3,
	INFO1_MAP = 1 << 6,
	INFO1_LOADER = 1 << 9,
};

struct module1 {
	uint32_t start, end, string, reserved;
};

/* In both; in Multiboot 1, after the size of the rest. */
struct map_entry {
	uint64_t start, length;
	uint32_t type;
} __attribute__((packed));

/* [Multiboot 2, "Boot information format"] */
struct tag {
	uint32_t type, size;
};

enum tag_type {
	TAG_END,
	TAG_CMDLINE = 1,
	TAG_LOADER = 2,
	TAG_MODULE = 3,
	TAG_MAP = 6,
	TAG_RSDP1 = 14,
	TAG_RSDP2 = 15,
};

/*
 * Copy a line, which may lack its end mark. QEMU puts the file name in front
 * of each command line; GRUB does not.
 */
static void copy_line(char dst[BOOT_CMDLINE_MAX], const char *line, size_t max)
{
	size_t at = 0, n = strnlen(line, max);

	if (!memcmp(boot_info.loader, "qemu", 4)) {
		while (at < n && line[at] != ' ')
			at++;
		while (at < n && line[at] == ' ')
			at++;
	}
	memset(dst, 0, BOOT_CMDLINE_MAX);
	memcpy(dst, line + at, min_u64(n - at, BOOT_CMDLINE_MAX - 1));
}

static void add_module(uint32_t start, uint32_t end, const char *line,
		       size_t max)
{
	struct boot_module *m = &boot_info.modules[boot_info.module_count];

	if (boot_info.module_count == BOOT_MAX_MODULES || end < start) {
		log_warning("module at 0x%x ignored\n", start);
		return;
	}
	m->start = start;
	m->size = end - start;
	copy_line(m->cmdline, line, max);
	boot_info.module_count++;
}

/* Entries are `stride` bytes apart; 0: each begins with its size. */
static void parse_map(const char *map, uint32_t length, uint32_t stride)
{
	uint32_t front = stride ? 0 : sizeof(stride);
	struct boot_info *b = &boot_info;
	struct map_entry e;
	uint64_t at;

	for (at = 0; at + front + sizeof(e) <= length; at += front + stride) {
		if (front)
			memcpy(&stride, map + at, sizeof(stride));
		memcpy(&e, map + at + front, sizeof(e));
		if (!e.length || e.start + e.length < e.start)
			continue;
		if (b->memory_count == BOOT_MAX_MEMORY)
			log_warning("memory 0x%lx ignored\n", e.start);
		else
			b->memory[b->memory_count++] =
				(struct memory_range){ e.start, e.length,
						       e.type };
	}
}

static void parse1(const struct info1 *info)
{
	const struct module1 *m = phys_to_virt(info->modules);

	if (info->flags & INFO1_LOADER)
		copy_line(boot_info.loader, phys_to_virt(info->loader),
			  SIZE_MAX);
	if (info->flags & INFO1_CMDLINE)
		copy_line(boot_info.cmdline, phys_to_virt(info->cmdline),
			  SIZE_MAX);
	if (info->flags & INFO1_MAP)
		parse_map(phys_to_virt(info->map), info->map_length, 0);
	if (!(info->flags & INFO1_MODULES))
		return;
	for (unsigned int i = 0; i < info->module_count; i++)
		add_module(m[i].start, m[i].end, phys_to_virt(m[i].string),
			   m[i].string ? SIZE_MAX : 0);
}

static void parse_tag(const struct tag *t)
{
	/* The start and end of a module; the entry size and version of a map */
	const uint32_t *words = (const void *)(t + 1);
	const char *text = (const char *)words, *rest = text + 8;
	uint32_t length = t->size - (uint32_t)sizeof(*t);

	switch (t->type) {
	case TAG_CMDLINE:
		copy_line(boot_info.cmdline, text, length);
		break;
	case TAG_LOADER:
		copy_line(boot_info.loader, text, length);
		break;
	case TAG_MODULE:
		if (length >= 8)
			add_module(words[0], words[1], rest, length - 8);
		break;
	case TAG_MAP:
		if (length >= 8 && words[0] >= sizeof(struct map_entry))
			parse_map(rest, length - 8, words[0]);
		break;
	case TAG_RSDP1:
	case TAG_RSDP2:
		/* The second version carries the 64-bit table address. */
		length = (uint32_t)min_u64(length, sizeof(boot_info.rsdp_copy));
		if (t->type == TAG_RSDP2 || !boot_info.rsdp_copy[0])
			memcpy(boot_info.rsdp_copy, words, length);
		break;
	default:
		break;
	}
}

static void parse2(const char *info)
{
	uint32_t total, at = 8;
	struct tag tag;

	memcpy(&total, info, sizeof(total));
	while (at <= total && total - at >= sizeof(tag)) {
		memcpy(&tag, info + at, sizeof(tag));
		if (tag.type == TAG_END || tag.size < sizeof(tag) ||
		    tag.size > total - at)
			break;
		parse_tag((const void *)(info + at));
		at += (tag.size + 7) & ~7u;
	}
}

bool boot_parse(uint32_t magic, const void *info)
{
	if (magic == MAGIC_1)
		parse1(info);
	else if (magic == MAGIC_2)
		parse2(info);
	return magic == MAGIC_1 || magic == MAGIC_2;
}
