/* SPDX-License-Identifier: MIT */
/*
 * ELF kernels: any bytes are either refused with one line, or the result has
 * every property that elf.h promises to the domain builder.
 */
#include <string.h>

#include "check.h"
#include "image_is_sound.h"
#include "toolstack/elf.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tk_kernel_image image;
	struct tk_error err = { "" };

	if (tk_elf_parse(&image, data, size, &err))
		FUZZ_CHECK(*err.text && !strchr(err.text, '\n'));
	else
		FUZZ_CHECK(image_is_sound(&image, size));
	return 0;
}
