/* SPDX-License-Identifier: MIT */
/*
 * The xenstore protocol: messages, and the ring that carries them between a
 * guest and the xenstore daemon.
 *
 * A message is struct xsd_sockmsg followed by len bytes. Requests carry paths
 * and values separated by NUL; a reply repeats type, req_id and tx_id, or has
 * the type XS_ERROR and the name of an error. Watch events come unasked with
 * req_id 0.
 */
#ifndef XEN_PUBLIC_IO_XS_WIRE_H
#define XEN_PUBLIC_IO_XS_WIRE_H

#include <stdint.h>

enum xsd_sockmsg_type {
	XS_CONTROL = 0,           /* control domain: command, arguments */
	XS_DIRECTORY = 1,         /* path; reply: names */
	XS_READ = 2,              /* path; reply: value, without NUL */
	XS_GET_PERMS = 3,         /* path; reply: permissions */
	XS_WATCH = 4,             /* path, token */
	XS_UNWATCH = 5,           /* path, token */
	XS_TRANSACTION_START = 6, /* ""; reply: id as text */
	XS_TRANSACTION_END = 7,   /* "T" commit (EAGAIN: retry), "F" abandon */
	XS_INTRODUCE = 8,         /* domid, ring frame, port */
	XS_RELEASE = 9,           /* domid */
	XS_GET_DOMAIN_PATH = 10,  /* domid; reply: path */
	XS_WRITE = 11,            /* path, then value without NUL */
	XS_MKDIR = 12,            /* path */
	XS_RM = 13,               /* path */
	XS_SET_PERMS = 14,        /* path, permissions */
	XS_WATCH_EVENT = 15,      /* from the daemon: path, token */
	XS_ERROR = 16,            /* from the daemon: name of the error */
	XS_IS_DOMAIN_INTRODUCED = 17, /* domid; reply: "T" or "F" */
	XS_RESUME = 18,               /* domid: shutdown was undone */
	XS_SET_TARGET = 19,           /* domid, domid it acts for */
	/* 20 was never in a release */
	XS_RESET_WATCHES = 21,  /* "": forget watches and transactions */
	XS_DIRECTORY_PART = 22, /* path, offset; reply: generation, names */
	XS_TYPE_COUNT,          /* of the types above, plus the gap */
	XS_INVALID = 0xffff     /* never a valid type */
};
#define XS_DEBUG XS_CONTROL

#define XS_WRITE_NONE        "NONE"
#define XS_WRITE_CREATE      "CREATE"
#define XS_WRITE_CREATE_EXCL "CREATE|EXCL"

struct xsd_sockmsg {
	uint32_t type;   /* XS_* */
	uint32_t req_id; /* chosen by the sender, comes back in the reply */
	uint32_t tx_id;  /* transaction, 0 = none */
	uint32_t len;    /* bytes that follow */
};

/* Strings in an XS_WATCH_EVENT. */
enum xs_watch_type {
	XS_WATCH_PATH = 0,
	XS_WATCH_TOKEN = 1
};

/* Limits, in bytes. */
#define XENSTORE_PAYLOAD_MAX  4096
#define XENSTORE_ABS_PATH_MAX 3072
#define XENSTORE_REL_PATH_MAX 2048

/*
 * The ring: the guest writes req, req_prod and rsp_cons, the daemon the rest.
 * Barriers as for the console ring. Both sides check the other's indices.
 */
#define XENSTORE_RING_SIZE 1024
typedef uint32_t XENSTORE_RING_IDX;
#define MASK_XENSTORE_IDX(idx) ((idx) & (XENSTORE_RING_SIZE - 1))

struct xenstore_domain_interface {
	char req[XENSTORE_RING_SIZE]; /* from the guest */
	char rsp[XENSTORE_RING_SIZE]; /* to the guest */
	XENSTORE_RING_IDX req_cons, req_prod;
	XENSTORE_RING_IDX rsp_cons, rsp_prod;
	uint32_t server_features; /* daemon: XENSTORE_SERVER_FEATURE_* */
	uint32_t connection;      /* guest sets RECONNECT, daemon CONNECTED */
	uint32_t error;           /* daemon: XENSTORE_ERROR_* */
};

#define XENSTORE_SERVER_FEATURE_RECONNECTION 1 /* connection is used */
#define XENSTORE_SERVER_FEATURE_ERROR        2 /* error is used */

#define XENSTORE_CONNECTED 0
#define XENSTORE_RECONNECT 1

#define XENSTORE_ERROR_NONE    0
#define XENSTORE_ERROR_COMM    1 /* transport */
#define XENSTORE_ERROR_RINGIDX 2 /* ring indices make no sense */
#define XENSTORE_ERROR_PROTO   3 /* message makes no sense */

#endif /* XEN_PUBLIC_IO_XS_WIRE_H */
