/* SPDX-License-Identifier: MIT */
/*
 * What all disk drivers have in common, between block_device.h and the
 * hardware: requests wait in order for one of `depth` tags, discards are cut
 * to what a command can say, and a device that makes no progress is reset.
 *
 * Owns: a request from block_queue_submit() to its done(). Of device_data it
 * uses [0] and [1]; [2] and [3] are the partitions'.
 * Context: one thread; everything may call everything.
 */
#ifndef DRIVERS_BLOCK_QUEUE_H
#define DRIVERS_BLOCK_QUEUE_H

#include <pvguest/time.h>

#include "drivers/block_device.h"

#define BLOCK_DEPTH_MAX 256

struct block_queue;

/* One command: a whole request, or a part of a discard. */
struct block_command {
	struct block_request *request;
	struct block_device *device;
	uint64_t sector;
	uint32_t sectors;
};

struct block_queue_ops {
	/*
	 * Gives the command to the hardware. -XEN_EAGAIN: not before another
	 * command is done. Any other error fails the request.
	 */
	int (*start)(struct block_queue *queue, unsigned int tag,
		     const struct block_command *command);
	/* The hardware shall look at what was started; may be NULL. */
	void (*kick)(struct block_queue *queue);
	/* As the interrupt handler: reports what is done. */
	void (*poll)(struct block_queue *queue);
	/*
	 * Stops the device, so that it touches no memory of a request any
	 * more, and starts it anew. An error: it is lost.
	 */
	int (*reset)(struct block_queue *queue);
};

struct block_queue {
	const struct block_queue_ops *ops;
	void *driver;
	const char *name; /* for messages */
	unsigned int depth;
	uint32_t discard_max; /* sectors of one command */

	struct block_request *waiting, **waiting_end;
	struct block_command active[BLOCK_DEPTH_MAX]; /* by tag */
	uint16_t free_tags[BLOCK_DEPTH_MAX];
	unsigned int free_count;
	struct pv_timer timer;
	unsigned long progress; /* commands that were done */
	bool dead, pumping;
};

/* Without any progress for that long a device is reset. */
extern uint64_t block_timeout_ns;

/* The fields up to discard_max (0: no limit) are the caller's to set. */
void block_queue_init(struct block_queue *queue);

/* For block_ops: hand on, and let the hardware begin. */
void block_queue_submit(struct block_queue *queue, struct block_device *device,
			struct block_request *request);
void block_queue_kick(struct block_queue *queue);

/* The command of this tag is done; a tag that is not in use is passed over. */
void block_queue_done(struct block_queue *queue, unsigned int tag, int error);
unsigned int block_queue_active(const struct block_queue *queue);
/*
 * Takes back all that the hardware has, because the device has dropped it, and
 * starts it again before all that waits.
 */
void block_queue_requeue(struct block_queue *queue);

#endif /* DRIVERS_BLOCK_QUEUE_H */
