/* SPDX-License-Identifier: MIT */
/*
 * Error numbers. A failing hypercall returns the negative value; xenstore
 * replies carry the name without the prefix. They are the numbers of Linux,
 * under names of their own, so that every guest can tell them from its own.
 *
 * Macros rather than an enumeration, to serve assembly as well.
 */
#ifndef XEN_PUBLIC_ERRNO_H
#define XEN_PUBLIC_ERRNO_H

#define XEN_EPERM         1   /* not permitted */
#define XEN_ENOENT        2   /* no such entry */
#define XEN_ESRCH         3   /* no such domain */
#define XEN_EINTR         4   /* interrupted */
#define XEN_EIO           5   /* input/output failed */
#define XEN_ENXIO         6   /* no such device or address */
#define XEN_E2BIG         7   /* argument list too long */
#define XEN_ENOEXEC       8   /* image cannot be run */
#define XEN_EBADF         9   /* bad file number */
#define XEN_ECHILD        10  /* no child */
#define XEN_EAGAIN        11  /* try again */
#define XEN_ENOMEM        12  /* no memory left */
#define XEN_EACCES        13  /* interface version or access refused */
#define XEN_EFAULT        14  /* guest memory not accessible */
#define XEN_EBUSY         16  /* in use */
#define XEN_EEXIST        17  /* exists already */
#define XEN_EXDEV         18  /* crosses devices */
#define XEN_ENODEV        19  /* no such device */
#define XEN_ENOTDIR       20  /* not a directory */
#define XEN_EISDIR        21  /* is a directory */
#define XEN_EINVAL        22  /* invalid argument */
#define XEN_ENFILE        23  /* table full */
#define XEN_EMFILE        24  /* too many open */
#define XEN_ENOSPC        28  /* no space left */
#define XEN_EROFS         30  /* read-only */
#define XEN_EMLINK        31  /* too many links */
#define XEN_EDOM          33  /* outside the domain of a function */
#define XEN_ERANGE        34  /* result out of range */
#define XEN_EDEADLK       35  /* would deadlock */
#define XEN_ENAMETOOLONG  36  /* name too long */
#define XEN_ENOLCK        37  /* no locks left */
#define XEN_ENOSYS        38  /* not implemented */
#define XEN_ENOTEMPTY     39  /* directory has entries */
#define XEN_ENODATA       61  /* no data */
#define XEN_ETIME         62  /* time has passed */
#define XEN_EBADMSG       74  /* message damaged */
#define XEN_EOVERFLOW     75  /* value too large for its type */
#define XEN_EILSEQ        84  /* illegal byte sequence */
#define XEN_ERESTART      85  /* will be continued; no guest sees it */
#define XEN_ENOTSOCK      88  /* not a socket */
#define XEN_EMSGSIZE      90  /* message too long */
#define XEN_EOPNOTSUPP    95  /* operation not supported */
#define XEN_EADDRINUSE    98  /* address in use */
#define XEN_EADDRNOTAVAIL 99  /* address not available */
#define XEN_ENOBUFS       105 /* no buffers left */
#define XEN_EISCONN       106 /* connected already */
#define XEN_ENOTCONN      107 /* not connected */
#define XEN_ETIMEDOUT     110 /* timed out */
#define XEN_ECONNREFUSED  111 /* connection refused */

#define XEN_EWOULDBLOCK XEN_EAGAIN
#define XEN_EDEADLOCK   XEN_EDEADLK

#endif /* XEN_PUBLIC_ERRNO_H */
