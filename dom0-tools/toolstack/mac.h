/* SPDX-License-Identifier: MIT */
/* MAC addresses as text: six bytes in hexadecimal with colons between. */
#ifndef TOOLSTACK_MAC_H
#define TOOLSTACK_MAC_H

#include <stdbool.h>
#include <stdint.h>

#define TK_MAC_SIZE      6
#define TK_MAC_TEXT_SIZE 18

/* False: that is not one. */
bool tk_mac_parse(const char *text, uint8_t mac[TK_MAC_SIZE]);
void tk_mac_print(char text[TK_MAC_TEXT_SIZE], const uint8_t mac[TK_MAC_SIZE]);

#endif /* TOOLSTACK_MAC_H */
