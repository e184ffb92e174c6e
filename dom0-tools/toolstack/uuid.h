/* SPDX-License-Identifier: MIT */
/* The numbers that machines are told apart by, as text. */
#ifndef TOOLSTACK_UUID_H
#define TOOLSTACK_UUID_H

#include <stdint.h>

#define TK_UUID_SIZE      16
#define TK_UUID_TEXT_SIZE 37

/* 01234567-89ab-cdef-0123-456789abcdef */
void tk_uuid_print(char text[TK_UUID_TEXT_SIZE],
		   const uint8_t uuid[TK_UUID_SIZE]);

#endif /* TOOLSTACK_UUID_H */
