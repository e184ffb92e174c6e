/* SPDX-License-Identifier: MIT */
/* The library's net_open.c in the guest of fake_guest.h. */
/* clang-format off */
#include "front_side.h"
#include "../../../pv-guest-lib/src/net_open.c"
/* clang-format on */
