/* SPDX-License-Identifier: MIT */
/*
 * The verb `inspect`: a guest that stands still from outside. Registers and
 * the way here of a vCPU, with names if the kernel's are known; the page
 * tables on the way to an address; what lies there; what its frames are.
 *
 * The guest is paused while it is looked at. All that is read is the guest's.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define __XEN_TOOLS__ 1
#include <public/domctl.h>
#include <public/xen.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/result.h"
#include "toolstack/guest_view.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"
#include "toolstack/symbols.h"

#define FRAMES_MAX   32u
#define STACK_BYTES  4096u
#define MEMORY_BYTES 64u
#define MEMORY_MOST  4096u
/* A return address is no farther from where the vCPU is than this. */
#define TEXT_SPAN (64ull << 20)

enum {
	OPTION_WALK = OPTION_LONG(0),
	OPTION_MEMORY = OPTION_LONG(1),
	OPTION_BYTES = OPTION_LONG(2),
	OPTION_FRAMES = OPTION_LONG(3),
};

static const struct command_option inspect_options[] = {
	{ 'v', "vcpu", "VCPU" },
	{ 'k', "kernel", "FILE" },
	{ OPTION_WALK, "walk", "ADDRESS" },
	{ OPTION_MEMORY, "memory", "ADDRESS" },
	{ OPTION_BYTES, "bytes", "COUNT" },
	{ OPTION_FRAMES, "frames", NULL },
	{ 0 },
};

/* What one run looks at. */
struct inspection {
	const struct tk_guest *guest;
	unsigned int vcpu;
	struct vcpu_guest_context context;
	struct tk_view view;
	struct tk_symbols symbols;
	struct result *result;
};

/* Names ------------------------------------------------------------------- */

/* "name+0x12" of a function; null when it is not known. */
static void put_name(struct inspection *inspection, const char *key,
		     uint64_t address)
{
	const struct tk_symbol *symbol =
		tk_symbols_find(&inspection->symbols, address);
	char text[112];

	if (!symbol || address - symbol->address >= TEXT_SPAN) {
		result_null(inspection->result, key);
		return;
	}
	snprintf(text, sizeof(text), "%.*s+0x%" PRIx64,
		 symbol->length < 80 ? (int)symbol->length : 80, symbol->name,
		 address - symbol->address);
	result_text(inspection->result, key, text);
}

/* -k, or the guest's own kernel if that is a file with names. */
static int load_symbols(struct inspection *inspection, const char *file)
{
	const char *path = file ? file : inspection->guest->config.kernel;
	struct tk_error err;
	const void *data;
	size_t size;

	if (cli_find_file(path, &data, &size))
		return file ? call_fail("%s: no such file", path)
			    : COMMAND_DONE;
	if (!file && (size < 4 || memcmp(data, "\177ELF", 4) != 0))
		return COMMAND_DONE;
	if (tk_symbols_load(&inspection->symbols, data, size, &err) && file)
		return call_fail("%s: %s", path, err.text);
	return COMMAND_DONE;
}

/* Registers and backtrace ------------------------------------------------- */

static const struct result_shape vcpu_shape = {
	NULL,
	"vcpu {vcpu}, {mode}, top page table {root_mfn}\n"
	"rip {rip} {rip_name}\n"
	"rsp {rsp} rbp {rbp} rfl {rflags}\n"
	"rax {rax} rbx {rbx} rcx {rcx}\n"
	"rdx {rdx} rsi {rsi} rdi {rdi}\n"
	"r8  {r8} r9  {r9} r10 {r10}\n"
	"r11 {r11} r12 {r12} r13 {r13}\n"
	"r14 {r14} r15 {r15} cr2 {cr2}",
};

static const struct result_shape trace_shape = {
	"called from (? by looks, not by frames):",
	"  {address} {name}{guess? }",
};

static void put_registers(struct inspection *inspection)
{
	const struct cpu_user_regs *r = &inspection->context.user_regs;
	const struct {
		const char *name;
		uint64_t value;
	} registers[] = {
		{ "rsp", r->rsp },
		{ "rbp", r->rbp },
		{ "rflags", r->rflags },
		{ "rax", r->rax },
		{ "rbx", r->rbx },
		{ "rcx", r->rcx },
		{ "rdx", r->rdx },
		{ "rsi", r->rsi },
		{ "rdi", r->rdi },
		{ "r8", r->r8 },
		{ "r9", r->r9 },
		{ "r10", r->r10 },
		{ "r11", r->r11 },
		{ "r12", r->r12 },
		{ "r13", r->r13 },
		{ "r14", r->r14 },
		{ "r15", r->r15 },
		{ "cr2", inspection->context.ctrlreg[2] },
	};
	size_t i;

	result_hex(inspection->result, "rip", r->rip);
	put_name(inspection, "rip_name", r->rip);
	for (i = 0; i < sizeof(registers) / sizeof(registers[0]); i++)
		result_hex(inspection->result, registers[i].name,
			   registers[i].value);
}

static void put_caller(struct inspection *inspection, uint64_t address,
		       bool is_guess)
{
	result_open_row(inspection->result);
	result_hex(inspection->result, "address", address);
	put_name(inspection, "name", address);
	result_text(inspection->result, "guess", is_guess ? "?" : NULL);
	result_close_row(inspection->result);
}

static bool is_text(const struct inspection *inspection, uint64_t address)
{
	uint64_t rip = inspection->context.user_regs.rip;

	return address - rip < TEXT_SPAN || rip - address < TEXT_SPAN;
}

/* By saved frame pointers; how many there were. */
static unsigned int follow_frames(struct inspection *inspection)
{
	uint64_t frame = inspection->context.user_regs.rbp, saved[2];
	uint64_t above = inspection->context.user_regs.rsp;
	unsigned int count = 0;

	while (count < FRAMES_MAX && frame >= above && frame % 8 == 0 &&
	       frame - above < (64u << 10) &&
	       tk_view_read(&inspection->view, frame, saved, sizeof(saved)) ==
		       sizeof(saved) &&
	       is_text(inspection, saved[1])) {
		put_caller(inspection, saved[1], false);
		above = frame + 1;
		frame = saved[0];
		count++;
	}
	return count;
}

/* Does a call instruction end right there? */
static bool is_behind_call(struct inspection *inspection, uint64_t address)
{
	uint8_t code[7];
	size_t length;

	if (tk_view_read(&inspection->view, address - sizeof(code), code,
			 sizeof(code)) != sizeof(code))
		return false;
	if (code[2] == 0xe8)
		return true;
	/* FF /2 with a register, or with memory of one of its lengths. */
	for (length = 2; length <= sizeof(code); length++) {
		const uint8_t *at = code + sizeof(code) - length;

		if (at[0] == 0xff && (at[1] >> 3 & 7) == 2)
			return true;
	}
	return false;
}

/* Kernels without frame pointers: what on the stack looks like a return. */
static void guess_callers(struct inspection *inspection)
{
	static uint64_t stack[STACK_BYTES / 8];
	size_t words, i;
	unsigned int count = 0;

	words = tk_view_read(&inspection->view,
			     inspection->context.user_regs.rsp, stack,
			     sizeof(stack)) /
		8;
	for (i = 0; i < words && count < FRAMES_MAX; i++) {
		if (!is_text(inspection, stack[i]) ||
		    !is_behind_call(inspection, stack[i]))
			continue;
		put_caller(inspection, stack[i], true);
		count++;
	}
}

static int show_vcpu(struct inspection *inspection)
{
	bool in_kernel = inspection->context.flags & VGCF_in_kernel;

	result_open_object(inspection->result, NULL, &vcpu_shape);
	result_text(inspection->result, "name", inspection->guest->config.name);
	result_number(inspection->result, "vcpu", inspection->vcpu);
	result_text(inspection->result, "mode", in_kernel ? "kernel" : "user");
	result_hex(inspection->result, "root_mfn", inspection->view.root_mfn);
	put_registers(inspection);
	result_open_list(inspection->result, "callers", &trace_shape);
	if (in_kernel && !follow_frames(inspection))
		guess_callers(inspection);
	result_close_list(inspection->result);
	result_close_object(inspection->result);
	return COMMAND_DONE;
}

/* Page tables and memory -------------------------------------------------- */

static void flags_text(uint64_t entry, char text[16])
{
	static const char letters[] = "PWUtcADLG";
	unsigned int bit;

	for (bit = 0; bit < 9; bit++)
		text[bit] = entry >> bit & 1 ? letters[bit] : '-';
	text[9] = entry >> 63 ? 'X' : '-'; /* not to be executed */
	text[10] = '\0';
}

static int show_walk(struct inspection *inspection, uint64_t address)
{
	static const struct result_shape whole = {
		NULL, "address {address}: {outcome} {mfn}"
	};
	static const struct result_shape steps = {
		NULL, "  level {level}: table {table_mfn} entry {index:3} = "
		      "{entry} {flags}"
	};
	struct result *result = inspection->result;
	struct tk_walk walk;
	char flags[16];
	unsigned int i;

	tk_view_walk(&inspection->view, address, &walk);
	result_open_object(result, NULL, &whole);
	result_hex(result, "address", address);
	result_text(result, "outcome",
		    walk.is_mapped ? "mapped to frame" : "not mapped");
	if (walk.is_mapped)
		result_hex(result, "mfn", walk.mfn);
	result_open_list(result, "steps", &steps);
	for (i = 0; i < walk.count; i++) {
		flags_text(walk.steps[i].entry, flags);
		result_open_row(result);
		result_number(result, "level", walk.steps[i].level);
		result_hex(result, "table_mfn", walk.steps[i].table_mfn);
		result_number(result, "index", walk.steps[i].index);
		result_hex(result, "entry", walk.steps[i].entry);
		result_text(result, "flags", flags);
		result_close_row(result);
	}
	result_close_list(result);
	result_close_object(result);
	return walk.error ? call_fail_rc("reading a page table", walk.error)
			  : COMMAND_DONE;
}

static void put_line(struct result *result, uint64_t address,
		     const uint8_t *bytes, size_t count)
{
	char hex[3 * 16 + 1] = "", text[17];
	size_t i;

	for (i = 0; i < count; i++) {
		snprintf(hex + 3 * i, 4, " %02x", bytes[i]);
		text[i] = (char)(bytes[i] >= 0x20 && bytes[i] < 0x7f ? bytes[i]
								     : '.');
	}
	text[count] = '\0';
	result_open_row(result);
	result_hex(result, "address", address);
	result_text(result, "bytes", hex);
	result_text(result, "text", text);
	result_close_row(result);
}

static int show_memory(struct inspection *inspection, uint64_t address,
		       unsigned long wanted)
{
	static const struct result_shape shape = { NULL,
						   "{address}{bytes:-48}  "
						   "{text}" };
	static uint8_t bytes[MEMORY_MOST];
	size_t got = tk_view_read(&inspection->view, address, bytes, wanted);
	size_t i;

	result_open_list(inspection->result, NULL, &shape);
	for (i = 0; i < got; i += 16)
		put_line(inspection->result, address + i, bytes + i,
			 got - i < 16 ? got - i : 16);
	result_close_list(inspection->result);
	return got == wanted ? COMMAND_DONE
			     : call_fail("nothing is mapped at %016" PRIx64,
					 address + got);
}

/* Frames ------------------------------------------------------------------ */

#define BATCH 1024u
#define TYPES 16u

static int count_frames(uint16_t domid, uint64_t counts[TYPES])
{
	static uint64_t frames[BATCH];
	long end = tk_host_frames();
	uint64_t mfn, i;
	int rc;

	for (mfn = 0; end > 0 && mfn < (uint64_t)end; mfn += BATCH) {
		uint64_t count = (uint64_t)end - mfn;

		count = count < BATCH ? count : BATCH;
		for (i = 0; i < count; i++)
			frames[i] = mfn + i;
		rc = tk_domain_frame_types(domid, frames, (size_t)count);
		if (rc)
			return rc;
		for (i = 0; i < count; i++)
			counts[frames[i] >> 28 & 15]++;
	}
	return end < 0 ? (int)end : 0;
}

static int show_frames(struct inspection *inspection)
{
	static const char *const names[TYPES] = {
		"data",      "L1",        "L2",        "L3", "L4",
		NULL,        NULL,        NULL,        NULL, "pinned L1",
		"pinned L2", "pinned L3", "pinned L4",
	};
	static const struct result_shape shape = { "Type         Frames",
						   "{type:-10} {frames:8}" };
	uint64_t counts[TYPES] = { 0 };
	unsigned int i;
	int rc = count_frames(inspection->guest->domid, counts);

	if (rc)
		return call_fail_rc("asking for the types of its frames", rc);
	result_open_list(inspection->result, NULL, &shape);
	for (i = 0; i < TYPES; i++) {
		if (!names[i] || !counts[i])
			continue;
		result_open_row(inspection->result);
		result_text(inspection->result, "type", names[i]);
		result_number(inspection->result, "frames", counts[i]);
		result_close_row(inspection->result);
	}
	result_close_list(inspection->result);
	return COMMAND_DONE;
}

/* The verb ---------------------------------------------------------------- */

static bool read_address(const char *text, uint64_t *address)
{
	char *end;

	*address = strtoull(text, &end, 16);
	return *text && !*end;
}

/* All that may be wrong with the options, before the guest is touched. */
static bool read_numbers(const struct command_call *call, unsigned long *vcpu,
			 uint64_t *address, unsigned long *bytes)
{
	const char *where =
		call_value(call, call_has(call, OPTION_WALK) ? OPTION_WALK
							     : OPTION_MEMORY);
	const char *number = call_value(call, 'v');
	const char *count = call_value(call, OPTION_BYTES);

	if ((number && !call_number(number, vcpu)) ||
	    (where && !read_address(where, address)) ||
	    (count &&
	     (!call_number(count, bytes) || !*bytes || *bytes > MEMORY_MOST))) {
		call_usage(call,
			   "VCPU is a number, ADDRESS hexadecimal, COUNT 1 to "
			   "%u",
			   MEMORY_MOST);
		return false;
	}
	return true;
}

static int look(const struct command_call *call, struct inspection *inspection,
		uint64_t address, unsigned long bytes)
{
	int status, rc;

	if (call_has(call, OPTION_FRAMES))
		return show_frames(inspection);
	rc = tk_domain_get_context(inspection->guest->domid, inspection->vcpu,
				   &inspection->context);
	if (rc)
		return call_fail_rc("reading the registers; has the vcpu "
				    "started?",
				    rc);
	inspection->view.domid = inspection->guest->domid;
	inspection->view.root_mfn = inspection->context.ctrlreg[3] >> 12;
	if (call_has(call, OPTION_WALK))
		return show_walk(inspection, address);
	if (call_has(call, OPTION_MEMORY))
		return show_memory(inspection, address, bytes);
	status = load_symbols(inspection, call_value(call, 'k'));
	return status ? status : show_vcpu(inspection);
}

static int run_inspect(struct command_call *call)
{
	static struct inspection inspection;
	unsigned long vcpu = 0, bytes = MEMORY_BYTES;
	uint64_t address = 0;
	int status, rc;

	if (!read_numbers(call, &vcpu, &address, &bytes))
		return COMMAND_USAGE;
	memset(&inspection, 0, sizeof(inspection));
	inspection.guest = call_guest(call->words[0]);
	if (!inspection.guest)
		return COMMAND_FAILED;
	if (!inspection.guest->has_domain)
		return call_fail("%s is not there any more", call->words[0]);
	if (vcpu >= inspection.guest->config.max_vcpus)
		return call_fail("%s has no vcpu %lu", call->words[0], vcpu);
	inspection.vcpu = (unsigned int)vcpu;
	inspection.result = result_begin(call->json);
	rc = tk_domain_pause(inspection.guest->domid);
	if (rc)
		return call_fail_rc("pausing it", rc);
	status = look(call, &inspection, address, bytes);
	tk_view_end(&inspection.view);
	rc = tk_domain_unpause(inspection.guest->domid);
	tk_symbols_free(&inspection.symbols);
	return rc ? call_fail_rc("unpausing it", rc) : status;
}

const struct command inspect_commands[] = {
	{ .name = "inspect",
	  .arguments = "[-v VCPU] [-k FILE] [--walk|--memory ADDRESS] NAME",
	  .help = "registers and callers; page tables; memory; --frames",
	  .example = "inspect debian",
	  .options = inspect_options,
	  .min_words = 1,
	  .max_words = 1,
	  .words = WORDS_GUESTS,
	  .reads = true,
	  .run = run_inspect },
	{ 0 },
};
