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
	struct result *result;

	if (!canonical(name, top))
		return COMMAND_FAILED;
	if (!xs_local_node(top))
		return call_fail("%s: no such node", name);
	memcpy(path, top, sizeof(path));
	result = result_begin(call->json);
	result_open_list(result, NULL, &shape);
	do {
		/* A server that is another program may have changed it. */
		const struct xs_node *node = xs_local_node(path);

		if (node)
			put_node(result, node);
	} while (xs_local_walk(path, top));
	result_close_list(result);
	return COMMAND_DONE;
}

static int run_read(struct command_call *call)
{
	static const struct result_shape shape = { NULL, "{value}" };
	struct result *result;
	const struct xs_node *node;
	char path[XS_PATH_SIZE];

	if (!canonical(call->words[0], path))
		return COMMAND_FAILED;
	node = xs_local_node(path);
	if (!node)
		return call_fail("%s: no such node", call->words[0]);
	result = result_begin(call->json);
	result_open_object(result, NULL, &shape);
	result_text(result, "path", node->path);
	put_value(result, node);
	result_close_object(result);
	return COMMAND_DONE;
}

static int run_write(struct command_call *call)
{
	char path[XS_PATH_SIZE];
	int i, rc = 0;

	if (call->count % 2)
		return call_usage(call, "a value is missing");
	for (i = 0; i < call->count && !rc; i += 2) {
		if (!canonical(call->words[i], path))
			return COMMAND_FAILED;
		rc = xs_local_write(path, call->words[i + 1]);
		if (rc)
			return call_fail_rc(call->words[i], rc);
	}
	return COMMAND_DONE;
}

static int run_rm(struct command_call *call)
{
	char path[XS_PATH_SIZE];
	int i, rc;

	for (i = 0; i < call->count; i++) {
		if (!canonical(call->words[i], path))
			return COMMAND_FAILED;
		rc = xs_local_rm(path);
		if (rc)
			return call_fail_rc(call->words[i], rc);
	}
	return COMMAND_DONE;
}

/* watch ------------------------------------------------------------------- */

/* What has changed and is not shown yet: handlers must not be long. */
static struct {
	char paths[32][XS_PATH_SIZE];
	size_t count;
	bool lost;
} changes;

static void note_change(void *context, const char *changed)
{
	(void)context;
	if (changes.count == sizeof(changes.paths) / sizeof(changes.paths[0])) {
		changes.lost = true;
		return;
	}
	snprintf(changes.paths[changes.count++], XS_PATH_SIZE, "%s", changed);
}

static void show_changes(bool is_json)
{
	static const struct result_shape shape = { NULL, "{path}" };
	struct result *result;
	size_t i;

	for (i = 0; i < changes.count; i++) {
		result = result_begin(is_json);
		result->json.one_line = true;
		result_open_object(result, NULL, &shape);
		result_text(result, "path", changes.paths[i]);
		result_close_object(result);
	}
	if (changes.lost)
		call_fail("more changes than could be shown");
	changes.count = 0;
	changes.lost = false;
}

static const struct command_option watch_options[] = {
	{ 'n', NULL, "COUNT" },
	{ 0 },
};

/* The first line is the node itself, as a watch begins. */
static int follow_changes(bool is_json, unsigned long most)
{
	unsigned long shown = 0;

	for (;;) {
		xs_local_deliver();
		shown += changes.count;
		show_changes(is_json);
		if (shown >= most || cli_interrupted())
			return COMMAND_DONE;
		cli_wait();
	}
}

static int run_watch(struct command_call *call)
{
	const char *count = call_value(call, 'n');
	unsigned long most = ~0ul;
	struct xs_local_watch *watch;
	char path[XS_PATH_SIZE];
	int status;

	if (count && !call_number(count, &most))
		return call_usage(call, "%s is no number", count);
	if (!canonical(call->words[0], path))
		return COMMAND_FAILED;
	changes.count = 0;
	changes.lost = false;
	watch = xs_local_watch(path, note_change, NULL);
	if (!watch)
		return call_fail("out of memory");
	status = follow_changes(call->json, most);
	xs_local_unwatch(watch);
	return status;
}

const struct command xenstore_commands[] = {
	{ .name = "xenstore-ls",
	  .arguments = "[PATH]",
	  .help = "the nodes of xenstore, from PATH on",
	  .example = "xenstore-ls /local/domain/1",
	  .max_words = 1,
	  .reads = true,
	  .run = run_ls },
	{ .name = "xenstore-read",
	  .arguments = "PATH",
	  .help = "the value of a node",
	  .example = "xenstore-read /local/domain/1/name",
	  .min_words = 1,
	  .max_words = 1,
	  .reads = true,
	  .run = run_read },
	{ .name = "xenstore-write",
	  .arguments = "PATH VALUE [PATH VALUE]...",
	  .help = "change nodes, or make them",
	  .example = "xenstore-write /tool/example 1",
	  .min_words = 2,
	  .max_words = 14,
	  .run = run_write },
	{ .name = "xenstore-rm",
	  .arguments = "PATH...",
	  .help = "remove nodes with everything below",
	  .example = "xenstore-rm /tool/example",
	  .min_words = 1,
	  .max_words = 15,
	  .run = run_rm },
	{ .name = "xenstore-watch",
	  .arguments = "[-n COUNT] PATH",
	  .help = "what changes below PATH, until Ctrl-C",
	  .example = "xenstore-watch -n 1 /local/domain",
	  .options = watch_options,
	  .min_words = 1,
	  .max_words = 1,
	  .reads = true,
	  .run = run_watch },
	{ 0 },
};
