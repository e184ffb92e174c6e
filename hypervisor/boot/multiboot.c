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

struct map1 {
	uint32_t size; /* of the rest */
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

struct tag_module {
	struct tag tag;
	uint32_t start, end;
	char string[];
};

struct tag_map {
	struct tag tag;
	uint32_t entry_size, version;
	char entries[];
};

struct map2 {
	uint64_t start, length;
	uint32_t type, reserved;
};

static void add_memory(uint64_t start, uint64_t size, uint32_t type)
{
	struct memory_range *r = &boot_info.memory[boot_info.memory_count];

	if (!size || start + size < start)
		return;
	if (boot_info.memory_count == BOOT_MAX_MEMORY) {
		log_warning("memory map: entry at %#lx ignored, too many\n",
			    start);
		return;
	}
	*r = (struct memory_range){ start, size, type };
	boot_info.memory_count++;
}

/*
 * QEMU puts the file name in front of each command line; GRUB does not.
 */
static const char *skip_file_name(const char *s)
{
	if (strncmp(boot_info.loader, "qemu", 4))
		return s;
	while (*s && *s != ' ')
		s++;
	while (*s == ' ')
		s++;
	return s;
}

static void add_module(uint32_t start, uint32_t end, const char *string)
{
	struct boot_module *m = &boot_info.modules[boot_info.module_count];

	if (boot_info.module_count == BOOT_MAX_MODULES || end < start) {
		log_warning("module at %#x ignored\n", start);
		return;
	}
	m->start = start;
	m->size = end - start;
	string_copy(m->cmdline, skip_file_name(string), sizeof(m->cmdline));
	boot_info.module_count++;
}

static void parse_map1(const char *map, uint32_t length)
{
	struct map1 m;
	uint32_t at = 0;

	while (length - at >= sizeof(m)) {
		memcpy(&m, map + at, sizeof(m));
		add_memory(m.start, m.length, m.type);
		if (m.size > length - at - 4)
			break;
		at += m.size + 4;
	}
}

static void parse1(const struct info1 *info)
{
	const struct module1 *m = phys_to_virt(info->modules);
	unsigned int i;

	if (info->flags & INFO1_LOADER)
		string_copy(boot_info.loader, phys_to_virt(info->loader),
			    sizeof(boot_info.loader));
	if (info->flags & INFO1_CMDLINE)
		string_copy(boot_info.cmdline,
			    skip_file_name(phys_to_virt(info->cmdline)),
			    sizeof(boot_info.cmdline));
	if (info->flags & INFO1_MAP)
		parse_map1(phys_to_virt(info->map), info->map_length);
	if (!(info->flags & INFO1_MODULES))
		return;
	for (i = 0; i < info->module_count; i++)
		add_module(m[i].start, m[i].end,
			   m[i].string ? phys_to_virt(m[i].string) : "");
}

static void parse_map2(const struct tag_map *t)
{
	struct map2 m;
	uint32_t at;

	if (t->tag.size < sizeof(*t) || t->entry_size < sizeof(m))
		return;
	for (at = 0; t->tag.size - sizeof(*t) - at >= sizeof(m);
	     at += t->entry_size) {
		memcpy(&m, t->entries + at, sizeof(m));
		add_memory(m.start, m.length, m.type);
		if (t->entry_size > t->tag.size - sizeof(*t) - at)
			break;
	}
}

static void parse_rsdp(const struct tag *t)
{
	uint32_t n = t->size - (uint32_t)sizeof(*t);

	if (n > sizeof(boot_info.rsdp_copy))
		n = sizeof(boot_info.rsdp_copy);
	/* The second version carries the 64-bit table address. */
	if (n < boot_info.rsdp_copy_length)
		return;
	memcpy(boot_info.rsdp_copy, t + 1, n);
	boot_info.rsdp_copy_length = n;
}

/* The text of a tag, which may lack its end mark. */
static void tag_text(char *dst, size_t size, const struct tag *t,
		     uint32_t offset)
{
	const char *text = (const char *)t + offset;
	size_t n = strnlen(text, t->size - offset);

	memset(dst, 0, size);
	memcpy(dst, text, min_u64(n, size - 1));
}

static void parse_module2(const struct tag_module *m)
{
	static char text[BOOT_CMDLINE_MAX];

	if (m->tag.size < sizeof(*m))
		return;
	tag_text(text, sizeof(text), &m->tag, sizeof(*m));
	add_module(m->start, m->end, text);
}

static void parse_tag(const struct tag *t)
{
	switch (t->type) {
	case TAG_CMDLINE:
		tag_text(boot_info.cmdline, sizeof(boot_info.cmdline), t,
			 sizeof(*t));
		break;
	case TAG_LOADER:
		tag_text(boot_info.loader, sizeof(boot_info.loader), t,
			 sizeof(*t));
		break;
	case TAG_MODULE:
		parse_module2((const void *)t);
		break;
	case TAG_MAP:
		parse_map2((const void *)t);
		break;
	case TAG_RSDP1:
	case TAG_RSDP2:
		parse_rsdp(t);
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
