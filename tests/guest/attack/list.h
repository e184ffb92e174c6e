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
ATTACK(T12)
ATTACK(T13)
ATTACK(T16)
ATTACK(T17)
ATTACK(T18)
ATTACK(T19)
ATTACK(T20)
ATTACK(T21)
ATTACK(T22)
/* clang-format on */
