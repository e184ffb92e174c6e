/* SPDX-License-Identifier: MIT */
/*
 * Symbols: any bytes are either refused with one line, or give a sorted list
 * of names that lie inside them.
 */
#include <string.h>

#include "check.h"
#include "toolstack/symbols.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tk_symbols symbols;
	struct tk_error err = { "" };
	size_t i;

	if (tk_symbols_load(&symbols, data, size, &err)) {
		FUZZ_CHECK(*err.text && !strchr(err.text, '\n'));
		return 0;
	}
	for (i = 0; i < symbols.count; i++) {
		const struct tk_symbol *symbol = &symbols.list[i];
		const char *start = (const char *)data;

		FUZZ_CHECK(symbol->name >= start &&
			   symbol->name + symbol->length <= start + size);
		FUZZ_CHECK(!i || symbol[-1].address <= symbol->address);
		FUZZ_CHECK(
			tk_symbols_find(&symbols, symbol->address)->address ==
			symbol->address);
	}
	tk_symbols_free(&symbols);
	return 0;
}
