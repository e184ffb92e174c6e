/* SPDX-License-Identifier: MIT */
/*
 * Kernel files in every packing: any bytes are either refused with one line
 * and nothing allocated, or unpack to no more than the limit, and what comes
 * out can go to the ELF reader.
 */
#include <string.h>

#include "check.h"
#include "image_is_sound.h"
#include "toolstack/bzimage.h"
#include "toolstack/elf.h"

#define LIMIT (256u << 10)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tk_kernel_image image;
	struct tk_elf_blob blob;
	struct tk_error err = { "" };
	const struct tk_unpack_limits limits = { .max_size = LIMIT };

	if (tk_kernel_unpack(&blob, data, size, &limits, &err)) {
		FUZZ_CHECK(*err.text && !strchr(err.text, '\n'));
		FUZZ_CHECK(!blob.owned);
		return 0;
	}
	FUZZ_CHECK(blob.size <= LIMIT);
	if (!tk_elf_parse(&image, blob.data, blob.size, &err))
		FUZZ_CHECK(image_is_sound(&image, blob.size));
	tk_elf_blob_free(&blob);
	return 0;
}
