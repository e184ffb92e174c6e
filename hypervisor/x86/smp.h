/* SPDX-License-Identifier: MIT */
/* Starting the other CPUs, and interrupts between CPUs. */
#pragma once

#include "x86/irq.h"

/* Memory of the boot CPU's block; head.S maps it at ENTRY_REGION. */
extern char boot_cpu_block[CPU_BLOCK_SIZE];
/* Make block, zeroed memory, the block of a CPU; its window and GDT, too. */
void cpu_prepare(unsigned int id, char *block);
/* That for every other CPU that ACPI lists, and start it. */
void smp_start_cpus(void);

/* VECTOR_TLB_FLUSH, VECTOR_RESCHEDULE. Any context. */
void smp_send_ipi(unsigned int cpu, unsigned int vector);
/* Panic and power-off: the others halt for good. */
void smp_stop_others(void);
/* From the NMI handler: true when this CPU was told to stop (never returns) */
void smp_check_stop(void);
