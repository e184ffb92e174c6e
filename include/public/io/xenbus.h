/* SPDX-License-Identifier: MIT */
/*
 * States of the two ends of a device, in the node "state" of each end's
 * directory in xenstore. Each end writes its own state and watches the other.
 */
#ifndef XEN_PUBLIC_IO_XENBUS_H
#define XEN_PUBLIC_IO_XENBUS_H

enum xenbus_state {
	XenbusStateUnknown = 0,      /* no node */
	XenbusStateInitialising = 1, /* just created */
	XenbusStateInitWait = 2,     /* backend waits for the frontend's data */
	XenbusStateInitialised = 3,  /* frontend has published its data */
	XenbusStateConnected = 4,    /* in use */
	XenbusStateClosing = 5,      /* device is going away */
	XenbusStateClosed = 6,       /* this end has let go */
	XenbusStateReconfiguring = 7,
	XenbusStateReconfigured = 8
};
typedef enum xenbus_state XenbusState;

#endif /* XEN_PUBLIC_IO_XENBUS_H */
