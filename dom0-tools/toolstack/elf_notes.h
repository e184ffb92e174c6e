/* SPDX-License-Identifier: MIT */
/*
 * What a kernel says about itself to a Xen-compatible loader, as collected
 * from the three places where it may say so. Private to the ELF reader:
 * elf.c finds the places, elf_notes.c reads them, elf.c judges the result.
 */
#ifndef TOOLSTACK_ELF_NOTES_H
#define TOOLSTACK_ELF_NOTES_H

#include <stdbool.h>
#include <stdint.h>

#include "elf.h"
#include "error.h"
#include "image_reader.h"

struct note_number {
	bool present;
	uint64_t value;
};

struct elf_notes {
	bool any;    /* at least one Xen note, or the legacy section */
	bool legacy; /* from the legacy string section */
	bool phys32_entry;
	uint64_t bytes_read; /* so far, in all areas */
	struct note_number entry;
	struct note_number virt_base;
	struct note_number paddr_offset;
	struct note_number init_p2m;
	struct note_number mod_start_pfn;
	struct note_number suspend_cancel;
	struct note_number supported_features;
	struct note_number hypercall_page;
	struct note_number hypercall_page_number; /* legacy: a page, not
						     an address */
	uint32_t features_supported;
	uint32_t features_required;
	char xen_version[TK_NOTE_TEXT_SIZE];
	char guest_os[TK_NOTE_TEXT_SIZE];
	char loader[TK_NOTE_TEXT_SIZE];
};

/* Reads one area of ELF notes; others' notes and unknown types are skipped. */
tk_must_check int elf_notes_read(struct elf_notes *notes,
				 const struct tk_reader *area,
				 struct tk_error *err);

/* Reads a "KEY=value,KEY=value" section, the form from before notes. */
tk_must_check int elf_notes_read_legacy(struct elf_notes *notes,
					const struct tk_reader *area,
					struct tk_error *err);

#endif /* TOOLSTACK_ELF_NOTES_H */
