/* SPDX-License-Identifier: MIT */
/* The library's sources under the names of rename.h. */
#define RENAME_LIBRARY
/* clang-format off */
#include "rename.h"
#include "../../../hypervisor/lib/string.c"
#include "../../../hypervisor/lib/printf.c"
/* clang-format on */
