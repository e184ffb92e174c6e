/* SPDX-License-Identifier: MIT */
/*
 * The verbs about xenstore. A value is a guest's text: what is not printable
 * is shown as \xNN.
 */
#include <stdio.h>
#include <string.h>

#include "cli/cli.h"
#include "cli/commands.h"
#include "cli/groups.h"
#include "cli/result.h"
#include "toolstack/hypercalls.h"
#include "xenstore/local.h"

#define VALUE_SIZE 1024

static void escape(char *text, size_t room, const char *value, size_t size)
{
	size_t i, length = 0;

	text[0] = '\0';
	for (i = 0; i < size && length + 5 < room; i++) {
		unsigned char c = (unsigned char)value[i];
		bool plain = c >= 0x20 && c < 0x7f && c != '"' && c != '\\';

		snprintf(text + length, room - length, plain ? "%c" : "\\x%02x",
			 c);
		length += plain ? 1 : 4;
	}
}

/* JSON has escapes of its own. */
static void put_value(struct result *result, const struct xs_node *node)
{
	static char text[4 * VALUE_SIZE];

	if (result->is_json) {
		result_bytes(result, "value", node->value, node->value_size);
		return;
	}
	escape(text, sizeof(text), node->value, node->value_size);
	result_text(result, "value", text);
}

static void put_node(struct result *result, const struct xs_node *node)
{
	result_open_row(result);
	result_text(result, "path", node->path);
	put_value(result, node);
	result_close_row(result);
}

/* False after saying that the name is none. */
static bool canonical(const char *name, char path[XS_PATH_SIZE])
{
	if (xs_path_canonical(path, TK_DOMID_CONTROL, name, strlen(name) + 1))
		return true;
	call_fail("%s: no such node", name);
	return false;
}

static int run_ls(struct command_call *call)
{
	static const struct result_shape shape = { NULL,
						   "{path} = \"{value}\"" };
	const char *name = call->count ? call->words[0] : "/";
	char top[XS_PATH_SIZE], path[XS_PATH_SIZE];
	static struct result result;

	if (!canonical(name, top))
		return COMMAND_FAILED;
	if (!xs_local_node(top))
		return call_fail("%s: no such node", name);
	memcpy(path, top, sizeof(path));
	result_begin(&result, call->json);
	result_open_list(&result, NULL, &shape);
	do {
		put_node(&result, xs_local_node(path));
	} while (xs_local_walk(path, top));
	result_close_list(&result);
	return COMMAND_DONE;
}

const struct command xenstore_commands[] = {
	{ .name = "xenstore-ls",
	  .arguments = "[PATH]",
	  .help = "the nodes of xenstore, from PATH on",
	  .example = "xenstore-ls /local/domain/0",
	  .max_words = 1,
	  .reads = true,
	  .run = run_ls },
	{ 0 },
};
