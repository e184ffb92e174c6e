/* SPDX-License-Identifier: MIT */
/* The verbs about files: those of the ramdisk, under /guests. */
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/platform.h"
#include "cli/result.h"

static int run_cat(struct command_call *call)
{
	const char *path = call->words[0];
	const void *data;
	size_t size;

	if (cli_find_file(path, &data, &size))
		return call_fail("%s: no such file", path);
	cli_print_text(data, size);
	if (size && ((const char *)data)[size - 1] != '\n')
		cli_print("\n");
	return COMMAND_DONE;
}

/* A file, or what lies below a folder: paths that go on after a slash. */
static bool is_listed(const char *path, const char *wanted)
{
	size_t length = strlen(wanted);

	while (length > 1 && wanted[length - 1] == '/')
		length--;
	if (strncmp(path, wanted, length) != 0)
		return false;
	return length == 1 || path[length] == '/' || !path[length];
}

static bool exists(const char *wanted)
{
	const char *path;
	size_t i, size;

	for (i = 0; (path = platform_file_at(i, &size)); i++) {
		if (is_listed(path, wanted))
			return true;
	}
	return false;
}

static int run_ls(struct command_call *call)
{
	static const struct result_shape shape = { NULL, "{size:10} {path}" };
	const char *wanted = call->count ? call->words[0] : "/";
	struct result *result;
	const char *path;
	size_t i, size;

	if (!exists(wanted))
		return call_fail("%s: no such file", wanted);
	result = result_begin(call->json);
	result_open_list(result, NULL, &shape);
	for (i = 0; (path = platform_file_at(i, &size)); i++) {
		if (!is_listed(path, wanted))
			continue;
		result_open_row(result);
		result_number(result, "size", size);
		result_text(result, "path", path);
		result_close_row(result);
	}
	result_close_list(result);
	return COMMAND_DONE;
}

const struct command file_commands[] = {
	{ .name = "ls",
	  .arguments = "[PATH]",
	  .help = "list files",
	  .example = "ls /guests",
	  .max_words = 1,
	  .words = WORDS_FILES,
	  .reads = true,
	  .run = run_ls },
	{ .name = "cat",
	  .arguments = "FILE",
	  .help = "show a file",
	  .example = "cat debian.cfg",
	  .min_words = 1,
	  .max_words = 1,
	  .words = WORDS_FILES,
	  .run = run_cat },
	{ 0 },
};
