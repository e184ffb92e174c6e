/* SPDX-License-Identifier: MIT */
/* The library's block_data.c in the guest of fake_guest.h. */
/* clang-format off */
#include "front_side.h"
#include "../../../pv-guest-lib/src/block_data.c"
/* clang-format on */
