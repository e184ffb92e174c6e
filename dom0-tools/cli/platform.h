/* SPDX-License-Identifier: MIT */
/*
 * What the command line needs from the program that it is part of, beyond
 * the toolstack's primitives: a terminal and the files under /guests. The
 * control domain has it in kernel/platform.c, the host tests have their own.
 */
#ifndef CLI_PLATFORM_H
#define CLI_PLATFORM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * What was typed since the last call, up to `size` bytes; 0 when there is
 * nothing. Does not wait: arriving input ends tk_wait().
 */
size_t platform_read(char *buffer, size_t size);

/* Bytes as they are; the terminal turns nothing into anything else. */
void platform_write(const char *text, size_t size);

/* The same, for what tells of a failure. */
void platform_write_error(const char *text, size_t size);

/*
 * A verb wants keys one by one as they are typed, until it says otherwise. A
 * prompt of our own always has them.
 */
void platform_grab_keys(bool grab);

/*
 * The whole of a file, by its full path, which stays where it is. Negative
 * when there is none.
 */
int platform_file(const char *path, const void **data, size_t *size);

/* What the program itself holds: its back ends give back all that they take. */
struct platform_holds {
	size_t heap_bytes;    /* allocated by malloc() */
	size_t pages;         /* beside the heap */
	size_t mapped_grants; /* pages of guests */
	unsigned int ports;   /* event channels */
};
struct platform_holds platform_holds(void);

/*
 * Bytes that a network card of a guest, by the name of its port, has sent
 * and received since it was attached; false when they are not known.
 */
struct platform_traffic {
	uint64_t sent;
	uint64_t received;
};
bool platform_port_traffic(const char *port, struct platform_traffic *traffic);

/*
 * What a guest has done with its disk `number` since that was attached; false
 * when it is not known.
 */
struct platform_disk_use {
	uint64_t waits; /* the back end had no room for a request */
	uint64_t reads, read_sectors;
	uint64_t writes, written_sectors;
};
bool platform_disk_use(uint16_t domid, uint32_t number,
		       struct platform_disk_use *use);

/* A disk in memory, by the name that the toolstack gave its contents. */
void platform_forget_contents(const char *contents);

/* Full path of the index-th file, NULL past the last; and its size. */
const char *platform_file_at(size_t index, size_t *size);

/*
 * Guests have come to be that somebody has to look after: where the program
 * that made them ends, another process takes over. False when that fails.
 */
bool platform_keep_guests(void);

/* What else ends the machine, when that is not ours to do; or NULL. */
const char *platform_not_our_machine(void);

#endif /* CLI_PLATFORM_H */
