/* SPDX-License-Identifier: MIT */
/*
 * Editing of one line at a prompt: cursor keys, history, completion. Gets
 * bytes as they come from a terminal and gives a line when it is complete;
 * it never waits, so the caller can do other things meanwhile.
 *
 * Owns: its history. The text of a complete line is valid until the next
 * call.
 * Keys: left, right, home, end, delete, backspace, up, down, tab, and the
 * usual ^A ^B ^C ^D ^E ^F ^K ^L ^N ^P ^U ^W.
 */
#ifndef CLI_LINE_EDITOR_H
#define CLI_LINE_EDITOR_H

#include <stdbool.h>
#include <stddef.h>

#define LINE_SIZE    256
#define LINE_HISTORY 64

/*
 * Offers completions of the word that ends the text left of the cursor, by
 * calling completion_add() for each; `word` is where that word begins.
 */
struct completion;
typedef void line_complete(struct completion *completion, const char *text,
			   const char *word);

struct line_editor {
	const char *prompt;
	line_complete *complete;
	void (*write)(const char *text, size_t size);

	char text[LINE_SIZE]; /* NUL-terminated */
	size_t length;
	size_t cursor;

	char history[LINE_HISTORY][LINE_SIZE]; /* oldest first */
	size_t n_history;
	size_t recalled;       /* n_history: the new line itself */
	char draft[LINE_SIZE]; /* the new line, while an old one is shown */

	enum {
		KEY_PLAIN,
		KEY_ESCAPE,
		KEY_SEQUENCE
	} state;
	unsigned int parameter; /* number inside an escape sequence */
	char last_end;          /* to take CR LF for one end of line */
};

void line_init(struct line_editor *editor, const char *prompt,
	       line_complete *complete,
	       void (*write)(const char *text, size_t size));

/* Shows the prompt and an empty line. */
void line_begin(struct line_editor *editor);
/* Shows prompt and line again, after something else was written. */
void line_redraw(struct line_editor *editor);
/* Clears the prompt from the screen, before something else is written. */
void line_hide(struct line_editor *editor);

/* Takes one byte; true when the line is complete and in editor->text. */
bool line_key(struct line_editor *editor, char byte);

/* Longest common beginning and number of the offers, for tab. */
struct completion {
	const char *word;
	size_t word_length;
	bool list; /* show offers instead of counting them */
	struct line_editor *editor;
	size_t count;
	char common[LINE_SIZE];
};

/* Ignored unless `candidate` begins with the word. */
void completion_add(struct completion *completion, const char *candidate);

#endif /* CLI_LINE_EDITOR_H */
