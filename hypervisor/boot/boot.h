/* SPDX-License-Identifier: MIT */
/*
 * What the boot loader told us, whichever loader it was, and the allocator
 * that serves until mm_init(). Everything here is written on the boot CPU
 * before other CPUs start and constant afterwards.
 */
#pragma once

#include "lib/log.h"

#define BOOT_MAX_MODULES 16
#define BOOT_MAX_MEMORY  128
#define BOOT_CMDLINE_MAX 1024
#define MEMORY_RAM       1

struct memory_range {
	uint64_t start, size;
	uint32_t type;     /* of the BIOS memory map; all but RAM: reserved */
} __attribute__((packed)); /* as in the ABI */

struct boot_module {
	uint64_t start, size; /* machine address */
	char cmdline[BOOT_CMDLINE_MAX];
};

struct boot_info {
	char loader[BOOT_CMDLINE_MAX];
	char cmdline[BOOT_CMDLINE_MAX];
	unsigned int memory_count;
	struct memory_range memory[BOOT_MAX_MEMORY]; /* as the loader gave */
	unsigned int module_count;
	struct boot_module modules[BOOT_MAX_MODULES];
	uint8_t rsdp_copy[36]; /* the loader's copy; zeros when none */
};

extern struct boot_info boot_info;

/* Fill boot_info (multiboot.c). False: not started by a Multiboot loader. */
bool boot_parse(uint32_t magic, const void *info);

/* A page-aligned range of machine addresses, end exclusive. */
struct ram_range {
	uint64_t start, end;
};

/*
 * Boot allocator (memory.c): zeroed, a power of two of pages, aligned to its
 * size, never freed; panics when memory is exhausted. Until mm_init() only.
 */
void boot_memory_init(void);
void *boot_alloc(uint64_t size);
/* A free page below 1 MiB for the processors' start-up code; 0 = none. */
extern uint64_t boot_low_page;
/* Addresses above 4 GiB are mapped now. */
void boot_memory_unlimited(void);
/* The ranges left, for mm_init(); the allocator is closed. */
unsigned int boot_memory_take(const struct ram_range **ranges);
/* One more than the highest frame of RAM. */
extern uint64_t machine_frames;

/* Command line (options.c). */
struct options {
	bool com1, vga;    /* consoles */
	unsigned int baud; /* 0: leave as the firmware set it */
	uint64_t dom0_mem; /* bytes, 0: all that is left */
	unsigned int maxcpus;
	bool noreboot;
	bool spec_off, spec_on; /* nothing, or all that can be tried */
	enum log_level loglevel;
};

extern struct options options;
void options_parse(const char *cmdline);
