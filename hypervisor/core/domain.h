/* SPDX-License-Identifier: MIT */
/*
 * Domains and virtual CPUs: the structures that every part shares. Fields
 * are grouped by what guards them.
 */
#pragma once

#include "core/sched.h"
#include "lib/list.h"
#include "public/vcpu.h"
#include "public/xen.h"
#include "x86/cpu.h"

#define MAX_VCPUS     128
#define MAX_EVTCHNS   4096
#define EVTCHN_BUCKET 64 /* ports allocated together */

struct evtchn;
struct grant_table;
struct frame;
struct xen_domctl_getdomaininfo;

struct vcpu {
	/* Immutable after creation. */
	unsigned int id;
	struct domain *domain;

	/* Guest register state while not on a CPU's stack. */
	struct cpu_regs regs;
	uint16_t ds, es, fs, gs;
	uint64_t fs_base, gs_base[2]; /* of mode user, kernel */
	bool in_kernel;               /* guest-kernel mode; else guest-user */
	void *fpu;                    /* FXSAVE/XSAVE area */

	/* Owner CPU only (or vCPU paused): pv/. */
	struct trap_info trap[256];
	uint64_t kernel_sp;
	uint16_t kernel_ss;
	uint64_t callback[8];   /* by CALLBACKTYPE_*, 0 = none */
	uint8_t callback_flags; /* bit per type: masks events; that of them
				   always */
	/* Pages of the GDT (0-13) and of the LDT (16-31), each held, or NULL */
	struct frame *descriptor_frames[32];
	uint64_t gdt_entries, ldt_base, ldt_entries;
	uint64_t debugreg[8];
	uint64_t cr0_ts; /* virtual: CR0_TS or 0 */
	uint64_t cr4, xcr0;
	uint64_t tsc_aux;
	uint8_t iopl;   /* virtual */
	uint64_t iobmp; /* guest va of the I/O bitmap, 0 = none */
	uint32_t iobmp_ports;
	bool nmi_pending, nmi_masked; /* in this order: entry.S */

	/* mm/: roots hold a type reference each (TL-6). */
	mfn_t kernel_root, user_root; /* INVALID_MFN = none */

	/* Any CPU: vcpu_info is written by guest and hypervisor. */
	struct vcpu_info *info;   /* in a frame with a held reference */
	struct frame *info_frame; /* NULL while in shared_info */

	/* core/time.c */
	struct vcpu_runstate_info runstate;
	uint64_t runstate_va; /* guest va registered, 0 = none */
	uint64_t time_va;     /* vcpu_time_info area, 0 = none */
	struct timer singleshot, periodic, poll_timer;
	uint64_t periodic_ns;
	unsigned int time_cpu; /* whose TSC its time record is for */
	uint32_t time_version; /* of the records, even */
	bool areas_stale; /* runstate and time areas wait for kernel mode */

	/* core/sched.c: see there for the lock. */
	struct sched_vcpu sched;
	unsigned int cpu;         /* runs or ran there */
	bool running;             /* atomic; its registers are on cpu's stack */
	unsigned int pause_count; /* atomic */
	bool down;                /* VCPUOP_down or not yet up */
	bool blocked;             /* SCHEDOP_block, poll */
	bool initialised;
	int poll_port; /* >0 one port, <0 several, 0 not polling */

	uint32_t virq_port[NR_VIRQS];      /* domain->evtchn_lock */
	struct multicall_entry *multicall; /* in progress, or NULL */
};

struct domain {
	domid_t id;
	bool is_control; /* every privilege: checked by domain_is_control() */
	unsigned int refcount; /* atomic; domain_get/put */
	uint8_t handle[16];
	unsigned int max_vcpus;
	struct vcpu **vcpu; /* [max_vcpus], NULL until DOMCTL_max_vcpus */

	struct spinlock lock; /* RANK_DOMAIN */
	bool dying;           /* teardown has begun: nothing is added (HC-13) */
	bool dead;            /* memory is gone, only references remain */
	bool shut_down;
	uint8_t shutdown_reason; /* SHUTDOWN_* */
	bool reason_recorded;    /* by SCHEDOP_shutdown_code: it stays */
	unsigned int controller_pause_count; /* domctl's lock */
	int64_t time_offset_s;
	uint64_t vm_assist;

	/* mm/ */
	struct spinlock mmu_lock;  /* RANK_MMU */
	struct walker *walker;     /* mm/pagetype.c */
	struct spinlock page_lock; /* RANK_PAGE_LIST */
	uint64_t tot_pages, max_pages;
	struct list page_list;
	struct list leftover;       /* given up in teardown, still referenced */
	struct domain *next_zombie; /* see there */
	void *memory_map;           /* struct e820 of XENMEM_set_memory_map */
	struct shared_info *shared_info; /* hypervisor page, shared */

	/* core/evtchn.c */
	struct spinlock evtchn_lock; /* RANK_EVTCHN */
	struct evtchn *evtchn[MAX_EVTCHNS / EVTCHN_BUCKET];
	unsigned int max_port;     /* immutable after create */
	unsigned int low_port;     /* none below is closed, but 0 */
	unsigned int closing_port; /* where a reset goes on; 0: none is on */
	bool ports_gone; /* closed for good, the domain being destroyed */
	uint64_t poll_mask[MAX_VCPUS / 64]; /* atomic: vCPUs in a poll */

	struct grant_table *grant; /* core/grant.c */

	/* core/sched.c */
	unsigned int weight; /* share of the CPU, per vCPU */
	struct sched_cap cap;
};

/* Core API (core/domain.c). */
struct domain *domain_get(domid_t id); /* counted; NULL: none or dying */
void domain_put(struct domain *d);
/* The caller's own (DOMID_SELF too), or any for the control domain: counted.
 * NULL: *rc is -EPERM or -ESRCH. */
struct domain *domain_get_target(domid_t id, long *rc);
/*
 * The guest's state cannot be continued: stop it with SHUTDOWN_crash, and log
 * the reason for the administrator. Any context; the caller returns normally.
 */
void domain_crash(struct domain *d, const char *fmt, ...) printf_like(2, 3);
void domain_shutdown(struct domain *d, uint8_t reason);
void domain_each_vcpu(struct domain *d, void (*what)(struct vcpu *v));
/* Create with no vCPUs and no memory, paused once. NULL on error (*rc). */
struct domain *domain_create(domid_t id, unsigned int max_vcpus, bool control,
			     int *rc);
struct vcpu *vcpu_create(struct domain *d, unsigned int id);

/* What control operations need of domains beyond that (domain.c, domctl.c). */
extern struct domain *control_domain; /* NULL until it is built */
/* First domain with id >= first, counted, dying ones too; NULL: none. */
struct domain *domain_get_next(domid_t first);
void domain_get_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* The vCPU of d with this id, or NULL; any id. */
static inline struct vcpu *domain_vcpu(const struct domain *d, uint64_t id)
{
	return id < d->max_vcpus ? d->vcpu[index_clamp(id, d->max_vcpus)]
				 : NULL;
}

/* Its slot in the shared page, or for those without the last one's. */
static inline struct vcpu_info *vcpu_info_shared(const struct vcpu *v)
{
	return &v->domain->shared_info
			->vcpu_info[min_u64(v->id, XEN_LEGACY_MAX_VCPUS - 1)];
}

static inline bool domain_is_control(const struct domain *d)
{
	return d->is_control;
}
