/* SPDX-License-Identifier: MIT */
/*
 * Linked around the control domain's command line, which stays as it is: tells
 * before each prompt the time stamp counter at the moment when the line before
 * was complete. scripts/bench.py has the rest.
 */
#include <stdbool.h>
#include <stdint.h>

#include "cli/cli.h"
#include "cli/line_editor.h"

bool __real_line_key(struct line_editor *editor, char byte);
void __real_line_begin(struct line_editor *editor);
bool __wrap_line_key(struct line_editor *editor, char byte);
void __wrap_line_begin(struct line_editor *editor);

static uint64_t line_tsc;

bool __wrap_line_key(struct line_editor *editor, char byte)
{
	bool is_complete = __real_line_key(editor, byte);

	if (is_complete)
		line_tsc = __builtin_ia32_rdtsc();
	return is_complete;
}

void __wrap_line_begin(struct line_editor *editor)
{
	cli_print("line read at %lu\n", (unsigned long)line_tsc);
	__real_line_begin(editor);
}
