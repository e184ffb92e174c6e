/* SPDX-License-Identifier: MIT */
/*
 * What Linux's devices under /dev/xen are asked by ioctl(): an ABI of that
 * kernel's.
 */
#ifndef LINUX_DEVICES_H
#define LINUX_DEVICES_H

#include <stdint.h>
#include <sys/ioctl.h>

/* /dev/xen/privcmd -------------------------------------------------------- */

struct privcmd_hypercall {
	uint64_t op;
	uint64_t arguments[5];
};
#define PRIVCMD_HYPERCALL                                                      \
	_IOC(_IOC_NONE, 'P', 0, sizeof(struct privcmd_hypercall))

/* Frames of one domain, into memory that mmap() of the device has set aside. */
struct privcmd_map {
	uint32_t count;
	uint16_t domid;
	uint64_t address;
	const uint64_t *frames;
	int *errors; /* for each: 0 or a negative errno */
};
#define PRIVCMD_MAP _IOC(_IOC_NONE, 'P', 4, sizeof(struct privcmd_map))

/* /dev/xen/evtchn --------------------------------------------------------- */

/* read() gives ports, masked; write() of ports takes the mask away. */
struct evtchn_bind_interdomain_request {
	uint32_t domid;
	uint32_t remote_port;
};
#define EVTCHN_BIND_VIRQ _IOC(_IOC_NONE, 'E', 0, sizeof(uint32_t))
#define EVTCHN_BIND_INTERDOMAIN                                                \
	_IOC(_IOC_NONE, 'E', 1, sizeof(struct evtchn_bind_interdomain_request))
#define EVTCHN_UNBIND _IOC(_IOC_NONE, 'E', 3, sizeof(uint32_t))
#define EVTCHN_NOTIFY _IOC(_IOC_NONE, 'E', 4, sizeof(uint32_t))

/* /dev/xen/gntdev --------------------------------------------------------- */

struct gntdev_map {
	uint32_t count; /* 1 */
	uint32_t padding;
	uint64_t index; /* result: the offset for mmap() */
	uint32_t domid;
	uint32_t ref;
};
#define GNTDEV_MAP _IOC(_IOC_NONE, 'G', 0, sizeof(struct gntdev_map))

struct gntdev_unmap {
	uint64_t index;
	uint32_t count;
	uint32_t padding;
};
#define GNTDEV_UNMAP _IOC(_IOC_NONE, 'G', 1, sizeof(struct gntdev_unmap))

struct gntdev_find {
	uint64_t address;
	uint64_t index; /* result */
	uint32_t count; /* result */
	uint32_t padding;
};
#define GNTDEV_FIND _IOC(_IOC_NONE, 'G', 2, sizeof(struct gntdev_find))

#endif /* LINUX_DEVICES_H */
