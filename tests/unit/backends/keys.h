/* SPDX-License-Identifier: MIT */
/*
 * Keys of the real store, as the tests of back ends and front ends write and
 * look at them.
 */
#ifndef TESTS_UNIT_BACKENDS_KEYS_H
#define TESTS_UNIT_BACKENDS_KEYS_H

#include <stdint.h>

void key_put(const char *directory, const char *key, const char *value);
void key_put_number(const char *directory, const char *key, uint64_t number);
/* "" when there is none; valid until the next call. */
const char *key_get(const char *directory, const char *key);

#endif /* TESTS_UNIT_BACKENDS_KEYS_H */
