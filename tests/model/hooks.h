/* SPDX-License-Identifier: MIT */
/*
 * Included before everything else of hypervisor/mm (core.c): each atomic step
 * of these sources is a point where the model may let the other CPU go on.
 * Operands are computed before such a point, as a processor would.
 *
 * Spin locks have theirs in spin_debug_enter(), where an actor waits until the
 * lock is free.
 */
#ifndef TESTS_MODEL_HOOKS_H
#define TESTS_MODEL_HOOKS_H

#include "lib/types.h"

#include "lib/spinlock.h"
#include "points.h"
#include "x86/cpu.h"

#define MODEL_AT(p) model_point(p, __FILE__, __LINE__)

#undef read_once
#define read_once(x) (*(MODEL_AT(&(x)), (const volatile __typeof__(x) *)&(x)))
#undef write_once
#define write_once(x, v)                                                       \
	({                                                                     \
		__typeof__(x) write_value = (v);                               \
		MODEL_AT(&(x));                                                \
		*(volatile __typeof__(x) *)&(x) = write_value;                 \
	})

#define MODEL_RMW(call, p, v, order)                                           \
	({                                                                     \
		__auto_type model_p = (p);                                     \
		__typeof__(*model_p) model_v = (__typeof__(*model_p))(v);      \
		MODEL_AT(model_p);                                             \
		call(model_p, model_v, order);                                 \
	})
/* Inside a macro of its own name each of these is the compiler's. */
#define __atomic_load_n(p, order)                                              \
	({                                                                     \
		__auto_type model_p = (p);                                     \
		MODEL_AT(model_p);                                             \
		__atomic_load_n(model_p, order);                               \
	})
#define __atomic_store_n(p, v, order) MODEL_RMW(__atomic_store_n, p, v, order)
#define __atomic_exchange_n(p, v, order)                                       \
	MODEL_RMW(__atomic_exchange_n, p, v, order)
#define __atomic_add_fetch(p, v, order)                                        \
	MODEL_RMW(__atomic_add_fetch, p, v, order)
#define __atomic_sub_fetch(p, v, order)                                        \
	MODEL_RMW(__atomic_sub_fetch, p, v, order)
#define __atomic_fetch_add(p, v, order)                                        \
	MODEL_RMW(__atomic_fetch_add, p, v, order)
#define __atomic_fetch_and(p, v, order)                                        \
	MODEL_RMW(__atomic_fetch_and, p, v, order)
#define __atomic_fetch_or(p, v, order) MODEL_RMW(__atomic_fetch_or, p, v, order)
#define __atomic_compare_exchange_n(p, old, new, weak, good, bad)              \
	({                                                                     \
		__auto_type model_p = (p);                                     \
		__auto_type model_old = (old);                                 \
		__typeof__(*model_p) model_v = (new);                          \
		MODEL_AT(model_p);                                             \
		__atomic_compare_exchange_n(model_p, model_old, model_v, weak, \
					    good, bad);                        \
	})

#define cpu_relax()    model_relax(__FILE__, __LINE__)
#define irq_save()     model_irq_save()
#define irq_restore(f) model_irq_restore(f)
#define irq_disable()  ((void)model_irq_save())
#define irq_enable()   model_irq_restore(false)

/* Tables of two entries. */
#include "mm/pagetype.h"
#undef TABLE_ENTRIES
#define TABLE_ENTRIES 2

#endif
