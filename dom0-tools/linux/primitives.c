/* SPDX-License-Identifier: MIT */
/*
 * The toolstack's primitives on Linux: the devices under /dev/xen. Each
 * contract is in toolstack/primitives.h.
 *
 * Linux hands the addresses of a hypercall's arguments on to the hypervisor,
 * which does not know of pages that Linux would bring in when touched, or copy
 * when written. So all memory of this process is locked.
 *
 * Owns: the devices' file descriptors, and the list of bound ports.
 */
#include "linux/primitives.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <public/errno.h>
#include <public/xen.h>

#include "linux/devices.h"
#include "linux/store.h"
#include "linux/terminal.h"
#include "toolstack/primitives.h"
#include "xenstore/local.h"

#define PAGE         4096u
#define FDS_MAX      1024
#define STACK_NEEDED (256u * 1024)

static int privcmd = -1, evtchn = -1, gntdev = -1;

/* Memory ------------------------------------------------------------------ */

/* Locked memory is there, except a stack that has never been so deep. */
static __attribute__((noinline)) void touch_stack(void)
{
	volatile char stack[STACK_NEEDED];
	size_t i;

	for (i = 0; i < sizeof(stack); i += PAGE)
		stack[i] = 0;
}

void primitives_hold_memory(void)
{
	touch_stack();
	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		perror("tenon: locking memory");
}

void primitives_close_others(void)
{
	int fd, last = (int)sysconf(_SC_OPEN_MAX);

	for (fd = STDERR_FILENO + 1; fd < last && fd < FDS_MAX; fd++) {
		if (fd != privcmd && fd != evtchn && fd != gntdev)
			close(fd);
	}
}

static int open_device(const char *path)
{
	return open(path, O_RDWR | O_CLOEXEC);
}

bool primitives_open(void)
{
	privcmd = open_device("/dev/xen/privcmd");
	if (privcmd < 0)
		return false;
	primitives_hold_memory();
	return true;
}

/* Hypercalls -------------------------------------------------------------- */

/* Through the C library's ioctl(), a result would be cut to an int. */
static long device_call(int fd, unsigned long request, void *argument)
{
	long rc = syscall(SYS_ioctl, fd, request, argument);

	return rc == -1 ? -(long)errno : rc;
}

static long call(unsigned int op, uint64_t a1, uint64_t a2, uint64_t a3,
		 uint64_t a4, uint64_t a5)
{
	struct privcmd_hypercall request = { op, { a1, a2, a3, a4, a5 } };

	return device_call(privcmd, PRIVCMD_HYPERCALL, &request);
}

/* Linux itself gives back an int; a list of calls has whole results. */
static long call_whole(unsigned int op, uint64_t a1, uint64_t a2)
{
	struct multicall_entry entry = { .op = op, .args = { a1, a2 } };
	long rc = call(__HYPERVISOR_multicall, (uint64_t)(uintptr_t)&entry, 1,
		       0, 0, 0);

	return rc ? rc : (long)entry.result;
}

long tk_hypercall(unsigned int op, uint64_t a1, uint64_t a2, uint64_t a3,
		  uint64_t a4, uint64_t a5)
{
	return op == __HYPERVISOR_memory_op ? call_whole(op, a1, a2)
					    : call(op, a1, a2, a3, a4, a5);
}

/* Foreign frames ---------------------------------------------------------- */

static bool map_failed(struct tk_map_failure *failure, size_t index, int error)
{
	if (failure)
		*failure = (struct tk_map_failure){ index, error };
	return false;
}

static bool map_frames(struct privcmd_map *map, struct tk_map_failure *failure)
{
	long rc = device_call(privcmd, PRIVCMD_MAP, map);
	size_t i;

	for (i = 0; i < map->count; i++) {
		if (map->errors[i])
			return map_failed(failure, i, map->errors[i]);
	}
	return rc ? map_failed(failure, 0, (int)rc) : true;
}

void *tk_map_foreign(uint16_t domid, const uint64_t *mfns, size_t count,
		     bool writable, struct tk_map_failure *failure)
{
	int *errors = calloc(count, sizeof(*errors));
	void *address = mmap(NULL, count * PAGE,
			     writable ? PROT_READ | PROT_WRITE : PROT_READ,
			     MAP_SHARED, privcmd, 0);
	struct privcmd_map map = {
		.count = (uint32_t)count,
		.domid = domid,
		.address = (uint64_t)(uintptr_t)address,
		.frames = mfns,
		.errors = errors,
	};
	bool done;

	if (!errors || address == MAP_FAILED)
		done = map_failed(failure, 0, -XEN_ENOMEM);
	else
		done = map_frames(&map, failure);
	free(errors);
	if (!done && address != MAP_FAILED)
		munmap(address, count * PAGE);
	return done ? address : NULL;
}

void tk_unmap_foreign(void *address, size_t count)
{
	munmap(address, count * PAGE);
}

/* Grants ------------------------------------------------------------------ */

void *tk_grant_map(uint16_t domid, uint32_t ref, bool writable, int *error)
{
	struct gntdev_map map = { .count = 1, .domid = domid, .ref = ref };
	struct gntdev_unmap unmap = { .count = 1 };
	void *address = MAP_FAILED;

	if (gntdev < 0)
		gntdev = open_device("/dev/xen/gntdev");
	if (!device_call(gntdev, GNTDEV_MAP, &map)) {
		address = mmap(NULL, PAGE,
			       writable ? PROT_READ | PROT_WRITE : PROT_READ,
			       MAP_SHARED, gntdev, (off_t)map.index);
		unmap.index = map.index;
		if (address == MAP_FAILED)
			device_call(gntdev, GNTDEV_UNMAP, &unmap);
	}
	if (address != MAP_FAILED)
		return address;
	if (error)
		*error = -errno;
	return NULL;
}

void tk_grant_unmap(void *address)
{
	struct gntdev_find find = { .address = (uint64_t)(uintptr_t)address };
	struct gntdev_unmap unmap = { .count = 1 };

	if (device_call(gntdev, GNTDEV_FIND, &find))
		return;
	munmap(address, PAGE);
	unmap.index = find.index;
	device_call(gntdev, GNTDEV_UNMAP, &unmap);
}

/* Event channels ---------------------------------------------------------- */

struct binding {
	struct binding *next;
	uint32_t port;
	tk_event_handler *handler;
	void *context;
};

static struct binding *bindings;

static int add_binding(uint32_t port, tk_event_handler *handler, void *context)
{
	struct binding *binding = malloc(sizeof(*binding));

	if (!binding)
		return -XEN_ENOMEM;
	*binding = (struct binding){ bindings, port, handler, context };
	bindings = binding;
	return (int)port;
}

static int bind(unsigned long request, void *argument,
		tk_event_handler *handler, void *context)
{
	long port;
	int rc;

	if (evtchn < 0)
		evtchn = open("/dev/xen/evtchn",
			      O_RDWR | O_CLOEXEC | O_NONBLOCK);
	port = device_call(evtchn, request, argument);
	if (port < 0)
		return (int)port;
	rc = add_binding((uint32_t)port, handler, context);
	if (rc < 0)
		device_call(evtchn, EVTCHN_UNBIND,
			    &(uint32_t){ (uint32_t)port });
	return rc;
}

int tk_evtchn_bind_interdomain(uint16_t domid, uint32_t remote_port,
			       tk_event_handler *handler, void *context)
{
	struct evtchn_bind_interdomain_request request = { domid, remote_port };

	return bind(EVTCHN_BIND_INTERDOMAIN, &request, handler, context);
}

/* The end of domains, which the xenstore server tells all who ask. */
#define PORT_DOM_EXC INT32_MAX

static void some_domain_ended(void *context, const char *changed)
{
	struct binding *binding = bindings;

	(void)context;
	(void)changed;
	while (binding && binding->port != PORT_DOM_EXC)
		binding = binding->next;
	if (binding)
		binding->handler(binding->port, binding->context);
}

/* That one VIRQ is the server's, and it can be bound once. */
int tk_evtchn_bind_virq(uint32_t virq, tk_event_handler *handler, void *context)
{
	if (virq != VIRQ_DOM_EXC)
		return bind(EVTCHN_BIND_VIRQ, &virq, handler, context);
	if (!xs_local_watch("@releaseDomain", some_domain_ended, NULL))
		return -XEN_EIO;
	return add_binding(PORT_DOM_EXC, handler, context);
}

void tk_evtchn_close(uint32_t port)
{
	struct binding **place = &bindings, *binding;

	while (*place && (*place)->port != port)
		place = &(*place)->next;
	binding = *place;
	if (!binding)
		return;
	*place = binding->next;
	free(binding);
	device_call(evtchn, EVTCHN_UNBIND, &port);
}

int tk_evtchn_notify(uint32_t port)
{
	return (int)device_call(evtchn, EVTCHN_NOTIFY, &port);
}

static void run_handler(uint32_t port)
{
	struct binding *binding = bindings;

	while (binding && binding->port != port)
		binding = binding->next;
	if (binding)
		binding->handler(port, binding->context);
}

/* The kernel has masked what it tells of. */
static void take_events(void)
{
	uint32_t port;

	while (read(evtchn, &port, sizeof(port)) == sizeof(port)) {
		if (write(evtchn, &port, sizeof(port)) == sizeof(port))
			run_handler(port);
	}
}

/* Waiting ----------------------------------------------------------------- */

static struct {
	int fd;
	fd_handler *handler;
	void *context;
} other = { .fd = -1 };

void primitives_watch_fd(int fd, fd_handler *handler, void *context)
{
	other.fd = fd;
	other.handler = handler;
	other.context = context;
}

enum {
	FD_STORE,
	FD_EVTCHN,
	FD_KEYS,
	FD_OTHER,
	N_FDS
};

/* True when something is to be read, or a signal came. */
static bool wait_for(struct pollfd fds[N_FDS], uint64_t deadline_ns)
{
	uint64_t now = tk_clock_ns();
	uint64_t left = deadline_ns > now ? deadline_ns - now : 0;
	struct timespec span = { (time_t)(left / 1000000000u),
				 (long)(left % 1000000000u) };
	sigset_t none;

	/* Those that end a command are held back elsewhere: terminal.c. */
	sigemptyset(&none);
	return ppoll(fds, N_FDS, deadline_ns == TK_FOREVER ? NULL : &span,
		     &none) != 0;
}

static void run_handlers(const struct pollfd fds[N_FDS])
{
	if (fds[FD_STORE].revents)
		store_receive();
	xs_local_deliver();
	if (fds[FD_EVTCHN].revents)
		take_events();
	if (fds[FD_OTHER].revents && other.handler)
		other.handler(other.context);
}

bool tk_wait(uint64_t deadline_ns)
{
	struct pollfd fds[N_FDS] = {
		[FD_STORE] = { store_fd(), POLLIN, 0 },
		[FD_EVTCHN] = { evtchn, POLLIN, 0 },
		[FD_KEYS] = { terminal_fd(), POLLIN, 0 },
		[FD_OTHER] = { other.fd, POLLIN, 0 },
	};
	bool happened;

	terminal_flush();
	if (terminal_is_interrupted() || store_has_events())
		deadline_ns = 0;
	happened = wait_for(fds, deadline_ns) || store_has_events();
	if (happened)
		run_handlers(fds);
	return happened;
}

uint64_t tk_clock_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}
