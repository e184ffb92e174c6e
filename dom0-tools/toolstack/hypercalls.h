/* SPDX-License-Identifier: MIT */
/*
 * The hypervisor operations that the toolstack uses, as typed functions:
 * each fills the ABI's structure, calls, and takes the result out. Nothing
 * here decides anything.
 *
 * Owns: nothing.
 * Errors: an int or long result below zero is a negative Xen errno value;
 * tk_errno_text() puts it into words.
 * Contract: include/public/{domctl,sysctl,memory,...}.h.
 */
#ifndef TOOLSTACK_HYPERCALLS_H
#define TOOLSTACK_HYPERCALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

struct tk_cpu_map;
struct vcpu_guest_context;
struct xen_sysctl;

/* The first domain id that no ordinary domain has. */
#define TK_DOMID_FIRST_RESERVED 0x7ff0u
/* The domain that this runs in. */
#define TK_DOMID_CONTROL 0u

struct tk_domain_info {
	uint16_t domid;
	bool is_dying;
	bool is_shutdown;
	bool is_paused;
	bool is_blocked;
	bool is_running;
	unsigned int shutdown_reason; /* SHUTDOWN_*, when is_shutdown */
	uint64_t pages;
	uint64_t max_pages;
	uint64_t shared_info_mfn;
	uint64_t cpu_time_ns;
	unsigned int vcpus;     /* that are up */
	unsigned int max_vcpus; /* that there are */
	uint8_t uuid[16];
};

struct tk_vcpu_info {
	bool is_online;
	bool is_blocked;
	bool is_running;
	unsigned int cpu; /* where it runs or ran */
	uint64_t cpu_time_ns;
	uint64_t waited_ns; /* for a CPU; UINT64_MAX: not known */
};

/* A domain's share of the CPUs. */
struct tk_sched_params {
	uint16_t weight; /* 1 to 65535 */
	uint16_t cap;    /* per cent of one CPU, 0: no limit */
};

struct tk_host_info {
	unsigned int cpus;
	unsigned int cpu_khz;
	uint64_t total_pages;
	uint64_t free_pages;
	unsigned int version_major;
	unsigned int version_minor;
	uint64_t claimed_pages; /* free, but promised to a domain */
	unsigned int max_cpu_id;
	unsigned int nodes;
	unsigned int cores_per_socket;
	unsigned int threads_per_core;
	uint32_t abilities;   /* XEN_SYSCTL_PHYSCAP_* */
	uint32_t features[8]; /* CPUID words */
	unsigned int scheduler_id;
	unsigned int page_size;
	uint64_t virt_start;
	char version_extra[16];
	char capabilities[1024];
	char command_line[1024];
	char changeset[64];
	char compiler[64];
	char compiled_by[16];
	char compile_domain[32];
	char compile_date[32];
};

/* Domains ----------------------------------------------------------------- */

/* What a domain cannot exceed; 0: the hypervisor's default. */
struct tk_domain_limits {
	unsigned int vcpus; /* not 0 */
	uint32_t ports;     /* the highest; not 0 */
	uint32_t grant_frames;
	uint32_t maptrack_frames;
};

/* A new domain: paused, without memory or vcpus. Writes its id. */
int tk_domain_create(uint16_t *domid, const uint8_t uuid[16],
		     const struct tk_domain_limits *limits);
int tk_domain_destroy(uint16_t domid);
int tk_domain_pause(uint16_t domid);
int tk_domain_unpause(uint16_t domid);

/* -XEN_ESRCH when exactly this domain does not exist. */
int tk_domain_info(uint16_t domid, struct tk_domain_info *info);
/* The first domain whose id is `domid` or above, so as to list all. */
int tk_domain_info_next(uint16_t domid, struct tk_domain_info *info);

int tk_domain_set_max_vcpus(uint16_t domid, unsigned int vcpus);
int tk_domain_set_max_memory(uint16_t domid, uint64_t kib);
/* Native: RDTSC is the machine's; else the hypervisor chooses. */
int tk_domain_set_tsc(uint16_t domid, bool is_native);
/* So many seconds its wall clock is ahead. */
int tk_domain_set_time_offset(uint16_t domid, int64_t seconds);
int tk_domain_init_hypercall_page(uint16_t domid, uint64_t mfn);
int tk_domain_pin_l4(uint16_t domid, uint64_t mfn);
int tk_domain_set_context(uint16_t domid, unsigned int vcpu,
			  struct vcpu_guest_context *context);

int tk_domain_get_context(uint16_t domid, unsigned int vcpu,
			  struct vcpu_guest_context *context);
/*
 * What each of up to 1024 machine frames is to the domain: frame numbers in,
 * XEN_DOMCTL_PFINFO_* out.
 */
int tk_domain_frame_types(uint16_t domid, uint64_t *frames, size_t count);
/* A non-maskable interrupt of one vCPU. */
int tk_domain_send_nmi(uint16_t domid, unsigned int vcpu);

int tk_vcpu_info(uint16_t domid, unsigned int vcpu, struct tk_vcpu_info *info);
int tk_vcpu_get_affinity(uint16_t domid, unsigned int vcpu,
			 struct tk_cpu_map *hard, struct tk_cpu_map *soft);
/* NULL: leave as it is. */
int tk_vcpu_set_affinity(uint16_t domid, unsigned int vcpu,
			 const struct tk_cpu_map *hard,
			 const struct tk_cpu_map *soft);
int tk_domain_get_sched(uint16_t domid, struct tk_sched_params *params);
int tk_domain_set_sched(uint16_t domid, const struct tk_sched_params *params);

/*
 * Gives the domain `count` extents of 1 << order pages. `extents` holds the
 * first pfn of each and gets the first mfn of each. Returns how many were
 * done, which is less than `count` when memory runs out.
 */
long tk_domain_populate(uint16_t domid, uint64_t *extents, size_t count,
			unsigned int order);

/* A port of `domid` that `remote` may bind to. */
int tk_domain_alloc_port(uint16_t domid, uint16_t remote);

/* The machine frame of the first page of the domain's grant table. */
int tk_domain_grant_frame(uint16_t domid, uint64_t *mfn);

/* Host -------------------------------------------------------------------- */

int tk_host_info(struct tk_host_info *info);
/* The call itself, for operations that have no function here. */
int tk_sysctl(struct xen_sysctl *op, uint32_t command);
/* Only what changes: pages not in use by any domain. */
int tk_host_free_pages(uint64_t *pages);
/* Whether memory that a domain gets is all zeros; else it may be anything. */
int tk_host_zeroes_memory(bool *does);

/* How long each of up to `count` CPUs was idle; returns how many there are. */
int tk_host_cpu_idle(uint64_t *idle_ns, size_t count);

/* One past the last machine frame that is memory; negative errno. */
long tk_host_frames(void);

/* How long, at least, a vCPU that runs is not preempted by one that wakes. */
int tk_host_get_ratelimit(uint32_t *us);
int tk_host_set_ratelimit(uint32_t us);

/*
 * A piece of the hypervisor's log from *index on, which moves behind it.
 * Returns bytes written, 0 at the end.
 */
long tk_host_log(char *buffer, size_t size, uint32_t *index);
/* Forgets what is before `index`, or everything: the hypervisor decides. */
int tk_host_log_clear(uint32_t index);

/* As if these keys had been typed at the hypervisor's own console. */
int tk_host_debug_keys(const char *keys);

enum tk_host_end {
	TK_HOST_POWEROFF,
	TK_HOST_REBOOT
};
/* Ends the whole machine; returns only if that fails. */
int tk_host_shutdown(enum tk_host_end end);

/* "not enough memory" for -XEN_ENOMEM and so on; never NULL. */
const char *tk_errno_text(long error);

#endif /* TOOLSTACK_HYPERCALLS_H */
