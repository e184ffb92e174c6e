/* SPDX-License-Identifier: MIT */
/*
 * Contracts between the parts of the hypervisor, in one page, so that each
 * can be read without the others. Each group is implemented in the file named.
 * With it comes what nearly every file of core/ uses.
 */
#pragma once

#include "core/domain.h"
#include "lib/string.h"
#include "public/errno.h"

/* core/sched.c. wake/kick: any context, O(1). */
void sched_vcpu_init(struct vcpu *v);
void vcpu_wake(struct vcpu *v);  /* blocked/paused -> maybe runnable */
void vcpu_kick(struct vcpu *v);  /* an event is pending for it */
void vcpu_pause(struct vcpu *v); /* returns once off CPU */
void vcpu_pause_nosync(struct vcpu *v);
void vcpu_unpause(struct vcpu *v);
void vcpu_block_current(void); /* blocks unless event pending */
void sched_yield_current(void);
/* SOFTIRQ_SCHEDULE: switch; replaces guest_regs() contents, may idle. */
void schedule(void);
noreturn_fn void sched_start(void); /* CPU's boot path ends here */

/* core/time.c (pvclock) on x86/clock.c. */
uint64_t now(void); /* ns since boot, same on all CPUs, never backwards */
void time_update_vcpu(struct vcpu *v); /* its vcpu_time_info */
void time_update_wallclock(struct domain *d);
void runstate_change(struct vcpu *v, int state, uint64_t t);
/* UTC secs.nsecs was at system time `at`; tells every domain. */
void time_set_wallclock(uint64_t secs, uint32_t nsecs, uint64_t at);
/* Guest areas at a kernel va: in context of v, kernel root loaded (T51). The
 * mode switch to kernel calls it if v->areas_stale. */
void time_write_areas(struct vcpu *v);
/* What v->runstate would be if its state changed now. */
void runstate_read(const struct vcpu *v, struct vcpu_runstate_info *info);
void time_vcpu_init(struct vcpu *v);

/* mm/alloc.c: clears one free page ahead of its use; false: none is left. */
bool frames_clear_ahead(void);

/* core/evtchn.c */
void evtchn_init_domain(struct domain *d);
/* Dying, vCPUs paused: all closed, for good. Again while -ERESTART. */
long evtchn_destroy_domain(struct domain *d);
void evtchn_free_domain(struct domain *d); /* last reference gone */
void evtchn_send_virq(struct vcpu *v, unsigned int virq);
void evtchn_send_global_virq(unsigned int virq); /* to its handler domain */
/* Whatever port of d the slot names, 0: none. */
void evtchn_raise_slot(struct domain *d, const uint32_t *slot);
/* 1: one of the ports is pending, masked or not; 0: none; or a bad port. */
long evtchn_any_pending(struct domain *d, const uint32_t *port, unsigned int n);
/* Take v out of a poll; true when it was in one. Any CPU, any context. */
bool evtchn_poll_leave(struct vcpu *v);
static inline bool vcpu_event_pending(const struct vcpu *v)
{
	/* The mask is the byte above: read both at once. */
	const uint16_t *both = (const void *)&v->info->evtchn_upcall_pending;

	return (uint16_t)(read_once(*both) - 1) < 0xff;
}

/* core/physdev.c, interrupts of devices. Lock: d's evtchn_lock held. */
uint32_t *pirq_slot(uint32_t pirq);    /* has its port; NULL: not mapped */
void pirq_slot_changed(uint32_t pirq); /* of a mapped one */

/* core/vcpu_op.c: vcpu_info back into the shared page, and the timers gone; v
 * is off its CPU, and no sender is left. */
void vcpu_info_release(struct vcpu *v);

/* x86/context.c */
void vcpu_context_save(struct vcpu *v); /* from CPU and stack top */
void vcpu_context_load(struct vcpu *v); /* to CPU and stack top */
void vcpu_context_load_idle(void);      /* idle root, no guest state */
int vcpu_context_init(struct vcpu *v);  /* reset state; -ENOMEM */
void vcpu_context_destroy(struct vcpu *v);
/* DOMCTL_setvcpucontext, VCPUOP_initialise: validated whole first (BF-14). */
int vcpu_context_set(struct vcpu *v, const struct vcpu_guest_context *c);
int vcpu_context_get(struct vcpu *v, struct vcpu_guest_context *c);

/* x86/entry.S: the way out to the guest in guest_regs(), from the boot path */
noreturn_fn void guest_resume(void);

/* mm/ */
void *heap_alloc(size_t size); /* zeroed; from 2 KiB on, whole pages */
void heap_free(void *p);
extern uint64_t heap_free_pages, heap_total_pages; /* only read them */
mfn_t virt_to_mfn(const void *p);
void *mfn_to_virt(mfn_t m);
/* Walker, lists, shared_info. mm_domain_free() is due even if it fails. */
int mm_domain_init(struct domain *d);
/* Teardown in phases (HC-13); -ERESTART when to be called again. */
int mm_domain_relinquish(struct domain *d);
void mm_domain_free(struct domain *d); /* last reference gone */
/*
 * Share a hypervisor page with d: RW-mappable, never freed or retyped by it.
 * After heap_free() it lives as long as it is mapped.
 */
void mm_share_page(struct domain *d, void *page);
/* slot: v's kernel_root or user_root; INVALID_MFN clears the latter. */
must_check int mm_set_root(struct vcpu *v, mfn_t *slot, mfn_t root);
void mm_drop_roots(struct vcpu *v);
/* CR3 for its mode, this CPU. */
void mm_load_root(struct vcpu *v);
/* The same for a root of d; interrupts are off before, on afterwards. */
void mm_switch_root(struct domain *d, mfn_t root);
void mm_load_idle_root(void);
/* PTE-store emulation: one store of the L1 entry mapping of va (PT-18).
 * pv/ptwr.c decodes; update() computes new from old, may be called again. */
int mm_emulate_pte_write(struct vcpu *v, uint64_t va,
			 uint64_t (*update)(uint64_t old, void *ctx),
			 void *ctx);
/* Frame with a held writable type reference and general ref, or NULL. */
struct frame *frame_get_writable(struct domain *d, mfn_t m);
void frame_put_writable(struct frame *f);
void tlb_flush_local(void); /* also from the interrupt handler */

/* core/perfc.c */
long sys_perfc(struct xen_sysctl *op);

/* core/console.c, platform/ */
long sys_readconsole(struct xen_sysctl *op);
long sys_debug_keys(struct xen_sysctl *op);
/* For a device that is new: show it the log so far. */
void console_replay(void (*write)(const char *s, size_t n));
/* SOFTIRQ_CONSOLE: fetch typed input, and VIRQ_CONSOLE. */
void console_softirq(void);
/* panic(): break the lock of whoever held it. */
void console_force(void);
noreturn_fn void machine_poweroff(void);
noreturn_fn void machine_reboot(void);

/*
 * dom0/build.c: build the control domain from the boot modules and make its
 * vCPU runnable. Panics with the cause when that is not possible: without it
 * the machine has no purpose. Boot CPU.
 */
void dom0_build(void);
