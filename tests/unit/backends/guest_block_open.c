/* SPDX-License-Identifier: MIT */
/* The library's block_open.c in the guest of fake_guest.h. */
/* clang-format off */
#include "front_side.h"
#include "../../../pv-guest-lib/src/block_open.c"
/* clang-format on */
