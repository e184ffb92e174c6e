/* SPDX-License-Identifier: MIT */
/* The attacks; included several times with different definitions of ATTACK. */
/* clang-format off */
ATTACK(T01)
ATTACK(T02)
ATTACK(T03)
ATTACK(T04)
ATTACK(T05)
ATTACK(T06)
ATTACK(T07)
ATTACK(T08)
ATTACK(T09)
/* clang-format on */
