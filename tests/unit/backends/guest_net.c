/* SPDX-License-Identifier: MIT */
/* The library's net.c in the guest of fake_guest.h. */
/* clang-format off */
#include "front_side.h"
#include "../../../pv-guest-lib/src/net.c"
/* clang-format on */
