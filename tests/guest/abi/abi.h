/* SPDX-License-Identifier: MIT */
/*
 * Properties of the guest ABI. Each is one function that prints what the
 * hypervisor answers, a line `label: value` each; tests/system/test_abi.py
 * compares them with what the reference printed. They are written from the
 * public headers and print nothing that two right hypervisors may do
 * differently: no frame numbers, no times, but how these relate.
 *
 * A property leaves everything as it found it, except that those of list.h
 * that end the domain do.
 */
#pragma once

#include "../kit/kit.h"

#include <public/errno.h>

/* Errors by name, small numbers decimal, others hexadecimal. */
void show(const char *label, long value);
/* Always a number: a status of a grant is no error. */
void show_number(const char *label, long value);
/* The same in hexadecimal, 0 too. */
void show_hex(const char *label, uint64_t value);
void show_text(const char *label, const char *text);
/* What became of code(): "done", or the exception and its error code. */
void show_fault(const char *label, void (*code)(void));
void show_user_fault(const char *label, void (*code)(void));
/* The same of a fault that has happened, see fault_of(). */
void show_vector(const char *label, unsigned int vector);

/* Hypercalls with a command and a structure. */
static inline long call2(unsigned int op, unsigned int command, const void *arg)
{
	return pv_hypercall2(op, command, PV_ARG(arg));
}
long memory_op(unsigned int command, void *arg);
long evtchn_op(unsigned int command, void *arg);
long vcpu_op(unsigned int command, unsigned int id, void *arg);
long sched_op(unsigned int command, void *arg);
long physdev_op(unsigned int command, void *arg);
/* A single operation of grant_table_op. */
long grant_op(unsigned int command, void *arg);

/* An address at which nothing is mapped, and one that never can be. */
#define NOWHERE ((void *)0x00007000deadb000UL)

/* Events: the upcall is masked, as everywhere in the library. */
bool event_pending(uint32_t port);
void event_clear(uint32_t port);
/* Waits until `port` is pending, at most so long; clears it. */
bool event_arrives(uint32_t port, uint64_t ns);

#define PROPERTY(name) void property_##name(void);
#define ENDING(name)   void property_##name(void);
#include "list.h"
#undef PROPERTY
#undef ENDING
