/* SPDX-License-Identifier: MIT */
/* Starting the other CPUs, and interrupts between CPUs. */
#pragma once

#include "lib/types.h"
#include "x86/cpu.h"
#include "x86/irq.h"

/* Memory of the boot CPU's block; head.S maps it at ENTRY_REGION. */
extern char boot_cpu_block[CPU_BLOCK_SIZE];
/* A CPU's block through another, writable mapping. */
void *cpu_block_alias(unsigned int cpu);
void cpu_init_boot(void); /* struct cpu of the boot CPU */
/* Blocks, windows, GDTs for every CPU that ACPI lists; from boot memory. */
void smp_prepare(void);
void smp_start_cpus(void);

/* VECTOR_TLB_FLUSH, VECTOR_RESCHEDULE. Any context. */
void smp_send_ipi(unsigned int cpu, unsigned int vector);
/* To every online CPU but this one. */
void smp_send_ipi_others(unsigned int vector);
/* Interrupts on: run fn on every online CPU, this one too; waits. */
void smp_call_all(void (*fn)(void *), void *data);
/* Panic and power-off: the others halt for good. */
void smp_stop_others(void);
/* From the NMI handler: true when this CPU was told to stop (never returns) */
void smp_check_stop(void);
