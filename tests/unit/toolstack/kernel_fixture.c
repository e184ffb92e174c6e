/* SPDX-License-Identifier: MIT */
/*
 * The kernel and configuration of kernel_fixture.h.
 */
#include "kernel_fixture.h"

#include <stdio.h>
#include <string.h>

#include "check.h"

struct tk_domain_config fixture_config(const char *name)
{
	struct tk_domain_config config;
	struct tk_error err;
	char text[256];

	snprintf(text, sizeof(text),
		 "name = '%s'\nkernel = '/guests/kernel'\n"
		 "ramdisk = '/guests/ramdisk'\nextra = 'one two'\n"
		 "memory = 8\n",
		 name);
	CHECK(!tk_domain_config_parse(&config, "fixture.cfg", text,
				      strlen(text), &err));
	return config;
}

const struct elf_builder *fixture_kernel(int all_notes)
{
	static struct elf_builder kernel;

	if (!all_notes) {
		builder_kernel(&kernel);
		return &kernel;
	}
	builder_start(&kernel);
	builder_load(&kernel);
	builder_identity(&kernel);
	builder_note_number(&kernel, 3, BUILDER_VIRT_BASE);
	builder_note_number(&kernel, 1,
			    BUILDER_VIRT_BASE + BUILDER_PADDR + 0x10);
	builder_note_number(&kernel, NOTE_HYPERCALL_PAGE,
			    BUILDER_VIRT_BASE + BUILDER_PADDR + 0x1000);
	builder_note_number(&kernel, NOTE_INIT_P2M, 0x8000000000ull);
	builder_note_number(&kernel, NOTE_MOD_START_PFN, 1);
	builder_note_segment(&kernel);
	return &kernel;
}
