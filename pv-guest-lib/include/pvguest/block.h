/* SPDX-License-Identifier: MIT */
/*
 * Disks: the front end of a block device ("vbd"), with many requests under
 * way at once.
 *
 *	pv_block_open(), and pv_block_info() says what the disk can
 *	pv_block_submit() ... pv_block_kick()  ->  request->done()
 *	or one request at a time: pv_block_do()
 *	pv_block_close()
 *
 * Data goes through pages that the back end sees, and is copied there and
 * back; nothing else of ours is ever shown to it. Memory that the kernel
 * shares with pv_block_share() is not copied. Pages are granted once, not per
 * request, so a back end with persistent grants maps each only once.
 *
 * Sectors are 512 bytes everywhere, but on a disk with sectors of 4096 bytes
 * place and length have to be multiples of eight of them.
 *
 * The back end is not trusted: a response to a request that is not under way,
 * or an index that cannot be, ends the device. All requests under way then
 * end with -XEN_EIO, and later ones are refused with -XEN_ENODEV, as when the
 * back end goes away.
 *
 * Context: pv_block_submit() and pv_block_kick() anywhere but in trap
 * handlers; all else not from event handlers. done() runs inside pv_poll()
 * and pv_wait(), or within the call that finds the device lost; it may submit.
 * Errors are negative XEN_E*.
 */
#ifndef PVGUEST_BLOCK_H
#define PVGUEST_BLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PV_SECTOR            512u
#define PV_BLOCK_QUEUES_MAX  4u
#define PV_BLOCK_DEPTH_MAX   256u /* requests under way, per queue */
#define PV_BLOCK_SHARES_MAX  4u
#define PV_BLOCK_SHARE_PAGES 1024u

enum pv_block_op {
	PV_BLOCK_READ,
	PV_BLOCK_WRITE,
	PV_BLOCK_FLUSH,   /* what is written is on the disk for good */
	PV_BLOCK_DISCARD, /* the contents are needed no more */
};

/* The caller's, unchanged from pv_block_submit() until done(). */
struct pv_block_request {
	enum pv_block_op op;
	uint64_t sector;
	uint32_t sectors; /* 0 for a flush */
	void *buffer;     /* of a read or a write, at any address */
	void (*done)(struct pv_block_request *request);
	void *context; /* the caller's */
	int error;     /* OUT, before done(): 0 or a negative errno */
};

/* What to ask for; 0 means what is in parentheses. */
struct pv_block_options {
	unsigned int queues; /* as many as the back end has at most (1) */
	unsigned int depth;  /* requests under way per queue (32) */
	bool needs_map_each; /* do without persistent grants */
};

struct pv_block_info {
	uint64_t sectors;
	uint32_t sector_size; /* 512 or 4096 */
	uint32_t max_sectors; /* of one read or write */
	unsigned int queues;
	unsigned int depth; /* of all queues together */
	bool is_read_only;
	bool is_cdrom;
	bool has_flush;
	bool has_discard;
	bool is_persistent; /* the back end keeps pages mapped */
};

struct pv_block;

/*
 * Opens device number `handle` (51712 is xvda; pv_front_find("vbd", ...) knows
 * them). `options` may be NULL. NULL: *error says why, nothing is held.
 */
struct pv_block *pv_block_open(uint32_t handle,
			       const struct pv_block_options *options,
			       int *error);

/*
 * Lets go of the device; requests under way end with -XEN_EIO. 0, or an error
 * when the back end does not answer; then pages that it holds are lost.
 */
int pv_block_close(struct pv_block *block);

const struct pv_block_info *pv_block_info(const struct pv_block *block);

/*
 * Shares whole pages of the caller's with the back end until pv_block_close():
 * requests whose buffer lies in them, aligned to the disk's sectors, are not
 * copied. At most PV_BLOCK_SHARES_MAX times PV_BLOCK_SHARE_PAGES pages. If
 * pv_block_close() fails the pages must not be used for anything else.
 */
int pv_block_share(struct pv_block *block, void *pages, size_t count);

/*
 * Begins a request; it is the library's until done(). -XEN_EAGAIN: no room
 * now, and one that ends makes room. -XEN_ENOMEM: no memory to copy data
 * through. -XEN_EINVAL, -XEN_EROFS, -XEN_EOPNOTSUPP: the disk cannot.
 * -XEN_ENODEV: it is gone.
 */
int pv_block_submit(struct pv_block *block, struct pv_block_request *request);
/* Shows the back end what has been submitted since the last time. */
void pv_block_kick(struct pv_block *block);

/*
 * False once the device is lost; requests under way have ended then. Who waits
 * for requests asks before each pv_wait(), and only then whether there is
 * still something to wait for: handlers may run in here.
 */
bool pv_block_check(struct pv_block *block);

/*
 * One request from beginning to end: its error. `done` and `context` are
 * overwritten.
 */
int pv_block_do(struct pv_block *block, struct pv_block_request *request);

/* The same in short. */
int pv_block_read(struct pv_block *block, uint64_t sector, void *buffer,
		  uint32_t sectors);
int pv_block_write(struct pv_block *block, uint64_t sector, const void *buffer,
		   uint32_t sectors);
int pv_block_flush(struct pv_block *block);

#endif /* PVGUEST_BLOCK_H */
