/* SPDX-License-Identifier: MIT */
/*
 * Where a vCPU's struct vcpu_info is: first in the shared page, later where
 * the guest wants it, in a frame of its own that is held writable (SC-6).
 *
 * Locks: domain->lock for v->info_frame. v->info itself is read without one;
 * both places stay mapped until nobody sends to the domain any more.
 */
#include "core/vcpu_info.h"
#include "core/evtchn.h"
#include "core/services.h"
#include "lib/string.h"
#include "public/errno.h"

static bool has_shared_slot(const struct vcpu *v)
{
	return v->id < XEN_LEGACY_MAX_VCPUS;
}

/* What the guest has in the shared page; without a slot: events masked. */
static void info_move_locked(struct vcpu *v, struct vcpu_info *to)
{
	if (has_shared_slot(v)) {
		memcpy(to, v->info, sizeof(*to));
	} else {
		memset(to, 0, sizeof(*to));
		to->evtchn_upcall_mask = 1;
	}
	__atomic_store_n(&v->info, to, __ATOMIC_SEQ_CST);
}

long vcpu_info_register(struct vcpu *v,
			const struct vcpu_register_vcpu_info *where)
{
	struct domain *d = v->domain;
	struct frame *f;
	bool moved = false;

	if (where->offset > PAGE_SIZE - sizeof(struct vcpu_info) ||
	    where->offset % sizeof(xen_ulong_t))
		return -XEN_ENXIO;
	if (v != current_vcpu() && !read_once(v->down))
		return -XEN_EINVAL;
	f = frame_get_writable(d, mfn_of(where->mfn));
	if (!f)
		return -XEN_EINVAL;
	spin_lock(&d->lock);
	if (!v->info_frame && !d->dying) {
		v->info_frame = f;
		info_move_locked(
			v,
			(struct vcpu_info *)(void *)((char *)mfn_to_virt(mfn_of(
							     where->mfn)) +
						     where->offset));
		moved = true;
	}
	spin_unlock(&d->lock);
	if (!moved) {
		frame_put_writable(f);
		return -XEN_EINVAL;
	}
	time_update_vcpu(v);
	/* An event may have hit the old place while it was copied (T20). */
	evtchn_mark_all(v);
	return 0;
}

void vcpu_info_release(struct vcpu *v)
{
	struct domain *d = v->domain;
	struct frame *f;

	time_vcpu_stop(v);
	spin_lock(&d->lock);
	f = v->info_frame;
	v->info_frame = NULL;
	v->info = &d->shared_info->vcpu_info[has_shared_slot(v) ? v->id : 31];
	spin_unlock(&d->lock);
	if (f)
		frame_put_writable(f);
}
