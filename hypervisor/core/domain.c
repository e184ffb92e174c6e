/* SPDX-License-Identifier: MIT */
/*
 * Domains: creation, look-up, pausing, shutting down and destruction.
 *
 * Owns: the list of domains, sorted by id. A domain is on the list from the
 * end of its creation until its last reference is dropped; `dying` hides it
 * from domain_get() (HC-13).
 * Locks: domain_list_lock for the list; domain->lock for life-cycle state.
 * Context: any CPU; creation and destruction from domctl only.
 */
#include "core/domain.h"

#include <stdarg.h>

#include "core/grant.h"
#include "core/manage.h"
#include "core/services.h"
#include "lib/panic.h"
#include "lib/printf.h"
#include "lib/string.h"
#include "public/errno.h"
#include "public/sched.h"

static struct list domain_list = LIST_INIT(domain_list);
static struct spinlock domain_list_lock = SPINLOCK_INIT(RANK_DOMAIN_LIST);
static domid_t next_domid = 1;

struct domain *control_domain;

static struct domain *domain_of(struct list *node)
{
	return list_entry(node, struct domain, link);
}

static struct domain *domain_find_locked(domid_t id)
{
	struct list *node;

	ASSERT(spin_held(&domain_list_lock));
	list_for_each(node, &domain_list) if (domain_of(node)->id ==
					      id) return domain_of(node);
	return NULL;
}

/* False: its last reference is gone, it is only not yet off the list. */
static bool domain_hold(struct domain *d)
{
	unsigned int n = read_once(d->refcount);

	while (n)
		if (__atomic_compare_exchange_n(&d->refcount, &n, n + 1, false,
						__ATOMIC_SEQ_CST,
						__ATOMIC_RELAXED))
			return true;
	return false;
}

struct domain *domain_get(domid_t id)
{
	struct domain *d;

	spin_lock(&domain_list_lock);
	d = domain_find_locked(id);
	if (d && (d->dying || !domain_hold(d)))
		d = NULL;
	spin_unlock(&domain_list_lock);
	return d;
}

struct domain *domain_get_next(domid_t first)
{
	struct domain *d = NULL;
	struct list *node;

	spin_lock(&domain_list_lock);
	list_for_each(node, &domain_list)
	{
		if (domain_of(node)->id >= first &&
		    domain_hold(domain_of(node))) {
			d = domain_of(node);
			break;
		}
	}
	spin_unlock(&domain_list_lock);
	return d;
}

static void domain_free(struct domain *d)
{
	for (unsigned int i = 0; i < d->max_vcpus; i++) {
		if (!d->vcpu || !d->vcpu[i])
			continue;
		vcpu_context_destroy(d->vcpu[i]);
		heap_free(d->vcpu[i]);
	}
	heap_free(d->vcpu);
	evtchn_free_domain(d);
	grant_domain_free(d);
	mm_domain_free(d);
	heap_free(d);
}

void domain_put(struct domain *d)
{
	/* The list's own reference goes last, in domain_kill(). */
	if (__atomic_sub_fetch(&d->refcount, 1, __ATOMIC_ACQ_REL))
		return;
	spin_lock(&domain_list_lock);
	list_remove(&d->link);
	spin_unlock(&domain_list_lock);
	domain_free(d);
	evtchn_send_global_virq(VIRQ_DOM_EXC);
}

/* The id asked for, or the next free one; 0 when there is none. */
static domid_t domid_choose_locked(domid_t wanted)
{
	if (wanted && wanted < DOMID_FIRST_RESERVED)
		return domain_find_locked(wanted) ? 0 : wanted;
	for (unsigned int tries = 0; tries < DOMID_FIRST_RESERVED; tries++) {
		domid_t id = next_domid++;

		if (next_domid >= DOMID_FIRST_RESERVED)
			next_domid = 1;
		if (!domain_find_locked(id))
			return id;
	}
	return 0;
}

static void domain_list_insert_locked(struct domain *d)
{
	struct list *node;

	list_for_each(node,
		      &domain_list) if (domain_of(node)->id > d->id) break;
	list_add_tail(node, &d->link);
}

/* Give the domain its id and make it visible. */
static int domain_publish(struct domain *d, domid_t wanted)
{
	int rc = 0;

	spin_lock(&domain_list_lock);
	d->id = d->is_control ? 0 : domid_choose_locked(wanted);
	if (!d->id && !d->is_control)
		rc = wanted ? -XEN_EEXIST : -XEN_ENOSPC;
	else
		domain_list_insert_locked(d);
	spin_unlock(&domain_list_lock);
	return rc;
}

static int domain_init_parts(struct domain *d)
{
	int rc = mm_domain_init(d);

	if (rc)
		return rc;
	rc = evtchn_init_domain(d);
	if (rc)
		goto free_mm;
	rc = grant_domain_init(d);
	if (rc)
		goto free_evtchn;
	return 0;

free_evtchn:
	evtchn_free_domain(d);
free_mm:
	mm_domain_free(d);
	return rc;
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
	d->max_vcpus = max_vcpus;
	d->weight = SCHED_WEIGHT_DEFAULT;
	d->controller_pause_count = 1;
	list_init(&d->link);
	spin_init(&d->lock, RANK_DOMAIN);
	d->vcpu = heap_alloc(max_vcpus * sizeof(d->vcpu[0]));
	if (!d->vcpu)
		goto free_domain;
	*rc = domain_init_parts(d);
	if (*rc)
		goto free_vcpus;
	*rc = domain_publish(d, id);
	if (*rc)
		goto free_parts;
	time_update_wallclock(d);
	if (control)
		control_domain = d;
	return d;

free_parts:
	evtchn_free_domain(d);
	grant_domain_free(d);
	mm_domain_free(d);
free_vcpus:
	heap_free(d->vcpu);
free_domain:
	heap_free(d);
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
	v->in_kernel = true;
	v->kernel_root = INVALID_MFN;
	v->user_root = INVALID_MFN;
	v->info = &d->shared_info->vcpu_info[id < 32 ? id : 31];
	v->info->evtchn_upcall_mask = 1;
	v->pause_count = d->controller_pause_count ? 1 : 0;
	if (vcpu_context_init(v))
		goto free_vcpu;
	time_vcpu_init(v);
	sched_vcpu_init(v);
	time_update_vcpu(v);
	d->vcpu[id] = v;
	return v;

free_vcpu:
	heap_free(v);
	return NULL;
}

void domain_pause(struct domain *d)
{
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			vcpu_pause(d->vcpu[i]);
}

void domain_unpause(struct domain *d)
{
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			vcpu_unpause(d->vcpu[i]);
}

void domain_controller_pause(struct domain *d)
{
	bool first;

	spin_lock(&d->lock);
	first = d->controller_pause_count++ == 0;
	spin_unlock(&d->lock);
	if (first)
		domain_pause(d);
}

int domain_controller_unpause(struct domain *d)
{
	bool last;

	spin_lock(&d->lock);
	if (!d->controller_pause_count) {
		spin_unlock(&d->lock);
		return -XEN_EINVAL;
	}
	last = --d->controller_pause_count == 0;
	spin_unlock(&d->lock);
	if (last)
		domain_unpause(d);
	return 0;
}

/* The control domain takes the machine with it. */
static void machine_follow(const struct domain *d, uint8_t reason)
{
	switch (reason) {
	case SHUTDOWN_poweroff:
		log_info("the control domain has powered off\n");
		machine_poweroff();
	case SHUTDOWN_reboot:
		log_info("the control domain asks for a reboot\n");
		machine_reboot();
	default:
		log_error("the control domain has crashed: %s\n",
			  d->crash_text[0] ? d->crash_text : "its own report");
		machine_reboot();
	}
}

void domain_shutdown(struct domain *d, uint8_t reason)
{
	bool first;

	spin_lock(&d->lock);
	first = !d->shut_down;
	if (first) {
		d->shut_down = true;
		if (!d->reason_recorded)
			d->shutdown_reason = reason;
		d->crashed = d->shutdown_reason == SHUTDOWN_crash;
	}
	spin_unlock(&d->lock);
	if (!first)
		return;
	log_debug("domain %u has shut down, reason %u\n", d->id, reason);
	if (d->is_control)
		machine_follow(d, reason);
	for (unsigned int i = 0; i < d->max_vcpus; i++)
		if (d->vcpu[i])
			vcpu_pause_nosync(d->vcpu[i]);
	evtchn_send_global_virq(VIRQ_DOM_EXC);
}

void domain_resume(struct domain *d)
{
	bool was;

	spin_lock(&d->lock);
	was = d->shut_down;
	d->shut_down = false;
	d->crashed = false;
	d->reason_recorded = false;
	d->shutdown_reason = 0;
	spin_unlock(&d->lock);
	if (was)
		domain_unpause(d);
}

void domain_crash(struct domain *d, const char *fmt, ...)
{
	char text[sizeof(d->crash_text)];
	va_list ap;

	if (d->shut_down)
		return;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	spin_lock(&d->lock);
	if (!d->crash_text[0])
		string_copy(d->crash_text, text, sizeof(d->crash_text));
	spin_unlock(&d->lock);
	log_warning("domain %u crashed: %s\n", d->id, text);
	domain_shutdown(d, SHUTDOWN_crash);
}

int domain_kill(struct domain *d)
{
	int rc;

	spin_lock(&d->lock);
	if (!d->dying) {
		d->dying = true;
		spin_unlock(&d->lock);
		domain_pause(d);
		evtchn_destroy_domain(d);
		evtchn_send_global_virq(VIRQ_DOM_EXC);
	} else {
		spin_unlock(&d->lock);
	}
	rc = mm_domain_relinquish(d);
	if (!rc)
		rc = grant_release_mappings(d);
	if (rc)
		return rc;
	spin_lock(&d->lock);
	rc = d->dead ? -XEN_ESRCH : 0;
	d->dead = true;
	spin_unlock(&d->lock);
	if (!rc)
		domain_put(d); /* the reference of its creation */
	return rc;
}
