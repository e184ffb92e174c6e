/* SPDX-License-Identifier: MIT */
/*
 * Prompt, autorun and the splitting of lines; see cli.h.
 *
 * Owns: the line editor and the bytes typed ahead.
 */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "cli/autostart.h"
#include "cli/commands.h"
#include "cli/line_editor.h"
#include "cli/platform.h"
#include "toolstack/build_domain.h"
#include "toolstack/guests.h"
#include "toolstack/hypercalls.h"
#include "toolstack/primitives.h"

#define PROMPT    "tenon> "
#define AUTORUN   "/guests/autorun"
#define WORDS_MAX 16

static struct line_editor editor;
static bool is_prompting;

static struct {
	char bytes[256];
	size_t size;
	size_t next;
} typed;

/* Terminal ---------------------------------------------------------------- */

static void write_lines(void (*write)(const char *text, size_t size),
			const char *text, size_t size)
{
	const char *end = text + size;

	while (text < end) {
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		const char *stop = newline ? newline : end;

		write(text, (size_t)(stop - text));
		if (newline)
			write("\r\n", 2);
		text = stop + (newline ? 1 : 0);
	}
}

void cli_print_text(const char *text, size_t size)
{
	write_lines(platform_write, text, size);
}

void cli_complain(const char *text)
{
	write_lines(platform_write_error, text, strlen(text));
}

void cli_print(const char *format, ...)
{
	char text[2048];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	cli_print_text(text, strlen(text));
}

int cli_input(void)
{
	if (typed.next == typed.size) {
		typed.next = 0;
		typed.size = platform_read(typed.bytes, sizeof(typed.bytes));
	}
	if (typed.next == typed.size)
		return -1;
	return (unsigned char)typed.bytes[typed.next++];
}

bool cli_wait_until(uint64_t deadline)
{
	/* Keys taken in already will raise no event any more. */
	bool is_idle = typed.next == typed.size && !tk_xenstore_poll();

	tk_wait(is_idle ? deadline : 0);
	return tk_clock_ns() < deadline;
}

bool cli_interrupted(void)
{
	int byte;

	while ((byte = cli_input()) >= 0) {
		if (byte == CLI_CONTROL('C'))
			return true;
	}
	return false;
}

/* More than there is room for stays with the terminal. */
static void type_ahead(void)
{
	memmove(typed.bytes, typed.bytes + typed.next, typed.size - typed.next);
	typed.size -= typed.next;
	typed.next = 0;
	if (typed.size < sizeof(typed.bytes))
		typed.size += platform_read(typed.bytes + typed.size,
					    sizeof(typed.bytes) - typed.size);
}

bool cli_interrupt_typed(void)
{
	size_t i;

	type_ahead();
	for (i = typed.size; i > 0; i--) {
		if (typed.bytes[i - 1] == CLI_CONTROL('C')) {
			typed.next = i;
			return true;
		}
	}
	return false;
}

void cli_wait(void)
{
	cli_wait_until(TK_FOREVER);
}

/* Comes at any time, so the line being typed must make room for it. */
static void notice(const char *about, const char *text)
{
	if (is_prompting)
		line_hide(&editor);
	cli_print("%s: %s\n", about, text);
	if (is_prompting)
		line_redraw(&editor);
}

/* Completion -------------------------------------------------------------- */

static void complete_verbs(struct completion *completion)
{
	const struct command *command = NULL;

	while ((command = command_next(command)))
		completion_add(completion, command->name);
}

static void complete_guests(struct completion *completion)
{
	struct tk_guest *guest = NULL;

	while ((guest = tk_guests_next(guest)))
		completion_add(completion, guest->config.name);
}

static void complete_files(struct completion *completion)
{
	size_t i, size;
	const char *path;

	for (i = 0; (path = platform_file_at(i, &size)); i++)
		completion_add(completion, path);
}

static void complete(struct completion *completion, const char *text,
		     const char *word)
{
	char verb[LINE_SIZE];
	const struct command *command;

	if (word == text) {
		complete_verbs(completion);
		return;
	}
	memcpy(verb, text,
	       LINE_SIZE - 1 < (size_t)(word - text) ? LINE_SIZE - 1
						     : (size_t)(word - text));
	verb[strcspn(text, " ")] = '\0';
	command = command_find(verb);
	if (!command)
		return;
	if (command->words == WORDS_VERBS)
		complete_verbs(completion);
	else if (command->words == WORDS_GUESTS)
		complete_guests(completion);
	else if (command->words == WORDS_FILES)
		complete_files(completion);
}

/* Lines ------------------------------------------------------------------- */

/* Takes one word out of *rest, in place: quotes and backslashes as in a shell.
 * NULL when there is none, or a quote is not closed. */
static char *take_word(char **rest, bool *is_open)
{
	char *from = *rest + strspn(*rest, " \t"), *word = from, *to = from;
	char quote = '\0';

	if (!*from)
		return NULL;
	for (; *from && (quote || !strchr(" \t", *from)); from++) {
		if (*from == quote)
			quote = '\0';
		else if (!quote && (*from == '"' || *from == '\''))
			quote = *from;
		else if (*from == '\\' && quote != '\'' && from[1])
			*to++ = *++from;
		else
			*to++ = *from;
	}
	*rest = *from ? from + 1 : from;
	*to = '\0';
	*is_open = quote != '\0';
	return word;
}

/* Splits in place. Returns how many, or -1 after saying what is wrong. */
static int split(char *text, char **words)
{
	bool is_open = false;
	int count = 0;
	char *word;

	while ((word = take_word(&text, &is_open))) {
		if (count == WORDS_MAX) {
			call_fail("more than %d words", WORDS_MAX);
			return -1;
		}
		words[count++] = word;
	}
	if (is_open) {
		call_fail("a quotation mark is not closed");
		return -1;
	}
	words[count] = NULL;
	return count;
}

int cli_execute(const char *line)
{
	char text[LINE_SIZE];
	char *words[WORDS_MAX + 1];
	char **first = words;
	int count;

	snprintf(text, sizeof(text), "%s", line);
	if (text[strspn(text, " \t")] == '#')
		return COMMAND_DONE;
	count = split(text, words);
	/* As typed at another system's prompt. */
	if (count > 1 && (!strcmp(*first, "tenon") || !strcmp(*first, "xl"))) {
		first++;
		count--;
	}
	if (count < 1)
		return count < 0 ? COMMAND_USAGE : COMMAND_DONE;
	return command_run(count, first);
}

/*
 * The lines of the file are typed at the prompt, one after another, each
 * when the one before has finished.
 */
void cli_autorun(void)
{
	const void *data;
	const char *text, *end;
	size_t size;

	if (platform_file(AUTORUN, &data, &size))
		return;
	text = data;
	end = text + size;
	while (text < end) {
		char line[LINE_SIZE];
		const char *newline = memchr(text, '\n', (size_t)(end - text));
		size_t length = (size_t)((newline ? newline : end) - text);

		if (length < sizeof(line)) {
			memcpy(line, text, length);
			line[length] = '\0';
			line[strcspn(line, "\r")] = '\0';
			cli_print(PROMPT "%s\n", line);
			cli_execute(line);
		} else {
			cli_print("error: " AUTORUN ": line too long\n");
		}
		text += length + 1;
	}
}

void cli_prompt(void)
{
	for (;;) {
		int byte;

		line_begin(&editor);
		is_prompting = true;
		do {
			while ((byte = cli_input()) < 0)
				cli_wait();
		} while (!line_key(&editor, (char)byte));
		is_prompting = false;
		cli_execute(editor.text);
	}
}

int cli_find_file(const char *path, const void **data, size_t *size)
{
	char full[LINE_SIZE];

	if (!platform_file(path, data, size))
		return 0;
	snprintf(full, sizeof(full), "/guests/%s", path);
	return platform_file(full, data, size);
}

static const struct tk_guests_host guests_host = {
	.read_file = cli_find_file,
	.notice = notice,
	.forget_contents = platform_forget_contents,
};

static void greet(void)
{
	struct tk_host_info info;

	if (tk_host_info(&info))
		return;
	cli_print("Control domain on Xen ABI %u.%u%s: %u CPUs, %lu MiB free of"
		  " %lu MiB. Type help.\n",
		  info.version_major, info.version_minor, info.version_extra,
		  info.cpus, (unsigned long)(info.free_pages / 256),
		  (unsigned long)(info.total_pages / 256));
}

bool cli_start(void)
{
	struct tk_error err;

	line_init(&editor, PROMPT, complete, platform_write);
	if (!tk_guests_start(&guests_host, &err))
		return true;
	cli_print("error: %s\n", err.text);
	return false;
}

bool cli_main(void)
{
	if (!cli_start())
		return false;
	greet();
	cli_autostart();
	cli_autorun();
	cli_prompt();
	return true;
}
