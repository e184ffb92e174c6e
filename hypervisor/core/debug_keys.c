/* SPDX-License-Identifier: MIT */
/*
 * XEN_SYSCTL_debug_keys: what an administrator wants to see of the hypervisor
 * itself when something stands still. Each key writes to the log.
 *
 * Context: a hypercall of the control domain. What is shown of a vCPU is read
 * without its locks: a glance, not a snapshot.
 */
#include "core/hypercall.h"
#include "mm/mm.h"
#include "public/sysctl.h"
#include "x86/machine.h"

#define KEYS_MAX 16 /* at once; more are not looked at */

static void show_vcpu(struct vcpu *v)
{
	log_info("  vcpu %u: cpu %u%s%s%s%s, pauses %u, rip %lx, %s\n", v->id,
		 v->cpu, v->running ? ", runs" : "",
		 v->blocked ? ", blocked" : "", v->down ? ", down" : "",
		 v->poll_port ? ", polls" : "", v->pause_count, v->regs.rip,
		 vcpu_event_pending(v) ? "event pending" : "no event");
}

static void show_domain(struct domain *d)
{
	log_info("domain %u: %lu of %lu pages, %u references%s%s\n", d->id,
		 d->tot_pages, d->max_pages, d->refcount,
		 d->dying ? ", dying" : "", d->shut_down ? ", shut down" : "");
	domain_each_vcpu(d, show_vcpu);
}

static void show_domains(void)
{
	unsigned int next = 0;
	struct domain *d;

	while (next < DOMID_FIRST_RESERVED &&
	       (d = domain_get_next((domid_t)next))) {
		next = d->id + 1u;
		show_domain(d);
		domain_put(d);
	}
}

static void show_machine(void)
{
	log_info("memory: %lu of %lu pages free\n", heap_free_pages,
		 heap_total_pages);
	log_info("time: %lu ns, %u CPUs, TSC %lu kHz\n", now(), cpu_count,
		 tsc_khz);
}

static void show_help(void);

static const struct {
	char key[2];
	const char *help;
	void (*show)(void);
} keys[] = {
	{ "h", "these keys", show_help },
	{ "m", "the machine", show_machine },
	{ "q", "domains and their vCPUs", show_domains },
};

static void show_help(void)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(keys); i++)
		log_info("key %s: %s\n", keys[i].key, keys[i].help);
}

long sys_debug_keys(struct xen_sysctl *op)
{
	guest_ptr_t from = guest_handle(op->u.debug_keys.keys);
	uint32_t n = op->u.debug_keys.nr_keys;
	char key;

	for (uint32_t i = 0; i < n && i < KEYS_MAX; i++) {
		if (copy_array_from_guest(&key, from, i, 1, sizeof(key)))
			return -XEN_EFAULT;
		for (unsigned int k = 0; k < ARRAY_SIZE(keys); k++)
			if (keys[k].key[0] == key)
				keys[k].show();
	}
	return 0;
}
