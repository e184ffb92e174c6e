/* SPDX-License-Identifier: MIT */
/*
 * The line editor; see line_editor.h. Redraws the whole line after every
 * change that is not at its end: lines are short, and it cannot go wrong.
 */
#include "line_editor.h"

#include <stdio.h>
#include <string.h>

#define CONTROL(letter) ((letter)&0x1f)
#define ESCAPE          0x1b
#define DELETE          0x7f

static void put(struct line_editor *editor, const char *text)
{
	editor->write(text, strlen(text));
}

void line_init(struct line_editor *editor, const char *prompt,
	       line_complete *complete,
	       void (*write)(const char *text, size_t size))
{
	memset(editor, 0, sizeof(*editor));
	editor->prompt = prompt;
	editor->complete = complete;
	editor->write = write;
}

/* Drawing ----------------------------------------------------------------- */

void line_hide(struct line_editor *editor)
{
	put(editor, "\r\033[K");
}

void line_redraw(struct line_editor *editor)
{
	char move[16];

	line_hide(editor);
	put(editor, editor->prompt);
	editor->write(editor->text, editor->length);
	if (editor->cursor == editor->length)
		return;
	snprintf(move, sizeof(move), "\033[%uD",
		 (unsigned int)(editor->length - editor->cursor));
	put(editor, move);
}

void line_begin(struct line_editor *editor)
{
	editor->text[0] = '\0';
	editor->length = 0;
	editor->cursor = 0;
	editor->recalled = editor->n_history;
	editor->state = KEY_PLAIN;
	put(editor, editor->prompt);
}

/* Changing the text ------------------------------------------------------- */

static void insert(struct line_editor *editor, const char *text, size_t size)
{
	if (size >= LINE_SIZE - editor->length)
		return;
	memmove(editor->text + editor->cursor + size,
		editor->text + editor->cursor,
		editor->length - editor->cursor + 1);
	memcpy(editor->text + editor->cursor, text, size);
	editor->length += size;
	editor->cursor += size;
	if (editor->cursor == editor->length)
		editor->write(text, size);
	else
		line_redraw(editor);
}

static void erase(struct line_editor *editor, size_t from, size_t to)
{
	memmove(editor->text + from, editor->text + to,
		editor->length - to + 1);
	editor->length -= to - from;
	editor->cursor = from;
	line_redraw(editor);
}

static void erase_word(struct line_editor *editor)
{
	size_t from = editor->cursor;

	while (from && editor->text[from - 1] == ' ')
		from--;
	while (from && editor->text[from - 1] != ' ')
		from--;
	erase(editor, from, editor->cursor);
}

static void move_to(struct line_editor *editor, size_t cursor)
{
	if (cursor > editor->length)
		return;
	editor->cursor = cursor;
	line_redraw(editor);
}

/* History ----------------------------------------------------------------- */

static void set_text(struct line_editor *editor, const char *text)
{
	size_t length = strlen(text);

	memmove(editor->text, text, length + 1);
	editor->length = length;
	editor->cursor = length;
	line_redraw(editor);
}

static void recall(struct line_editor *editor, size_t which)
{
	if (which > editor->n_history)
		return;
	if (editor->recalled == editor->n_history)
		memcpy(editor->draft, editor->text, LINE_SIZE);
	editor->recalled = which;
	set_text(editor, which == editor->n_history ? editor->draft
						    : editor->history[which]);
}

static void remember(struct line_editor *editor)
{
	size_t n = editor->n_history;

	if (!editor->length ||
	    (n && !strcmp(editor->history[n - 1], editor->text)))
		return;
	if (n == LINE_HISTORY) {
		memmove(editor->history[0], editor->history[1],
			sizeof(editor->history) - LINE_SIZE);
		n--;
	}
	memcpy(editor->history[n], editor->text, LINE_SIZE);
	editor->n_history = n + 1;
}

/* Completion -------------------------------------------------------------- */

static void keep_common(struct completion *completion, const char *candidate)
{
	size_t i = 0;

	while (completion->common[i] && completion->common[i] == candidate[i])
		i++;
	completion->common[i] = '\0';
}

void completion_add(struct completion *completion, const char *candidate)
{
	size_t size = strlen(candidate) + 1;

	if (strncmp(candidate, completion->word, completion->word_length) !=
		    0 ||
	    size > LINE_SIZE)
		return;
	if (completion->list) {
		put(completion->editor, candidate);
		put(completion->editor, "  ");
	} else if (completion->count++) {
		keep_common(completion, candidate);
	} else {
		memcpy(completion->common, candidate, size);
	}
}

static void list_offers(struct line_editor *editor,
			struct completion *completion, const char *text)
{
	completion->list = true;
	put(editor, "\r\n");
	editor->complete(completion, text, completion->word);
	put(editor, "\r\n");
	line_redraw(editor);
}

static void complete_word(struct line_editor *editor)
{
	char text[LINE_SIZE];
	struct completion completion = { .editor = editor };
	char *word;

	if (!editor->complete)
		return;
	memcpy(text, editor->text, editor->cursor);
	text[editor->cursor] = '\0';
	word = strrchr(text, ' ');
	word = word ? word + 1 : text;
	completion.word = word;
	completion.word_length = strlen(word);
	editor->complete(&completion, text, word);

	if (!completion.count)
		return;
	insert(editor, completion.common + completion.word_length,
	       strlen(completion.common) - completion.word_length);
	if (completion.count == 1)
		insert(editor, " ", 1);
	else if (strlen(completion.common) == completion.word_length)
		list_offers(editor, &completion, text);
}

/* Keys -------------------------------------------------------------------- */

static void erase_left(struct line_editor *editor)
{
	if (editor->cursor)
		erase(editor, editor->cursor - 1, editor->cursor);
}

static void erase_right(struct line_editor *editor)
{
	if (editor->cursor < editor->length)
		erase(editor, editor->cursor, editor->cursor + 1);
}

static void sequence_key(struct line_editor *editor, char final)
{
	switch (final) {
	case 'A':
		recall(editor, editor->recalled - 1);
		break;
	case 'B':
		recall(editor, editor->recalled + 1);
		break;
	case 'C':
		move_to(editor, editor->cursor + 1);
		break;
	case 'D':
		move_to(editor, editor->cursor - 1);
		break;
	case 'H':
		move_to(editor, 0);
		break;
	case 'F':
		move_to(editor, editor->length);
		break;
	case '~':
		if (editor->parameter == 1 || editor->parameter == 7)
			move_to(editor, 0);
		else if (editor->parameter == 4 || editor->parameter == 8)
			move_to(editor, editor->length);
		else if (editor->parameter == 3)
			erase_right(editor);
		break;
	default:
		break;
	}
}

/* ESC [ number ; number letter, or ESC O letter. */
static void escape_byte(struct line_editor *editor, char byte)
{
	if (editor->state == KEY_ESCAPE) {
		editor->parameter = 0;
		editor->state =
			byte == '[' || byte == 'O' ? KEY_SEQUENCE : KEY_PLAIN;
		return;
	}
	if (byte >= '0' && byte <= '9') {
		editor->parameter =
			(editor->parameter * 10 + (unsigned int)(byte - '0')) %
			1000;
		return;
	}
	if (byte == ';')
		return;
	editor->state = KEY_PLAIN;
	sequence_key(editor, byte);
}

static void control_key(struct line_editor *editor, char byte)
{
	switch (byte) {
	case CONTROL('A'):
		move_to(editor, 0);
		break;
	case CONTROL('B'):
		move_to(editor, editor->cursor - 1);
		break;
	case CONTROL('C'):
		put(editor, "^C\r\n");
		line_begin(editor);
		break;
	case CONTROL('D'):
		erase_right(editor);
		break;
	case CONTROL('E'):
		move_to(editor, editor->length);
		break;
	case CONTROL('F'):
		move_to(editor, editor->cursor + 1);
		break;
	case CONTROL('H'):
	case DELETE:
		erase_left(editor);
		break;
	case CONTROL('I'):
		complete_word(editor);
		break;
	case CONTROL('K'):
		erase(editor, editor->cursor, editor->length);
		break;
	case CONTROL('L'):
		put(editor, "\033[H\033[2J");
		line_redraw(editor);
		break;
	case CONTROL('N'):
		recall(editor, editor->recalled + 1);
		break;
	case CONTROL('P'):
		recall(editor, editor->recalled - 1);
		break;
	case CONTROL('U'):
		erase(editor, 0, editor->cursor);
		break;
	case CONTROL('W'):
		erase_word(editor);
		break;
	case ESCAPE:
		editor->state = KEY_ESCAPE;
		break;
	default:
		break;
	}
}

static bool is_line_end(struct line_editor *editor, char byte)
{
	char last = editor->last_end;

	editor->last_end = byte == '\r' || byte == '\n' ? byte : '\0';
	return byte == '\r' || (byte == '\n' && last != '\r');
}

bool line_key(struct line_editor *editor, char byte)
{
	if (is_line_end(editor, byte)) {
		put(editor, "\r\n");
		remember(editor);
		editor->state = KEY_PLAIN;
		return true;
	}
	if (editor->state != KEY_PLAIN)
		escape_byte(editor, byte);
	else if ((unsigned char)byte < ' ' || byte == DELETE)
		control_key(editor, byte);
	else
		insert(editor, &byte, 1);
	return false;
}
