/* SPDX-License-Identifier: MIT */
/*
 * Boot information in both Multiboot forms, options, and the boot allocator
 * against a map of pages. Machine memory is fake_memory; the image occupies
 * the symbols that the linker script provides otherwise.
 */
#include "boot/boot.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/log.h"
#include "lib/types.h"
#include "x86/paging.h"

#define CHECK(c)                                                               \
	do {                                                                   \
		if (!(c)) {                                                    \
			printf("not ok line %d: %s\n", __LINE__, #c);          \
			exit(1);                                               \
		}                                                              \
	} while (0)

#define MAGIC_1    0x2badb002u
#define MAGIC_2    0x36d76289u
#define IMAGE_SIZE 0x40000ul

char fake_memory[FAKE_MEMORY];
static jmp_buf panicked;
static char log_text[4096];

/* image_end must lie behind image_start: one array, in assembly. */
__asm__(".data; .globl image_start, image_end; image_start: .skip 0x40000;"
	"image_end: .byte 0; .text");

void panic_with(const struct cpu_regs *regs, const char *fmt, ...)
{
	(void)fmt;
	longjmp(panicked, 1);
}

void log_printf(enum log_level level, const char *fmt, ...)
{
	size_t n = strlen(log_text);
	va_list ap;

	(void)level;
	va_start(ap, fmt);
	vsnprintf(log_text + n, sizeof(log_text) - n, fmt, ap);
	va_end(ap);
}

void string_copy(char *dst, const char *src, size_t size);
void string_copy(char *dst, const char *src, size_t size)
{
	snprintf(dst, size, "%s", src);
}

static void put32(uint64_t at, uint32_t v)
{
	memcpy(fake_memory + at, &v, sizeof(v));
}

static void put64(uint64_t at, uint64_t v)
{
	memcpy(fake_memory + at, &v, sizeof(v));
}

static void reset(void)
{
	memset(fake_memory, 0, 0x10000);
	memset(&boot_info, 0, sizeof(boot_info));
	log_text[0] = 0;
}

/* Information at 0x1000, strings at 0x2000, map at 0x3000, modules 0x4000. */
static void make_multiboot1(void)
{
	reset();
	put32(0x1000, 1 << 2 | 1 << 3 | 1 << 6 | 1 << 9);
	strcpy(fake_memory + 0x2000, "build/tenon loglvl=all x");
	strcpy(fake_memory + 0x2100, "qemu");
	strcpy(fake_memory + 0x2200, "kernel console=hvc0");
	put32(0x1000 + 16, 0x2000);
	put32(0x1000 + 20, 1);
	put32(0x1000 + 24, 0x4000);
	put32(0x1000 + 44, 48);
	put32(0x1000 + 48, 0x3000);
	put32(0x1000 + 64, 0x2100);
	for (unsigned int i = 0; i < 2; i++) {
		put32(0x3000 + 24 * i, 20);
		put64(0x3004 + 24 * i, i << 20);
		put64(0x300c + 24 * i, 0x80000);
		put32(0x3014 + 24 * i, 1 + i);
	}
	put32(0x4000, 0x500000);
	put32(0x4004, 0x500123);
	put32(0x4008, 0x2200);
}

static void test_multiboot1(void)
{
	make_multiboot1();
	CHECK(boot_parse(MAGIC_1, fake_memory + 0x1000));
	CHECK(!strcmp(boot_info.loader, "qemu"));
	CHECK(!strcmp(boot_info.cmdline, "loglvl=all x"));
	CHECK(boot_info.memory_count == 2);
	CHECK(boot_info.memory[1].start == 1 << 20);
	CHECK(boot_info.memory[1].size == 0x80000);
	CHECK(boot_info.memory[1].type == 2);
	CHECK(boot_info.module_count == 1);
	CHECK(boot_info.modules[0].size == 0x123);
	CHECK(!strcmp(boot_info.modules[0].cmdline, "console=hvc0"));
}

static void test_no_loader(void)
{
	reset();
	CHECK(!boot_parse(0, fake_memory + 0x1000));
}

static uint64_t put_tag(uint64_t at, uint32_t type, const void *data,
			uint32_t size)
{
	put32(at, type);
	put32(at + 4, size + 8);
	memcpy(fake_memory + at + 8, data, size);
	return (at + 8 + size + 7) & ~7ul;
}

/* Returns the total size. */
static uint32_t make_multiboot2(void)
{
	struct {
		uint32_t entry_size, version;
		uint64_t start, size;
		uint32_t type, reserved;
	} map = { 24, 0, 0x100000, 0x700000, 1, 0 };
	struct {
		uint32_t start, end;
		char text[8];
	} module = { 0x500000, 0x600000, "a b" };
	char rsdp[36] = "RSD PTR ", rsdp1[20] = "of version 1";
	uint64_t at = 0x1008;

	reset();
	at = put_tag(at, 1, "dom0_mem=512M", 14);
	at = put_tag(at, 2, "GRUB 2", 7);
	at = put_tag(at, 3, &module, sizeof(module));
	at = put_tag(at, 6, &map, sizeof(map));
	at = put_tag(at, 15, rsdp, 36);
	at = put_tag(at, 14, rsdp1, 20);
	at = put_tag(at, 0, "", 0);
	put32(0x1000, (uint32_t)at - 0x1000);
	return (uint32_t)at - 0x1000;
}

static void test_multiboot2(void)
{
	make_multiboot2();
	CHECK(boot_parse(MAGIC_2, fake_memory + 0x1000));
	CHECK(!strcmp(boot_info.cmdline, "dom0_mem=512M"));
	CHECK(!strcmp(boot_info.loader, "GRUB 2"));
	CHECK(boot_info.memory_count == 1);
	CHECK(boot_info.memory[0].size == 0x700000);
	CHECK(boot_info.module_count == 1);
	CHECK(!strcmp(boot_info.modules[0].cmdline, "a b"));
	CHECK(!memcmp(boot_info.rsdp_copy, "RSD PTR ", 9));
}

/* Damaged information: no hang, nothing beyond the total size. */
static void test_multiboot2_damaged(void)
{
	uint32_t total = make_multiboot2();
	static char copy[0x1000];

	memcpy(copy, fake_memory + 0x1000, total);
	for (unsigned int i = 0; i < 20000; i++) {
		/* A heap copy of exact size, so that ASan sees an overrun. */
		char *info = malloc(total);

		memcpy(info, copy, total);
		for (int flips = random() % 3; flips >= 0; flips--)
			info[8 + random() % (total - 8)] = (char)random();
		memset(&boot_info, 0, sizeof(boot_info));
		boot_parse(MAGIC_2, info);
		CHECK(boot_info.module_count <= BOOT_MAX_MODULES);
		CHECK(boot_info.memory_count <= BOOT_MAX_MEMORY);
		free(info);
	}
}

static void test_options(void)
{
	log_text[0] = 0;
	options_parse("  com1=115200,8n1 dom0_mem=min:1G,max:2G maxcpus=0 "
		      "loglvl=all noreboot foo=1 console=com1,vga");
	CHECK(options.baud == 115200);
	CHECK(options.dom0_mem == 2ul << 30);
	CHECK(options.maxcpus == 1);
	CHECK(options.loglevel == LOG_DEBUG);
	CHECK(options.noreboot);
	CHECK(options.com1 && options.vga);
	CHECK(!strcmp(log_text, "unknown option: foo\n"));
	options_parse("dom0_mem=512 loglvl=error noreboot=no console=vga");
	CHECK(!options.com1 && options.vga);
	CHECK(options.dom0_mem == 512 << 10);
	CHECK(options.loglevel == LOG_ERROR);
	CHECK(!options.noreboot);
}

/* --- Memory: PAGES pages, each with what may use it. ---------------------- */

#define PAGES (FAKE_MEMORY >> PAGE_SHIFT)

static bool usable[PAGES];

static void add(uint64_t start, uint64_t size, uint32_t type)
{
	boot_info.memory[boot_info.memory_count++] =
		(struct memory_range){ start, size, type };
}

static void forbid(uint64_t start, uint64_t end)
{
	for (uint64_t p = start >> 12; p < (end + 0xfff) >> 12 && p < PAGES;
	     p++)
		usable[p] = false;
}

static void make_map(void)
{
	reset();
	add(0x000000, 0x9fc00, 1);
	add(0x100000, 0xb00800, 1); /* ends within a page */
	add(0x300000, 0x001800, 2); /* inside RAM: reserved wins */
	add(0xd00000, 0x300000, 1);
	add(0xdff000, 0x002000, 4);
	boot_info.modules[0].start = 0x600800;
	boot_info.modules[0].size = 0x1000;
	boot_info.modules[1].start = 0x8f800;
	boot_info.modules[1].size = 0x1000;
	boot_info.module_count = 2;
	memset(usable, 1, sizeof(usable));
	forbid(0, 0x100000);
	forbid(0x200000, 0x200000 + IMAGE_SIZE);
	forbid(0x300000, 0x301800);
	forbid(0x600800, 0x601800);
	forbid(0xc00000, 0xd00000);
	forbid(0xdff000, 0xe01000);
}

static void take_pages(void *p, uint64_t size)
{
	uint64_t first = (uint64_t)((char *)p - fake_memory) >> 12;

	for (uint64_t i = 0; i < size >> 12; i++) {
		CHECK(usable[first + i]);
		usable[first + i] = false;
	}
}

static void test_memory(void)
{
	const struct ram_range *ranges;
	unsigned int n;
	void *p;

	make_map();
	boot_memory_init();
	CHECK(machine_frames == 0x1000);
	CHECK(boot_low_page == 0x8e000);
	for (unsigned int i = 0; i < 200; i++)
		take_pages(boot_alloc(PAGE_SIZE), PAGE_SIZE);
	p = boot_alloc(0x200000);
	CHECK(!((uint64_t)((char *)p - fake_memory) & 0x1fffff));
	take_pages(p, 0x200000);
	n = boot_memory_take(&ranges);
	for (unsigned int i = 0; i < n; i++)
		take_pages(fake_memory + ranges[i].start,
			   ranges[i].end - ranges[i].start);
	/* Everything usable was handed out exactly once. */
	for (unsigned int i = 0; i < PAGES; i++)
		CHECK(!usable[i]);
	if (!setjmp(panicked)) {
		boot_alloc(PAGE_SIZE);
		CHECK(!"closed allocator gave memory");
	}
}

int main(void)
{
	srandom(1);
	test_multiboot1();
	test_no_loader();
	test_multiboot2();
	test_multiboot2_damaged();
	test_options();
	test_memory();
	printf("ok boot\n");
	return 0;
}
