/* SPDX-License-Identifier: MIT */
/*
 * Typing at the line editor: what line comes out, and what is left on a
 * screen that understands as much of a terminal as the editor uses.
 */
#include "cli/line_editor.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

static struct line_editor editor;

/* The lowest line of a terminal. */
static char screen[LINE_SIZE + 16];
static size_t column;

static void screen_escape(const char **text)
{
	long number = strtol(*text + 2, (char **)text, 10);

	if (**text == 'K')
		memset(screen + column, 0, sizeof(screen) - column);
	else if (**text == 'D')
		column -= (size_t)number;
}

static void screen_write(const char *text, size_t size)
{
	const char *end = text + size;

	for (; text < end; text++) {
		if (*text == '\033') {
			screen_escape(&text);
		} else if (*text == '\r') {
			column = 0;
		} else if (*text == '\n') {
			memset(screen, 0, sizeof(screen));
		} else {
			CHECK(column < sizeof(screen) - 1);
			screen[column++] = *text;
		}
	}
}

static void offer(struct completion *completion, const char *text,
		  const char *word)
{
	if (word != text) {
		completion_add(completion, "/guests/debian.cfg");
		completion_add(completion, "/guests/hello");
		completion_add(completion, "/guests/hello.cfg");
		return;
	}
	completion_add(completion, "create");
	completion_add(completion, "console");
	completion_add(completion, "pause");
}

static void start(void)
{
	memset(screen, 0, sizeof(screen));
	column = 0;
	line_init(&editor, "> ", offer, screen_write);
	line_begin(&editor);
}

static bool type(const char *keys)
{
	bool done = false;

	for (; *keys; keys++) {
		CHECK(!done);
		done = line_key(&editor, *keys);
	}
	if (done)
		return true;
	CHECK(!strncmp(screen, "> ", 2));
	CHECK_TEXT(screen + 2, editor.text);
	CHECK(column == editor.cursor + 2);
	return false;
}

static void next_line(const char *keys)
{
	CHECK(type(keys));
	line_begin(&editor);
}

static void test_plain(void)
{
	start();
	CHECK(!type("list"));
	CHECK(type("\r"));
	CHECK_TEXT(editor.text, "list");
	line_begin(&editor);
	CHECK(!line_key(&editor, '\n')); /* of CR LF */
	CHECK(type("x\n"));
	CHECK_TEXT(editor.text, "x");
}

static void test_cursor(void)
{
	start();
	type("bd\033[Dc\033[D\033[D\033[Da\033[Ce\x7f");
	CHECK_TEXT(editor.text, "abcd");
	type("\033[H1\033[F2\x01"
	     "0\x05"
	     "3\033[1~9\033[4~4");
	CHECK_TEXT(editor.text, "901abcd234");
	type("\033[H\033[3~\x04\033OC\x0b");
	CHECK_TEXT(editor.text, "1");
	type("\033[D\033[D\033[D\033[C\033[C\033[C2 34  56\x17");
	CHECK_TEXT(editor.text, "12 34  ");
	type("\x17");
	CHECK_TEXT(editor.text, "12 ");
	type("\x02\x02\x15");
	CHECK_TEXT(editor.text, "2 ");
	type("\x03");
	CHECK_TEXT(editor.text, "");
	type("\x08\x7f\x04\x17\x15\x0b\033[3~\033x\033[99Z\033[5~");
	CHECK_TEXT(editor.text, "");
}

static void test_history(void)
{
	start();
	next_line("one\r");
	next_line("two\r");
	next_line("two\r");
	next_line("\r");
	type("draft\033[A");
	CHECK_TEXT(editor.text, "two");
	type("\033[A");
	CHECK_TEXT(editor.text, "one");
	type("\033[A\x10");
	CHECK_TEXT(editor.text, "one");
	type("\033[B\x0e\033[B\033[B");
	CHECK_TEXT(editor.text, "draft");
	next_line("\033[A\033[A!\r");
	type("\033[A");
	CHECK_TEXT(editor.text, "one!");
}

static void test_history_is_bounded(void)
{
	char text[] = "a00\r";
	unsigned int i;

	start();
	for (i = 0; i < LINE_HISTORY + 10; i++) {
		text[1] = (char)('0' + i / 10);
		text[2] = (char)('0' + i % 10);
		next_line(text);
	}
	for (i = 0; i < LINE_HISTORY + 10; i++)
		type("\033[A");
	CHECK_TEXT(editor.text, "a10");
}

static void test_full_line(void)
{
	unsigned int i;

	start();
	for (i = 0; i < LINE_SIZE + 10; i++)
		type("x");
	CHECK(editor.length == LINE_SIZE - 1);
	type("\x01y\t");
	CHECK(editor.length == LINE_SIZE - 1);
}

static void test_completion(void)
{
	start();
	type("c\t");
	CHECK_TEXT(editor.text, "c");
	type("r\t");
	CHECK_TEXT(editor.text, "create ");
	type("\t");
	CHECK_TEXT(editor.text, "create /guests/");
	type("h\t");
	CHECK_TEXT(editor.text, "create /guests/hello");
	type("\t.\t");
	CHECK_TEXT(editor.text, "create /guests/hello.cfg ");
	type("none\t");
	CHECK_TEXT(editor.text, "create /guests/hello.cfg none");
	type("\x15pause x\033[D\033[D\033[D\033[D\t");
	CHECK_TEXT(editor.text, "pause se x");
}

static const struct test tests[] = {
	TEST(test_plain),     TEST(test_cursor),
	TEST(test_history),   TEST(test_history_is_bounded),
	TEST(test_full_line), TEST(test_completion),
};

int main(void)
{
	return RUN_TESTS(tests);
}
