/* SPDX-License-Identifier: MIT */
/*
 * Names of a kernel's functions, from its ELF file or from a System.map:
 * lines "ADDRESS TYPE NAME". The bytes are not trusted.
 *
 * Owns: a sorted list, until tk_symbols_free(); names stay in the file, which
 * must outlive it.
 */
#ifndef TOOLSTACK_SYMBOLS_H
#define TOOLSTACK_SYMBOLS_H

#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct tk_symbol {
	uint64_t address;
	const char *name; /* without NUL */
	size_t length;
};

struct tk_symbols {
	struct tk_symbol *list;
	size_t count, room;
};

/* Without any symbols: the error says so. */
tk_must_check int tk_symbols_load(struct tk_symbols *symbols, const void *data,
				  uint64_t size, struct tk_error *err);
void tk_symbols_free(struct tk_symbols *symbols);

/* The last one at or below the address; NULL: none. */
const struct tk_symbol *tk_symbols_find(const struct tk_symbols *symbols,
					uint64_t address);

#endif /* TOOLSTACK_SYMBOLS_H */
