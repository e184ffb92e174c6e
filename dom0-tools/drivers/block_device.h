/* SPDX-License-Identifier: MIT */
/*
 * A disk, as those see it who use one: back ends, partitions, the command
 * line. Drivers, partitions and RAM disks are all struct block_device.
 *
 * Owns: the list of devices of this machine, in the order of registration.
 * Context: one thread. submit() never waits; done() runs inside submit() or
 * in an event handler, and may submit again.
 * Errors: 0 or a negative XEN_E*; an error of the device is an error of the
 * request and of nothing else.
 */
#ifndef DRIVERS_BLOCK_DEVICE_H
#define DRIVERS_BLOCK_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

/* The unit of all sector numbers, whatever the device's own sector size. */
#define BLOCK_SECTOR 512u

enum block_op {
	BLOCK_READ,
	BLOCK_WRITE,
	BLOCK_FLUSH,   /* all writes that were done before survive power-off */
	BLOCK_DISCARD, /* contents are no longer needed */
};

/* Bytes of one page of memory, within it; a multiple of BLOCK_SECTOR. */
struct block_segment {
	void *va;       /* where the control domain has it mapped */
	uint64_t maddr; /* machine address, for DMA */
	uint32_t bytes;
};

/* The submitter owns it, and must keep it until done() is called. */
struct block_request {
	enum block_op op;
	uint64_t sector;
	uint32_t sectors; /* also for BLOCK_DISCARD; 0 for BLOCK_FLUSH */
	struct block_segment *segments; /* their sum is `sectors` */
	unsigned int segment_count;
	void (*done)(struct block_request *request, int error);
	void *context; /* the submitter's */

	/*
	 * The device's, between submit() and done(); so are the two fields
	 * above, done and context, and sector. All are as they were when
	 * done() runs.
	 */
	struct block_request *next;
	uint64_t device_data[4];
};

struct block_device;

struct block_ops {
	/*
	 * Takes a request that block_submit() has checked. Queues it itself
	 * when the hardware has no room.
	 */
	void (*submit)(struct block_device *device,
		       struct block_request *request);
	/* Makes the hardware begin what was submitted; may be NULL. */
	void (*kick)(struct block_device *device);
};

struct block_device {
	struct block_device *next;
	char name[32];        /* "vd0", "nvme0n1", "sd0", "vd0p1" */
	uint64_t sectors;     /* size in BLOCK_SECTOR */
	uint32_t sector_size; /* 512 or 4096: alignment of requests */
	uint32_t max_sectors; /* of one request */
	unsigned int max_segments;
	bool read_only, has_flush, has_discard;
	const struct block_device *whole; /* of a partition: its disk */
	const struct block_ops *ops;
	void *driver; /* the driver's own */
};

/*
 * Checks the request against the device (range, alignment, limits,
 * read-only) and hands it over; what is wrong is reported by done().
 */
void block_submit(struct block_device *device, struct block_request *request);
void block_kick(struct block_device *device);

/* The device stays the caller's and must exist for as long as we run. */
void block_register(struct block_device *device);
/* The first free name of a kind: "vd0", "vd1"... for "vd". */
void block_name(struct block_device *device, const char *kind);
struct block_device *block_find(const char *name); /* NULL: none */
/* Begin with NULL, ends with NULL. */
struct block_device *block_next(const struct block_device *device);

#endif
