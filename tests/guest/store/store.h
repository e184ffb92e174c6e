/* SPDX-License-Identifier: MIT */
/*
 * Xenstore for test guests: one request at a time over the ring that the
 * toolstack has set up, waiting for the answer. No watches, no transactions.
 */
#ifndef TESTS_GUEST_STORE_STORE_H
#define TESTS_GUEST_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void store_init(void);

/* Paths are relative to the guest's own directory, or absolute. */
bool store_write(const char *path, const char *value);
bool store_remove(const char *path);
/* The value as text, cut to fit; false: an error. */
bool store_read(const char *path, char *value, size_t size);

bool store_write_number(const char *path, uint64_t value);
/* 0 when it is none. */
uint64_t store_read_number(const char *path);

#endif /* TESTS_GUEST_STORE_STORE_H */
