/* SPDX-License-Identifier: MIT */
/*
 * TLB flushes. tlb_clock counts flushes on all CPUs; a CPU's tlb_epoch is the
 * clock's value when its last complete flush began. A stamp is a value of the
 * clock read after an entry was cleared: the CPU is clean of that entry if
 * its epoch is later (TL-2). While the idle root is loaded nothing can be
 * cached, so the epoch is then EPOCH_CLEAN.
 *
 * No PCID, no global guest pages: loading CR3 drops every guest translation
 * and paging-structure entry of the CPU (TL-7).
 *
 * Locks: none; callers may hold plain spin locks, not those of interrupt
 * handlers. Requests are answered by interrupt, or by polling while waiting.
 */
#include "mm/pagetype.h"
#include "x86/machine.h"

#define EPOCH_CLEAN (~0ull)

/* tlb_domain while CR3 changes; compared only. */
#define ANY_DOMAIN_LOADED ((struct domain *)1)

static uint64_t tlb_clock = 1;

uint64_t tlb_epoch_now(void)
{
	return __atomic_load_n(&tlb_clock, __ATOMIC_SEQ_CST);
}

/*
 * Interrupts off: load root for the tables of d (NULL: idle). From a domain to
 * another, until the old root is gone and after the new one can be walked other
 * CPUs must count this one in: in between its record matches any domain.
 */
static force_inline void load_root(struct domain *d, mfn_t root)
{
	struct cpu *cpu = this_cpu();
	bool other = d != cpu->tlb_domain;
	uint64_t epoch;

	write_once(cpu->tlb_requested, false);
	epoch = __atomic_add_fetch(&tlb_clock, 1, __ATOMIC_SEQ_CST);
	if (unlikely(other)) {
		write_once(cpu->tlb_domain, ANY_DOMAIN_LOADED);
		/* Not the new epoch yet: the flush has not happened. */
		if (d && cpu->tlb_epoch == EPOCH_CLEAN)
			write_once(cpu->tlb_epoch, epoch - 1);
		__atomic_thread_fence(__ATOMIC_SEQ_CST);
	}
	paging_load_root(root);
	if (unlikely(other))
		write_once(cpu->tlb_domain, d);
	__atomic_store_n(&cpu->tlb_epoch, d ? epoch : EPOCH_CLEAN,
			 __ATOMIC_RELEASE);
}

__attribute__((nonnull)) void mm_switch_root(struct domain *d, mfn_t root)
{
	ASSERT(!mfn_eq(root, INVALID_MFN));
	load_root(d, root);
	irq_enable();
}

void mm_load_root(struct vcpu *v)
{
	mfn_t root = v->in_kernel ? v->kernel_root : v->user_root;
	uint64_t flags = irq_save();

	if (unlikely(mfn_eq(root, INVALID_MFN)))
		root = boot_root; /* the guest faults at once */
	load_root(v->domain, root);
	irq_restore(flags);
}

void mm_load_idle_root(void)
{
	uint64_t flags = irq_save();

	load_root(NULL, boot_root);
	irq_restore(flags);
}

void tlb_flush_local(void)
{
	uint64_t flags = irq_save();
	struct cpu *cpu = this_cpu();

	load_root(cpu->tlb_domain, cpu->loaded_root);
	irq_restore(flags);
}

void tlb_poll(void)
{
	if (read_once(this_cpu()->tlb_requested))
		tlb_flush_local();
}

/*
 * Does the CPU run a vCPU of d that is not in the bitmap? Compared by address
 * only: what runs there may be changing at this moment.
 */
static bool runs_another(const struct cpu *cpu, const struct domain *d,
			 const uint64_t *vcpus)
{
	const struct vcpu *v = read_once(cpu->current);

	for (unsigned int id = 0; v && id < d->max_vcpus; id++)
		if (d->vcpu[id] == v)
			return !(vcpus[id / 64] >> (id % 64) & 1);
	return false;
}

/* May the CPU walk the tables of d (NULL: of any domain)? */
static bool may_walk(const struct cpu *cpu, const struct domain *d)
{
	const struct domain *loaded = read_once(cpu->tlb_domain);

	return !d || loaded == d || loaded == ANY_DOMAIN_LOADED;
}

/*
 * Flush the CPUs with an epoch up to `before`; of a domain only those that may
 * walk its tables, and with a bitmap only those that run one of its vCPUs.
 */
static void flush_cpus(uint64_t before, const struct domain *d,
		       const uint64_t *vcpus)
{
	uint64_t waiting[MAX_CPUS / 64] = { 0 };
	uint64_t since = tlb_epoch_now();

	for (unsigned int i = 0; i < cpu_count; i++) {
		struct cpu *cpu = cpu_get(i);

		if (!cpu || !read_once(cpu->online) ||
		    read_once(cpu->tlb_epoch) > before || !may_walk(cpu, d) ||
		    (vcpus && runs_another(cpu, d, vcpus)))
			continue;
		if (cpu == this_cpu()) {
			tlb_flush_local();
			continue;
		}
		waiting[i / 64] |= 1ull << (i % 64);
		write_once(cpu->tlb_requested, true);
		smp_send_ipi(i, VECTOR_TLB_FLUSH);
	}
	for (unsigned int i = 0; i < cpu_count; i++)
		while ((waiting[i / 64] >> (i % 64) & 1) &&
		       read_once(cpu_get(i)->tlb_epoch) <= since) {
			tlb_poll();
			cpu_relax();
		}
}

uint64_t tlb_epoch_least(void)
{
	uint64_t least = EPOCH_CLEAN;

	for (unsigned int i = 0; i < cpu_count; i++) {
		const struct cpu *cpu = cpu_get(i);

		if (cpu && read_once(cpu->online))
			least = min_u64(least, read_once(cpu->tlb_epoch));
	}
	return least;
}

void tlb_flush_since(uint64_t stamp)
{
	flush_cpus(stamp, NULL, NULL);
}

void tlb_flush_domain(struct domain *d)
{
	flush_cpus(EPOCH_CLEAN - 1, d, NULL);
}

void tlb_flush_vcpus(struct domain *d, const uint64_t *vcpus)
{
	flush_cpus(EPOCH_CLEAN - 1, d, vcpus);
}
