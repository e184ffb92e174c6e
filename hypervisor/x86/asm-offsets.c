/* SPDX-License-Identifier: MIT */
/*
 * Structure offsets for assembly. Not part of the image: the build turns the
 * compiler's output into build/gen/asm-offsets.h (scripts/asm_offsets.py).
 */
#include "core/hypercall.h"
#include "public/callback.h"

#define DEFINE(name, value)                                                    \
	__asm__ volatile("\n.ascii \"@@" #name " %c0\"" : : "i"(value))
#define OFFSET(name, type, field) DEFINE(name, offsetof(type, field))

void asm_offsets(void);
void asm_offsets(void)
{
	DEFINE(CALLBACK_SYSCALL, CALLBACKTYPE_syscall);
	DEFINE(CALLBACK_SYSCALL32, CALLBACKTYPE_syscall32);
	DEFINE(NO_RESULT, HYPERCALL_NO_RESULT);
	OFFSET(REGS_VECTOR, struct cpu_regs, vector);
	OFFSET(REGS_RAX, struct cpu_regs, rax);
	OFFSET(REGS_RIP, struct cpu_regs, rip);
	OFFSET(REGS_CS, struct cpu_regs, cs);
	OFFSET(REGS_RFLAGS, struct cpu_regs, rflags);
	OFFSET(REGS_RSP, struct cpu_regs, rsp);
	DEFINE(REGS_SIZE, sizeof(struct cpu_regs));
	OFFSET(CPU_SYSCALL_RSP, struct cpu, syscall_rsp);
	OFFSET(CPU_CURRENT, struct cpu, current);
	OFFSET(CPU_SOFTIRQS, struct cpu, softirq_pending);
	OFFSET(VCPU_IN_KERNEL, struct vcpu, in_kernel);
	OFFSET(VCPU_NMI_PENDING, struct vcpu, nmi_pending);
	OFFSET(VCPU_INFO, struct vcpu, info);
	DEFINE(NOT_BY_SYSRET, RFLAGS_RF | RFLAGS_VM | RFLAGS_TF);
}
