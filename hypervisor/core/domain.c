/* SPDX-License-Identifier: MIT */
/*
 * Domains: creation, look-up, pausing and shutting down. Destruction begins in
 * domctl.c and ends here, with the last reference.
 *
 * Owns: the list of domains, a slot for each possible id (256 KiB that make a
 * look-up a matter of one load). A domain is on the list from the end of its
 * creation until its last reference is dropped; `dying` hides it from
 * domain_get() (HC-13).
 * Locks: domain_list_lock for the list; domain->lock for life-cycle state.
 * Context: any CPU; creation and destruction from domctl only.
 */
#include "core/grant.h"
#include "public/sched.h"

static struct domain *domains[DOMID_FIRST_RESERVED];
static unsigned int domid_end; /* above every id ever used */
static domid_t next_domid = 1;
static struct spinlock domain_list_lock = SPINLOCK_INIT(RANK_DOMAIN_LIST);

struct domain *control_domain;

/* Counted; NULL: there is none, or it is dying and that is not wanted. */
static struct domain *domain_hold_locked(uint64_t id, bool dying_too)
{
	struct domain *d = domains[index_clamp(id, DOMID_FIRST_RESERVED)];

	ASSERT(spin_held(&domain_list_lock));
	if (id >= DOMID_FIRST_RESERVED || !d || (d->dying && !dying_too))
		return NULL;
	if (__atomic_fetch_add(&d->refcount, 1, __ATOMIC_SEQ_CST))
		return d;
	/* Its last reference is gone, and who dropped it waits for the lock. */
	__atomic_fetch_sub(&d->refcount, 1, __ATOMIC_SEQ_CST);
	return NULL;
}

struct domain *domain_get(domid_t id)
{
	struct domain *d;

	spin_lock(&domain_list_lock);
	d = domain_hold_locked(id, false);
	spin_unlock(&domain_list_lock);
	return d;
}

struct domain *domain_get_next(domid_t first)
{
	struct domain *d = NULL;

	spin_lock(&domain_list_lock);
	for (unsigned int id = first; !d && id < domid_end; id++)
		d = domain_hold_locked(id, true);
	spin_unlock(&domain_list_lock);
	return d;
}

struct domain *domain_get_target(domid_t id, long *rc)
{
	const struct domain *self = current_vcpu()->domain;
	struct domain *d;

	if (id == DOMID_SELF)
		id = self->id;
	d = domain_get(id);
	*rc = d ? 0 : -XEN_ESRCH;
	if (d && d != self && !domain_is_control(self)) {
		domain_put(d);
		*rc = -XEN_EPERM;
		return NULL;
	}
	return d;
}

void domain_each_vcpu(struct domain *d, void (*what)(struct vcpu *v))
{
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			what(d->vcpu[i]);
}

static void vcpu_free(struct vcpu *v)
{
	vcpu_context_destroy(v);
	heap_free(v);
}

/* Also of a domain that is not complete. */
static void domain_free(struct domain *d)
{
	timer_stop(&d->cap.refill);
	domain_each_vcpu(d, vcpu_free);
	heap_free(d->vcpu);
	evtchn_free_domain(d);
	grant_domain_free(d);
	mm_domain_free(d);
	heap_free(d);
}

void domain_put(struct domain *d)
{
	/* The list's own reference goes last, when it has been destroyed. */
	if (__atomic_sub_fetch(&d->refcount, 1, __ATOMIC_ACQ_REL))
		return;
	spin_lock(&domain_list_lock);
	domains[d->id] = NULL;
	spin_unlock(&domain_list_lock);
	domain_free(d);
	evtchn_send_global_virq(VIRQ_DOM_EXC);
}

/* Give the domain its id, of any the next free one: now it is seen. */
static int domain_publish(struct domain *d, domid_t want)
{
	bool any = !d->is_control && (!want || want >= DOMID_FIRST_RESERVED);
	int left = any ? DOMID_FIRST_RESERVED - 1 : 1;
	domid_t id = want;

	spin_lock(&domain_list_lock);
	do {
		if (any) {
			id = next_domid;
			next_domid = id % (DOMID_FIRST_RESERVED - 1) + 1;
		}
	} while (domains[id] && --left);
	if (left) {
		d->id = id;
		domains[id] = d;
		domid_end = (unsigned int)max_u64(domid_end, id + 1u);
	}
	spin_unlock(&domain_list_lock);
	return left ? 0 : any ? -XEN_ENOSPC : -XEN_EEXIST;
}

struct domain *domain_create(domid_t id, unsigned int max_vcpus, bool control,
			     int *rc)
{
	struct domain *d = heap_alloc(sizeof(*d));

	*rc = -XEN_ENOMEM;
	if (!d)
		return NULL;
	d->id = DOMID_INVALID;
	d->refcount = 1;
	d->is_control = control;
	sched_domain_init(d);
	d->controller_pause_count = 1;
	spin_init(&d->lock, RANK_DOMAIN);
	d->vcpu = heap_alloc(max_vcpus * sizeof(d->vcpu[0]));
	d->max_vcpus = d->vcpu ? max_vcpus : 0;
	if (!d->vcpu || mm_domain_init(d) || grant_domain_init(d))
		goto free_domain;
	evtchn_init_domain(d);
	*rc = domain_publish(d, id);
	if (*rc)
		goto free_domain;
	time_update_wallclock(d);
	if (control)
		control_domain = d;
	return d;

free_domain:
	domain_free(d);
	return NULL;
}

struct vcpu *vcpu_create(struct domain *d, unsigned int id)
{
	struct vcpu *v = heap_alloc(sizeof(*v));

	if (!v)
		return NULL;
	v->id = id;
	v->domain = d;
	v->down = true;
	v->info = vcpu_info_shared(v);
	v->info->evtchn_upcall_mask = 1;
	v->pause_count = d->controller_pause_count ? 1 : 0;
	if (vcpu_context_init(v)) {
		heap_free(v);
		return NULL;
	}
	time_vcpu_init(v);
	sched_vcpu_init(v);
	time_update_vcpu(v);
	d->vcpu[id] = v;
	return v;
}

void domain_shutdown(struct domain *d, uint8_t reason)
{
	bool first;

	spin_lock(&d->lock);
	first = !d->shut_down;
	d->shut_down = true;
	if (first && !d->reason_recorded)
		d->shutdown_reason = reason;
	spin_unlock(&d->lock);
	if (!first)
		return;
	log_debug("domain %u has shut down, reason %u\n", d->id, reason);
	/* The control domain takes the machine with it. */
	if (d->is_control && reason == SHUTDOWN_poweroff)
		machine_poweroff();
	else if (d->is_control)
		machine_reboot();
	domain_each_vcpu(d, vcpu_pause_nosync);
	evtchn_send_global_virq(VIRQ_DOM_EXC);
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
	char text[96];
	va_list ap;

	if (d->shut_down)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	log_warning("domain %u crashed: %s\n", d->id, text);
	domain_shutdown(d, SHUTDOWN_crash);
}
