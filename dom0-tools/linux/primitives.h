/* SPDX-License-Identifier: MIT */
/* The beginning of the toolstack's primitives on Linux; see primitives.c. */
#ifndef LINUX_PRIMITIVES_H
#define LINUX_PRIMITIVES_H

#include <stdbool.h>

/* False, with errno: this is not a control domain, or we are not root. */
bool primitives_open(void);
/*
 * Whatever the hypervisor reads and writes in our memory must be there, and
 * ours alone: after fork(), in both processes, it has to be made so again.
 */
void primitives_hold_memory(void);

/* In a child: nothing else that the caller had open stays so. */
void primitives_close_others(void);

/* Something that poll() looks at in tk_wait(). */
typedef void fd_handler(void *context);
/* One at a time; -1 ends it. */
void primitives_watch_fd(int fd, fd_handler *handler, void *context);

#endif /* LINUX_PRIMITIVES_H */
