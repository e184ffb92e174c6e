/* SPDX-License-Identifier: MIT */
/*
 * What the parts of the library share and a kernel does not see.
 */
#ifndef PVGUEST_INTERNAL_H
#define PVGUEST_INTERNAL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <public/xen.h>

#define PV_BARRIER() __asm__ volatile("" : : : "memory")

/* Set-up, in the order of start.c. */
void pv_traps_init(void);
void pv_mm_init(void);
void pv_pages_init(void);
void pv_events_init(void);
void pv_time_init(void);
void pv_console_init(void);

/* Entry points of traps.S. */
extern const char pv_trap_stubs[];
extern const char pv_upcall_entry[];
extern const char pv_failsafe_entry[];

/* Has the one-shot timer fire at an absolute time, or before. */
void pv_timer_set(uint64_t deadline);

/* Timers of time.h (timers.c): run what is due; when is the next? */
bool pv_timers_run(void);
uint64_t pv_timers_next(void);

/* mm.c <-> pages.c: which page frames are free after the tables are built. */
void pv_pages_add(uint64_t first_pfn, uint64_t count);

/* A page that is never given back, and not counted as allocated. */
void *pv_table_alloc(void);

/* Page-table page of level 1 for `va`; tables are made as needed. */
uint64_t *pv_pte_ensure(uint64_t va);
/* The entry if there are tables, else NULL. */
uint64_t *pv_pte_find(uint64_t va);
/* The machine address of an entry. */
uint64_t pv_pte_maddr(const uint64_t *pte);

/* End of the kernel image, from the linker script. */
extern char _end[];

/* string.c, or the C library's */
void *memcpy(void *to, const void *from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

#endif /* PVGUEST_INTERNAL_H */
